"""The game on discrete distributions: optima, divergences, and how many translators are optimal."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lecturekit.adversarial import OBJECTIVES
from lecturekit.cycle_gan import exact


def distributions(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    logits = torch.randn(2, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return tuple(logits.softmax(dim=1))


@given(st.integers(1, 6), st.integers(0, 10**6), st.sampled_from(OBJECTIVES))
def test_no_other_discriminator_is_better(n, seed, objective):
    p, q = distributions(n, seed)
    best = exact.optimal_discriminator(p, q).requires_grad_()
    value = exact.discriminator_value(p, q, best, objective)
    (slope,) = torch.autograd.grad(value, best)
    assert slope.abs().max() < 1e-9
    others = torch.rand(50, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    assert all(exact.discriminator_value(p, q, D, objective) >= value - 1e-12 for D in others)


@given(st.integers(2, 6), st.integers(0, 10**6), st.sampled_from(OBJECTIVES))
def test_the_generator_follows_the_slope_of_its_divergence(n, seed, objective):
    """Over logits of q, so that q stays a distribution."""
    p, q = distributions(n, seed)
    logits = q.log().requires_grad_()
    made = logits.softmax(dim=0)
    D = exact.optimal_discriminator(p, made.detach())
    (followed,) = torch.autograd.grad(exact.generator_value(made, D, objective), logits)
    divergence = exact.descended_divergence(p, logits.softmax(dim=0), objective)
    (expected,) = torch.autograd.grad(divergence, logits)
    assert torch.allclose(followed, expected, atol=1e-10)
    assert divergence > 0
    assert exact.descended_divergence(p, p, objective).abs() < 1e-12


def test_the_slide_s_value_is_2_js_minus_log_4():
    p, q = distributions(5, 1)
    D = exact.optimal_discriminator(p, q)
    value = -exact.discriminator_value(p, q, D, "saturating")
    assert value.item() == pytest.approx(2 * exact.jensen_shannon(p, q).item() - math.log(4))


def test_disjoint_supports_are_as_far_apart_as_can_be():
    p, q = torch.tensor([0.5, 0.5, 0, 0]), torch.tensor([0, 0, 0.25, 0.75])
    assert exact.jensen_shannon(p, q).item() == pytest.approx(math.log(2))
    assert exact.optimal_discriminator(p, q).tolist() == [1, 1, 0, 0]
    empty = torch.tensor([1.0, 0.0])
    assert exact.optimal_discriminator(empty, empty).tolist() == [0.5, 0.5]


class TestAllTranslators:
    def test_uniform_states_can_be_translated_in_any_order(self):
        uniform = torch.full((4,), 0.25)
        pairs = exact.all_translators(uniform, uniform)
        assert len(pairs.G) == math.factorial(4) ** 2
        assert pairs.optimal(0.0).sum() == math.factorial(4) ** 2
        with_cycle = pairs.optimal(1.0)
        assert with_cycle.sum() == math.factorial(4)
        inverse = pairs.F[with_cycle].gather(1, pairs.G[with_cycle])
        assert torch.equal(inverse, torch.arange(4).expand_as(inverse))

    def test_distinct_probabilities_leave_one_translator(self):
        p = torch.tensor([0.1, 0.2, 0.3, 0.4])
        truth = torch.tensor([2, 0, 3, 1])
        p_y = torch.empty(4).scatter_(0, truth, p)
        pairs = exact.all_translators(p, p_y)
        assert pairs.optimal(0.0).sum() == 1
        assert torch.equal(pairs.G[pairs.optimal(0.0)][0], truth)

    def test_two_equal_states_may_be_exchanged(self):
        p = torch.tensor([0.2, 0.2, 0.6])
        pairs = exact.all_translators(p, p)
        assert pairs.optimal(0.0).sum() == 4
        assert pairs.optimal(1.0).sum() == 2

    def test_cycle_is_the_share_that_does_not_come_back(self):
        p = torch.tensor([0.5, 0.3, 0.2])
        pairs = exact.all_translators(p, p)
        swap, stay = torch.tensor([1, 0, 2]), torch.tensor([0, 1, 2])
        row = ((swap == pairs.G).all(1) & (stay == pairs.F).all(1)).nonzero().item()
        assert pairs.cycle[row].item() == pytest.approx(0.8 + 0.8)

    def test_refuses_many_states(self):
        with pytest.raises(ValueError, match="at most 5 states"):
            exact.all_translators(torch.full((6,), 1 / 6), torch.full((6,), 1 / 6))


@pytest.mark.parametrize(
    ("p", "q", "message"),
    [
        (torch.ones(2) / 2, torch.ones(3) / 3, r"q of shape \(2,\), got \(3,\)"),
        (torch.tensor([0.5, 0.6]), torch.ones(2) / 2, "p ≥ 0 and of sum 1"),
        (torch.ones(2) / 2, torch.tensor([1.5, -0.5]), "q ≥ 0 and of sum 1"),
    ],
)
def test_refuses_what_is_no_distribution(p, q, message):
    with pytest.raises(ValueError, match=message):
        exact.optimal_discriminator(p, q)

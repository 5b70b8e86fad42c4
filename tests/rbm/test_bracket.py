"""Annealing backwards, and what AIS says about itself, against enumeration."""

import math

import pytest
import torch
from torch.nn.functional import logsigmoid

from lecturekit import rbm

from .plain import all_states, random_rbm

BASE = torch.tensor([0.5, -1.0, 0.3], dtype=torch.float64)


def annealed(model, base, n_levels):
    """P_ann: independent pixels, carried through the transition matrices of all levels."""
    v = all_states(model.n_visible)
    distribution = (v * logsigmoid(base) + (1 - v) * logsigmoid(-base)).sum(1).exp()
    for beta in rbm.ais_schedule(n_levels)[1:].tolist():
        level = rbm.RBM(model.n_visible, model.n_hidden, dtype=torch.float64)
        with torch.no_grad():
            level.W.copy_(beta * model.W)
            level.b.copy_(beta * model.b + (1 - beta) * base)
            level.c.copy_(beta * model.c)
        distribution = distribution @ rbm.gibbs_transition_matrix(level)
    return distribution


def drawn(model, n, generator):
    Q = rbm.exact_visible_distribution(model)
    return rbm.states(model.n_visible, like=Q)[torch.multinomial(Q, n, True, generator=generator)]


@pytest.mark.parametrize("scale", [0.7, 3.0])
def test_weights_are_unbiased_for_the_annealing_model(scale, generator):
    """E[w] = P_ann(v) for each of 8 states, within 5 standard errors of 20,000 chains."""
    model, n = random_rbm(3, 2, 0, scale=scale), 20_000
    rows = all_states(3).repeat_interleave(n, 0)
    log_w = rbm.raise_log_likelihood(model, rows, n_levels=29, base_bias=BASE, generator=generator)
    w = log_w.exp().reshape(8, n)
    error = w.std(1) / math.sqrt(n)
    assert ((w.mean(1) - annealed(model, BASE, 29)).abs() <= 5 * error).all()


def test_it_is_conservative_and_levels_close_the_gap(generator):
    """Over 1000 draws of the model: never above the truth by more than 4 standard errors."""
    model = random_rbm(12, 10, 1)
    v = drawn(model, 1000, generator)
    exact = rbm.exact_log_likelihood(model, v).detach()
    gaps = []
    for n_levels in (29, 200, 2000):
        estimate = rbm.raise_log_likelihood(model, v, n_levels=n_levels, generator=generator)
        difference = exact - estimate
        gaps.append(difference.mean().item())
        assert gaps[-1] >= -4 * difference.std().item() / math.sqrt(1000)
    assert gaps[0] > 0.5
    assert gaps[0] > gaps[1] > abs(gaps[2])
    assert abs(gaps[2]) < 0.1


def test_more_chains_tighten_the_bound(generator):
    model = random_rbm(12, 10, 1)
    v = drawn(model, 200, generator)
    one, ten = (
        rbm.raise_log_likelihood(model, v, n_chains=n, n_levels=50, generator=generator).mean()
        for n in (1, 10)
    )
    assert ten > one + 0.1


def test_both_sides_are_exact_without_weights(generator):
    model = rbm.RBM(3, 2, weight_scale=0.0, dtype=torch.float64)
    with torch.no_grad():
        model.b.copy_(BASE)
    v, exact = all_states(3), rbm.exact_log_likelihood(model, all_states(3)).detach()
    estimate = rbm.raise_log_likelihood(model, v, base_bias=BASE, generator=generator)
    torch.testing.assert_close(estimate, exact)
    bracket = rbm.likelihood_bracket(model, v, base_bias=BASE, generator=generator)
    assert bracket.low == pytest.approx(exact.mean().item())
    assert bracket.gap == pytest.approx(0.0, abs=1e-9)


def test_the_bracket_holds_the_truth_and_closes(generator):
    """Each end within its own noise: 4 standard errors below, AIS's interval above."""
    model = random_rbm(12, 10, 1)
    v = drawn(model, 500, generator)
    exact = rbm.exact_log_likelihood(model, v).mean().item()
    brackets = [
        rbm.likelihood_bracket(model, v, n_rows=500, n_levels=n, generator=generator)
        for n in (60, 2000)
    ]
    for bracket in brackets:
        log_partition = bracket.log_partition
        assert bracket.low <= exact + 4 * bracket.low_error
        assert bracket.high >= exact - (log_partition.high - log_partition.log_z)
        assert bracket.gap == pytest.approx(bracket.high - bracket.low)
    assert brackets[1].gap < 0.2 < brackets[0].gap


def test_ais_says_when_its_interval_is_not_to_be_trusted():
    """Coverage over 180 models with 100 levels: of trusted intervals at least 94 %, of others less.

    3 standard errors promise 99.7 %. On weights of scale 4 and 8 half the intervals miss.
    """
    covered = {True: [], False: []}
    for scale in (1.0, 4.0, 8.0):
        for seed in range(60):
            model, generator = random_rbm(12, 10, seed, scale=scale), torch.Generator()
            estimate = rbm.ais_log_partition(
                model, n_levels=100, generator=generator.manual_seed(seed)
            )
            truth = rbm.exact_log_partition(model).item()
            covered[estimate.trusted].append(estimate.low <= truth <= estimate.high)
    share = {trusted: sum(held) / len(held) for trusted, held in covered.items()}
    assert len(covered[True]) >= 40
    assert len(covered[False]) >= 100
    assert share[True] >= 0.94
    assert share[False] <= 0.75


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, v, g: rbm.raise_log_likelihood(m, v, n_chains=0, generator=g), "n_chains ≥ 1"),
        (
            lambda m, v, g: rbm.raise_log_likelihood(m, v[0], generator=g),
            r"expected v of shape \(n, 3\), got \(3,\)",
        ),
        (
            lambda m, v, g: rbm.raise_log_likelihood(m, v, n_levels=9, generator=g),
            "n_levels ≥ 29",
        ),
        (
            lambda m, v, g: rbm.likelihood_bracket(m, v, base_bias=BASE[:2], generator=g),
            r"base_bias of shape \(3,\), got \(2,\)",
        ),
        (
            lambda m, v, g: rbm.raise_log_likelihood(
                rbm.ClassRBM(3, 2, 2).double(), all_states(5), generator=g
            ),
            "got ClassRBM",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, message, generator):
    with pytest.raises(ValueError, match=message):
        call(random_rbm(3, 2, 0), all_states(3), generator)

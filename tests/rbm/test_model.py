"""Energies and conditionals against a table of all states, gradients against autograd."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lecturekit.rbm import RBM, State, Theta, energy_gradient, log_odds, sample, states

from .plain import all_states, binary, flat, joint, random_rbm

units, seeds = st.integers(1, 5), st.integers(0, 2**32)
dtypes = st.sampled_from([torch.float32, torch.float64])


def close(actual, expected):
    tolerance = 2e-4 if actual.dtype == torch.float32 else 1e-9
    torch.testing.assert_close(actual.double(), expected.double(), rtol=tolerance, atol=tolerance)


@given(units, units, seeds, dtypes)
def test_energy_and_free_energy_are_those_of_the_table(n_visible, n_hidden, seed, dtype):
    model = random_rbm(n_visible, n_hidden, seed, dtype=dtype)
    table = joint(model)
    v, h = all_states(n_visible).to(dtype), all_states(n_hidden).to(dtype)
    pairs_v, pairs_h = v.repeat_interleave(len(h), 0), h.repeat(len(v), 1)
    close(model.energy(pairs_v, pairs_h), -table.log().flatten())
    close(model.free_energy(v), -table.sum(1).log())


@given(units, units, seeds, dtypes)
def test_conditionals_are_those_of_the_table(n_visible, n_hidden, seed, dtype):
    model = random_rbm(n_visible, n_hidden, seed, dtype=dtype)
    table, v, h = joint(model), all_states(n_visible), all_states(n_hidden)
    close(model.hidden_probabilities(v.to(dtype)), table @ h / table.sum(1, keepdim=True))
    close(model.visible_probabilities(h.to(dtype)), table.t() @ v / table.sum(0)[:, None])


@given(units, units, seeds, st.integers(1, 4))
def test_energy_gradient_is_the_derivative_of_the_free_energy(n_visible, n_hidden, seed, batch):
    model, v = random_rbm(n_visible, n_hidden, seed), binary(batch, n_visible, seed=seed)
    model.free_energy(v).mean().backward()
    close(
        flat(energy_gradient(model.clamp(v))), flat(Theta(model.W.grad, model.b.grad, model.c.grad))
    )


def test_energy_gradient_is_the_finite_difference_of_the_free_energy():
    model, v, step = random_rbm(4, 3, 0), binary(5, 4, seed=1), 1e-6
    exact = energy_gradient(model.clamp(v))
    for parameter, gradient in zip(model.theta, exact, strict=True):
        for index in range(parameter.numel()):
            entry = parameter.view(-1)[index : index + 1]
            entry += step
            above = model.free_energy(v).mean().item()
            entry -= 2 * step
            below = model.free_energy(v).mean().item()
            entry += step
            slope = (above - below) / (2 * step)
            assert slope == pytest.approx(gradient.flatten()[index].item(), abs=1e-8)


def test_free_energy_is_differentiable_in_v():
    model = random_rbm(4, 3, 0)
    v = binary(2, 4, seed=0).requires_grad_()
    assert torch.autograd.gradcheck(model.free_energy, v)


def test_gradient_of_an_energy_at_sampled_hidden_units():
    model, v, h = random_rbm(4, 3, 0), binary(6, 4, seed=1), binary(6, 3, seed=2)
    model.energy(v, h).mean().backward()
    close(flat(energy_gradient(State(v, h))), flat(Theta(model.W.grad, model.b.grad, model.c.grad)))


# ---------------------------------------------------------------------------------- sampling


@pytest.mark.parametrize("size", [64, 8192], ids=["few numbers", "many, from shared bits"])
def test_samples_have_their_probabilities(size, generator):
    """Within 5 standard errors, also next to 0 and 1, and never a one at 0 or a zero at 1."""
    p = torch.tensor([0.0, 1e-4, 0.02, 0.3, 0.5, 0.9, 0.999, 1.0])
    repeats = 2_000_000 // size
    ones = sum(
        sample(p.repeat(size // 8), generator=generator).view(-1, 8).sum(0) for _ in range(repeats)
    )
    n = repeats * size // 8
    share = ones / n
    error = (p * (1 - p) / n).sqrt()
    assert share[0] == 0
    assert share[-1] == 1
    assert ((share - p).abs() <= 5 * error).all()


def test_many_samples_are_independent_of_each_other(generator):
    """Neighbours, and the four that share a 64-bit word: correlation 0 within 5 standard errors."""
    p = torch.full((5000, 400), 0.3)
    x = sample(p, generator=generator) - 0.3
    for lag in (1, 2, 3, 4, 400):
        flat_x = x.flatten()
        products = flat_x[lag:] * flat_x[:-lag]
        assert products.mean().abs() <= 5 * products.std() / len(products) ** 0.5


def test_shared_bits_make_probabilities_finer_than_16_bits(generator):
    """p = 2⁻¹⁸ lies between two of the 2¹⁶ levels; with 16 bits alone it would be 0 or 2⁻¹⁶."""
    n, repeats, p = 1_000_000, 40, 2**-18
    ones = sum(sample(torch.full((n,), p), generator=generator).sum() for _ in range(repeats))
    # Given the shared bits, the share is 0 or 2⁻¹⁶, the latter in a quarter of the draws.
    error = (repeats * n * p + repeats * (n * 2**-16) ** 2 * 3 / 16) ** 0.5
    assert abs(ones - n * repeats * p) <= 5 * error


def test_sampling_repeats_bit_for_bit_and_leaves_the_global_generator_alone():
    model, v = (
        random_rbm(300, 50, 0, dtype=torch.float32),
        binary(100, 300, seed=0, dtype=torch.float32),
    )
    before = torch.get_rng_state()
    draws = [
        model.sample_visible(
            model.sample_hidden(v, generator=(g := torch.Generator().manual_seed(3))), generator=g
        )
        for _ in range(2)
    ]
    assert torch.equal(*draws)
    assert torch.equal(torch.get_rng_state(), before)
    assert set(draws[0].unique().tolist()) == {0.0, 1.0}


# ------------------------------------------------------------------------- making and changing


def test_initialise_keeps_identity_and_starts_at_the_log_odds(generator):
    model, data = RBM(3, 2, generator=generator), torch.tensor([[1.0, 0, 0], [1, 1, 0], [1, 0, 0]])
    W = model.W
    model.initialise(generator, data)
    assert model.W is W
    assert model.b.tolist() == pytest.approx([math.log(7), math.log(1.5 / 2.5), -math.log(7)])
    assert torch.equal(model.c, torch.zeros(2))
    assert 0 < W.abs().max() < 0.1


def test_initial_weights_have_the_scale_asked_for(generator):
    W = RBM(200, 200, weight_scale=0.5, generator=generator).W
    assert W.std().item() == pytest.approx(0.5, abs=5 * 0.5 / (2 * W.numel()) ** 0.5)


def test_log_odds_are_finite_for_constant_columns():
    assert log_odds(torch.tensor([[0.0, 1.0], [0.0, 1.0]])).isfinite().all()


def test_theta_adds_and_scales_term_by_term():
    one, two = random_rbm(3, 2, 0).theta, random_rbm(3, 2, 1).theta
    close(flat(0.5 * one + two * 3.0 - (-one)), 1.5 * flat(one) + 3 * flat(two))


def test_ascend_is_the_update_rule_with_weight_decay_on_the_weights_only():
    model, g = random_rbm(3, 2, 0), random_rbm(3, 2, 1).theta
    W, b, c = (term.clone() for term in model.theta)
    model.ascend(g, 0.1, weight_decay=0.2)
    close(flat(model.theta), flat(Theta(W + 0.1 * (g.W - 0.2 * W), b + 0.1 * g.b, c + 0.1 * g.c)))


@pytest.mark.gpu
def test_the_gpu_agrees_with_the_cpu():
    model, v = (
        random_rbm(20, 10, 0, dtype=torch.float32),
        binary(50, 20, seed=0, dtype=torch.float32),
    )
    on_cpu = model.free_energy(v)
    close(model.cuda().free_energy(v.cuda()).cpu(), on_cpu)
    draws = model.sample_hidden(v.cuda(), generator=torch.Generator("cuda").manual_seed(0))
    assert set(draws.unique().tolist()) == {0.0, 1.0}


# ---------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.free_energy(torch.zeros(4)), r"expected v of shape \(n, 4\), got \(4,\)"),
        (
            lambda m: m.energy(torch.zeros(2, 4), torch.zeros(2, 4)),
            r"expected h of shape \(2, 3\)",
        ),
        (
            lambda m: m.hidden_probabilities(torch.zeros(2, 3)),
            r"v of shape \(n, 4\), got \(2, 3\)",
        ),
        (
            lambda m: m.visible_probabilities(torch.zeros(2, 4)),
            r"h of shape \(n, 3\), got \(2, 4\)",
        ),
        (lambda m: m.clamp(torch.zeros(1, 2, 2)), r"v of shape \(n, 4\), got \(1, 2, 2\)"),
        (lambda m: RBM(0, 3), "n_visible ≥ 1, got 0"),
        (lambda m: RBM(2, 3, weight_scale=-1), "weight_scale ≥ 0, got -1"),
        (lambda m: RBM(2, 3, weight_scale=math.nan), "weight_scale .*≥ 0, got nan"),
        (lambda m: states(21), "at most 20 units, got 21"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(RBM(4, 3))

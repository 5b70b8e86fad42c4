"""CD and PCD with infinitely many samples, against sampling, autograd and limits."""

import copy

import pytest
import torch

from lecturekit import data, rbm
from lecturekit.evaluation import kl_divergence
from lecturekit.training import finish

from .plain import random_rbm

PATTERNS = data.bars_and_stripes(2).double()


@pytest.fixture
def model(generator: torch.Generator) -> rbm.RBM:
    return rbm.RBM(4, 3, weight_scale=0.8, generator=generator, dtype=torch.float64)


def flat(theta: rbm.Theta) -> torch.Tensor:
    return torch.cat([term.flatten() for term in theta])


def test_expected_cd_gradient_is_the_mean_of_sampled_updates(model, generator):
    """Within 5 standard errors in every coordinate, for 20,000 chains of 3 steps."""
    n, k = 20_000, 3
    start = model.clamp(PATTERNS.repeat(-(-n // 6), 1)[: n - n % 6])
    end = rbm.ContrastiveDivergence(k).advance(model, start, generator=generator)
    v, h = end
    per_chain = torch.cat([-(v[:, :, None] * h[:, None]).flatten(1), -v, -h], 1)
    sampled = per_chain.mean(0) - flat(rbm.energy_gradient(start))
    error = per_chain.std(0) / len(v) ** 0.5
    expected = flat(rbm.expected_cd_gradient(model, PATTERNS, k))
    assert ((sampled - expected).abs() <= 5 * error).all()


def test_relative_error_is_one_without_moving_and_vanishes_with_long_chains(model):
    bias = rbm.cd_bias(model, PATTERNS, [0, 1, 400])
    at_start, one, long = bias.relative_error
    assert at_start == pytest.approx(1.0, abs=1e-12)
    assert long < 1e-6 < one
    assert bias.cosine[0].isnan()
    assert bias.cosine[1] < bias.cosine[2] == pytest.approx(1.0, abs=1e-9)


def test_the_cosine_tells_how_fast_the_likelihood_rises(model):
    """Its derivative along g_k of length 1 is ‖g‖ times the cosine."""
    direction = rbm.expected_cd_gradient(model, PATTERNS, 1)
    length = flat(direction).norm()
    moved = [copy.deepcopy(model) for _ in range(2)]
    for sign, there in zip((1, -1), moved, strict=True):
        there.ascend(direction, sign * 1e-4 / length.item())
    up, down = (rbm.exact_log_likelihood(there, PATTERNS).mean() for there in moved)
    slope = (up - down) / 2e-4
    steepest = flat(rbm.exact_gradient(model, PATTERNS)).norm()
    cosine = rbm.cd_bias(model, PATTERNS, [1]).cosine
    torch.testing.assert_close(cosine[0], (slope / steepest).double(), rtol=1e-4, atol=0)


def test_negative_k_is_refused(model):
    with pytest.raises(ValueError, match="k ≥ 0"):
        rbm.expected_cd_gradient(model, PATTERNS, -1)


# ------------------------------------------------------------------------------ mean-field CD


@pytest.mark.parametrize("k", [0, 1, 4])
def test_mean_field_direction_is_the_slope_of_the_free_energies_at_both_ends(generator, k):
    """By autograd of F, at ends that are walked to unit by unit, from their conditional means."""
    model = random_rbm(4, 3, 5)
    W, b, c = model.theta
    ends = PATTERNS
    for _ in range(k):
        h = 1 / (1 + (-(ends[:, :, None] * W).sum(1) - c).exp())
        ends = 1 / (1 + (-(h[:, None, :] * W).sum(2) - b).exp())
    loss = model.free_energy(ends).mean() - model.free_energy(PATTERNS).mean()
    slope = torch.cat([g.flatten() for g in torch.autograd.grad(loss, model.parameters())])
    torch.testing.assert_close(flat(rbm.mean_field_cd_gradient(model, PATTERNS, k)), slope)


def test_mean_field_cd_is_exact_without_weights_and_stays_biased_with_them(model):
    free = random_rbm(4, 3, 5)
    with torch.no_grad():
        free.W.zero_()
    exact = flat(rbm.exact_gradient(free, PATTERNS))
    torch.testing.assert_close(flat(rbm.mean_field_cd_gradient(free, PATTERNS, 1)), exact)
    biased = rbm.mean_field_cd_bias(model, PATTERNS, [0, 400]).relative_error
    assert biased[0] == pytest.approx(1.0, abs=1e-12)
    assert biased[1] > 0.01 > rbm.cd_bias(model, PATTERNS, [400]).relative_error


def test_negative_mean_field_steps_are_refused(model):
    with pytest.raises(ValueError, match=r"expected k in \[0, 100000\], got -1"):
        rbm.mean_field_cd_gradient(model, PATTERNS, -1)


# --------------------------------------------------------------------------------- the crowd


def test_the_first_step_descends_c_with_the_crowd_held_fixed(model):
    """θ moves by −α ∂C/∂θ for C = KL(P‖Q) − KL(R‖Q), by autograd, with R = P T held fixed."""
    points = rbm.empirical_distribution(PATTERNS)
    crowd = points @ rbm.gibbs_transition_matrix(model)
    log_q = torch.log_softmax(-model.free_energy(rbm.states(4, like=model.W)), 0)
    loss = -(points @ log_q) + crowd @ log_q  # C, up to what does not depend on θ
    slope = torch.cat([g.flatten() for g in torch.autograd.grad(loss, model.parameters())])
    before = flat(model.theta.clone())
    settings = rbm.CrowdSettings(updates=1, learning_rate=0.1)
    finish(rbm.infinite_crowd(model, PATTERNS, settings))
    torch.testing.assert_close(flat(model.theta), before - 0.1 * slope)


def test_mixing_never_raises_and_metrics_add_up(model):
    settings = rbm.CrowdSettings(updates=60, learning_rate=2.0, constant_share=1.0)
    previous = None
    for step in rbm.infinite_crowd(model, PATTERNS, settings):
        assert step.metrics["lowered_by_mixing"] >= -1e-12
        if previous is not None:
            change = step.metrics["raised_by_learning"] - step.metrics["lowered_by_mixing"]
            assert step.metrics["kl_crowd"] - previous == pytest.approx(change.item(), abs=1e-12)
        previous = step.metrics["kl_crowd"].item()
    q = rbm.exact_visible_distribution(model)
    direct = kl_divergence(rbm.empirical_distribution(PATTERNS), q).item()
    assert step.metrics["kl_data"] == pytest.approx(direct, abs=1e-12)


def test_more_gibbs_steps_keep_the_crowd_closer(model):
    lag = {}
    for k in (1, 5):
        model.initialise(torch.Generator().manual_seed(7))
        settings = rbm.CrowdSettings(updates=300, learning_rate=1.0, constant_share=1.0, k=k)
        lag[k] = finish(rbm.infinite_crowd(model, PATTERNS, settings)).metrics["kl_crowd"]
    assert 0 < lag[5] < lag[1]


def test_settings_outside_their_domain_are_refused(model):
    with pytest.raises(ValueError, match="learning_rate"):
        rbm.infinite_crowd(model, PATTERNS, rbm.CrowdSettings(learning_rate=-1.0))

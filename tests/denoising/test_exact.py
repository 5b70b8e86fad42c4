"""The chain on a handful of states: why it converges, and what breaks it."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lecturekit.denoising import (
    GaussianNoise,
    GaussianReconstruction,
    gaussian_chain_variance,
    line_corruption,
    pair_transition_matrix,
    posterior,
    run_chain,
    stationary_distribution,
    total_variation,
    transition_matrix,
)


def random_toy(n: int, m: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    prior = torch.rand(n, generator=g, dtype=torch.float64) + 0.05
    corruption = torch.rand(n, m, generator=g, dtype=torch.float64) + 0.05
    return prior / prior.sum(), corruption / corruption.sum(dim=1, keepdim=True)


@given(st.integers(2, 6), st.integers(2, 6), st.integers(0, 1000))
def test_with_the_true_posterior_the_data_are_stationary_and_the_chain_reversible(n, m, seed):
    prior, corruption = random_toy(n, m, seed)
    step = transition_matrix(corruption, posterior(prior, corruption))
    assert torch.allclose(prior @ step, prior)
    assert torch.allclose(stationary_distribution(step), prior)
    flow = prior[:, None] * step
    assert torch.allclose(flow, flow.T)  # detailed balance


@given(st.integers(2, 5), st.integers(2, 5), st.integers(0, 1000))
def test_the_pair_has_the_joint_distribution_as_its_stationary_one(n, m, seed):
    prior, corruption = random_toy(n, m, seed)
    pairs = pair_transition_matrix(corruption, posterior(prior, corruption))
    joint = (prior[:, None] * corruption).flatten()
    assert torch.allclose(joint @ pairs, joint)
    assert torch.allclose(stationary_distribution(pairs), joint)


def test_the_posterior_is_bayes_rule_state_by_state():
    prior, corruption = random_toy(3, 4, seed=7)
    believed = posterior(prior, corruption)
    assert believed.shape == (4, 3)
    evidence = sum(prior[x] * corruption[x, 2] for x in range(3))
    assert believed[2, 1] == pytest.approx(prior[1] * corruption[1, 2] / evidence)


def test_another_reconstruction_moves_the_stationary_distribution():
    prior, corruption = random_toy(4, 4, seed=1)
    careless = 0.9 * posterior(prior, corruption) + 0.1 / 4
    moved = stationary_distribution(transition_matrix(corruption, careless))
    assert 0.001 < total_variation(moved, prior) < 0.1


def test_corruption_on_a_line_falls_off_as_a_gaussian():
    rows = line_corruption(7, 1.5)
    assert torch.allclose(rows.sum(dim=1), torch.ones(7, dtype=torch.float64))
    assert rows[3, 5] / rows[3, 3] == pytest.approx(math.exp(-(2**2) / (2 * 1.5**2)))


@pytest.mark.parametrize("use_mean", [False, True])
@pytest.mark.parametrize("sigma", [0.5, 1.0])
def test_the_variance_of_a_gaussian_chain_is_the_closed_form(sigma, use_mean, generator):
    n = 20_000
    shrink = 1 / (1 + sigma**2)

    def optimal(x_noisy):
        return GaussianReconstruction(
            shrink * x_noisy, torch.full_like(x_noisy, math.sqrt(shrink) * sigma)
        )

    start = torch.randn(n, 1, generator=generator)
    run = run_chain(
        optimal, GaussianNoise(sigma), start, 40, use_mean=use_mean, generator=generator
    )
    expected = gaussian_chain_variance(1.0, sigma, use_mean=use_mean)
    error = expected * math.sqrt(2 / n)  # standard error of a variance
    assert abs(run.clean[-1].var().item() - expected) < 4 * error


def test_a_chain_of_samples_keeps_the_variance_of_the_data():
    assert gaussian_chain_variance(2.0, 0.7, use_mean=False) == pytest.approx(4.0)


def test_rows_that_are_no_distributions_are_refused():
    good = torch.full((2, 2), 0.5)
    with pytest.raises(ValueError, match="expected corruption with rows ≥ 0 and of sum 1"):
        transition_matrix(torch.ones(2, 2), good)
    with pytest.raises(ValueError, match=r"expected corruption of shape \(3, m\), got \(2, 2\)"):
        posterior(torch.full((3,), 1 / 3), good)
    with pytest.raises(ValueError, match="n_states ≥ 2"):
        line_corruption(1, 1.0)


def test_a_chain_in_two_parts_has_no_single_stationary_distribution():
    with pytest.raises(ValueError, match="several are stationary"):
        stationary_distribution(torch.eye(3, dtype=torch.float64))

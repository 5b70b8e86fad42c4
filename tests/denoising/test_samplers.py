"""Samplers of diffusion models, held against closed forms and Bayes' rule."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch

from lecturekit import data, denoising
from lecturekit.denoising import NoiseLevels, Sampling, sample_path
from lecturekit.evaluation import mode_coverage

UNIT = data.densities.GaussianMixture(torch.zeros(1, 1, dtype=torch.float64), 1.0)
RING = data.densities.ring()


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_ode_of_gaussian_data_keeps_x_in_units_of_its_own_spread():
    exact = partial(denoising.exact_denoiser, UNIT)
    path = sample_path(
        exact, NoiseLevels(0.5, 10.0), Sampling("ODE (Heun)", 401), 20, 1, generator=seeded()
    )
    assert len(path) == 202
    expected = path[0] * math.sqrt((1 + 0.5**2) / (1 + 10.0**2))
    assert torch.allclose(path[-2].double(), expected.double(), rtol=1e-3)


def test_heun_is_of_second_order_and_ddim_of_first():
    exact = partial(denoising.exact_denoiser, UNIT)

    def error(sampler, evaluations):
        chosen = Sampling(sampler, evaluations)
        path = sample_path(exact, NoiseLevels(0.5, 10.0), chosen, 5, 1, generator=seeded())
        solved = path[0].double() * math.sqrt((1 + 0.5**2) / (1 + 10.0**2))
        return (path[-2].double() - solved).abs().max().item()

    assert error("DDIM", 41) / error("DDIM", 81) == pytest.approx(2, rel=0.15)
    assert error("ODE (Heun)", 81) / error("ODE (Heun)", 161) == pytest.approx(4, rel=0.15)


def test_ancestral_steps_and_langevin_steps_keep_the_distribution():
    """With X itself as the denoised point the ancestral step is exact; Langevin's nearly is."""
    x, noise = torch.zeros(200_000, 1), torch.randn(200_000, 1, generator=seeded(1))
    then = denoising.ancestral_step(x + 2.0 * noise, x, 2.0, 0.8, generator=seeded(2))
    assert then.std().item() == pytest.approx(0.8, rel=0.01)
    walking = torch.randn(200_000, 1, generator=seeded(3)) * math.sqrt(2.0)  # N(0, 1) and σ = 1
    for _ in range(30):
        walking = denoising.langevin_step(walking, walking / 2, 1.0, rate=0.02, generator=seeded(4))
        walking = walking[torch.randperm(len(walking), generator=seeded(5))]
    assert walking.var().item() == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize("sampler", denoising.SAMPLERS)
def test_every_sampler_finds_the_ring_from_far_out(sampler):
    exact = partial(denoising.exact_denoiser, RING)
    chosen = Sampling(sampler, 50)
    path = sample_path(exact, NoiseLevels(0.05, 10.0), chosen, 500, 2, generator=seeded(6))
    found = mode_coverage(path[-1], RING)
    assert found.modes == 8
    assert found.good > 0.95


@pytest.mark.parametrize("sampler", denoising.SAMPLERS)
def test_it_costs_as_many_evaluations_as_were_asked_for(sampler):
    seen = []

    def counted(sigma):
        seen.append(sigma)
        return denoising.exact_denoiser(RING, sigma)

    sample_path(counted, NoiseLevels(0.05, 10.0), Sampling(sampler, 21), 3, 2, generator=seeded())
    assert len(seen) == 21
    assert seen[0] == pytest.approx(10.0)
    assert min(seen) == pytest.approx(0.05)


def test_an_unknown_sampler_and_too_few_evaluations_are_refused():
    with pytest.raises(ValueError, match="one of DDIM"):
        Sampling("Euler")
    with pytest.raises(ValueError, match="evaluations must be"):
        Sampling("DDIM", 2)

"""The deep energy against its formula, its slopes against differences, its Z against limits."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from lecturekit.deep_energy import (
    DeepEnergy,
    Plane,
    energy_and_slope,
    log_likelihood,
    log_partition,
    score,
    steepness,
)
from lecturekit.networks import mlp


def make_energy(n_dims: int = 2, *, sigma: float = 1.3, seed: int = 0) -> DeepEnergy:
    source = torch.Generator().manual_seed(seed)
    features = mlp([n_dims, 8, 5], activation=nn.Tanh, generator=source)
    energy = DeepEnergy(features, n_dims, 5, 3, sigma=sigma, generator=source)
    nn.init.normal_(energy.b, generator=source)
    return energy.double()


def points(n: int, n_dims: int = 2, seed: int = 1) -> torch.Tensor:
    source = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(n, n_dims, generator=source, dtype=torch.float64)


def test_energy_is_the_formula_of_the_paper_term_by_term():
    energy, x = make_energy(3, sigma=0.7), points(6, 3)
    W, c = energy.experts.weight, energy.experts.bias
    for row, value in zip(x, energy(x), strict=True):
        wanted = sum(row[i] ** 2 / 0.7**2 - energy.b[i] * row[i] for i in range(3))
        f = energy.features(row[None])[0]
        for i in range(3):
            wanted = wanted - math.log1p(math.exp((W[i] @ f + c[i]).item()))
        assert value.item() == pytest.approx(wanted.item(), rel=1e-12)


def test_without_experts_the_model_is_the_stated_gaussian():
    energy = make_energy(sigma=1.1)
    nn.init.zeros_(energy.experts.weight)
    nn.init.zeros_(energy.experts.bias)  # three constants of log 2 are left
    mean, std = 1.1**2 * energy.b / 2, 1.1 / math.sqrt(2)
    gaussian = torch.distributions.Independent(
        torch.distributions.Normal(mean, torch.full((2,), std, dtype=torch.float64)), 1
    )
    plane = Plane(resolution=120, dtype=torch.float64)
    x = points(7)
    torch.testing.assert_close(log_likelihood(energy, x, plane), gaussian.log_prob(x))


def test_the_quadratic_term_keeps_z_finite_and_nothing_else_does():
    energy = make_energy(sigma=1.0)

    def log_z(side: float) -> float:
        return log_partition(energy, Plane((-side, side) * 2, 200, dtype=torch.float64)).item()

    assert log_z(8.0) == pytest.approx(log_z(16.0), abs=1e-3)
    energy.sigma = math.inf  # the experts of tanh features are bounded; b·x is not
    assert log_z(16.0) > log_z(8.0) + 1.0


def test_score_is_minus_the_slope_by_differences():
    energy, x, h = make_energy(), points(5), 1e-5
    for axis in range(2):
        shift = h * torch.eye(2, dtype=torch.float64)[axis]
        slope = (energy(x + shift) - energy(x - shift)) / (2 * h)
        torch.testing.assert_close(score(energy, x)[:, axis], -slope, rtol=1e-6, atol=1e-8)
    assert not score(energy, x).requires_grad


def test_steepness_is_differentiable_in_the_parameters():
    energy, x = make_energy(), points(5)
    values, slope = energy_and_slope(energy, x)
    torch.testing.assert_close(values, energy(x))
    weight = energy.experts.weight
    (gradient,) = torch.autograd.grad(steepness(slope), weight)
    h, nudge = 1e-5, torch.zeros_like(weight)
    nudge[1, 2] = h
    sides = []
    for sign in (1, -1):
        with torch.no_grad():
            weight += sign * nudge
        sides.append(score(energy, x).square().sum(1).mean().item())
        with torch.no_grad():
            weight -= sign * nudge
    assert gradient[1, 2].item() == pytest.approx((sides[0] - sides[1]) / (2 * h), rel=1e-6)


def test_steepness_is_a_mean_over_rows_and_a_sum_over_entries():
    assert steepness(torch.tensor([[3.0, 4.0], [0.0, 1.0]])).item() == 13.0


@pytest.mark.parametrize("shape", [(2,), (4, 3), (4, 1, 2)])
def test_points_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"expected x of shape \(n, 2\)"):
        make_energy()(torch.zeros(shape, dtype=torch.float64))


@pytest.mark.parametrize(
    "sizes", [(0, 2, 3, 1.0), (2, 0, 3, 1.0), (2, 2, 0, 1.0), (2, 2, 3, 0.0), (2, 2, 3, math.inf)]
)
def test_sizes_that_make_no_energy_are_refused(sizes):
    *counts, sigma = sizes
    with pytest.raises(
        ValueError,
        match=r"expected (n_dims|n_features|n_experts) ≥ 1, got 0|expected sigma .*> 0, got",
    ):
        DeepEnergy(nn.Identity(), *counts, sigma=sigma, generator=torch.Generator())

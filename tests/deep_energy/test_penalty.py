"""The best energy under the gradient penalty, against the conditions that single it out."""

from __future__ import annotations

import math

import pytest
import torch

from lecturekit.data import densities
from lecturekit.data.densities import GaussianMixture
from lecturekit.deep_energy import Plane, penalised_energy, penalty_price

PLANE = Plane((-4.0, 4.0, -4.0, 4.0), 120, dtype=torch.float64)
TARGET = GaussianMixture(
    torch.tensor([[0.8, 0.3], [-0.9, -0.5]], dtype=torch.float64), torch.tensor([0.4, 0.6])
)


def means_under(density: torch.Tensor, *functions: torch.Tensor) -> list[float]:
    return [(density * function).sum().item() * PLANE.cell for function in functions]


def slopes(energy: torch.Tensor) -> torch.Tensor:
    """∇E by central differences, (resolution², 2); the solver differs neighbours instead."""
    n, width = PLANE.resolution, math.sqrt(PLANE.cell)
    up, right = torch.gradient(energy.reshape(n, n), spacing=width)
    return torch.stack([right.flatten(), up.flatten()], dim=1)


def test_without_a_penalty_it_is_the_datas_own_energy():
    x = TARGET.sample(200, generator=torch.Generator().manual_seed(0))
    near = (
        torch.cdist(PLANE.points, x).min(dim=1).values < 0.2
    )  # far off no number tells them apart
    energy = penalised_energy(TARGET.log_prob, 0.0, PLANE)
    torch.testing.assert_close(energy[near], -TARGET.log_prob(PLANE.points)[near])
    assert penalty_price(TARGET.log_prob, 0.0, PLANE).item() == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("penalty", [0.02, 0.2])
def test_no_direction_lowers_the_loss(penalty):
    """E_p h − E_P* h + 2λ E_p[∇E*·∇h] = 0 for every function h, the loss's slope along it."""
    energy, x = penalised_energy(TARGET.log_prob, penalty, PLANE), PLANE.points
    p, q, slope = TARGET.log_prob(x).exp(), (-energy).exp(), slopes(energy)
    assert q.sum().item() * PLANE.cell == pytest.approx(1.0, abs=1e-6)
    one, none = torch.ones(len(x), dtype=x.dtype), torch.zeros(len(x), dtype=x.dtype)
    directions = {
        "x₁": (x[:, 0], torch.stack([one, none], 1)),
        "x₂²": (x[:, 1] ** 2, torch.stack([none, 2 * x[:, 1]], 1)),
        "sin 2x₁": ((2 * x[:, 0]).sin(), torch.stack([2 * (2 * x[:, 0]).cos(), none], 1)),
    }
    for name, (h, gradient) in directions.items():
        data, pulled = means_under(p, h, (slope * gradient).sum(1))
        (model,) = means_under(q, h)
        assert abs(data - model) > 1e-3, name  # the penalty does something along each
        wanted = -2 * penalty * pulled
        assert data - model == pytest.approx(wanted, rel=0.05, abs=1e-4), name


def test_it_is_better_than_the_best_gaussian():
    """Among N(0, vI) the best for N(0, s²I) has v² − s²v − 4λs² = 0."""
    s, penalty = 0.5, 0.1
    v = (s**2 + math.sqrt(s**4 + 16 * penalty * s**2)) / 2
    gaussian = s**2 / v + math.log(2 * math.pi * v) + 2 * penalty * s**2 / v**2
    target = GaussianMixture(torch.zeros(1, 2, dtype=torch.float64), s)
    energy = penalised_energy(target.log_prob, penalty, PLANE)
    p = target.log_prob(PLANE.points).exp()
    mean, steepness = means_under(p, energy, slopes(energy).square().sum(1))
    assert gaussian - 0.1 < mean + penalty * steepness < gaussian - 1e-3


def test_the_price_rises_with_the_penalty_and_hardly_depends_on_the_cells():
    ring = densities.ring().to(torch.float64)
    prices = []
    for penalty, resolution in [(0.02, 64), (0.05, 64), (0.05, 90)]:
        plane = Plane((-3.2, 3.2, -3.2, 3.2), resolution, dtype=torch.float64)
        prices.append(penalty_price(ring.log_prob, penalty, plane).item())
    assert 0.4 < prices[0] < prices[1] - 0.1
    assert prices[1] == pytest.approx(prices[2], rel=0.02)


@pytest.mark.parametrize(("penalty", "extent"), [(-0.1, (-1, 1, -1, 1)), (0.1, (-1, 1, -1, 2))])
def test_other_penalties_and_planes_are_refused(penalty, extent):
    with pytest.raises(ValueError, match="expected penalty ≥ 0"):
        penalised_energy(TARGET.log_prob, penalty, Plane(extent, 4))

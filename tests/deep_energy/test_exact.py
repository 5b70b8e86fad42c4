"""Quadrature against closed forms, and the gradient of log Z against the slide."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from lecturekit.data.densities import GaussianMixture, ring
from lecturekit.deep_energy import DeepEnergy, Plane, kl_from, kl_to, log_likelihood, log_partition
from lecturekit.networks import mlp


def test_cells_tile_the_plane_row_by_row_from_the_bottom_left():
    plane = Plane((0.0, 4.0, -1.0, 1.0), resolution=2)
    assert plane.points.tolist() == [[1.0, -0.5], [3.0, -0.5], [1.0, 0.5], [3.0, 0.5]]
    assert plane.cell == 2.0


def test_log_partition_of_a_gaussian_energy():
    sigma, b = 1.2, torch.tensor([1.0, -0.5])
    log_z = log_partition(lambda x: x.square().sum(1) / sigma**2 - x @ b, Plane())
    wanted = math.log(math.pi * sigma**2) + sigma**2 * b.square().sum() / 4
    assert log_z.item() == pytest.approx(wanted.item(), abs=1e-4)


def test_a_normalised_density_has_log_partition_zero_and_no_divergence():
    density = ring()
    energy = lambda x: 7.0 - density.log_prob(x)  # noqa: E731
    assert log_partition(energy, Plane()).item() == pytest.approx(-7.0, abs=1e-4)
    assert kl_from(density.log_prob, energy, Plane()).item() == pytest.approx(0.0, abs=1e-4)
    x = density.means
    torch.testing.assert_close(log_likelihood(energy, x, Plane()), density.log_prob(x))


def test_divergences_between_gaussians():
    p = GaussianMixture(torch.tensor([[0.5, 0.0]]), 0.6)
    q = GaussianMixture(torch.tensor([[0.0, 0.0]]), 1.0)
    energy = lambda x: -3.0 - q.log_prob(x)  # noqa: E731
    # KL(N(m, s²I) ‖ N(0, I)) = ½ (2 s² + ‖m‖² − 2) − 2 log s
    wanted = 0.5 * (2 * 0.36 + 0.25 - 2) - 2 * math.log(0.6)
    assert kl_from(p.log_prob, energy, Plane()).item() == pytest.approx(wanted, abs=1e-3)
    samples = p.sample(20_000, generator=torch.Generator().manual_seed(0))
    entropy = 2 * (0.5 * math.log(2 * math.pi * math.e) + math.log(0.6))
    error = q.log_prob(samples).std().item() / math.sqrt(20_000)
    found = kl_to(samples, entropy, energy, Plane()).item()
    assert abs(found - wanted) < 4 * error + 1e-4


def test_a_density_that_is_zero_in_places_has_a_divergence_all_the_same():
    plane = Plane((-1.0, 1.0, -1.0, 1.0), resolution=20)
    half = lambda x: torch.where(x[:, 0] > 0, math.log(0.5), -math.inf)  # noqa: E731
    even = lambda x: x.new_zeros(len(x))  # noqa: E731
    assert kl_from(half, even, plane).item() == pytest.approx(math.log(2), abs=1e-5)


def test_the_gradient_of_the_log_likelihood_is_the_slides(generator):
    features = mlp([2, 6, 4], activation=nn.Tanh, generator=generator)
    energy = DeepEnergy(features, 2, 4, 3, generator=generator)
    plane, x = Plane(resolution=80), torch.tensor([[0.3, -1.0], [1.0, 0.5]])
    parameters = list(energy.parameters())
    left = torch.autograd.grad(log_likelihood(energy, x, plane).mean(), parameters)

    chances = torch.softmax(-energy(plane.points), dim=0).detach()  # P_θ of every cell
    right = torch.autograd.grad(
        (chances * energy(plane.points)).sum() - energy(x).mean(), parameters
    )
    for one, other in zip(left, right, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("extent", "resolution"), [((1, 1, 0, 1), 5), ((0, 1, 2, 1), 5), ((0, 1, 0, 1), 0)]
)
def test_planes_without_area_are_refused(extent, resolution):
    with pytest.raises(
        ValueError, match=r"expected extent \(left < right|resolution in \[1, 2000\]"
    ):
        Plane(extent, resolution)

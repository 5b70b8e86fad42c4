"""The flow along level lines: it keeps the density, and is undone backwards."""

from __future__ import annotations

import math

import pytest
import torch

from lecturekit import cycle_gan
from lecturekit.cycle_gan import rotations
from lecturekit.data.densities import GaussianMixture

MEANS = torch.tensor([[0.0, 0.0], [1.0, 0.5], [-0.5, 1.0]], dtype=torch.float64)
UNEVEN = GaussianMixture(MEANS, torch.tensor([0.5, 0.7, 0.3]), torch.tensor([1.0, 2.0, 3.0]))


def points(n: int) -> torch.Tensor:
    return UNEVEN.sample(n, generator=torch.Generator().manual_seed(0))


def test_a_round_blob_is_turned_about_its_centre():
    centre, std, time = torch.tensor([[1.0, -2.0]], dtype=torch.float64), 0.4, 0.1
    x = points(20)
    turned = rotations.rotated(x - centre, -time / std**2) + centre
    made = cycle_gan.stirred(GaussianMixture(centre, std), x, time)
    assert torch.allclose(made, turned, atol=1e-8)


def test_log_density_and_areas_stay_and_the_way_back_undoes_it():
    x = points(30).requires_grad_()
    made = cycle_gan.stirred(UNEVEN, x, 0.3)
    assert (made - x).norm(dim=1).mean() > 0.1
    assert torch.allclose(UNEVEN.log_prob(made), UNEVEN.log_prob(x), atol=1e-6)
    rows = [torch.autograd.grad(made[:, k].sum(), x, retain_graph=True)[0] for k in (0, 1)]
    assert torch.allclose(torch.stack(rows, dim=1).det(), torch.ones(30).double(), atol=1e-5)
    assert torch.allclose(cycle_gan.stirred(UNEVEN, made, -0.3), x, atol=1e-6)


def test_samples_stay_samples():
    """Means and variances of 20,000 points, within four standard errors."""
    x = points(20_000)
    made, errors = cycle_gan.stirred(UNEVEN, x, 0.3), 4 * x.std(dim=0) / math.sqrt(len(x))
    assert ((made.mean(dim=0) - x.mean(dim=0)).abs() < math.sqrt(2) * errors).all()
    assert (made.var(dim=0) / x.var(dim=0) - 1).abs().max() < 4 * 2 * math.sqrt(2 / len(x))


def test_refuses_what_is_not_in_the_plane():
    with pytest.raises(ValueError, match=r"shape \(n, 2\), got \(4, 3\)"):
        cycle_gan.stirred(UNEVEN, torch.zeros(4, 3), 1.0)

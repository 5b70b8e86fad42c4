"""Section 6's exercises: references against the package, and what students write."""

from __future__ import annotations

from inspect import unwrap

import torch
from torch import Tensor

from lecturekit import unit
from lecturekit.exercises.tiny import Maker
from lecturekit.exercises.unit import EXERCISES
from lecturekit.unit.model import Nets

BY_NAME = {exercise.stub_name: exercise.reference for exercise in EXERCISES}
BY_NUMBER = {exercise.number: exercise for exercise in EXERCISES}


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# ------------------------------------------------------------------------ against the package


def test_the_divergence_is_that_of_the_package():
    mean, log_variance = (Maker(seeded(s)).normal(6, 3) for s in (1, 2))
    ours = unit.gaussian_kl(mean, log_variance)
    torch.testing.assert_close(BY_NAME["gaussian_kl"](mean, log_variance), ours)


def test_the_bound_is_that_of_the_package():
    """Row by row, since the package's Gaussians have one covariance for all rows."""
    x, mean, log_variance, W = BY_NUMBER["6.2"].cases(3)[0]
    model = unit.LinearGaussian(W, torch.zeros_like(x[0]), 1.0)
    theirs = BY_NAME["variational_bound"](x, mean, log_variance, W)
    for row in range(len(x)):
        q = unit.Gaussian(mean[row : row + 1], log_variance[row].exp().diag())
        torch.testing.assert_close(model.bound(x[row : row + 1], q), theirs[row : row + 1])


def test_the_losses_are_those_of_the_package(monkeypatch):
    """The package's streams and terms with the exercise's linear nets and noise: rows for images,
    which their door would refuse."""
    x1, x2, E1, E2, G1, G2, *noises, weights = BY_NUMBER["6.6"].cases(4)[0]
    n_pixels, n_latent = E1.shape
    nets = {"E1": E1, "E2": E2, "G1": G1, "G2": G2}
    model = Nets(**{name: _Linear(M) for name, M in nets.items()}, D1=_score, D2=_score)
    given = iter([noises[0], torch.zeros_like(noises[0]), noises[1], torch.zeros_like(noises[1])])
    monkeypatch.setattr(Tensor, "normal_", lambda noise, **_: noise.copy_(next(given)))
    made = unwrap(unit.streams)(model, x1, x2, generator=seeded(0))
    terms, _ = unwrap(unit.autoencoder_terms)(model, x1, x2, made, "least squares")
    settings = unit.Settings(
        kl_weight=weights[0].item() * n_latent,
        reconstruction_weight=weights[1].item() * n_pixels,
        cycle_kl_weight=weights[2].item() * n_latent,
        cycle_weight=weights[3].item() * n_pixels,
    )
    losses = unit.weighted(terms, settings)
    theirs = BY_NAME["unit_losses"](x1, x2, E1, E2, G1, G2, *noises, weights)
    torch.testing.assert_close((losses.vae, losses.cc), theirs)


class _Linear:
    """An encoder or a generator that has nothing but one matrix of its own."""

    def __init__(self, weight: Tensor):
        self.weight, self.shared = weight, torch.nn.Identity()

    def features(self, rows: Tensor) -> Tensor:
        return rows @ self.weight

    image = features


def _score(rows: Tensor) -> Tensor:
    return rows.sum(dim=1)

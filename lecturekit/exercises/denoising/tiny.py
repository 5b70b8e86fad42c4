"""Random numbers in float64, and finite data sets whose posterior is known by Bayes' rule."""

from __future__ import annotations

import torch
from torch import Tensor


def normal(*shape: int, generator: torch.Generator) -> Tensor:
    """Independent standard normal numbers."""
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def uniform(*shape: int, generator: torch.Generator) -> Tensor:
    """Independent uniform numbers in [0, 1)."""
    return torch.rand(shape, generator=generator, dtype=torch.float64)


def bits(*shape: int, generator: torch.Generator) -> Tensor:
    """Independent fair bits."""
    return torch.randint(0, 2, shape, generator=generator).double()


def points_with_noise(
    batch: int, n_data: int, n_dims: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Noisy points (batch, n_dims), data (n_data, n_dims) near enough to compete, and σ ()."""
    data = normal(n_data, n_dims, generator=generator)
    sigma = 0.6 + 0.3 * uniform(generator=generator)
    chosen = torch.randint(n_data, (batch,), generator=generator)
    return data[chosen] + sigma * normal(batch, n_dims, generator=generator), data, sigma


def posterior_by_bayes(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    """P(X = x_k | X′) of data points that are equally likely, factor by factor: (batch, n_data).

    Each is a product of normal densities, one for each coordinate, over the sum of such products.
    """
    density = torch.distributions.Normal(data, sigma)
    weights = density.log_prob(x_noisy[:, None]).exp().prod(dim=2)  # (batch, n_data)
    return weights / weights.sum(dim=1, keepdim=True)

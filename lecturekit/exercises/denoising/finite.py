"""Finite data sets with Gaussian noise, whose posterior is known by Bayes' rule."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.tiny import Maker


def points_with_noise(
    make: Maker, batch: int, n_data: int, n_dims: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Noisy points (batch, n_dims), data (n_data, n_dims) near enough to compete, and σ ()."""
    data = make.normal(n_data, n_dims)
    while len(data.unique(dim=0)) < n_data:  # round numbers may agree, and the mean shows nothing
        data = make.normal(n_data, n_dims)
    sigma = make.tidy(0.6 + 0.3 * make.uniform())
    x_noisy = data[make.whole(n_data, batch)] + sigma * make.normal(batch, n_dims)
    return make.tidy(x_noisy), data, sigma


def posterior_by_bayes(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    """P(X = x_k | X′) of data points that are equally likely, factor by factor: (batch, n_data).

    Each is a product of normal densities, one for each coordinate, over the sum of such products.
    """
    density = torch.distributions.Normal(data, sigma)
    weights = density.log_prob(x_noisy[:, None]).exp().prod(dim=2)  # (batch, n_data)
    return weights / weights.sum(dim=1, keepdim=True)

"""Kernels on tiny random samples, pair by pair: what answers are judged by.

Nothing here knows a matrix of distances. Each quantity is a loop over pairs of rows.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.tiny import Maker


def matrices(make: Maker, n: int, m: int, n_features: int) -> tuple[Tensor, Tensor, Tensor]:
    """K_xx, K_xy, K_yy of the kernel φ(x)·φ(y), of random features: k(x, x) is not 1."""
    x, y = make.normal(n, n_features), make.normal(m, n_features, offset=0.5)
    return x @ x.T, x @ y.T, y @ y.T


def k(a: Tensor, b: Tensor, sigma: float) -> Tensor:
    """exp(−‖a − b‖²/(2σ)) of two points (n_features,): a scalar."""
    squared_distance = sum((p - q) ** 2 for p, q in zip(a, b, strict=True))
    return torch.exp(-squared_distance / (2 * sigma))


def witness_slope(t: Tensor, x: Tensor, y: Tensor, sigma: float) -> Tensor:
    """∇f(t) of f(t) = mean k(x, t) − mean k(y, t) at a point (n_features,), pair by pair."""
    slope = torch.zeros_like(t)
    for rows, sign in ((x, 1.0), (y, -1.0)):
        for row in rows:
            slope = slope + sign / len(rows) * k(row, t, sigma) * (row - t) / sigma
    return slope


def mmd2(x: Tensor, y: Tensor, sigma: float) -> Tensor:
    """The biased MMD², pair by pair."""

    def mean(a: Tensor, b: Tensor) -> Tensor:
        return torch.stack([k(p, q, sigma) for p in a for q in b]).mean()

    return mean(x, x) + mean(y, y) - 2 * mean(x, y)

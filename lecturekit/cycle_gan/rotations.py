"""Translators that are rotations of the plane, and their losses on a grid of angles."""

from __future__ import annotations

import torch
from torch import Tensor


def energy_distance(x: Tensor, y: Tensor) -> Tensor:
    """2 E‖x − y‖ − E‖x − x′‖ − E‖y − y′‖, a distance between distributions; a scalar.

    It stands for an adversarial loss whose discriminator is perfect: 0 only where both are alike.

    Args:
        x, y: (n, d) and (m, d).

    Source: Székely & Rizzo 2013.
    """
    return 2 * torch.cdist(x, y).mean() - torch.cdist(x, x).mean() - torch.cdist(y, y).mean()


def rotated(x: Tensor, angle: Tensor | float) -> Tensor:
    """x turned to the left by an angle in radians: (n, 2) → (n, 2)."""
    angle = torch.as_tensor(angle, dtype=x.dtype)
    c, s = angle.cos(), angle.sin()
    return x @ torch.stack([torch.stack([c, s]), torch.stack([-s, c])])


def rotation_losses(x: Tensor, y: Tensor, angles: Tensor) -> tuple[Tensor, Tensor]:
    """Both terms of the full loss where G turns by one angle and F by another.

    Args:
        x, y: samples of either domain, (n, 2) and (m, 2).
        angles: in radians, (k,).

    Returns:
        adversarial and cycle, both (k, k): row for the angle of F, column for the angle of G.
    """
    to_y = torch.stack([energy_distance(rotated(x, angle), y) for angle in angles])
    to_x = torch.stack([energy_distance(rotated(y, angle), x) for angle in angles])
    both = angles[:, None] + angles  # G first, then F: the angles add up
    there_and_back = [
        (rotated(points, angle) - points).abs().mean()
        for angle in both.flatten()
        for points in (x, y)
    ]
    cycle = torch.stack(there_and_back).reshape(*both.shape, 2).sum(dim=2)
    return to_x[:, None] + to_y, cycle


def lowest_minima(loss: Tensor, tolerance: float) -> Tensor:
    """The local minima on a periodic grid that are as low as the lowest, but for a tolerance.

    Args:
        loss: (k, k), where row k would be row 0 again, and column k column 0.
        tolerance: how much higher they may be, as a share of the range of the loss.

    Returns:
        rows and columns of the minima, (n_minima, 2).
    """
    steps = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
    around = torch.stack([loss.roll(step, dims=(0, 1)) for step in steps])
    low = loss <= loss.min() + tolerance * (loss.max() - loss.min())
    return (low & (loss <= around.min(dim=0).values)).nonzero()

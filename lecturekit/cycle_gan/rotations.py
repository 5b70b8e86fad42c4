"""Translators that are rotations of the plane, and their losses on a grid of angles."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from lecturekit.door import OF_ANY_TYPE, Share, door

Angles = Annotated[Tensor, "k", OF_ANY_TYPE]


@door
def energy_distance(x: Annotated[Tensor, "n d"], y: Annotated[Tensor, "m d"]) -> Tensor:
    """2 E‖x − y‖ − E‖x − x′‖ − E‖y − y′‖, a distance between distributions; a scalar.

    It stands for an adversarial loss whose discriminator is perfect: 0 only where both are alike.

    Args:
        x, y: (n, d) and (m, d).

    Source: Székely & Rizzo 2013.
    """
    return 2 * torch.cdist(x, y).mean() - torch.cdist(x, x).mean() - torch.cdist(y, y).mean()


@door
def rotated(
    x: Annotated[Tensor, "n 2"], angle: Annotated[Tensor, "k |", OF_ANY_TYPE] | float
) -> Tensor:
    """x turned to the left by an angle in radians: (n, 2) → (n, 2), or (k, n, 2) for k angles."""
    angle = torch.as_tensor(angle, dtype=x.dtype)
    c, s = angle.cos(), angle.sin()
    return x @ torch.stack([torch.stack([c, s], -1), torch.stack([-s, c], -1)], -2)


class RotationLosses(NamedTuple):
    """The terms of the full loss for every pair of angles, unweighted.

    Attributes:
        adversarial, cycle, identity: (k, k), row for the angle of F, column for the angle of G.
    """

    adversarial: Tensor
    cycle: Tensor
    identity: Tensor


@door
def rotation_losses(
    x: Annotated[Tensor, "n 2"], y: Annotated[Tensor, "m 2"], angles: Angles
) -> RotationLosses:
    """The terms of the full loss where G turns by one angle and F by another.

    Args:
        x, y: samples of either domain, (n, 2) and (m, 2).
        angles: in radians, (k,).
    """
    to_y = torch.stack([energy_distance(made, y) for made in rotated(x, angles)])
    to_x = torch.stack([energy_distance(made, x) for made in rotated(y, angles)])
    both = (angles[:, None] + angles).flatten()  # G first, then F: the angles add up
    cycle = (_moved(x, both) + _moved(y, both)).reshape(len(angles), -1)
    return RotationLosses(
        adversarial=to_x[:, None] + to_y,
        cycle=cycle,
        identity=_moved(x, angles)[:, None] + _moved(y, angles),
    )


def _moved(points: Tensor, angles: Tensor) -> Tensor:
    """How far each rotation moves the points, |rotated − points| on average: (k,)."""
    return (rotated(points, angles) - points).abs().mean(dim=(1, 2))


@door
def lowest_minima(loss: Annotated[Tensor, "k k"], tolerance: Share) -> Tensor:
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

"""Shapes as batches of signed distances, and painting them without jagged edges.

A signed distance is negative inside a shape, positive outside, and measured in the units of the
coordinates that it was computed from. How much of a pixel a shape covers follows from the distance
at the pixel's centre alone, so a picture is drawn at its final size, in one pass for a whole batch.
Parameters have the shape (n, 1, 1), one number per picture; coordinates are (n or 1, side, side).
"""

from __future__ import annotations

import torch
from torch import Tensor

Point = tuple[Tensor | float, Tensor | float]
EPS = 1e-6


def pixel_centres(side: int) -> tuple[Tensor, Tensor]:
    """x to the right and y downwards in the unit square, each (1, side, side)."""
    ticks = (torch.arange(side) + 0.5) / side
    y, x = torch.meshgrid(ticks, ticks, indexing="ij")
    return x[None], y[None]


def ellipse(x: Tensor, y: Tensor, radius_x: Tensor | float, radius_y: Tensor | float) -> Tensor:
    """Distance to an axis-parallel ellipse around the origin, exact to first order at its edge."""
    stretched = torch.sqrt((x / radius_x) ** 2 + (y / radius_y) ** 2)
    slope = torch.sqrt((x / radius_x**2) ** 2 + (y / radius_y**2) ** 2)
    return stretched * (stretched - 1) / (slope + EPS)


def limb(
    x: Tensor,
    y: Tensor,
    start: Point,
    end: Point,
    radius_start: float,
    radius_end: float,
) -> tuple[Tensor, Tensor]:
    """A rounded stroke whose radius changes evenly from one end to the other.

    Returns:
        the distance, and the place along the stroke: 0 at the start, 1 at the end.
    """
    dx, dy = end[0] - start[0], end[1] - start[1]
    along = ((x - start[0]) * dx + (y - start[1]) * dy) / (dx**2 + dy**2 + EPS)
    along = along.clamp(0, 1)
    to_axis = torch.hypot(x - start[0] - along * dx, y - start[1] - along * dy)
    return to_axis - radius_start - along * (radius_end - radius_start), along


def smooth_union(first: Tensor, second: Tensor, softness: float) -> Tensor:
    """Distance to two shapes that melt into each other over about `softness`."""
    mix = (0.5 + 0.5 * (second - first) / softness).clamp(0, 1)
    return torch.lerp(second, first, mix) - softness * mix * (1 - mix)


def coverage(distance: Tensor, pixel: Tensor | float) -> Tensor:
    """The share of a pixel that a shape covers, for an edge straight at the scale of a pixel."""
    return (0.5 - distance / pixel).clamp(0, 1)


def bands(place: Tensor, period: float, pixel: Tensor | float) -> Tensor:
    """The dark share of a pixel in a pattern of equal dark and light bands across `place`.

    Args:
        place: coordinate across the bands; a dark one is centred at 0.
        period: of the pattern, in units of `place`.
        pixel: a pixel's size in the same units.
    """
    phase = torch.remainder(place / period + 0.5, 1.0) - 0.5  # 0 amid a dark band
    return coverage((phase.abs() - 0.25) * period, pixel)


def paint(canvas: Tensor, colour: Tensor, share: Tensor) -> None:
    """Lay a colour over a canvas, in place.

    Args:
        canvas: (n, 3, side, side).
        colour: broadcastable to the canvas, such as (n, 3, 1, 1).
        share: (n or 1, side, side) in [0, 1], how much of each pixel is covered.
    """
    canvas.add_(share[:, None] * (colour - canvas))

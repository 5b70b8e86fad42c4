"""What can be drawn in the plane besides points: arrows, warped grids, level lines, and targets.

Functions that put things on axes, as in `draw`; `plots.figure` and `live.Figure` show it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from torch import Tensor

from lecturekit.plots.canvas import to_array
from lecturekit.plots.draw import Extent
from lecturekit.plots.figures import grid
from lecturekit.plots.style import INK, PALETTE


def frame(axes: Axes, extent: Extent, *, xlabel: str = "x₁", ylabel: str = "x₂") -> None:
    """Fixed limits, equal units on both axes, and labels."""
    left, right, bottom, top = extent
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xlabel=xlabel, ylabel=ylabel)


def dots(
    axes: Axes, points: Any, *, color: str = PALETTE[1], size: float = 8.0, label: str = ""
) -> None:
    """Points (n, 2), each with a thin light rim, so that they show on any colour."""
    x, y = to_array(points).reshape(-1, 2).T
    axes.scatter(x, y, s=size, color=color, edgecolor="w", linewidth=0.3, zorder=3, label=label)


def arrows(
    axes: Axes,
    points: Any,
    vectors: Any,
    *,
    scale: float = 1.0,
    longest: float | None = None,
    color: str = INK,
    label: str = "",
) -> None:
    """An arrow at each point, `scale` × its vector long in units of the axes.

    Args:
        axes: with limits set, if `longest` is left out.
        points: (n, 2), where the arrows begin.
        vectors: (n, 2).
        scale: length of the arrow of a unit vector.
        longest: arrows that would be longer are cut to this length, which keeps a single steep
            place from covering all others; by default a sixth of the axes' width.
        color: of all arrows.
        label: for the legend.

    Raises:
        ValueError: points and vectors of other or different shapes.
    """
    points, vectors = to_array(points), to_array(vectors)
    if points.ndim != 2 or points.shape[1] != 2 or points.shape != vectors.shape:
        raise ValueError(
            f"expected points and vectors of one shape (n, 2), got {points.shape}, {vectors.shape}"
        )
    left, right = axes.get_xlim()
    limit = (right - left) / 6 if longest is None else longest
    shown = _shortened(scale * vectors, limit)
    axes.quiver(
        *points.T,
        *shown.T,
        angles="xy",
        scale_units="xy",
        scale=1.0,
        color=color,
        width=0.004,
        headwidth=4.0,
        headlength=5.0,
        headaxislength=4.5,
        minlength=0.0,
        zorder=4,
        label=label,
    )


def _shortened(vectors: np.ndarray, limit: float) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.where(lengths > limit, limit / lengths, 1.0)
    return vectors * factor


def arrow_field(
    axes: Axes,
    function: Callable[[Tensor], Tensor],
    extent: Extent,
    *,
    resolution: int = 17,
    scale: float = 1.0,
    color: str = INK,
    device: str | torch.device = "cpu",
) -> None:
    """Arrows of a vector field (m, 2) → (m, 2) on a regular grid, none longer than its spacing.

    The grid keeps half a spacing from the edges, so that no arrow begins outside.
    """
    left, right, bottom, top = extent
    margin = (right - left) / resolution / 2, (top - bottom) / resolution / 2
    inner = (left + margin[0], right - margin[0], bottom + margin[1], top - margin[1])
    points = grid(inner, resolution).to(device)
    longest = 0.95 * (right - left) / resolution
    arrows(axes, points, function(points), scale=scale, longest=longest, color=color)


def warped_grid(
    axes: Axes,
    function: Callable[[Tensor], Tensor],
    *,
    reach: float = 2.0,
    lines: int = 17,
    resolution: int = 120,
    device: str | torch.device = "cpu",
) -> None:
    """The image of a square grid under a map (m, 2) → (m, 2): how it stretches and folds the plane.

    Lines of constant z₁ and of constant z₂ differ in colour, and are thick through z = 0. Where
    the lines lie close, the map piles up probability.

    Args:
        axes: any.
        function: the map, from latent points z.
        reach: the grid covers [−reach, reach]²; 2 holds 91 % of a standard normal z.
        lines: in each direction, an odd number to have one through 0.
        resolution: points along each line.
        device: where `function` wants its points.
    """
    levels = torch.linspace(-reach, reach, lines)
    along = torch.linspace(-reach, reach, resolution)
    level, position = torch.meshgrid(levels, along, indexing="ij")  # (lines, resolution)
    for axis, color in ((0, PALETTE[0]), (1, PALETTE[3])):
        pair = (level, position) if axis == 0 else (position, level)
        z = torch.stack(pair, dim=-1).reshape(-1, 2).to(device)
        image = to_array(function(z)).reshape(lines, resolution, 2)
        widths = [1.8 if abs(float(at)) < 1e-6 else 0.7 for at in levels]
        axes.add_collection(
            LineCollection(list(image), colors=color, linewidths=widths, alpha=0.7, zorder=2)
        )


def level_lines(
    axes: Axes,
    function: Callable[[Tensor], Tensor],
    extent: Extent,
    *,
    levels: int | list[float] = 8,
    resolution: int = 100,
    color: str = INK,
    device: str | torch.device = "cpu",
) -> None:
    """Lines of equal value of a function (m, 2) → (m,)."""
    left, right, bottom, top = extent
    values = to_array(function(grid(extent, resolution).to(device)))
    x, y = np.linspace(left, right, resolution), np.linspace(bottom, top, resolution)
    axes.contour(
        x, y, values.reshape(resolution, resolution), levels=levels, colors=color,
        linewidths=0.8, alpha=0.6,
    )  # fmt: skip


def rings(
    axes: Axes, centres: Any, radii: Any, *, color: str = INK, label: str = "", alpha: float = 0.9
) -> None:
    """A circle around each centre (n, 2), such as one of three standard deviations at a mode."""
    centres = to_array(centres)
    radii = np.broadcast_to(to_array(radii), len(centres))
    angle = np.linspace(0.0, 2 * math.pi, 61)
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=1)  # (61, 2)
    circles = centres[:, None] + radii[:, None, None] * unit  # (n, 61, 2)
    axes.add_collection(
        LineCollection(
            list(circles), colors=color, linewidths=1.0, alpha=alpha, zorder=3, label=label
        )
    )

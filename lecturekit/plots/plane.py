"""What pictures of the plane are made of: points, fields, arrows, lines, with equal units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from contourpy import contour_generator
from torch import Tensor

from lecturekit.door import Extent, Fineness, asked, door, refuse
from lecturekit.plots.look import Shape
from lecturekit.plots.marks import Arrows, Axis, Field, Mark, Paths, Plot, Points, to_array
from lecturekit.plots.numbers import Numbers, now, refuse_gaps

Map: TypeAlias = Callable[[Tensor], Tensor]


def plane(
    marks: Sequence[Mark],
    title: str,
    *,
    extent: Extent | None = None,
    xlabel: str = "x₁",
    ylabel: str = "x₂",
    alt: str = "",
) -> Plot:
    """Marks in the plane, with equal units on both axes."""
    if extent is not None and not (extent[0] < extent[1] and extent[2] < extent[3]):
        refuse("extent", "to be (left < right, bottom < top)", str(tuple(extent)))
    limits = (None, None) if extent is None else (extent[:2], extent[2:])
    x, y = Axis(xlabel, limits[0]), Axis(ylabel, limits[1])
    return Plot(title, marks, x, y, equal=True, shape=1.0, words=alt)


def dots(clouds: Mapping[str, Numbers], *, first: int = 0, size: float = 5.0) -> list[Mark]:
    """Points of each cloud in a colour and shape of its own, from place `first` of the palette.

    Raises:
        ValueError: points of another shape than (…, 2).
    """
    shapes: tuple[Shape, ...] = ("o", "^", "s", "D", "v", "+")
    marks: list[Mark] = []
    for rank, (name, cloud) in enumerate(clouds.items()):
        points = to_array(now(cloud, repr(name)))
        refuse_gaps(repr(name), points)
        if points.size and (points.ndim < 2 or points.shape[-1] != 2):
            raise ValueError(f"expected points of shape (n, 2) for {name!r}, got {points.shape}")
        shape = shapes[(rank + rank // 6) % 6]  # another one where the colours begin again
        diameter = size * (1.0 if shape == "o" else 1.2)
        marks.append(Points(points.reshape(-1, 2), name, first + rank, diameter, shape))
    return marks


def field(
    function: Map,
    extent: Extent,
    unit: str,
    *,
    resolution: int = 80,
    signed: bool = False,
    device: str | torch.device = "cpu",
    source: str = "function",
) -> Field:
    """A function (m, 2) → (m,) of the plane in colours; `source` is what a message calls it.

    Raises:
        ValueError: the function returns something else.
    """
    points = grid(extent, resolution).to(device)
    values = to_array(asked(source, function, points, len(points)))
    refuse_gaps(source, values)
    return Field(values.reshape(resolution, resolution), extent, unit, signed)


def arrows(
    points: Any,
    vectors: Any,
    *,
    scale: float = 1.0,
    longest: float | None = None,
    color: Any = "ink",
    label: str = "",
) -> Arrows:
    """An arrow at each point, `scale` × its vector long in units of the axes.

    Args:
        points: (n, 2), where the arrows begin.
        vectors: (n, 2).
        scale: length of the arrow of a unit vector.
        longest: arrows that would be longer are cut to this length, which keeps a single steep
            place from covering all others.
        color: a place in the palette, or "ink", "face".
        label: for the legend.

    Raises:
        ValueError: points and vectors of other or different shapes.
    """
    xy, d = to_array(points), to_array(vectors)
    if xy.ndim != 2 or xy.shape[1] != 2 or xy.shape != d.shape:
        raise ValueError(
            f"expected points and vectors of one shape (n, 2), got {xy.shape}, {d.shape}"
        )
    d = scale * d
    if longest is not None:
        lengths = np.linalg.norm(d, axis=1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            d = d * np.where(lengths > longest, longest / lengths, 1.0)
    return Arrows(xy, d, label, color)


def arrow_field(
    function: Map,
    extent: Extent,
    *,
    resolution: int = 17,
    scale: float = 1.0,
    color: Any = "ink",
    label: str = "",
    device: str | torch.device = "cpu",
    source: str = "function",
) -> Arrows:
    """Arrows of a vector field (m, 2) → (m, 2) on a regular grid, none longer than its spacing.

    The grid keeps half a spacing from the edges, so that no arrow begins outside. `source` is what
    a message calls the function.
    """
    left, right, bottom, top = extent
    across, up = (right - left) / resolution / 2, (top - bottom) / resolution / 2
    points = grid((left + across, right - across, bottom + up, top - up), resolution).to(device)
    longest = 1.9 * min(across, up)
    vectors = asked(source, function, points, *points.shape)
    return arrows(points, vectors, scale=scale, longest=longest, color=color, label=label)


def warped_grid(
    function: Map,
    *,
    reach: float = 2.0,
    lines: int = 17,
    resolution: int = 120,
    device: str | torch.device = "cpu",
    source: str = "function",
) -> list[Mark]:
    """The image of a square grid under a map (m, 2) → (m, 2): how it stretches and folds the plane.

    Lines of constant z₁ and of constant z₂ differ in colour, and are thick through z = 0. Where
    the lines lie close, the map piles up probability.

    Args:
        function: the map, from latent points z.
        reach: the grid covers [−reach, reach]²; 2 holds 91 % of a standard normal z.
        lines: in each direction, an odd number to have one through 0.
        resolution: points along each line.
        device: where `function` wants its points.
        source: what a message calls the function.
    """
    levels = torch.linspace(-reach, reach, lines)
    along = torch.linspace(-reach, reach, resolution)
    level, position = torch.meshgrid(levels, along, indexing="ij")  # (lines, resolution)
    z = torch.stack([level, position], dim=-1)  # z₁ constant along each line
    both = torch.cat([z, z.flip(-1)]).reshape(-1, 2).to(device)
    image = to_array(asked(source, function, both, *both.shape)).reshape(2, lines, resolution, 2)
    marks: list[Mark] = [Paths(image[k], color=c, opacity=0.7) for k, c in ((0, 0), (1, 3))]
    if lines % 2:
        middle = image[:, lines // 2, None]  # (2, 1, resolution, 2)
        marks += [Paths(middle[k], color=c, width=2.2) for k, c in ((0, 0), (1, 3))]
    return marks


def level_lines(
    function: Map,
    extent: Extent,
    *,
    levels: int = 8,
    resolution: int = 100,
    label: str = "",
    device: str | torch.device = "cpu",
) -> Paths:
    """Lines of equal value of a function (m, 2) → (m,)."""
    left, right, bottom, top = extent
    points = grid(extent, resolution).to(device)
    heights_there = asked("density", function, points, len(points))
    values = to_array(heights_there).reshape(resolution, resolution)
    x, y = np.linspace(left, right, resolution), np.linspace(bottom, top, resolution)
    values = np.ma.masked_invalid(values)
    heights = np.linspace(values.min(), values.max(), levels + 2)[1:-1] if values.count() else ()
    found = [line for h in heights for line in contour_generator(x, y, values).lines(h)]
    gap = np.full((1, 2), np.nan)
    return Paths(
        np.concatenate([part for line in found for part in (line, gap)] or [gap]), label, "faint"
    )  # fmt: skip


def rings(centres: Any, radii: Any, *, color: Any = "ink", label: str = "") -> Paths:
    """A circle around each centre (n, 2), such as one of three standard deviations at a mode."""
    middle = to_array(centres)
    angle = np.linspace(0.0, 2 * np.pi, 61)
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=1)  # (61, 2)
    wide = np.broadcast_to(to_array(radii), len(middle))[:, None, None]
    return Paths(middle[:, None] + wide * unit, label, color, opacity=0.9)


@door
def grid(extent: Extent, resolution: Fineness) -> Tensor:
    """The points of a regular grid in the plane, row by row from the bottom left.

    Args:
        extent: left, right, bottom, top.
        resolution: points along each axis.

    Returns:
        (resolution², 2)
    """
    left, right, bottom, top = extent
    x, y = torch.linspace(left, right, resolution), torch.linspace(bottom, top, resolution)
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([columns.flatten(), rows.flatten()], dim=1)

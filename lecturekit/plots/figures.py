"""Static figures for notebook cells: one call each, with title, labels and text alternative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lecturekit.plots import draw as pen
from lecturekit.plots.canvas import Canvas, Draw, encode_png, to_array
from lecturekit.plots.mosaic import mosaic
from lecturekit.plots.picture import Picture

SIZE = (5.4, 3.5)


def figure(draw: Draw, title: str, *, alt: str, size: tuple[float, float] = SIZE) -> Picture:
    """Whatever `draw(axes)` draws.

    Args:
        draw: puts things on empty matplotlib axes, labels and units included.
        title: shown above.
        alt: the text alternative: what is to be seen.
        size: width and height in inches of 100 page pixels.
    """
    return Canvas(size).still(draw, title, alt)


def curves(
    lines: pen.Lines,
    title: str,
    *,
    xlabel: str,
    ylabel: str,
    alt: str = "",
    size: tuple[float, float] = SIZE,
    **options: Any,
) -> Picture:
    """Curves y(x) by name; a third array gives a band ±.

    Args:
        lines: name → (x, y) or (x, y, half width of the band).
        xlabel, ylabel: quantity and unit.
        alt: by default, where each curve begins and ends.
        options: `references` (name → level), `xscale`, `yscale`, `xlim`, `ylim`.

    Example:
        >>> steps = [1, 2, 3]
        >>> curves({"PCD": (steps, [-9, -5, -4])}, "Learning", xlabel="update", ylabel="nats").alt
        'Curves of nats against update. PCD: from -9 to -4.'
    """
    for name, (x, y, *_) in lines.items():
        if len(x) != len(y):
            raise ValueError(
                f"expected x and y of one length for {name!r}, got {len(x)} and {len(y)}"
            )
    return figure(
        lambda axes: pen.lines(axes, lines, xlabel=xlabel, ylabel=ylabel, **options),
        title,
        alt=alt or describe_curves(lines, xlabel, ylabel),
        size=size,
    )


def describe_curves(lines: pen.Lines, xlabel: str, ylabel: str) -> str:
    """Curves in words: where each begins and ends."""
    courses = [f"Curves of {ylabel} against {xlabel}."]
    for name, (_, y, *_) in lines.items():
        y = to_array(y)
        courses.append(f"{name}: from {y[0]:.3g} to {y[-1]:.3g}." if len(y) else f"{name}: empty.")
    return " ".join(courses)


def bars(
    groups: Mapping[str, Any],
    title: str,
    *,
    categories: Sequence[str],
    xlabel: str,
    ylabel: str,
    alt: str = "",
    size: tuple[float, float] = SIZE,
    **options: Any,
) -> Picture:
    """Bars for each category, one per group.

    Args:
        groups: name → heights, one for each category.
        categories: what stands under the bars.
        xlabel, ylabel: quantity and unit.
        alt: by default, all heights, or their range when there are many.
        options: `errors` (name → half lengths of error bars), `references` (name → level).
    """
    for name, heights in groups.items():
        if len(heights) != len(categories):
            raise ValueError(
                f"expected {len(categories)} heights for {name!r}, one for each category, "
                f"got {len(heights)}"
            )
    return figure(
        lambda axes: pen.bars(
            axes, groups, categories=categories, xlabel=xlabel, ylabel=ylabel, **options
        ),
        title,
        alt=alt or _describe_bars(groups, categories, ylabel),
        size=size,
    )


def _describe_bars(groups: Mapping[str, Any], categories: Sequence[str], ylabel: str) -> str:
    parts = [f"Bars of {ylabel}."]
    for name, heights in groups.items():
        heights = to_array(heights)
        if len(categories) <= 8:
            pairs = zip(categories, heights, strict=True)
            parts.append(f"{name}: " + ", ".join(f"{c} {h:.3g}" for c, h in pairs) + ".")
        else:
            low, high = heights.min(), heights.max()
            parts.append(f"{name}: {len(heights)} bars from {low:.3g} to {high:.3g}.")
    return " ".join(parts)


def heatmap(
    matrix: Any,
    title: str,
    *,
    xlabel: str,
    ylabel: str,
    unit: str,
    alt: str = "",
    size: tuple[float, float] = (5.0, 4.0),
    **options: Any,
) -> Picture:
    """A matrix in colours, row 0 on top.

    Args:
        matrix: (rows, columns).
        unit: quantity and unit of the colours.
        alt: by default, the size and range of the matrix.
        options: `signed` (colours centred at 0), `xticks`, `yticks` (labels), `annotate`.

    Raises:
        ValueError: something else than a matrix.
    """
    values = to_array(matrix)
    if values.ndim != 2 or not values.size:
        raise ValueError(f"expected a matrix of shape (rows, columns), got {values.shape}")
    rows, columns = values.shape
    default = (
        f"Heat map of {unit}, {rows} × {columns}, from {np.nanmin(values):.3g} to "
        f"{np.nanmax(values):.3g}; {ylabel} downwards, {xlabel} to the right."
    )
    return figure(
        lambda axes: pen.heatmap(axes, values, xlabel=xlabel, ylabel=ylabel, unit=unit, **options),
        title,
        alt=alt or default,
        size=size,
    )


def scatter(
    clouds: Mapping[str, Any],
    title: str,
    *,
    xlabel: str = "x₁",
    ylabel: str = "x₂",
    alt: str = "",
    size: tuple[float, float] = (4.4, 4.4),
    **options: Any,
) -> Picture:
    """Clouds of points in the plane.

    Args:
        clouds: name → (n, 2).
        alt: by default, how many points of which name.
        options: `extent` (left, right, bottom, top), `size` of a point is the style's.
    """
    return figure(
        lambda axes: pen.points(axes, clouds, xlabel=xlabel, ylabel=ylabel, **options),
        title,
        alt=alt or describe_clouds(clouds),
        size=size,
    )


def describe_clouds(clouds: Mapping[str, Any]) -> str:
    """Clouds of points in words: how many of which."""
    counts = ", ".join(f"{len(cloud)} of {name}" for name, cloud in clouds.items())
    return f"Points in the plane: {counts}."


def image_grid(
    images: Any,
    title: str,
    *,
    columns: int | None = None,
    captions: Sequence[str] | None = None,
    signed: bool = False,
    alt: str = "",
    width: int = 420,
) -> Picture:
    """Small images in a grid.

    Args:
        images: (n, height, width) or (n, 3, height, width) in [0, 1]; with `signed`, any range.
        columns: images in a row.
        captions: under each image, or one for each row.
        signed: colours centred at 0, for weights.
        alt: by default, how many images of which size.
        width: page pixels that the picture may take.
    """
    pixels = mosaic(images, columns=columns, captions=captions, signed=signed, width=width)
    return Picture(
        title, alt or describe_images(images, captions), encode_png(pixels), pixels.shape[1]
    )


def describe_images(images: Any, captions: Sequence[str] | None = None) -> str:
    """A grid of images in words: how many, how large, and their captions."""
    height, width = images.shape[-2:]
    words = f"{len(images)} images of {height} × {width} pixels in a grid"
    return words + (f": {', '.join(captions)}." if captions else ".")


def grid(extent: pen.Extent, resolution: int) -> Tensor:
    """The points of a regular grid in the plane, row by row from the bottom left.

    Args:
        extent: left, right, bottom, top.
        resolution: points along each axis.

    Returns:
        (resolution², 2), to be reshaped to (resolution, resolution) for `draw.field`.
    """
    left, right, bottom, top = extent
    x, y = torch.linspace(left, right, resolution), torch.linspace(bottom, top, resolution)
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([columns.flatten(), rows.flatten()], dim=1)

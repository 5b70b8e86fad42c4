"""Pictures by one call each, for cells and for live views alike.

Whatever changes while a model trains may be given as a function without arguments in place of
numbers: it is asked whenever the picture is made, so that `plots.scatter({"x": sample}, "Samples")`
is a figure, and `live.View(plots.scatter, {"x": sample}, "Samples")` the same, live.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
import torch

from lecturekit.door import (
    NUMBERS,
    Count,
    Ends,
    Extent,
    Fineness,
    In,
    Positive,
    door,
    refuse,
)
from lecturekit.plots.look import ramp
from lecturekit.plots.look import shape as shape_of
from lecturekit.plots.marks import (
    Axis,
    Bars,
    Field,
    Images,
    Line,
    Mark,
    Plot,
    Rule,
    Words,
    to_array,
)
from lecturekit.plots.numbers import Cloud, Numbers, now, refuse_gaps
from lecturekit.plots.plane import Map, dots, field, plane

Scale: TypeAlias = Literal["linear", "log"]


@door
def curves(
    lines: Mapping[str, Sequence[Numbers]],
    title: str,
    *,
    xlabel: str,
    ylabel: str,
    references: Mapping[str, float] | None = None,
    xscale: Scale = "linear",
    yscale: Scale = "linear",
    xlim: Ends | None = None,
    xstart: float | None = None,
    ylim: Ends | None = None,
    window: Ends | None = None,
    behind: Mapping[str, Mapping[str, Sequence[Any]]] | None = None,
    shape: Positive = 1.55,
    alt: str = "",
) -> Plot:
    """Curves y(x) by name; a third array gives a band ±.

    Args:
        lines: name → (x, y) or (x, y, half width of the band).
        title: shown above.
        xlabel, ylabel: quantity and unit.
        references: name → level.
        xscale, yscale: "linear" or "log".
        xlim, ylim: fixed ends of the axes, which otherwise follow the data.
        xstart: a place that is always seen.
        window: of y: as soon as all curves end inside, only this much is shown.
        behind: source → name → (x, y): curves to compare with, such as published ones, in grey;
            one with the name of a curve in front has its marker.
        shape: width over height.
        alt: by default, where each curve begins and ends.

    Raises:
        ValueError: x and y of different lengths, or another scale.

    Example:
        >>> steps = [1, 2, 3]
        >>> curves({"PCD": (steps, [-9, -5, -4])}, "Learning", xlabel="update", ylabel="nats").alt
        'nats against update. PCD: from -9 to -4.'
    """
    marks = _behind(behind or {}, list(lines))
    for name, line in lines.items():
        x, y, band = _line(f"lines[{name!r}]", line)
        marks.append(Line(x, y, name, band=band))
    every = np.concatenate([line.y for line in marks if isinstance(line, Line)] or [np.empty(0)])
    refuse_gaps("lines", np.where(every > 0, every, np.nan) if yscale == "log" else every)
    return Plot(
        title,
        [*marks, *rules(references)],
        Axis(xlabel, xlim, start=xstart, log=_is_log(xscale)),
        Axis(ylabel, ylim, window, log=_is_log(yscale)),
        shape=shape,
        words=alt,
    )


def _line(place: str, line: Sequence[Numbers]) -> tuple[Any, Any, Any]:
    """x, y and, if there is one, the half width of the band; all of one length."""
    if len(line) not in (2, 3):
        refuse(place, "to be (x, y) or (x, y, half width of the band)", f"{len(line)} of them")
    shapes = [to_array(part).shape for part in line]
    if len(set(shapes)) > 1 or len(shapes[0]) != 1:
        refuse(place, "to have arrays of one length", " and ".join(map(str, shapes)))
    x, y, *band = line
    return x, y, band[0] if band else None


def _behind(sources: Mapping[str, Mapping[str, Sequence[Any]]], names: list[str]) -> list[Mark]:
    marks: list[Mark] = []
    for source, lines in sources.items():
        for place, (name, (x, y)) in enumerate(lines.items()):
            marker = shape_of(names.index(name)) if name in names else ""
            marks.append(Line(x, y, "" if place else source, "soft", marker=marker))
    return marks


def rules(references: Mapping[str, float] | None) -> list[Mark]:
    """Reference levels by name, each with a pattern of its own."""
    levels = enumerate((references or {}).items())
    return [Rule(level, name, dash=place) for place, (name, level) in levels]


@door
def bars(
    groups: Mapping[str, Numbers],
    title: str,
    *,
    categories: Sequence[str],
    xlabel: str,
    ylabel: str,
    errors: Mapping[str, Annotated[Any, NUMBERS, In(0)]] | None = None,
    references: Mapping[str, float] | None = None,
    ylim: Ends | None = None,
    shape: Positive = 1.55,
    alt: str = "",
) -> Plot:
    """Bars for each category, one per group, side by side.

    Args:
        groups: name → heights, one for each category.
        title: shown above.
        categories: what stands under the bars.
        xlabel, ylabel: quantity and unit.
        errors: name → half lengths of the error bars.
        references: name → level.
        ylim: fixed ends of the axis of heights.
        shape: width over height.
        alt: by default, all heights, or their range when there are many.

    Raises:
        ValueError: heights that are not one for each category.
    """
    if unknown := [name for name in errors or {} if name not in groups]:
        refuse("errors", f"for groups among {', '.join(groups)}", ", ".join(unknown))
    width, places = 0.8 / max(len(groups), 1), np.arange(len(categories))
    marks: list[Mark] = []
    for rank, (name, heights) in enumerate(groups.items()):
        for whose, bars_of in (("groups", groups), ("errors", errors or {})):
            if name in bars_of and np.shape(to_array(bars_of[name])) != (len(categories),):
                wanted = f"of {len(categories)} numbers, one for each of the categories"
                refuse(f"{whose}[{name!r}]", wanted, f"{len(bars_of[name])}")
        offset = (rank - (len(groups) - 1) / 2) * width
        label = name if len(groups) > 1 or references else ""
        marks.append(Bars(places + offset, heights, width, label, error=(errors or {}).get(name)))
    for name, heights in groups.items():
        refuse_gaps(f"groups[{name!r}]", to_array(heights))
    return Plot(
        title,
        [*marks, *rules(references)],
        Axis(xlabel, names=tuple(categories)),
        Axis(ylabel, ylim),
        shape=shape,
        words=alt,
    )


@door
def histogram(
    samples: Mapping[str, Numbers],
    title: str,
    *,
    xlabel: str,
    bins: Annotated[int, In(1, 10_000)] = 60,
    yscale: Scale = "linear",
    alt: str = "",
) -> Plot:
    """Histograms over each other, as outlines that each enclose an area of 1.

    Args:
        samples: name → numbers (n,), or a function that returns them.
        title: shown above.
        xlabel: quantity and unit.
        bins: how many, from the least to the greatest number of all.
        yscale: "linear" or "log".
        alt: by default, the height at both ends.
    """
    values = {name: to_array(now(numbers, repr(name))).ravel() for name, numbers in samples.items()}
    every = np.concatenate([*values.values(), np.empty(0)])
    refuse_gaps("samples", every)
    edges = np.histogram_bin_edges(every[np.isfinite(every)], bins)
    marks: list[Mark] = []
    for name, numbers in values.items():
        counts, _ = np.histogram(numbers[np.isfinite(numbers)], edges)
        share = counts / max(counts.sum(), 1) / np.diff(edges)
        heights = np.where(share > 0, share, np.nan) if yscale == "log" else share
        marks.append(Line(edges, np.append(heights, heights[-1]), name, step=True))
    return Plot(
        title, marks, Axis(xlabel), Axis("share per unit", log=_is_log(yscale)), words=alt
    )  # fmt: skip


@door
def heatmap(
    matrix: Numbers,
    title: str,
    *,
    xlabel: str,
    ylabel: str,
    unit: str,
    signed: bool = False,
    xticks: Sequence[str] = (),
    yticks: Sequence[str] = (),
    annotate: bool = False,
    shape: Positive = 1.3,
    alt: str = "",
) -> Plot:
    """A matrix in colours, row 0 on top.

    Args:
        matrix: (rows, columns).
        title: shown above.
        xlabel, ylabel: what columns and rows are.
        unit: quantity and unit of the colours.
        signed: colours centred at 0.
        xticks, yticks: names of columns and rows, in place of their numbers.
        annotate: write each number on its field.
        shape: width over height.
        alt: by default, the range of the matrix.

    Raises:
        ValueError: something else than a matrix, or names that are not one for each column or row.
    """
    values = to_array(now(matrix, "matrix")).astype(float)
    refuse_gaps("matrix", values)
    if values.ndim != 2 or not values.size:
        raise ValueError(f"expected a matrix of shape (rows, columns), got {values.shape}")
    rows, columns = values.shape
    for ticks, names, count in (("xticks", xticks, columns), ("yticks", yticks, rows)):
        if names and len(names) != count:
            raise ValueError(
                f"expected {ticks} with {count} names, as matrix has columns or rows, got "
                f"{len(names)}"
            )
    field = Field(
        values, (-0.5, columns - 0.5, -0.5, rows - 0.5), unit, signed=signed, smooth=False
    )  # fmt: skip
    return Plot(
        title,
        [field, *(_annotations(field) if annotate else ())],
        Axis(xlabel, (-0.5, columns - 0.5), names=tuple(xticks)),
        Axis(ylabel, (rows - 0.5, -0.5), names=tuple(yticks)),
        shape=shape,
        words=alt,
    )


def _annotations(field: Field) -> list[Mark]:
    """Each number in the middle of its field, light on dark and dark on light colours."""
    luminance = ramp(field.signed) @ np.array([0.299, 0.587, 0.114]) / 255.0
    dark = np.append(luminance, 1.0)[field.levels()] < 0.5
    return [
        Words(
            f"{value:.2g}", (column, row), "white" if dark[row, column] else "black", align="center"
        )
        for (row, column), value in np.ndenumerate(field.values)
    ]


@door
def scatter(
    clouds: Mapping[str, Cloud],
    title: str,
    *,
    extent: Extent | None = None,
    xlabel: str = "x₁",
    ylabel: str = "x₂",
    alt: str = "",
) -> Plot:
    """Clouds of points in the plane, with equal units on both axes.

    Args:
        clouds: name → (n, 2), or a function that returns the points; more axes in front will do.
        title: shown above.
        extent: left, right, bottom, top; by default as far as there are points.
        xlabel, ylabel: quantity and unit.
        alt: by default, how many points of which name.
    """
    return plane(dots(clouds), title, extent=extent, xlabel=xlabel, ylabel=ylabel, alt=alt)


@door
def density(
    function: Map,
    title: str,
    *,
    extent: Extent,
    unit: str = "density",
    clouds: Mapping[str, Cloud] | None = None,
    resolution: Fineness = 80,
    signed: bool = False,
    xlabel: str = "x₁",
    ylabel: str = "x₂",
    device: str | torch.device = "cpu",
    alt: str = "",
) -> Plot:
    """A function of the plane in colours, such as a density or an energy, with points on it.

    Args:
        function: (m, 2) → (m,), evaluated on a grid.
        title: shown above.
        extent: left, right, bottom, top.
        unit: quantity and unit of the colours.
        clouds: name → (n, 2), or a function that returns the points.
        resolution: grid points along each axis.
        signed: colours centred at 0.
        xlabel, ylabel: quantity and unit.
        device: where `function` wants its points.
        alt: by default, the range of the colours and the number of points.
    """
    coloured = field(function, extent, unit, resolution=resolution, signed=signed, device=device)
    marks = [coloured, *dots(clouds or {}, first=1)]
    return plane(marks, title, extent=extent, xlabel=xlabel, ylabel=ylabel, alt=alt)


@door
def image_grid(
    images: Numbers,
    title: str,
    *,
    columns: Count | None = None,
    captions: Sequence[str] = (),
    signed: bool = False,
    alt: str = "",
) -> Images:
    """Small images in a grid.

    Args:
        images: (n, height, width) or (n, 3, height, width) in [0, 1]; with `signed`, any range;
            or a function that returns them.
        title: shown above.
        columns: images in a row; by default about as many as there are rows.
        captions: under each image, or one for each row.
        signed: colours centred at 0, for weights.
        alt: by default, how many images of which size.
    """
    values = to_array(now(images, "images"))
    refuse_gaps("images", values)
    return Images(title, values, columns, tuple(captions), signed, alt)


def _is_log(scale: str) -> bool:
    if scale not in ("linear", "log"):
        raise ValueError(f'expected a scale "linear" or "log", got {scale!r}')
    return scale == "log"

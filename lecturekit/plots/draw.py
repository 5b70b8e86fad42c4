"""What can be drawn on axes. Static figures and live views share these, so that both look alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.ticker import MaxNLocator

from lecturekit.plots.canvas import to_array
from lecturekit.plots.style import DIVERGING, FACE, INK, SEQUENTIAL

Lines = Mapping[str, Sequence[Any]]
Extent = tuple[float, float, float, float]


def lines(
    axes: Axes,
    lines: Lines,
    *,
    xlabel: str,
    ylabel: str,
    references: Mapping[str, float] | None = None,
    xscale: str = "linear",
    yscale: str = "linear",
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
) -> None:
    """Curves y(x), with a band y ± s where a third array s is given, and reference levels."""
    for name, line in lines.items():
        x, y, *band = (to_array(values) for values in line)
        y = np.where(np.isfinite(y), y, np.nan)  # a gap, not the end of the axis
        marker = "o" if len(x) == 1 else ""
        (drawn,) = axes.plot(x, y, label=name, marker=marker)
        for half_width in band:
            axes.fill_between(
                x, y - half_width, y + half_width, color=drawn.get_color(), alpha=0.2, linewidth=0
            )
    _reference_levels(axes, references or {})
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale=xscale, yscale=yscale)
    if not any(len(line[0]) for line in lines.values()):
        axes.set_xlim(0.0, 1.0)  # nothing yet: rather a plain frame than ticks around 0 ± 0.04
    if xlim:
        axes.set_xlim(*xlim)
    if ylim:
        axes.set_ylim(*ylim)
    legend_above(axes)


def bars(
    axes: Axes,
    groups: Mapping[str, Any],
    *,
    categories: Sequence[str],
    xlabel: str,
    ylabel: str,
    errors: Mapping[str, Any] | None = None,
    references: Mapping[str, float] | None = None,
) -> None:
    """One bar for every category and group, side by side, with error bars where given."""
    width = 0.8 / max(len(groups), 1)
    positions = np.arange(len(categories))
    for rank, (name, heights) in enumerate(groups.items()):
        error = None if errors is None or name not in errors else to_array(errors[name])
        offset = (rank - (len(groups) - 1) / 2) * width
        axes.bar(
            positions + offset,
            to_array(heights),
            width,
            label=name,
            yerr=error,
            capsize=3,
            ecolor=INK,
        )
    _reference_levels(axes, references or {})
    axes.set_xticks(positions, categories)
    axes.grid(False, axis="x")
    axes.set(xlabel=xlabel, ylabel=ylabel)
    if len(groups) > 1 or references:
        legend_above(axes)


def heatmap(
    axes: Axes,
    matrix: Any,
    *,
    xlabel: str,
    ylabel: str,
    unit: str,
    signed: bool = False,
    xticks: Sequence[str] | None = None,
    yticks: Sequence[str] | None = None,
    annotate: bool = False,
) -> None:
    """A matrix in colours with its colour bar, row 0 on top; `signed` centres the colours at 0."""
    matrix = to_array(matrix)
    image = axes.imshow(matrix, cmap=_cmap(signed), norm=_norm(matrix, signed), aspect="auto")
    axes.grid(False)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    for axis, labels in ((axes.xaxis, xticks), (axes.yaxis, yticks)):
        if labels is None:
            axis.set_major_locator(MaxNLocator(integer=True))
        else:
            axis.set_ticks(range(len(labels)), labels)
    if annotate:
        for (row, column), value in np.ndenumerate(matrix):
            red, green, blue, _ = image.cmap(image.norm(value))
            dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
            axes.text(
                column, row, f"{value:.2g}", ha="center", va="center", color="w" if dark else INK
            )
    _colour_bar(axes, image, unit)


def field(axes: Axes, values: Any, *, extent: Extent, unit: str, signed: bool = False) -> None:
    """A function on a grid of the plane, row 0 at the bottom: a density, an energy."""
    values = to_array(values)
    image = axes.imshow(
        values,
        cmap=_cmap(signed),
        norm=_norm(values, signed),
        extent=extent,
        origin="lower",
        interpolation="bilinear",
    )
    axes.grid(False)
    _colour_bar(axes, image, unit)


def points(
    axes: Axes,
    clouds: Mapping[str, Any],
    *,
    xlabel: str,
    ylabel: str,
    extent: Extent | None = None,
    size: float = 14.0,
) -> None:
    """Clouds of points (n, 2) in the plane, with equal units on both axes."""
    for rank, (name, cloud) in enumerate(clouds.items()):
        x, y = to_array(cloud).reshape(-1, 2).T
        axes.scatter(x, y, s=size, color=f"C{rank}", edgecolor=FACE, linewidth=0.4, label=name)
    axes.set(xlabel=xlabel, ylabel=ylabel, aspect="equal")
    if extent:
        axes.set(xlim=extent[:2], ylim=extent[2:])
    if len(clouds) > 1:
        legend_above(axes)


def legend_above(axes: Axes) -> None:
    """A legend over the axes, in as many columns as fit: it never covers data."""
    labels = axes.get_legend_handles_labels()[1]
    if not labels:
        return
    figure = axes.get_figure(root=True)
    assert figure is not None
    widest = 0.5 + 0.085 * max(len(label) for label in labels)  # inches, at the style's font size
    columns = max(1, int((figure.get_figwidth() - 0.8) / widest))
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=min(columns, len(labels)),
        borderaxespad=0.2,
        columnspacing=1.2,
        handlelength=1.4,
    )


def _reference_levels(axes: Axes, references: Mapping[str, float]) -> None:
    styles = (":", "-.", "--")
    for rank, (name, level) in enumerate(references.items()):
        axes.axhline(
            float(level), color=INK, linewidth=1.5, linestyle=styles[rank % len(styles)], label=name
        )


def _colour_bar(axes: Axes, image: Any, unit: str) -> None:
    # An inset, not a colour bar that takes its room from the axes: it goes when the axes are wiped.
    figure = axes.get_figure(root=True)
    assert figure is not None
    bar = figure.colorbar(image, cax=axes.inset_axes((1.03, 0.0, 0.045, 1.0)))
    bar.set_label(unit)


def _cmap(signed: bool) -> str:
    return DIVERGING if signed else SEQUENTIAL


def _norm(values: np.ndarray, signed: bool) -> Normalize:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return Normalize(0.0, 1.0)
    if signed:
        bound = max(float(np.abs(finite).max()), 1e-30)
        return Normalize(-bound, bound)
    return Normalize(float(finite.min()), float(finite.max()))

"""Pictures of denoisers in the plane: what they learn as arrows, and chains that walk by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from torch import Tensor

from lecturekit.plots import plane
from lecturekit.plots.canvas import to_array
from lecturekit.plots.draw import Extent, legend_above
from lecturekit.plots.style import FAINT, PALETTE

Field = Callable[[Tensor], Tensor]


def arrow_fields(
    axes: Axes,
    fields: Mapping[str, Field],
    extent: Extent,
    *,
    density: Field | None = None,
    resolution: int = 19,
    scale: float = 1.0,
) -> None:
    """Vector fields over each other, in the order given: where they agree, only the last is seen.

    Args:
        axes: empty axes.
        fields: name → (m, 2) → (m, 2).
        extent: left, right, bottom, top.
        density: (m, 2) → (m,), drawn as level lines below.
        resolution: arrows along each axis.
        scale: length of the arrow of a unit vector.
    """
    plane.frame(axes, extent)
    if density is not None:
        plane.level_lines(axes, density, extent, levels=5, color="#8a8a86")
    for (name, field), color in zip(fields.items(), (PALETTE[5], PALETTE[1]), strict=False):
        plane.arrow_field(axes, field, extent, resolution=resolution, scale=scale, color=color)
        axes.plot([], [], color=color, label=name)
    legend_above(axes)


def walking(
    axes: Axes,
    clean: Any,
    noisy: Any | None,
    extent: Extent,
    *,
    corrupted: bool,
    target: Any,
    paths: int = 0,
) -> None:
    """Chains in the plane: clean states X filled, corrupted states X′ hollow.

    Args:
        axes: empty axes.
        clean: X, (n, 2).
        noisy: X′, (n, 2), or None if there is none yet.
        extent: left, right, bottom, top.
        corrupted: whether X′ is the newest state. The older one is drawn faintly.
        target: points of the data (m, 2), in the background.
        paths: of so many chains the last half-step is drawn as a line.
    """
    plane.frame(axes, extent)
    axes.scatter(*_columns(target), s=4, color=FAINT, linewidth=0, label="data")
    if noisy is not None:
        if paths:
            ends = [to_array(points)[:paths] for points in (clean, noisy)]
            segments = [[before, after] for before, after in zip(*ends, strict=True)]
            axes.add_collection(LineCollection(segments, colors=PALETTE[1], linewidths=0.8))
        axes.scatter(
            *_columns(noisy),
            s=16,
            facecolor="none",
            edgecolor=PALETTE[1],
            alpha=0.9 if corrupted else 0.25,
            linewidth=1.0,
            label="corrupted X′",
        )
    axes.scatter(
        *_columns(clean),
        s=14,
        color=PALETTE[0],
        alpha=0.3 if corrupted else 0.9,
        linewidth=0,
        label="clean X",
        zorder=3,
    )
    legend_above(axes)


def _columns(points: Any) -> tuple[Any, Any]:
    x, y = to_array(points).reshape(-1, 2).T
    return x, y

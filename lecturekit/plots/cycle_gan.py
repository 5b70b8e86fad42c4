"""Pictures of translations: images there and back, and clouds coloured by their origin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from matplotlib.axes import Axes
from torch import Tensor

from lecturekit.plots import plane
from lecturekit.plots.canvas import to_array
from lecturekit.plots.draw import Extent, field, legend_above
from lecturekit.plots.style import INK, PALETTE

Map = Callable[[Tensor], Tensor]


def there_and_back(to_there: Map, to_back: Map, images: Tensor, truth: Tensor) -> Tensor:
    """Rows of a sheet: the images, translated, back again, and what the translation should be.

    Args:
        to_there, to_back: the translators of either direction.
        images, truth: (n, 1 or 3, height, width).

    Returns:
        (4n, height, width) if they are grey, else (4n, 3, height, width), for `image_grid`.
    """
    translated = to_there(images)
    rows = torch.cat([images, translated, to_back(translated), truth])
    return rows.squeeze(1) if rows.shape[1] == 1 else rows


def coloured_clouds(
    axes: Axes,
    points: Any,
    origins: Any,
    extent: Extent,
    *,
    target: Any | None = None,
    names: tuple[str, ...] = ("blob 1", "blob 2", "blob 3", "blob 4"),
) -> None:
    """Points in the colour, and with the marker, of the blob that they came from.

    Args:
        axes: empty axes.
        points: (n, 2).
        origins: (n,) whole numbers.
        extent: left, right, bottom, top.
        target: points (m, 2) in the background, where the cloud should lie.
        names: of the origins.
    """
    plane.frame(axes, extent)
    if target is not None:
        x, y = to_array(target).reshape(-1, 2).T
        axes.scatter(x, y, s=14, color="#c4c4c0", linewidth=0, label="target")
    points, origins = to_array(points), to_array(origins)
    for rank, (name, marker) in enumerate(zip(names, "o^sD", strict=False)):
        x, y = points[origins == rank].T
        axes.scatter(
            x, y, s=16, color=PALETTE[rank], marker=marker, edgecolor="w", linewidth=0.3, label=name
        )
    legend_above(axes)


def objectives(axes: Axes, losses: dict[str, Map], reach: float = 6.0) -> None:
    """What the generator minimises, against the discriminator's score of a generated input.

    Args:
        axes: empty axes.
        losses: name → scores (m,) → losses (m,).
        reach: scores from −reach to reach are shown.
    """
    scores = torch.linspace(-reach, reach, 200)
    for name, loss in losses.items():
        axes.plot(to_array(scores), to_array(loss(scores)), label=name)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set(xlabel="score s of a generated input", ylabel="generator's loss", ylim=(-7, 9))
    legend_above(axes)


def angle_map(axes: Axes, loss: Tensor, minima: Tensor) -> None:
    """A loss over the angles of two rotations, with rings around the pairs that are best.

    Args:
        axes: empty axes.
        loss: (k, k) over a full turn: row for the angle of F, column for the angle of G.
        minima: rows and columns of the best pairs, (n, 2).
    """
    step = 360 / len(loss)
    start, end = -step / 2, 360 - step / 2  # so that each angle is in the middle of its square
    field(axes, loss, extent=(start, end, start, end), unit="loss")
    rows, columns = to_array(minima).T * step
    axes.scatter(columns, rows, s=90, facecolor="none", edgecolor="w", linewidth=1.8)
    degrees = range(0, 360, 90)
    axes.set(xlabel="angle of G (degrees)", ylabel="angle of F (degrees)")
    axes.set(xticks=degrees, yticks=degrees)

"""Drawings of section 3: a null distribution, pushes and pulls, what a network makes of z."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor

from lecturekit.plots import plane
from lecturekit.plots.canvas import to_array
from lecturekit.plots.draw import Extent, legend_above
from lecturekit.plots.style import INK, PALETTE


def null_distribution(
    axes: Axes, null: Any, observed: float, *, quantile: float = 0.95, xlabel: str = "MMD²"
) -> None:
    """A histogram of a statistic with the rows dealt out anew, and where the observed one lies."""
    null = to_array(null)
    axes.hist(null, bins=30, color=PALETTE[0], alpha=0.6, label="rows dealt out at random")
    axes.axvline(
        float(np.quantile(null, quantile)), color=INK, linestyle=":", linewidth=1.5,
        label=f"{quantile:.0%} of these lie left",
    )  # fmt: skip
    axes.axvline(observed, color=PALETTE[1], linewidth=2.5, label="observed")
    axes.set(xlabel=xlabel, ylabel="dealings")
    legend_above(axes)


def pulls(
    axes: Axes, samples: Any, data: Any, velocities: Any, *, extent: Extent, scale: float = 1.0
) -> None:
    """Data, samples, and an arrow on each sample along which it is drawn."""
    plane.frame(axes, extent)
    plane.dots(axes, data, color=PALETTE[0], label="data")
    plane.dots(axes, samples, color=PALETTE[1], label="samples")
    plane.arrows(axes, samples, velocities, scale=scale)
    legend_above(axes)


def pushed_square(
    axes: Axes,
    function: Callable[[Tensor], Tensor],
    data: Any,
    samples: Any,
    *,
    extent: Extent,
    device: str | torch.device = "cpu",
) -> None:
    """Where a network puts the latent square [−1, 1]², as a warped grid under samples and data."""
    plane.frame(axes, extent)
    plane.warped_grid(axes, function, reach=1.0, device=device)
    plane.dots(axes, data, color=INK, size=5.0, label="data")
    plane.dots(axes, samples, color=PALETTE[1], label="samples")
    legend_above(axes)

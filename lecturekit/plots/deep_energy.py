"""The pictures of section 2: a density with samples that it pushes, and G as a warped sheet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib.axes import Axes
from torch import Tensor

from lecturekit.plots import plane
from lecturekit.plots.draw import Extent, field
from lecturekit.plots.figures import grid
from lecturekit.plots.style import FACE, PALETTE

Map = Callable[[Tensor], Tensor]
RESOLUTION = 70


def pushed_samples(
    axes: Axes,
    density: Map,
    samples: Tensor,
    pushes: Tensor,
    *,
    extent: Extent,
    scale: float = 0.05,
    n_arrows: int = 60,
) -> None:
    """P_θ in colours, the samples of the negative phase as dots, and −∇E at some as arrows.

    Args:
        axes: empty axes.
        density: P_θ, (m, 2) → (m,).
        samples: χ, (n, 2).
        pushes: −∇E(χ), (n, 2): where the energy sends them.
        extent: left, right, bottom, top.
        scale: length of the arrow of a unit push.
        n_arrows: how many of the samples get one.
    """
    values = density(grid(extent, RESOLUTION).to(samples.device))
    field(axes, values.reshape(RESOLUTION, RESOLUTION), extent=extent, unit="density")
    plane.frame(axes, extent)
    plane.dots(axes, samples, size=9)
    plane.arrows(axes, samples[:n_arrows], pushes[:n_arrows], scale=scale, color=FACE)


def generated_sheet(axes: Axes, G: Map, data: Any, *, extent: Extent, device: Any = "cpu") -> None:
    """The generator as the image of a square grid of its latent space, over the data.

    Args:
        axes: empty axes.
        G: (m, 2) → (m, 2).
        data: (n, 2).
        extent: left, right, bottom, top.
        device: where G wants its points.
    """
    plane.frame(axes, extent)
    plane.dots(axes, data, color=PALETTE[1], size=7)
    plane.warped_grid(axes, G, device=device)

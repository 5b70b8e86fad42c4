"""Pictures of section 3: a null distribution, what a kernel sees, what a network makes of z."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from lecturekit import moment_matching as mm
from lecturekit.plots.figures import arrows, dots, field, plane, warped_grid
from lecturekit.plots.marks import Axis, Bars, Extent, Plot, Points, Rule, to_array


def null_distribution(test: mm.TwoSampleTest, title: str, *, quantile: float = 0.95) -> Plot:
    """A histogram of MMD² with the rows dealt out anew, and where the observed one lies.

    Args:
        test: the outcome of a permutation test.
        title: shown above, with the p-value.
        quantile: this share of the dealings lies left of the dotted line.
    """
    null = to_array(test.null)
    counts, edges = np.histogram(null, bins=30)
    middle, width = (edges[:-1] + edges[1:]) / 2, float(edges[1] - edges[0])
    marks = [
        Bars(middle, counts, width, "by chance", 0, opacity=0.6),
        Rule(np.quantile(null, quantile), f"{quantile:.0%} lie left", "x"),
        Rule(test.statistic, "observed", "x", 1, dash=1),
    ]
    said = (
        f"Histogram of MMD² with the rows dealt out at random, from {null.min():.2g} to "
        f"{null.max():.2g}; observed {test.statistic:.2g}."
    )
    title = f"{title}: p = {test.p_value:.3f}"
    return Plot(title, marks, Axis("MMD²"), Axis("dealings"), shape=1.3, words=said)


def witness(
    samples: Mapping[str, Tensor], kernel: mm.Kernel, title: str, *, extent: Extent
) -> Plot:
    """The witness of two samples in colours, with their first hundred points on it.

    Args:
        samples: name → (n, 2), two of them: red where the first is too dense, blue where it is
            too thin.
        kernel: what is seen of them; its fields may change from picture to picture.
        title: shown above.
        extent: left, right, bottom, top.
    """
    x, y = samples.values()
    coloured = field(
        lambda t: mm.witness(t, x, y, kernel), extent, "witness f(t)", signed=True, device=x.device
    )
    points = {name: sample[:100] for name, sample in samples.items()}
    return plane([coloured, *dots(points, first=1)], title, extent=extent)


def pulls(samples: Tensor, data: Tensor, kernel: mm.Kernel, title: str, *, extent: Extent) -> Plot:
    """Data, samples, and an arrow on each sample along which the kernel draws it.

    Args:
        samples: (n, 2), those that are drawn.
        data: (m, 2), what they are drawn to.
        kernel: what is seen of them.
        title: shown above.
        extent: left, right, bottom, top.

    The longest arrow has length 1.
    """
    v = mm.velocity(samples, data, kernel)
    v = v / v.norm(dim=1).max()
    marks = [*dots({"data": data, "samples": samples}), arrows(samples, v)]
    return plane(marks, title, extent=extent)


def pushed_square(
    network: nn.Module, z: Tensor, data: Tensor, title: str, *, extent: Extent
) -> Plot:
    """Where a network puts the latent square [−1, 1]²: a warped grid under samples and data.

    Args:
        network: latent points (n, 2) → (n, 2).
        z: the latent points of the samples.
        data: (m, 2).
        title: shown above.
        extent: left, right, bottom, top.
    """
    with torch.no_grad():
        marks = [
            *warped_grid(network, reach=1.0, device=z.device),
            Points(data, "data", "soft", 4.0),
            *dots({"samples": network(z)}, first=1),
        ]
    said = (
        f"The latent square as a warped grid, under {len(z)} samples and {len(data)} data points."
    )
    return plane(marks, title, extent=extent, alt=said)

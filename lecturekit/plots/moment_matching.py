"""Pictures of section 3: null distributions, what a kernel sees, networks and what they make."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from lecturekit import moment_matching as mm
from lecturekit.door import NOT_EMPTY, Extent, In, asked, door, refuse
from lecturekit.plots.marks import (
    Arrows,
    Axis,
    Bars,
    Mark,
    Plot,
    Points,
    Role,
    Rule,
    Words,
    to_array,
)
from lecturekit.plots.plane import arrows, dots, field, plane, warped_grid


@door
def null_distribution(
    test: mm.TwoSampleTest, title: str, *, quantile: Annotated[float, In(0, 1, open="both")] = 0.95
) -> Plot:
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


@door
def witness(
    samples: Annotated[Mapping[str, Annotated[Tensor, "_ 2"]], NOT_EMPTY],
    kernel: mm.Kernel,
    title: str,
    *,
    extent: Extent,
) -> Plot:
    """The witness of two samples in colours, with their first hundred points on it.

    Args:
        samples: name → (n, 2), two of them: red where the first is too dense, blue where it is
            too thin.
        kernel: what is seen of them; its fields may change from picture to picture.
        title: shown above.
        extent: left, right, bottom, top.
    """
    if len(samples) != 2:
        refuse("samples", "to be two", f"{len(samples)}")
    x, y = samples.values()
    coloured = field(
        lambda t: mm.witness(t, x, y, kernel), extent, "witness f(t)", signed=True, device=x.device
    )
    points = {name: sample[:100] for name, sample in samples.items()}
    return plane([coloured, *dots(points, first=1)], title, extent=extent)


@door
def pulls(
    samples: Annotated[Tensor, "n 2"],
    data: Annotated[Tensor, "m 2"],
    kernel: mm.Kernel,
    title: str,
    *,
    extent: Extent,
) -> Plot:
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


@door
def pushed_square(
    network: nn.Module,
    z: Annotated[Tensor, "k 2"],
    data: Annotated[Tensor, "m 2"],
    title: str,
    *,
    extent: Extent,
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
            *warped_grid(network, reach=1.0, device=z.device, source="network"),
            Points(data, "data", "soft", 4.0),
            *dots({"samples": asked("network", network, z, *z.shape)}, first=1),
        ]
    said = (
        f"The latent square as a warped grid, under {len(z)} samples and {len(data)} data points."
    )
    return plane(marks, title, extent=extent, alt=said)


@door
def architecture(model: mm.GMMN, title: str, *, autoencoder: mm.AutoEncoder | None = None) -> Plot:
    """The layers of a GMMN, from the noise up, and what they are matched to; read from the modules.

    With an auto-encoder, both are codes: of its encoder on the one side, for its decoder on the
    other. Thick arrows are the way of a sample. After Li et al. 2015, figure 1.

    Args:
        model: the generator.
        title: shown above.
        autoencoder: in whose code space the generator works, if it does not make data.

    Raises:
        ValueError: a generator of other codes than the auto-encoder's.
    """
    made: Layers = [(model.n_latent, "uniform z"), *_layers(model.network)]
    matched: Layers = [(model.n_features, "data y")]
    decoder: Layers = []
    drops: Sequence[float] = ()
    if autoencoder is not None:
        if model.n_features != autoencoder.sizes[-1]:
            codes = f"{autoencoder.sizes[-1]} features, as many as the auto-encoder has codes"
            refuse("model", f"with {codes}", f"{model.n_features}")
        matched = [(autoencoder.sizes[0], "data y"), *_layers(autoencoder.encoder)]
        decoder, drops = _layers(autoencoder.decoder), autoencoder.dropout
    level = max(len(made), len(matched)) - 1  # the row of what is compared
    marks = [
        *_column(made, LEFT, level - len(made) + 1, 0, "GMMN"),
        *_column(matched[:1], RIGHT, level - len(matched) + 1, "soft"),
        *_column(matched[1:], RIGHT, level - len(matched) + 2, 2, "auto-encoder"),
        *_column(decoder, (LEFT + RIGHT) / 2, level + 1, 2),
        *_comparison(level),
    ]
    way = [(LEFT, level - row) for row in reversed(range(len(made)))]
    way += [((LEFT + RIGHT) / 2, level + 1 + row) for row in range(len(decoder))]
    marks.append(_steps(way, "sample generation", 1, 3.5))
    up = [(RIGHT, level - row) for row in reversed(range(len(matched)))]
    marks.append(_steps(up + way[len(made) : len(made) + 1], "", "ink", 1.5))
    for row, share in enumerate(drops):
        if share:
            at = (RIGHT + 0.1, level - len(matched) + 1.5 + row)
            marks.append(Words(f"dropout {share:g}", at))
    said = [f"{units} {kind}" for column in (made, matched, decoder) for units, kind in column]
    top = level + len(decoder) + 0.5
    limits = Axis(limits=(LEFT - 1.2, RIGHT + 1.2)), Axis(limits=(-0.5, max(top, 6.5)))
    words = f"Layers of the generator, what it is matched to, decoder: {', '.join(said)}."
    return Plot(title, marks, *limits, bare=True, shape=0.95, words=words)


Layers: TypeAlias = list[tuple[int, str]]  # units and kind, from below
LEFT, RIGHT = 0.0, 3.0  # columns: what is made, what it is matched to


def _layers(network: nn.Sequential) -> Layers:
    """Affine layers, each with the units that it feeds."""
    found: Layers = []
    for module in network:
        if isinstance(module, nn.Linear):
            found.append((module.out_features, "linear"))
        else:
            name = type(module).__name__
            found[-1] = (found[-1][0], {"Sigmoid": "sigmoid"}.get(name, name))
    return found


def _column(layers: Layers, x: float, bottom: int, color: Role, label: str = "") -> list[Mark]:
    """A box for each layer, the wider the more units it has."""
    marks: list[Mark] = []
    for row, (units, kind) in enumerate(layers, start=bottom):
        width = 1.4 + 0.08 * math.log2(units)
        named = label if row == bottom else ""
        marks.append(Bars([x], [row + 0.3], width, named, color, base=row - 0.3, opacity=0.35))
        marks.append(Words(f"{units} {kind}", (x, row), align="center", bold=True))
    return marks


def _steps(way: Sequence[tuple[float, float]], label: str, color: Role, width: float) -> Arrows:
    """Arrows from box to box."""
    at, edge = np.array(way, dtype=float), np.array([0.0, 0.3])
    start, end = at[:-1] + edge, at[1:] - edge
    return Arrows(start, end - start, label, color, width)


def _comparison(level: int) -> list[Mark]:
    """MMD, between what is made and what it is matched to."""
    middle, reach = (LEFT + RIGHT) / 2, 0.45
    both = Arrows([[middle, level]] * 2, [[-reach, 0.0], [reach, 0.0]], color="ink", width=2.0)
    return [both, Words("MMD", (middle, level - 0.3), align="center", bold=True)]

"""Pictures of section 2: densities with samples that they push, G as a warped sheet, energies."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from lecturekit.deep_energy import DeepEnergy, Plane, log_likelihood, score
from lecturekit.plots.figures import (
    Map,
    Numbers,
    arrows,
    dots,
    field,
    histogram,
    now,
    plane,
    warped_grid,
)
from lecturekit.plots.marks import Axis, Extent, Mark, Plot, Points, Words, to_array

RESOLUTION = 70
HEADING = 1.2  # room for a name above each of several clouds, in units of the axes


def landscape(
    energy: DeepEnergy,
    samples: Numbers,
    title: str,
    *,
    exactly: Plane,
    extent: Extent,
    scale: float = 0.05,
    n_arrows: int = 60,
) -> Plot:
    """P_θ in colours, the samples of the negative phase as dots, and −∇E at some as arrows.

    Args:
        energy: E_θ.
        samples: χ, (n, 2), or a function that returns them.
        title: shown above.
        exactly: what log Z is integrated over.
        extent: left, right, bottom, top of what is shown.
        scale: length of the arrow of a unit push −∇E.
        n_arrows: how many of the samples get one.
    """

    def density(x: Tensor) -> Tensor:
        return log_likelihood(energy, x, exactly).exp()

    chi = now(samples)
    first, widest = chi[:n_arrows], (extent[1] - extent[0]) / 6
    colours = field(density, extent, "density", resolution=RESOLUTION, device=exactly.device)
    marks = [
        dataclasses.replace(colours, limits=(0.0, colours.range()[1])),
        *dots({"χ": chi}, first=1),
        arrows(first, score(energy, first), scale=scale, longest=widest, color="white"),
    ]
    words = f"The density P_θ in the plane, {len(chi)} samples χ on it, and arrows down the energy."
    return plane(marks, title, extent=extent, alt=words)


def sheet(
    G: Map, data: Numbers, title: str, *, extent: Extent, device: str | torch.device = "cpu"
) -> Plot:
    """The generator as the image of a square grid of its latent space, over the data.

    Args:
        G: (m, 2) → (m, 2).
        data: (n, 2), or a function that returns them.
        title: shown above.
        extent: left, right, bottom, top.
        device: where G wants its points.
    """
    marks = [*dots({"data": data}, first=1, size=4.0), *warped_grid(G, device=device)]
    return plane(marks, title, extent=extent, alt="A warped grid of latent lines over the data.")


def clouds(
    samples: Mapping[str, Numbers], data: Tensor, title: str, *, extent: Extent, columns: int = 3
) -> Plot:
    """Clouds beside each other on one scale, each over the data, in the colours of its curve.

    Args:
        samples: name → (n, 2), or a function that returns them; what lies outside is not drawn.
        data: (m, 2).
        title: shown above.
        extent: left, right, bottom, top of each field.
        columns: fields in a row.
    """
    left, right, bottom, top = extent
    width, height = right - left, top - bottom + HEADING
    marks: list[Mark] = []
    for place, (name, cloud) in enumerate(samples.items()):
        row, column = divmod(place, columns)
        corner = np.array([column * width - left, -row * height - HEADING - top])
        points = to_array(now(cloud))
        seen = points[((points >= (left, bottom)) & (points <= (right, top))).all(axis=1)]
        middle = (corner[0] + (left + right) / 2, corner[1] + top + HEADING / 2)
        marks += [
            Points(to_array(data) + corner, "" if place else "data", "soft", size=3.0, rim=False),
            Points(seen + corner, color=place, size=4.0),
            Words(name, middle, place, bold=True, align="center"),
        ]
    rows = -(-len(samples) // columns)
    x, y = Axis(limits=(0.0, columns * width)), Axis(limits=(-rows * height, 0.0))
    words = f"Samples over the data, beside each other: {', '.join(samples)}."
    return Plot(title, marks, x, y, equal=True, bare=True, shape=1.0, words=words)


def pushes(points: Tensor, vectors: Tensor, title: str, *, extent: Extent, scale: float) -> Plot:
    """Points, and an arrow from each along its push.

    Args:
        points, vectors: (n, 2).
        title: shown above.
        extent: left, right, bottom, top.
        scale: length of the arrow of a unit push.
    """
    marks = [*dots({"": points}, size=7.0), arrows(points, vectors, scale=scale)]
    words = f"{len(points)} points with arrows along their pushes."
    return plane(marks, title, extent=extent, alt=words)


def energies(energy: DeepEnergy, kinds: Mapping[str, Numbers], title: str) -> Plot:
    """Histograms of the energy of several kinds of points, with a logarithmic axis of shares.

    Args:
        energy: E_θ.
        kinds: name → (n, n_dims), or a function that returns them.
        title: shown above.
    """
    found = {name: energy(now(points)) for name, points in kinds.items()}
    return histogram(found, title, xlabel="E(x) (nats)", yscale="log")

"""Pictures of section 2: densities with samples that they push, G as a warped sheet, energies."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

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
SAMPLES = 1  # the colour of χ, in all pictures; data are grey
HEADING = 0.25  # room for the names above columns of clouds, in heights of a row


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
        *dots({"χ": chi}, first=SAMPLES),
        arrows(first, score(energy, first), scale=scale, longest=widest, color="white"),
    ]
    words = f"The density P_θ in the plane, {len(chi)} samples χ on it, and arrows down the energy."
    return plane(marks, title, extent=extent, alt=words)


def sheet(
    G: Map, data: Numbers, title: str, *, extent: Extent, device: str | torch.device = "cpu"
) -> Plot:
    """The generator as the image of a grid of its latent space, over the data.

    The lines are quantiles of z ∼ N(0, I), from 2.5 % to 97.5 %, so that all meshes hold equal
    shares of P_φ: a small mesh is a high density.

    Args:
        G: (m, 2) → (m, 2).
        data: (n, 2), or a function that returns them.
        title: shown above.
        extent: left, right, bottom, top.
        device: where G wants its points.
    """

    def from_shares(u: Tensor) -> Tensor:
        return G(math.sqrt(2) * torch.erfinv(u))  # u even on [−1, 1] gives z ∼ N(0, I)

    marks = [*behind(data, size=4.0), *warped_grid(from_shares, reach=0.95, device=device)]
    return plane(marks, title, extent=extent, alt="A warped grid of latent lines over the data.")


def on_data(samples: Numbers, data: Numbers, title: str, *, extent: Extent) -> Plot:
    """Samples χ of the generator over the data.

    Args:
        samples: (n, 2), or a function that returns them.
        data: (m, 2), or a function that returns them.
        title: shown above.
        extent: left, right, bottom, top.
    """
    marks = [*behind(data, size=4.0), *dots({"χ": samples}, first=SAMPLES, size=4.0)]
    return plane(marks, title, extent=extent, alt="Generated samples over the data.")


def energy_field(
    energy: DeepEnergy, title: str, *, exactly: Plane, extent: Extent, depth: float = 10.0
) -> Plot:
    """−log P_θ in colours, the energy with its constant, as far as it is near its lowest.

    Args:
        energy: E_θ.
        title: shown above.
        exactly: what log Z is integrated over.
        extent: left, right, bottom, top of what is shown.
        depth: nats above the lowest energy from which on all is one colour.
    """

    def surprise(x: Tensor) -> Tensor:
        return -log_likelihood(energy, x, exactly)

    colours = field(surprise, extent, "nats", resolution=RESOLUTION, device=exactly.device)
    lowest = colours.range()[0]
    coloured = dataclasses.replace(colours, limits=(lowest, lowest + depth))
    return plane([coloured], title, extent=extent, alt="The energy in the plane, low at the data.")


def behind(data: Numbers, *, size: float = 5.0) -> list[Mark]:
    """The data as every picture here has them: grey, behind what is drawn in colour."""
    return [Points(to_array(now(data)), "data", "soft", size=size, rim=False)]


def clouds(
    samples: Mapping[str, Sequence[Numbers]], data: Tensor, title: str, *, extent: Extent
) -> Plot:
    """Clouds on one scale, each over the data: a column for each name, in the colour of its curve.

    Args:
        samples: name → clouds (n, 2), or functions that return them, from the top row to the
            bottom one; what lies outside is not drawn.
        data: (m, 2).
        title: shown above.
        extent: left, right, bottom, top of each field.
    """
    left, right, bottom, top = extent
    width, height = right - left, top - bottom
    marks: list[Mark] = []
    for column, (name, rows) in enumerate(samples.items()):
        for row, cloud in enumerate(rows):
            corner = np.array([column * width - left, -row * height - top])
            points = to_array(now(cloud))
            seen = points[((points >= (left, bottom)) & (points <= (right, top))).all(axis=1)]
            first = "data" if row == column == 0 else ""
            marks += [
                Points(to_array(data) + corner, first, "soft", size=2.5, rim=False),
                Points(seen + corner, color=column, size=3.0, rim=False),
            ]
        head = ((column + 0.5) * width, HEADING * height / 2)
        marks.append(Words(name, head, column, bold=True, align="center"))
    tall = height * max(map(len, samples.values()))
    x, y = Axis(limits=(0.0, len(samples) * width)), Axis(limits=(-tall, HEADING * height))
    words = f"Samples over the data, a column for each of: {', '.join(samples)}."
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

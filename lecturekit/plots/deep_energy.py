"""Pictures of section 2: densities with samples that they push, G as a warped sheet, energies."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from lecturekit.deep_energy import DeepEnergy, Plane, log_likelihood, score
from lecturekit.door import NOT_EMPTY, NUMBERS, Count, Extent, In, Positive, asked, door, refuse
from lecturekit.plots.figures import histogram
from lecturekit.plots.look import MOUNT, PALETTE
from lecturekit.plots.marks import (
    Arrows,
    Axis,
    Images,
    Mark,
    Paths,
    Plot,
    Points,
    Words,
    to_array,
)
from lecturekit.plots.numbers import Sample, now
from lecturekit.plots.plane import Map, arrows, dots, field, plane, warped_grid

RESOLUTION = 70
SAMPLES = 1  # the colour of χ, in all pictures; data are grey
HEADING = 0.25  # room for the names above columns of clouds, in heights of a row


@door
def landscape(
    energy: DeepEnergy,
    samples: Sample,
    title: str,
    *,
    exactly: Plane,
    extent: Extent,
    scale: Positive = 0.05,
    n_arrows: Count = 60,
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

    _check_in_the_plane(energy)
    chi = torch.as_tensor(now(samples, "samples")).to(energy.b)
    first, widest = chi[:n_arrows], (extent[1] - extent[0]) / 6
    colours = field(density, extent, "density", resolution=RESOLUTION, device=exactly.device)
    marks = [
        dataclasses.replace(colours, limits=(0.0, colours.range()[1])),
        *dots({"χ": chi}, first=SAMPLES),
        arrows(first, score(energy, first), scale=scale, longest=widest, color="white"),
    ]
    words = f"The density P_θ in the plane, {len(chi)} samples χ on it, and arrows down the energy."
    return plane(marks, title, extent=extent, alt=words)


def _check_in_the_plane(energy: DeepEnergy) -> None:
    if energy.n_dims != 2:
        refuse("energy", "of points in the plane, with n_dims = 2", f"{energy.n_dims}")


@door
def sheet(
    G: Map, data: Sample, title: str, *, extent: Extent, device: str | torch.device = "cpu"
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

    marks = [
        *behind(data, size=4.0),
        *warped_grid(from_shares, reach=0.95, device=device, source="G"),
    ]
    return plane(marks, title, extent=extent, alt="A warped grid of latent lines over the data.")


@door
def on_data(samples: Sample, data: Sample, title: str, *, extent: Extent) -> Plot:
    """Samples χ of the generator over the data.

    Args:
        samples: (n, 2), or a function that returns them.
        data: (m, 2), or a function that returns them.
        title: shown above.
        extent: left, right, bottom, top.
    """
    marks = [
        *behind(data, size=4.0),
        *dots({"χ": now(samples, "samples")}, first=SAMPLES, size=4.0),
    ]
    return plane(marks, title, extent=extent, alt="Generated samples over the data.")


@door
def energy_field(
    energy: DeepEnergy, title: str, *, exactly: Plane, extent: Extent, depth: Positive = 10.0
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

    _check_in_the_plane(energy)
    colours = field(surprise, extent, "nats", resolution=RESOLUTION, device=exactly.device)
    lowest = colours.range()[0]
    coloured = dataclasses.replace(colours, limits=(lowest, lowest + depth))
    return plane([coloured], title, extent=extent, alt="The energy in the plane, low at the data.")


@door
def behind(data: Sample, *, size: Positive = 5.0) -> list[Mark]:
    """The data as every picture here has them: grey, behind what is drawn in colour."""
    return [Points(to_array(now(data, "data")), "data", "soft", size=size, rim=False)]


@door
def clouds(
    samples: Annotated[Mapping[str, Annotated[Sequence[Sample], NOT_EMPTY]], NOT_EMPTY],
    data: Annotated[Tensor, "m 2"],
    title: str,
    *,
    extent: Extent,
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
            points = to_array(now(cloud, repr(name)))
            seen = points[((points >= (left, bottom)) & (points <= (right, top))).all(axis=1)]
            first = "data" if row == column == 0 else ""
            marks += [
                Points(to_array(data) + corner, first, "soft", size=2.5, rim=False),
                Points(seen + corner, color=column, size=3.0, rim=False),
            ]
        head = ((column + 0.5) * width, HEADING * height / 2)
        marks.append(Words(name, head, column, align="center"))
    tall = height * max(map(len, samples.values()))
    x, y = Axis(limits=(0.0, len(samples) * width)), Axis(limits=(-tall, HEADING * height))
    words = f"Samples over the data, a column for each of: {', '.join(samples)}."
    return Plot(title, marks, x, y, equal=True, bare=True, shape=1.0, words=words)


@door
def pushes(
    points: Annotated[Tensor, "n 2"],
    vectors: Annotated[Tensor, "n 2"],
    title: str,
    *,
    extent: Extent,
    scale: float,
) -> Plot:
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


@door
def energies(
    energy: DeepEnergy,
    kinds: Annotated[Mapping[str, Annotated[Any, NUMBERS, "_ n_dims"]], NOT_EMPTY],
    title: str,
) -> Plot:
    """Histograms of the energy of several kinds of points, with a logarithmic axis of shares.

    Args:
        energy: E_θ.
        kinds: name → (n, n_dims), or a function that returns them.
        title: shown above.
    """
    found = {
        name: energy(torch.as_tensor(now(points, repr(name))).to(energy.b))
        for name, points in kinds.items()
    }
    return histogram(found, title, xlabel="E(x) (nats)", yscale="log")


@door
def players(title: str) -> Plot:
    """The two players as a diagram: what goes into E and G, and whose gradient goes where."""
    boxes = {"G_φ": (3.0, 3.0, 0.8, 0.7), "E_θ": (6.6, 2.2, 0.8, 1.5)}  # middle, half width, height
    marks: list[Mark] = []
    for name, (x, y, wide, tall) in boxes.items():
        outline = [(-wide, -tall), (wide, -tall), (wide, tall), (-wide, tall), (-wide, -tall)]
        marks += [
            Paths(np.add([outline], (x, y)), color="ink", width=1.6),
            Words(name, (x, y), bold=True, align="center"),
        ]
    ways = [(1.4, 3.0, 0.7), (3.9, 3.0, 0.5), (5.0, 3.0, 0.7), (7.5, 3.0, 0.7)]
    ways += [(1.4, 1.4, 4.3), (7.5, 1.4, 0.7)]
    forwards = np.array([(x, y, length, 0.0) for x, y, length in ways])
    marks.append(Arrows(forwards[:, :2], forwards[:, 2:]))
    said: dict[str, tuple[float, float]] = {
        "z ∼ N(0, I)": (0.5, 3.0),
        "χ": (4.7, 3.0),
        "data x": (0.7, 1.4),
        "E(χ)": (8.8, 3.0),
        "E(x)": (8.8, 1.4),
    }
    marks += [Words(text, at, align="center") for text, at in said.items()]
    to_theta = np.array([(9.5, 2.75, 0.0, 0.7), (9.5, 1.65, 0.0, -0.7)])
    marks += [
        Arrows(to_theta[:, :2], to_theta[:, 2:], color=0, width=2.2),
        Words("θ: E(χ) up, E(x) down", (6.6, 0.35), 0, align="center"),
        Arrows([(8.6, 4.3)], [(-5.4, 0.0)], color=1, width=2.2),
        Words("φ: E(χ) down, entropy up", (5.9, 4.7), 1, align="center"),
    ]
    across, up = Axis(limits=(-0.6, 10.0)), Axis(limits=(0.0, 5.0))
    words = (
        "Noise z goes through the generator to samples χ, and χ and data x go through one energy. "
        "θ raises the energy of χ and lowers that of x; φ lowers that of χ and raises the entropy."
    )
    return Plot(title, marks, across, up, bare=True, shape=2.1, words=words)


@door
def walks(
    G: Map,
    starts: Annotated[Tensor, "n n_latent"],
    ends: Annotated[Tensor, "n n_latent"],
    title: str,
    *,
    shape: Annotated[Sequence[Count], NOT_EMPTY],
    steps: Annotated[int, In(2, 1000)] = 14,
    captions: Sequence[str] = (),
) -> Images:
    """Walks through the latent space as rows of images, their ends in a frame.

    Row i shows G(cos t · startsᵢ + sin t · endsᵢ) for `steps` values of t from 0 to π/2. For
    independent starts and ends ∼ N(0, I) each point of the way is ∼ N(0, I), as those of a
    straight line are not.

    Args:
        G: (m, n_latent) → (m, n_dims).
        starts, ends: (n, n_latent).
        title: shown above.
        shape: of one image, (height, width) or (3, height, width).
        steps: images in a row.
        captions: one for each row, or none.
    """
    t = torch.linspace(0, math.pi / 2, steps, device=starts.device)[None, :, None]
    z = t.cos() * starts[:, None] + t.sin() * ends[:, None]  # (n, steps, n_latent)
    if len(shape) not in (2, 3):
        refuse("shape", "to be (height, width) or (3, height, width)", f"{tuple(shape)}")
    made = asked("G", G, z.flatten(0, 1), len(starts) * steps, math.prod(shape))
    images = to_array(made).reshape(-1, *shape).clip(0.0, 1.0)
    if images.ndim == 3:
        images = np.repeat(images[:, None], 3, axis=1)
    framed = np.empty((*images.shape[:2], images.shape[2] + 2, images.shape[3] + 2))
    frame, mount = (np.array(_rgb(colour))[:, None, None] for colour in (PALETTE[SAMPLES], MOUNT))
    framed[:] = mount
    for end in (0, steps - 1):
        framed[end::steps] = frame
    framed[:, :, 1:-1, 1:-1] = images
    words = f"{len(starts)} walks of {steps} images each, from one framed end to the other."
    return Images(title, framed, steps, tuple(captions), words=words)


def _rgb(colour: str) -> list[float]:
    """A colour such as "#0072B2" as three numbers in [0, 1]."""
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]

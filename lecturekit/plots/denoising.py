"""Pictures of denoisers: what they learn as arrows, chains that walk by them, strips of images."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from lecturekit import denoising
from lecturekit.data.densities import GaussianMixture
from lecturekit.plots.figures import Map, arrow_field, level_lines, plane
from lecturekit.plots.marks import Extent, Images, Mark, Paths, Plot, Points, to_array


def corrections(
    denoiser: denoising.Denoiser,
    density: GaussianMixture,
    noise: denoising.GaussianNoise,
    title: str,
    *,
    extent: Extent,
) -> Plot:
    """What a denoiser has learned as arrows, f_θ(x′) − x′, over the exact σ² ∇log p_σ(x′).

    Arrows are drawn at half their length, over level lines of p_σ.

    Args:
        denoiser: f_θ is the mean of its P_θ(X | X′).
        density: P, that of the data.
        noise: its σ is read for each picture.
        title: shown above.
        extent: left, right, bottom, top.
    """
    smoothed = density.smoothed(noise.sigma)
    fields: dict[str, Map] = {
        "exact σ² ∇log p_σ": lambda x: noise.sigma**2 * smoothed.score(x),
        "learned": lambda x: denoiser(x).mean - x,
    }
    return arrow_fields(fields, title, extent=extent, density=smoothed.log_prob, scale=0.5)


def arrow_fields(
    fields: Mapping[str, Map],
    title: str,
    *,
    extent: Extent,
    density: Map | None = None,
    points: Tensor | None = None,
    resolution: int = 19,
    scale: float = 1.0,
) -> Plot:
    """Vector fields over each other, in the order given: where they agree, only the last is seen.

    Args:
        fields: name → (m, 2) → (m, 2).
        title: shown above.
        extent: left, right, bottom, top.
        density: (m, 2) → (m,), drawn as level lines below.
        points: (n, 2), drawn below.
        resolution: arrows along each axis.
        scale: length of the arrow of a unit vector.
    """
    marks: list[Mark] = []
    if density is not None:
        marks.append(level_lines(density, extent, levels=5))
    if points is not None:
        marks.append(Points(points, "data", 0, 9.0))
    for color, (name, function) in zip((5, 1), fields.items(), strict=False):
        marks.append(
            arrow_field(
                function, extent, resolution=resolution, scale=scale, color=color, label=name
            )
        )
    return plane(marks, title, extent=extent)


def walking(
    walkers: denoising.Walkers, target: Tensor, title: str, *, extent: Extent, paths: bool = False
) -> Plot:
    """Chains in the plane: clean states X filled, corrupted states X′ hollow.

    Args:
        walkers: the chains; the older of their two states is drawn faintly.
        target: points of the data (m, 2), in the background.
        title: shown above.
        extent: left, right, bottom, top.
        paths: whether the last half-step of each chain is drawn as a line.
    """
    clean = to_array(walkers.clean)
    marks: list[Mark] = [Points(target, "data", "faint", 3.0, rim=False)]
    if walkers.noisy is not None:
        noisy, newest = to_array(walkers.noisy), walkers.corrupted
        if paths:
            marks.append(Paths(np.stack([clean, noisy], 1), color=1, width=0.9))
        marks.append(
            Points(noisy, "corrupted X′", 1, 6.0, hollow=True, opacity=0.9 if newest else 0.3)
        )
    opacity = 0.35 if walkers.noisy is not None and walkers.corrupted else 0.9
    marks.append(Points(clean, "clean X", 0, 5.5, rim=False, opacity=opacity))
    return plane(marks, title, extent=extent)


def strips(
    denoisers: Mapping[str, denoising.Denoiser],
    corruption: denoising.Corruption,
    start: Tensor,
    title: str,
    *,
    generator: torch.Generator,
    columns: int = 12,
    every: int = 2,
) -> Images:
    """Consecutive samples of chains of square images, a row for each chain: E_θ[X | X′] in grey.

    Args:
        denoisers: name → denoiser; each moves all chains.
        corruption: C(X′ | X).
        start: where the chains begin, (n_chains, n_pixels).
        title: shown above.
        generator: source of the randomness. It is left as it is, so that the next picture shows
            the same chains, but for what the denoisers have learned.
        columns: states of a row.
        every: steps of the chain between two of them.
    """
    side, rows = round(start.shape[1] ** 0.5), []
    for denoiser in denoisers.values():
        source = generator.clone_state()
        chain = denoising.run_chain(denoiser, corruption, start, columns * every, generator=source)
        noisy = chain.noisy[:-1:every].transpose(0, 1).flatten(0, 1)  # chain by chain
        with torch.no_grad():
            rows.append(denoiser(noisy).mean.reshape(-1, side, side))
    captions = [name for name in denoisers for _ in start]
    return Images(title, torch.cat(rows), columns, captions)

"""Pictures of denoisers: what they learn as arrows, chains that walk by them, strips of images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from lecturekit import denoising
from lecturekit.data.densities import GaussianMixture
from lecturekit.door import NOT_EMPTY, Count, Extent, Fineness, In, door, refuse
from lecturekit.evaluation import mode_coverage
from lecturekit.plots.figures import curves
from lecturekit.plots.marks import Images, Mark, Paths, Plot, Points, to_array
from lecturekit.plots.plane import Map, arrow_field, level_lines, plane, rings


@door
def corrections(
    denoiser: denoising.Denoise,
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
        "learned": lambda x: denoising.believed("denoiser", denoiser, x).mean - x,
    }
    return arrow_fields(fields, title, extent=extent, density=smoothed.log_prob, scale=0.5)


@door
def arrow_fields(
    fields: Annotated[Mapping[str, Map], NOT_EMPTY],
    title: str,
    *,
    extent: Extent,
    density: Map | None = None,
    points: Annotated[Tensor, "n 2"] | None = None,
    resolution: Fineness = 19,
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
                function,
                extent,
                resolution=resolution,
                scale=scale,
                color=color,
                label=name,
                source=f"fields[{name!r}]",
            )
        )
    return plane(marks, title, extent=extent)


@door
def walking(
    walkers: denoising.Walkers,
    target: Annotated[Tensor, "n 2"],
    title: str,
    *,
    extent: Extent,
    paths: bool = False,
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
    if clean.shape[1] != 2:
        refuse("walkers", "in the plane", f"states of {clean.shape[1]} numbers")
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


@door
def strips(
    denoiser: denoising.Denoiser,
    corruption: denoising.Corruption,
    start: Annotated[Tensor, "n_chains n_pixels", In(0, 1)],
    title: str,
    *,
    generator: torch.Generator,
    columns: Count = 10,
) -> Images:
    """Consecutive samples of chains of square images, a row for each chain: E_θ[X | X′] in grey.

    Args:
        denoiser: moves all chains.
        corruption: C(X′ | X).
        start: where the chains begin, (n_chains, n_pixels); shown first.
        title: shown above.
        generator: source of the randomness. It is left as it is, so that the next picture shows
            the same chains, but for what the denoiser has learned.
        columns: states of a row.
    """
    side, source = round(start.shape[1] ** 0.5), generator.clone_state()
    if side**2 != start.shape[1]:
        refuse("start", "of square images", f"{start.shape[1]} pixels")
    chain = denoising.run_chain(denoiser, corruption, start, columns - 1, generator=source)
    noisy = chain.noisy[:-1].transpose(0, 1).flatten(0, 1)  # chain by chain
    with torch.no_grad():
        means = denoiser(noisy).mean.reshape(len(start), columns - 1, -1)
    shown = torch.cat([start[:, None], means], dim=1)  # (n_chains, columns, n_pixels)
    return Images(title, shown.reshape(-1, side, side), columns)


@door
def posterior_on_a_line(
    density: GaussianMixture, noise: denoising.GaussianNoise, x_noisy: float, title: str
) -> Plot:
    """The exact P(X | X′ = x′) beside the best single Gaussian, that of its mean and variance.

    Args:
        density: P, in one dimension.
        noise: its σ is read for each picture.
        x_noisy: x′.
        title: shown above.
    """
    if density.means.shape[1] != 1:
        refuse("density", "in one dimension", f"one in {density.means.shape[1]}")
    x = torch.linspace(-3.0, 3.0, 401, dtype=density.means.dtype)[:, None]
    place = x.new_tensor([[x_noisy]])
    posterior = denoising.exact_denoiser(density, noise.sigma)(place)
    one = denoising.GaussianReconstruction(posterior.mean, posterior.variance.sqrt())
    return curves(
        {
            "exact posterior": (x[:, 0], posterior.log_prob(x).exp()),
            "best single Gaussian": (x[:, 0], one.log_prob(x).exp()),
            "data P": (x[:, 0], density.log_prob(x).exp()),
        },
        title,
        xlabel=f"x (the noisy point x′: {x_noisy:g})".replace("-", "−"),
        ylabel="density",
        xlim=(-3, 3),
    )


@door
def sampling_paths(
    denoise_at: Callable[[float], denoising.Denoise],
    density: GaussianMixture,
    levels: denoising.NoiseLevels,
    sampling: denoising.Sampling,
    *,
    extent: Extent,
    generator: torch.Generator,
    n: Count = 600,
    drawn: Count = 16,
) -> Plot:
    """Ways from noise to samples, with what the samples reach in the title.

    Args:
        denoise_at: as for `denoising.sample_path`.
        density: what the samples are held against; its modes are drawn.
        levels: of noise.
        sampling: read for each picture.
        extent: left, right, bottom, top.
        generator: source of the randomness, left as it is.
        n: how many samples.
        drawn: of how many the way is drawn.
    """
    source = generator.clone_state()
    path = denoising.sample_path(denoise_at, levels, sampling, n, 2, generator=source)
    found = mode_coverage(path[-1], density)
    marks: list[Mark] = [
        rings(density.means, 3 * density.stds, label="3 std of a mode"),
        Paths(path[:, :drawn].transpose(0, 1), "way down", 1, width=0.9, opacity=0.6),
        Points(path[-1], "samples", 0, 4.0, rim=False, opacity=0.8),
    ]
    title = f"{sampling.sampler}, {sampling.evaluations} evaluations: "
    title += f"{found.modes} of {len(density.means)} modes, {found.good:.3f} good"
    return plane(marks, title, extent=extent)

"""From noise to data by a denoiser alone: the samplers of diffusion models.

X_σ = X + σε, and a denoiser for every σ. All start from X_σ at a σ that drowns the data, and come
down to σ = 0; they differ in how they use the same denoised point D(x, σ) = E[X | X_σ = x].
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from lecturekit.denoising.annealing import NoiseLevels
from lecturekit.denoising.denoisers import Denoise, believed, denoiser_at
from lecturekit.door import (
    Count,
    NonNegative,
    Positive,
    Rows,
    asked,
    door,
    refuse,
    refuse_uncallable,
)
from lecturekit.training import check_settings, choice, tunable


def _check_falls(now: float, then: float) -> None:
    if then > now:
        refuse("then", f"≤ now = {now:g}", f"{then:g}")


@door
def ddim_step(x: Rows, denoised: Rows, now: Positive, then: NonNegative) -> Tensor:
    """From X_now to X_then: D + (then/now)(x − D), the noise that is left made smaller.

    Args:
        x: at noise `now`, (n, n_dims).
        denoised: D(x, now), (n, n_dims).
        now, then: noise levels, now > then ≥ 0.

    Source: Song, Meng, Ermon 2021, equation 12 with η = 0, in the variable x/√ᾱ.
    """
    _check_falls(now, then)
    return denoised + (then / now) * (x - denoised)


@door
def ancestral_step(
    x: Rows, denoised: Rows, now: Positive, then: NonNegative, *, generator: torch.Generator
) -> Tensor:
    """X_then ~ P(X_then | X_now = x, X = D): as if the denoised point were the clean one.

    N(D + (then²/now²)(x − D), then²(now² − then²)/now²): nearer to D than DDIM's, and noise anew.

    Source: Ho, Jain, Abbeel 2020, equation 7; without their scaling Song et al. 2021, equation 47.
    """
    _check_falls(now, then)
    kept = (then / now) ** 2
    noise = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
    return denoised + kept * (x - denoised) + then * (1 - kept) ** 0.5 * noise


@door
def langevin_step(
    x: Rows, denoised: Rows, now: Positive, *, rate: NonNegative = 0.5, generator: torch.Generator
) -> Tensor:
    """x + ρ(D − x) + √(2ρ)·now·ε: a step of Langevin dynamics at one noise level.

    It is x + α·score + √(2α) ε with α = ρ·now², as the score is (D − x)/now².

    Source: Song, Ermon 2019, algorithm 1.
    """
    noise = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
    return x + rate * (denoised - x) + (2 * rate) ** 0.5 * now * noise


@door
def heun_step(
    x: Rows,
    denoised: Rows,
    now: Positive,
    then: Positive,
    denoise_then: Callable[[Tensor], Tensor],
) -> Tensor:
    """A second-order step of the probability-flow ODE dx/dσ = (x − D(x, σ))/σ.

    `ddim_step` is Euler's step of it; this one then takes the mean of the slopes at both ends.

    Args:
        x, denoised, now, then: as for `ddim_step`, but then > 0.
        denoise_then: x → D(x, then): the second evaluation.

    Source: Karras, Aittala, Aila, Laine 2022, algorithm 1.
    """
    euler = ddim_step(x, denoised, now, then)
    slopes = (x - denoised) / now + (
        euler - asked("denoise_then", denoise_then, euler, *x.shape)
    ) / then
    return x + 0.5 * (then - now) * slopes


SAMPLERS = ("DDIM", "ancestral", "Langevin", "ODE (Heun)")


@door
@dataclass
class Sampling:
    """Which sampler, and how many evaluations of the denoiser it may cost.

    Attributes:
        sampler: one of `SAMPLERS`.
        evaluations: ≥ 3.
    """

    sampler: str = choice("DDIM", SAMPLERS, label="sampler")
    evaluations: int = tunable(20, 3, 100, scale="log", label="evaluations", minimum=3)

    def __post_init__(self) -> None:
        check_settings(self)


@door
@torch.no_grad()
def sample_path(
    denoise_at: Callable[[float], Denoise],
    levels: NoiseLevels,
    sampling: Sampling,
    n: Count,
    n_dims: Count,
    *,
    generator: torch.Generator,
) -> Tensor:
    """From N(0, high² I) down to samples, by way of as many levels as there are evaluations.

    Args:
        denoise_at: σ → P(X | X_σ), of which the mean is used, such as `LevelDenoiser.at`.
        levels: from high to low, evenly in log σ; the last step goes from low to 0.
        sampling: which sampler, how many evaluations. Heun's has two a step: half the levels.
        n: how many samples.
        n_dims: of X.
        generator: source of the randomness, on the denoiser's device.

    Returns:
        (n_steps + 1, n, n_dims), the last row the samples.
    """
    check_settings(sampling)
    refuse_uncallable("denoise_at", denoise_at, 1)

    def denoise(x: Tensor, sigma: float) -> Tensor:
        return believed("denoise_at", denoiser_at(denoise_at, sigma), x).mean

    def step(x: Tensor, now: float, then: float) -> Tensor:
        denoised = denoise(x, now)
        if then == 0 or sampling.sampler == "DDIM":  # down to 0 it is D for all
            return ddim_step(x, denoised, now, then)
        if sampling.sampler == "ancestral":
            return ancestral_step(x, denoised, now, then, generator=generator)
        if sampling.sampler == "Langevin":
            return langevin_step(x, denoised, now, generator=generator)
        return heun_step(x, denoised, now, then, lambda euler: denoise(euler, then))

    heun = sampling.sampler == "ODE (Heun)"
    sigmas = levels.ladder((sampling.evaluations + 1) // 2 if heun else sampling.evaluations)
    x = levels.high * torch.randn(n, n_dims, generator=generator, device=generator.device)
    path = [x]
    for now, then in itertools.pairwise([*sigmas, 0.0]):
        path.append(step(path[-1], now, then))
    return torch.stack(path)

"""The score of the smoothed density, read out of a denoiser; and the exact one to hold it against.

Tweedie's formula, for X′ = X + σε, exactly and at every σ:
E[X | X′ = x′] = x′ + σ² ∇log p_σ(x′), with p_σ = p ∗ N(0, σ² I) the density of X′.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import torch
from torch import Tensor

from lecturekit.data.densities import GaussianMixture
from lecturekit.denoising.denoisers import Denoise, believed
from lecturekit.door import Count, Positive, Rows, came, door, refuse


@door
def score(denoise: Denoise, x_noisy: Rows, sigma: Positive) -> Tensor:
    """∇log p_σ(x′) ≈ (E_θ[X | x′] − x′)/σ²: (n, n_dims) → (n, n_dims), in 1/units of x.

    Exact if the denoiser is the optimal one for noise σ.

    Raises:
        ValueError: σ not above 0.

    Source: Robbins 1956 and Miyasawa 1961 for the identity; Vincent 2011 for the denoiser.
    """
    if not sigma > 0:
        raise ValueError(f"expected σ > 0, got {sigma}")
    return (believed("denoise", denoise, x_noisy).mean - x_noisy) / sigma**2


@door
@torch.no_grad()
def score_error(
    denoise: Denoise,
    density: GaussianMixture,
    sigma: Positive,
    *,
    n: Count,
    generator: torch.Generator,
) -> Tensor:
    """Mean square error of the read-out score, relative to the mean square of the exact one.

    E‖s_θ(X′) − ∇log p_σ(X′)‖² / E‖∇log p_σ(X′)‖², over n draws of X′ ~ p_σ: 0 is perfect, 1 what a
    denoiser has that leaves everything where it is.
    """
    smoothed = density.smoothed(sigma)
    x_noisy = smoothed.sample(n, generator=generator)
    exact = smoothed.score(x_noisy)
    error = score(denoise, x_noisy, sigma) - exact
    return error.square().sum() / exact.square().sum()


@door
def posterior_mean_by_quadrature(
    log_prob: Callable[[Tensor], Tensor],
    x_noisy: Annotated[Tensor, "n 1"],
    sigma: Positive,
    grid: Annotated[Tensor, "m≥2 1"],
) -> Tensor:
    """E[X | X′ = x′] = ∫ x p(x) C(x′|x) dx / ∫ p(x) C(x′|x) dx in one dimension, as a sum.

    It uses Bayes' rule and nothing else, so that Tweedie's formula can be held against it.

    Args:
        log_prob: log p, (m, 1) → (m,).
        x_noisy: (n, 1).
        sigma: of the Gaussian noise.
        grid: (m, 1), evenly spaced, finer than every feature of p and than σ, reaching beyond both.

    Returns:
        (n, 1)
    """
    log_p, steps = log_prob(grid), grid[1:] - grid[:-1]
    if not isinstance(log_p, Tensor) or log_p.shape != grid.shape[:1]:
        refuse("log_prob", f"to return one number for each of {len(grid)} points", came(log_p))
    if not torch.allclose(steps, steps.mean(), rtol=1e-2):
        refuse("grid", "to be evenly spaced", f"steps from {steps.min():.3g} to {steps.max():.3g}")
    log_joint = log_p - 0.5 * (x_noisy - grid.T).square() / sigma**2  # (n, m)
    return log_joint.softmax(dim=1) @ grid

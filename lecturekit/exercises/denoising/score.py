"""Exercise 4.4: the score, read out of a denoiser."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.denoising import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


def score_from_denoiser(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    """The score ∇log p_σ(x') of the noisy points' density, through the optimal denoiser.

    X is one of the given points, each equally likely, X' = X + σε with ε ~ N(0, I), and p_σ is the
    density of X'. No automatic differentiation is needed.

    Args:
        x_noisy: where the score is asked for, (batch, n_dims)
        data: all values that X can have, (n_data, n_dims)
        sigma: standard deviation σ of the noise, ()

    Returns:
        the score at each row of x_noisy, (batch, n_dims)
    """
    squares = (x_noisy[:, None] - data).square().sum(dim=2)  # (batch, n_data)
    denoised = torch.softmax(-squares / (2 * sigma**2), dim=1) @ data  # E[X | X']
    return (denoised - x_noisy) / sigma**2


def cases(generator: torch.Generator) -> list[Arguments]:
    return [tiny.points_with_noise(*size, generator) for size in [(3, 5, 2), (4, 2, 1), (5, 4, 3)]]


def exact(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    """The gradient of log Σ_k N(x′; x_k, σ²) by automatic differentiation."""
    at = x_noisy.clone().requires_grad_()
    density = torch.distributions.Normal(data, sigma).log_prob(at[:, None]).sum(dim=2)
    (gradient,) = torch.autograd.grad(density.logsumexp(dim=1).sum(), at)
    return gradient


# ------------------------------------------------------------------------ typical wrong answers


def _correction(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    return score_from_denoiser(x_noisy, data, sigma) * sigma**2


def _wrong_sign(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    return -score_from_denoiser(x_noisy, data, sigma)


def _sigma_for_its_square(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    return _correction(x_noisy, data, sigma) / sigma


def _multiplied(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    return _correction(x_noisy, data, sigma) * sigma**2


def _denoised(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    return _correction(x_noisy, data, sigma) + x_noisy


def _denoised_scaled(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    return _denoised(x_noisy, data, sigma) / sigma**2


def _nearest(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    return (data[torch.cdist(x_noisy, data).argmin(dim=1)] - x_noisy) / sigma**2


SCORE = Exercise(
    number="4.4",
    title="the score from a denoiser",
    reference=score_from_denoiser,
    cases=cases,
    exact=exact,
    returns=("the score at each row of x_noisy",),
    wrong=(
        Misconception(
            _wrong_sign,
            "This is the exact negative: α has the wrong sign. The score points to where the "
            "density rises, from x′ towards the data: E[X | x′] − x′.",
        ),
        Misconception(
            _sigma_for_its_square,
            "Divided by σ where it should be σ²: Tweedie's formula is E[X | x′] = x′ + σ²∇log "
            "p_σ(x′).",
        ),
        Misconception(
            _multiplied,
            "Multiplied by σ² instead of divided: solve E[X | x′] = x′ + σ²∇log p_σ(x′) for the "
            "score.",
        ),
        Misconception(
            _correction,
            "This is the denoiser's correction E[X | x′] − x′, which is σ² *times* the score.",
        ),
        Misconception(
            _denoised,
            "This is the denoiser itself. The score is in what it changes: E[X | x′] − x′.",
        ),
        Misconception(
            _denoised_scaled,
            "x′ has not been subtracted: the score is (E[X | x′] − x′)/σ², which vanishes where "
            "the denoiser leaves a point as it is.",
        ),
        Misconception(
            _nearest,
            "This points to the nearest data point. The score of p_σ points to the *average* of "
            "the data, weighted by P(X | X′); between two points it vanishes.",
        ),
    ),
    hints=(
        "Tweedie's formula has the denoiser on one side and the score on the other.",
        "E[X | x′] = x′ + σ²∇log p_σ(x′). The left side is exercise 4.3; solve for the gradient.",
        "With `denoised` from exercise 4.3: `(denoised - x_noisy) / sigma**2`.",
    ),
    derivation=r"""
The density of $X'$ is $p_\sigma(x') = \sum_x P(x)\, C(x' \mid x)$. Only $C$ depends on $x'$, and
for Gaussian noise $\nabla_{x'} C(x' \mid x) = C(x' \mid x)\,(x - x')/\sigma^2$. So

$$\nabla \log p_\sigma(x') = \frac{\nabla p_\sigma(x')}{p_\sigma(x')}
= \sum_x \frac{P(x)\, C(x' \mid x)}{p_\sigma(x')} \cdot \frac{x - x'}{\sigma^2}
= \frac{\mathbb{E}[X \mid x'] - x'}{\sigma^2}.$$

The fraction in the sum is $P(x \mid x')$. Nothing was approximated, and nothing had to be small:
this holds for every $\sigma$ and every $P$, as long as the score is that of the *noisy* density.
""",
)

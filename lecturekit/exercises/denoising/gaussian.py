"""Exercise 4.1, the warm-up: the optimal denoiser of Gaussian data."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.denoising import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


def gaussian_denoiser(x_noisy: Tensor, mean: Tensor, std: Tensor, sigma: Tensor) -> Tensor:
    """The optimal denoiser E[X | X'] of Gaussian data.

    X ~ N(mean, std²), every coordinate on its own, and X' = X + σε with ε ~ N(0, 1).

    Args:
        x_noisy: corrupted points X', one in each row, (batch, n_dims)
        mean: of the data, (n_dims,)
        std: standard deviation of the data in each coordinate, (n_dims,)
        sigma: standard deviation σ of the noise, ()

    Returns:
        the expected clean point of each row, (batch, n_dims)
    """
    trust = std**2 / (std**2 + sigma**2)  # (n_dims,)
    return mean + trust * (x_noisy - mean)


def cases(generator: torch.Generator) -> list[Arguments]:
    return [_case(*size, generator) for size in [(3, 2), (4, 1), (2, 5)]]


def _case(batch: int, n_dims: int, generator: torch.Generator) -> Arguments:
    mean = tiny.normal(n_dims, generator=generator)
    std = 0.5 + tiny.uniform(n_dims, generator=generator)
    sigma = 0.5 + tiny.uniform(generator=generator)
    return mean + 2 * tiny.normal(batch, n_dims, generator=generator), mean, std, sigma


def exact(x_noisy: Tensor, mean: Tensor, std: Tensor, sigma: Tensor) -> Tensor:
    """Bayes' rule on a fine grid, coordinate by coordinate."""
    ruler = torch.linspace(-20, 20, 8001, dtype=torch.float64)[:, None, None]
    log_joint = -0.5 * ((ruler - mean) / std) ** 2 - 0.5 * ((x_noisy - ruler) / sigma) ** 2
    return (log_joint.softmax(dim=0) * ruler).sum(dim=0)


# ------------------------------------------------------------------------ typical wrong answers


def _untouched(x_noisy: Tensor, mean: Tensor, std: Tensor, sigma: Tensor) -> Tensor:
    return x_noisy.clone()


def _only_the_mean(x_noisy: Tensor, mean: Tensor, std: Tensor, sigma: Tensor) -> Tensor:
    return mean.expand_as(x_noisy).clone()


def _sigma_for_its_square(x_noisy: Tensor, mean: Tensor, std: Tensor, sigma: Tensor) -> Tensor:
    return mean + std / (std + sigma) * (x_noisy - mean)


def _trust_swapped(x_noisy: Tensor, mean: Tensor, std: Tensor, sigma: Tensor) -> Tensor:
    return mean + sigma**2 / (std**2 + sigma**2) * (x_noisy - mean)


def _mean_forgotten(x_noisy: Tensor, mean: Tensor, std: Tensor, sigma: Tensor) -> Tensor:
    return std**2 / (std**2 + sigma**2) * x_noisy


def _clean_score(x_noisy: Tensor, mean: Tensor, std: Tensor, sigma: Tensor) -> Tensor:
    return x_noisy - sigma**2 * (x_noisy - mean) / std**2


def _wrong_sign(x_noisy: Tensor, mean: Tensor, std: Tensor, sigma: Tensor) -> Tensor:
    return x_noisy + sigma**2 * (x_noisy - mean) / (std**2 + sigma**2)


GAUSSIAN = Exercise(
    number="4.1",
    title="the optimal denoiser of Gaussian data",
    reference=gaussian_denoiser,
    cases=cases,
    exact=exact,
    returns=("the expected clean point of each row",),
    wrong=(
        Misconception(
            _sigma_for_its_square,
            "Standard deviations stand where variances belong: precisions 1/std² and 1/σ² add up, "
            "so the weight of x′ is std²/(std² + σ²).",
        ),
        Misconception(
            _untouched,
            "This leaves X′ as it is. X′ is an unbiased guess of X, but E[X | X′] also knows where "
            "data are likely, and moves towards them.",
        ),
        Misconception(
            _only_the_mean,
            "This is E[X] without a look at X′. Right in the limit σ → ∞ only.",
        ),
        Misconception(
            _trust_swapped,
            "The two weights are exchanged: the larger the noise, the *less* X′ is to be trusted.",
        ),
        Misconception(
            _mean_forgotten,
            "This shrinks towards 0. The data lie around `mean`: shrink x′ − mean, and add the "
            "mean again.",
        ),
        Misconception(
            _clean_score,
            "This is x + σ²∇log p(x) with the score of the *clean* density, as the slide has it. "
            "Exact is the score of the noisy density, of variance std² + σ².",
        ),
        Misconception(
            _wrong_sign,
            "The correction has the wrong sign: it moves points away from the data. The score "
            "points uphill, towards the mean: ∇log p = −(x − mean)/variance.",
        ),
    ),
    hints=(
        "Two sources of knowledge about X: the data say `mean`, give or take `std`; the "
        "observation says `x_noisy`, give or take σ. How do you average two measurements of "
        "different precision?",
        "log P(x | x′) = −(x − mean)²/(2 std²) − (x′ − x)²/(2σ²) + const is a parabola in x. Its "
        "top is the mean of P(X | X′).",
        "Set the derivative to 0: (x − mean)/std² = (x′ − x)/σ², hence x = mean + trust·(x′ − "
        "mean) with trust = std²/(std² + σ²).",
    ),
    derivation=r"""
By Bayes' rule $P(x \mid x') \propto P(x)\, C(x' \mid x)$. In each coordinate

$$\log P(x \mid x') = -\frac{(x - m)^2}{2 s^2} - \frac{(x' - x)^2}{2 \sigma^2} + \text{const},$$

a parabola in $x$, so $X$ given $x'$ is normal, and its mean is where the derivative vanishes:
$(x - m)/s^2 = (x' - x)/\sigma^2$. Solved for $x$,

$$\mathbb{E}[X \mid x'] = m + \frac{s^2}{s^2 + \sigma^2}\,(x' - m).$$

Check it with Tweedie's formula: $X'$ is $N(m, s^2 + \sigma^2)$, its score is
$-(x' - m)/(s^2 + \sigma^2)$, and $x' + \sigma^2$ times that is the same.
""",
)

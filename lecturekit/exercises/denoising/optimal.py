"""Exercise 4.3: the optimal denoiser of a finite data set."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.denoising import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


def optimal_denoiser(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    """The optimal denoiser E[X | X'] when X is one of the given points, each equally likely.

    X' = X + σε with ε ~ N(0, I).

    Args:
        x_noisy: corrupted points X', one in each row, (batch, n_dims)
        data: all values that X can have, (n_data, n_dims)
        sigma: standard deviation σ of the noise, ()

    Returns:
        the expected clean point of each row of x_noisy, (batch, n_dims)
    """
    squares = (x_noisy[:, None] - data).square().sum(dim=2)  # (batch, n_data)
    posterior = torch.softmax(-squares / (2 * sigma**2), dim=1)  # P(X = data[k] | X')
    return posterior @ data


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(3, 5, 2), (4, 2, 1), (5, 4, 3)]
    small = [tiny.points_with_noise(*size, generator) for size in sizes]
    x_noisy, data, sigma = tiny.points_with_noise(3, 4, 2, generator)
    return [*small, (x_noisy + 100.0, data, sigma / 2)]  # so far off that all densities are 0


def exact(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    """Bayes' rule by ratios of densities: the weight of point k against point j is exp(Δ_kj).

    Only differences of squares are needed: ‖x′ − x_k‖² − ‖x′ − x_j‖², which stay finite far off.
    """
    rows = []
    for point in x_noisy:
        gaps = torch.stack([(x - data) @ (2 * point - x - data).T for x in data])
        log_ratio = torch.stack([gap.diagonal() for gap in gaps]) / (2 * sigma**2)  # [k, j]
        posterior = 1 / torch.exp(-log_ratio).sum(dim=1)  # 1 / Σ_j P(j)/P(k)
        rows.append(posterior @ data)
    return torch.stack(rows)


# ------------------------------------------------------------------------ typical wrong answers


def _squares(x_noisy: Tensor, data: Tensor) -> Tensor:
    return (x_noisy[:, None] - data).square().sum(dim=2)


def _sigma_for_its_square(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    return torch.softmax(-_squares(x_noisy, data) / (2 * sigma), dim=1) @ data


def _half_forgotten(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    return torch.softmax(-_squares(x_noisy, data) / sigma**2, dim=1) @ data


def _distance_for_its_square(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    return torch.softmax(-_squares(x_noisy, data).sqrt() / (2 * sigma**2), dim=1) @ data


def _nearest(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    return data[_squares(x_noisy, data).argmin(dim=1)]


def _wrong_axis(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    return torch.softmax(-_squares(x_noisy, data) / (2 * sigma**2), dim=0) @ data


def _farthest(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    return torch.softmax(_squares(x_noisy, data) / (2 * sigma**2), dim=1) @ data


def _not_normalised(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    return torch.exp(-_squares(x_noisy, data) / (2 * sigma**2)) @ data


def _underflowing(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    weights = torch.exp(-_squares(x_noisy, data) / (2 * sigma**2))
    return weights @ data / weights.sum(dim=1, keepdim=True)


def _mean_of_data(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    return data.mean(dim=0).expand_as(x_noisy).clone()


OPTIMAL = Exercise(
    number="4.3",
    title="the optimal denoiser of a finite data set",
    reference=optimal_denoiser,
    cases=cases,
    exact=exact,
    returns=("the expected clean point of each row of x_noisy",),
    wrong=(
        Misconception(
            _sigma_for_its_square,
            "σ stands where σ² belongs: the density of the noise is exp(−‖x′ − x‖²/(2σ²)).",
        ),
        Misconception(
            _half_forgotten,
            "The ½ is missing: the density of the noise is exp(−‖x′ − x‖²/(2σ²)), with 2σ² below.",
        ),
        Misconception(
            _distance_for_its_square,
            "Distances stand where their squares belong: exp(−‖x′ − x‖²/(2σ²)).",
        ),
        Misconception(
            _nearest,
            "This is the nearest data point: the most probable X, not the expected one. The mean "
            "square error is least at the average of all points, weighted by P(X | X′).",
        ),
        Misconception(
            _wrong_axis,
            "The weights sum to 1 over the rows of x_noisy. For each X′ they have to sum to 1 over "
            "the *data points*: softmax over `dim=1` of a (batch, n_data) matrix.",
        ),
        Misconception(
            _farthest,
            "The sign in the exponent is wrong: the points far away get the most weight.",
        ),
        Misconception(
            _not_normalised,
            "The weights P(x)·C(x′|x) are right but do not sum to 1: divide by their sum, P(x′). "
            "softmax does it for you.",
        ),
        Misconception(
            _underflowing,
            "Right nearby, but far from the data every exp(·) is 0, and 0/0 is NaN. "
            "`torch.softmax` of the exponents subtracts the largest first.",
        ),
        Misconception(
            _mean_of_data,
            "This is the mean of the data, which does not look at X′: points near X′ are more "
            "probable to be where it came from.",
        ),
    ),
    hints=(
        "Bayes: P(X = x_k | x′) is proportional to C(x′ | x_k), as all x_k are equally likely. "
        "What is the expected value of something that is x_k with probability P_k?",
        "All squared distances at once: `(x_noisy[:, None] - data).square().sum(dim=2)` is "
        "(batch, n_data).",
        "`torch.softmax(-squares / (2 * sigma**2), dim=1)` are the probabilities P(X = x_k | x′); "
        "multiplied by `data` (a matrix product) they give the mean.",
    ),
    derivation=r"""
With $P(x_k) = 1/N$ and $C(x' \mid x) \propto e^{-\|x' - x\|^2 / 2\sigma^2}$, Bayes' rule gives

$$P(x_k \mid x') = \frac{e^{-\|x' - x_k\|^2 / 2\sigma^2}}{\sum_j e^{-\|x' - x_j\|^2 / 2\sigma^2}}
= \operatorname{softmax}_k\left(-\frac{\|x' - x_k\|^2}{2 \sigma^2}\right),$$

and the optimal denoiser is the mean of this distribution, $\sum_k P(x_k \mid x')\, x_k$: an average
of the data, weighted by how well each point explains $x'$.

Two things to notice. It is the attention of a transformer, with the data as keys and values. And it
can only ever return averages of *training points*: a denoiser that really minimised the training
loss would have learnt the data set by heart. Trained networks generalise because they fall short of
it.
""",
)

"""Exercise 4.3: the optimal denoiser of a finite data set."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.denoising import finite
from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


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


def case(make: Maker, batch: int, n_data: int, n_dims: int, distance: float = 0.0) -> Arguments:
    x_noisy, data, sigma = finite.points_with_noise(make, batch, n_data, n_dims)
    return x_noisy + distance, data, sigma / (2 if distance else 1)  # far off all densities are 0


def answer(on: Slips, x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    difference = x_noisy[:, None] + data if on("added") else x_noisy[:, None] - data
    squares = difference.square().sum(dim=2)
    squares = difference.square().mean(dim=2) if on("squares averaged") else squares
    squares = difference.abs().sum(dim=2) ** 2 if on("city blocks") else squares
    squares = squares.sqrt() if on("distance for its square") else squares
    scale = sigma if on("sigma for its square") else sigma**2
    scale = torch.ones_like(sigma) if on("no sigma") else scale
    divisor = 1 if on("half forgotten") else 4 if on("2 squared") else 2
    exponents = -squares / (divisor * scale)
    exponents = -exponents if on("farthest") else exponents
    exponents = x_noisy @ data.T / sigma**2 if on("inner products") else exponents
    weights = exponents.softmax(dim=0 if on("wrong axis") else 1)
    if on("not normalised") or on("underflow"):
        weights = exponents.exp()
        if on("underflow"):
            return weights @ data / weights.sum(dim=1, keepdim=True)
    elif on("divided by n"):
        weights = exponents.exp() / len(data)
    elif on("exponents as weights"):
        weights = exponents / exponents.sum(dim=1, keepdim=True)
    elif on("nearest"):
        weights = torch.nn.functional.one_hot(squares.argmin(dim=1), len(data)).to(data.dtype)
    elif on("all alike"):
        weights = torch.full_like(weights, 1 / len(data))
    if on("weights returned"):
        return weights
    if on("averaged once more"):
        return weights @ data / len(data)
    return weights @ data - x_noisy if on("correction") else weights @ data


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


OPTIMAL = Exercise(
    number="4.3",
    title="the optimal denoiser of a finite data set",
    minutes=20,
    reference=optimal_denoiser,
    case=case,
    sizes=((3, 5, 2), (4, 2, 1), (5, 4, 3), (3, 4, 2, 100.0)),
    by_hand=(2, 3, 1),
    answer=answer,
    live=True,
    exact=exact,
    slips={
        "sigma for its square": "σ stands where σ² belongs: the density of the noise is exp(−‖x′ "
        "− x‖²/(2σ²)).",
        "no sigma": "σ² is missing: the density of the noise is exp(−‖x′ − x‖²/(2σ²)).",
        "half forgotten": "The ½ is missing: the density of the noise is exp(−‖x′ − x‖²/(2σ²)), "
        "with 2σ² below.",
        "2 squared": "The 2 is squared as well, (2σ)²: the density of the noise is exp(−‖x′ − "
        "x‖²/(2σ²)).",
        "distance for its square": "Distances stand where their squares belong: exp(−‖x′ − "
        "x‖²/(2σ²)).",
        "squares averaged": "The squares are averaged over the coordinates; ‖x′ − x‖² is their "
        "sum.",
        "city blocks": "The length is a sum of moduli; ‖x′ − x‖² is the sum of the squares.",
        "added": "The points are added; the noise is their difference, x′ − x.",
        "inner products": "Inner products stand for the exponents, without −‖x‖²/(2σ²), which "
        "differs from one data point to the next.",
        "nearest": "This is the nearest data point: the most probable X, not the expected one. "
        "The mean square error is least at the average of all points, weighted by P(X | X′).",
        "wrong axis": "The weights sum to 1 over the rows of x_noisy. For each X′ they have to "
        "sum to 1 over the *data points*: softmax over `dim=1` of a (batch, n_data) matrix.",
        "farthest": "The sign in the exponent is wrong: the points far away get the most weight.",
        "not normalised": "The weights P(x)·C(x′|x) do not sum to 1: divide by their sum, P(x′). "
        "softmax does it for you.",
        "divided by n": "The weights are divided by the number of points; they have to be divided "
        "by their sum, so that they sum to 1.",
        "exponents as weights": "The exponents stand where their exponentials belong: softmax.",
        "underflow": "Right nearby, but far from the data every exp(·) is 0, and 0/0 is NaN. "
        "`torch.softmax` of the exponents subtracts the largest first.",
        "all alike": "This is the mean of the data, which does not look at X′: points near X′ are "
        "more probable to be where it came from.",
        "weights returned": "These are the probabilities P(X = x_k | X′); asked for is the mean "
        "of the data that they weigh.",
        "averaged once more": "The weighted sum is divided by the number of points as well: the "
        "weights sum to 1 already.",
        "correction": "This is the correction E[X | x′] − x′; asked for is where it leads, E[X | "
        "x′].",
    },
    returns=("the expected clean point of each row of x_noisy",),
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

"""Exercise 3.1: the Gaussian kernel of all pairs, with the slide's bandwidth."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.moment_matching import tiny


def gaussian_kernel(x: Tensor, y: Tensor, sigma: float) -> Tensor:
    """The kernel k(x_i, y_j) = exp(−‖x_i − y_j‖² / (2σ)) of all pairs of rows.

    σ is a squared bandwidth, as on the slide.

    Args:
        x: one point in each row, (N, n_features)
        y: one point in each row, (M, n_features)
        sigma: σ, above 0

    Returns:
        the kernel matrix, row i for x_i and column j for y_j, (N, M)
    """
    squared_distances = ((x[:, None] - y[None]) ** 2).sum(dim=2)  # (N, M)
    return torch.exp(-squared_distances / (2 * sigma))


def cases(generator: torch.Generator) -> list[Arguments]:
    return [
        (
            tiny.normal(n, n_features, generator=generator),
            tiny.normal(m, n_features, generator=generator),
            tiny.sigma_above_one(generator),
        )
        for n, m, n_features in [(4, 3, 2), (5, 5, 3), (2, 6, 4)]
    ]


def exact(x: Tensor, y: Tensor, sigma: float) -> Tensor:
    return torch.stack([torch.stack([tiny.k(a, b, sigma) for b in y]) for a in x])


# ------------------------------------------------------------------------ typical wrong answers


def _sigma_squared(x: Tensor, y: Tensor, sigma: float) -> Tensor:
    return gaussian_kernel(x, y, sigma**2)


def _no_two(x: Tensor, y: Tensor, sigma: float) -> Tensor:
    return gaussian_kernel(x, y, sigma / 2)


def _sign(x: Tensor, y: Tensor, sigma: float) -> Tensor:
    return 1 / gaussian_kernel(x, y, sigma)


def _distance(x: Tensor, y: Tensor, sigma: float) -> Tensor:
    return torch.exp(-torch.cdist(x, y) / (2 * sigma))


def _mean(x: Tensor, y: Tensor, sigma: float) -> Tensor:
    return gaussian_kernel(x, y, sigma * x.shape[1])


def _sum_first(x: Tensor, y: Tensor, sigma: float) -> Tensor:
    return torch.exp(-((x[:, None] - y[None]).sum(dim=2) ** 2) / (2 * sigma))


def _transposed(x: Tensor, y: Tensor, sigma: float) -> Tensor:
    return gaussian_kernel(y, x, sigma)


def _not_summed(x: Tensor, y: Tensor, sigma: float) -> Tensor:
    return torch.exp(-((x[:, None] - y[None]) ** 2) / (2 * sigma))


KERNEL = Exercise(
    number="3.1",
    title="the Gaussian kernel",
    reference=gaussian_kernel,
    cases=cases,
    exact=exact,
    returns=("the kernel matrix",),
    wrong=(
        Misconception(
            _sigma_squared,
            "The bandwidth is squared once too often: on the slide the exponent is −‖x − y‖²/(2σ), "
            "so σ itself is a squared bandwidth.",
        ),
        Misconception(_no_two, "The factor 2 is missing: the exponent is −‖x − y‖²/(2σ)."),
        Misconception(
            _sign,
            "The exponent has the wrong sign: this kernel grows with the distance, and points "
            "would "
            "count as similar when they are far apart.",
        ),
        Misconception(
            _distance,
            "The distance is not squared. exp(−‖x − y‖/(2σ)) is a kernel too, the Laplacian one.",
        ),
        Misconception(
            _mean,
            "The squares are averaged over the features; a squared distance is their sum.",
        ),
        Misconception(
            _sum_first,
            "The differences are summed before they are squared, so that they can cancel: square "
            "first, then sum over the features.",
        ),
        Misconception(
            _transposed,
            "The matrix is transposed: row i belongs to x_i, column j to y_j.",
        ),
        Misconception(
            _not_summed,
            "This has one kernel for each feature: sum the squares over the last dimension before "
            "the exponential.",
        ),
    ),
    hints=(
        "First the matrix of all squared distances, then the exponential of each entry.",
        "`x[:, None] - y[None]` has the shape (N, M, n_features): broadcasting makes all pairs.",
        "Square it, sum over `dim=2`, divide by `-2 * sigma`, and take `torch.exp`.",
    ),
    derivation=r"""
$\|x_i - y_j\|^2 = \sum_d (x_{id} - y_{jd})^2$. Broadcasting $(N, 1, D)$ against $(1, M, D)$ makes
all $N M D$ differences at once, which is fine for small samples. For large ones expand the square,

$$\|x_i - y_j\|^2 = \|x_i\|^2 - 2\, x_i \cdot y_j + \|y_j\|^2,$$

and all inner products come from one matrix product `x @ y.T`; nothing of size $N M D$ is ever held.
Six bandwidths need these distances only once.
""",
)

"""Exercise 3.1: the Gaussian kernel of all pairs, with the slide's bandwidth."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.moment_matching import pairwise
from lecturekit.exercises.tiny import Maker


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


def case(make: Maker, n: int, m: int, n_features: int) -> Arguments:
    return make.normal(n, n_features), make.normal(m, n_features), make.number(1.5, 3.5)


def answer(on: Slips, x: Tensor, y: Tensor, sigma: float) -> Tensor:
    difference = x[:, None] + y[None] if on("added") else x[:, None] - y[None]
    if on("transposed pairs"):
        difference = difference.transpose(0, 1)
    squares = difference**2
    squares = difference.abs() if on("moduli") else squares
    distances = squares.mean(dim=2) if on("squares averaged") else squares.sum(dim=2)
    if on("distance unsquared"):
        distances = distances.sqrt()
    elif on("summed first"):
        distances = difference.sum(dim=2) ** 2
    elif on("not summed over features"):
        distances = squares
    elif on("inner products"):
        distances = -(x @ y.T)
    elif on("one norm missing"):
        distances = (x**2).sum(dim=1)[:, None] - 2 * x @ y.T
    elif on("no 2 in the square"):
        distances = (x**2).sum(dim=1)[:, None] - x @ y.T + (y**2).sum(dim=1)
    scale = sigma**2 if on("sigma squared") else sigma**0.5 if on("root of sigma") else sigma
    scale = 1 / scale if on("multiplied by sigma") else 1.0 if on("no sigma") else scale
    exponent = distances / ((1 if on("no 2") else 4 if on("2 twice") else 2) * scale)
    k = torch.exp(exponent if on("exponent's sign") else -exponent)
    if on("normalised"):
        k = k / (2 * torch.pi * sigma) ** (x.shape[1] / 2)
    elif on("normalised in one dimension"):
        k = k / (2 * torch.pi * sigma) ** 0.5
    elif on("rows sum to one"):
        k = k / k.sum(dim=1, keepdim=True)
    return -exponent if on("no exponential") else k


def exact(x: Tensor, y: Tensor, sigma: float) -> Tensor:
    return torch.stack([torch.stack([pairwise.k(a, b, sigma) for b in y]) for a in x])


KERNEL = Exercise(
    number="3.1",
    title="the Gaussian kernel",
    minutes=10,
    reference=gaussian_kernel,
    case=case,
    sizes=((4, 3, 2), (5, 5, 3), (2, 6, 4), (3, 3, 1)),
    by_hand=(2, 1, 2),
    answer=answer,
    exact=exact,
    slips={
        "sigma squared": "The bandwidth is squared once too often: on the slide the exponent is "
        "−‖x − y‖²/(2σ), so σ itself is a squared bandwidth.",
        "root of sigma": "The root of σ is taken: on the slide the exponent is −‖x − y‖²/(2σ), "
        "with σ as it comes.",
        "no 2": "The factor 2 is missing: the exponent is −‖x − y‖²/(2σ).",
        "2 twice": "The exponent is divided by 4σ: it is −‖x − y‖²/(2σ).",
        "no sigma": "σ is missing: the exponent is −‖x − y‖²/(2σ).",
        "multiplied by sigma": "The exponent is multiplied by σ: it is divided, −‖x − y‖²/(2σ). "
        "(`/ 2 * sigma` lacks a bracket, `/ (2 * sigma)`.)",
        "exponent's sign": "The exponent has the wrong sign: this kernel grows with the distance, "
        "and points would count as similar when they are far apart.",
        "no exponential": "This is the exponent; the kernel is its exponential.",
        "distance unsquared": "The distance is not squared. exp(−‖x − y‖/(2σ)) is a kernel too, "
        "the Laplacian one.",
        "moduli": "These are sums of moduli; a squared distance is a sum of squares.",
        "squares averaged": "The squares are averaged over the features; a squared distance is "
        "their sum.",
        "summed first": "The differences are summed before they are squared, so that they can "
        "cancel: square first, then sum over the features.",
        "added": "The points are added; a distance is the length of their difference.",
        "inner products": "Inner products stand where squared distances belong.",
        "one norm missing": "‖y‖² is missing: ‖x − y‖² = ‖x‖² − 2 x·y + ‖y‖².",
        "no 2 in the square": "The 2 is missing in ‖x − y‖² = ‖x‖² − 2 x·y + ‖y‖².",
        "transposed pairs": "The matrix is transposed: row i belongs to x_i, column j to y_j.",
        "not summed over features": "This has one kernel for each feature: sum the squares over "
        "the last dimension before the exponential.",
        "normalised": "The kernel is normalised like a density; it is 1 where x = y.",
        "normalised in one dimension": "The kernel is normalised like a density, of one number "
        "even; it is 1 where x = y.",
        "rows sum to one": "The rows are normalised to sum to 1 (a softmax); a kernel is 1 where "
        "x = y.",
    },
    returns=("the kernel matrix",),
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

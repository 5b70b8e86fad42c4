"""Exercise 3.2: the squared MMD as a distance of feature means, from kernel matrices."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.moment_matching import tiny


def biased_mmd2(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    """The squared distance ‖1/N Σ φ(x_i) − 1/M Σ φ(y_j)‖² of the feature means, by kernels.

    Only k(x, y) = φ(x)·φ(y) is known, not φ.

    Args:
        K_xx: k(x_i, x_j), (N, N)
        K_xy: k(x_i, y_j), (N, M)
        K_yy: k(y_i, y_j), (M, M)

    Returns:
        the biased estimate of MMD², a scalar
    """
    return K_xx.mean() + K_yy.mean() - 2 * K_xy.mean()


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(4, 3, 2), (3, 5, 2), (5, 5, 3), (1, 6, 2)]
    return [tiny.kernel_matrices(*size, generator) for size in sizes]


def exact(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    """‖Σ wᵢφᵢ‖² = wᵀKw for all rows together, with weights 1/N and −1/M."""
    K = torch.cat([torch.cat([K_xx, K_xy], dim=1), torch.cat([K_xy.T, K_yy], dim=1)])
    n, m = K_xy.shape
    weights = torch.tensor([1 / n] * n + [-1 / m] * m, dtype=K.dtype)
    return weights @ K @ weights


# ------------------------------------------------------------------------ typical wrong answers


def _plus(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    return K_xx.mean() + K_yy.mean() + 2 * K_xy.mean()


def _once(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    return K_xx.mean() + K_yy.mean() - K_xy.mean()


def _all_by_n(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    return (K_xx.sum() + K_yy.sum() - 2 * K_xy.sum()) / len(K_xx) ** 2


def _y_by_n(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    return K_xx.mean() + K_yy.sum() / len(K_xx) ** 2 - 2 * K_xy.mean()


def _sums(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    return K_xx.sum() + K_yy.sum() - 2 * K_xy.sum()


def _negative(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    return -biased_mmd2(K_xx, K_xy, K_yy)


def _root(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    return biased_mmd2(K_xx, K_xy, K_yy).sqrt()


def _unbiased(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    within = [
        (K.sum() - K.diagonal().sum()) / (len(K) * (len(K) - 1)) if len(K) > 1 else torch.nan
        for K in (K_xx, K_yy)
    ]
    return within[0] + within[1] - 2 * K_xy.mean()


BIASED = Exercise(
    number="3.2",
    title="the distance of feature means",
    reference=biased_mmd2,
    cases=cases,
    exact=exact,
    returns=("MMD²",),
    wrong=(
        Misconception(
            _plus,
            "The cross term has the wrong sign. With + 2/(NM), as printed on the slide, this is "
            "the "
            "squared length of the *sum* of the means, and minimising it drives the samples apart.",
        ),
        Misconception(
            _once,
            "The cross term enters once, and should enter twice: ‖a − b‖² = a·a − 2 a·b + b·b.",
        ),
        Misconception(
            _all_by_n,
            "All three sums are divided by N²: the cross term has NM pairs, and the last one M².",
        ),
        Misconception(
            _y_by_n,
            "The sum over pairs of y is divided by N²; there are M² of these.",
        ),
        Misconception(_sums, "These are sums over pairs; each of the three terms is a mean."),
        Misconception(
            _negative,
            "This is the exact negative of MMD²: a squared distance cannot be below 0.",
        ),
        Misconception(_root, "This is MMD, the distance itself; asked for is its square."),
        Misconception(
            _unbiased,
            "This leaves the diagonals out, which is the unbiased estimator, exercise 3.3. The "
            "squared distance of the two feature means contains all pairs.",
        ),
    ),
    hints=(
        "Call the means a and b, and expand ‖a − b‖² = a·a − 2 a·b + b·b.",
        "a·a = 1/N² Σᵢⱼ φ(xᵢ)·φ(xⱼ), and φ(xᵢ)·φ(xⱼ) is an entry of K_xx: so a·a is the mean of "
        "K_xx.",
        "`K_xx.mean() + K_yy.mean() - 2 * K_xy.mean()`.",
    ),
    derivation=r"""
With $a = \frac1N \sum_i \varphi(x_i)$ and $b = \frac1M \sum_j \varphi(y_j)$,

$$\|a - b\|^2 = a \cdot a - 2\, a \cdot b + b \cdot b,$$

and each product of two means is a mean of products:

$$a \cdot b = \frac{1}{NM} \sum_{i,j} \varphi(x_i) \cdot \varphi(y_j)
            = \frac{1}{NM} \sum_{i,j} k(x_i, y_j).$$

$\varphi$ has disappeared. It may have infinitely many components, as for the Gaussian kernel: only
$k$ has to be computed.
""",
)

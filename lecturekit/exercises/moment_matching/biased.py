"""Exercise 3.2: the squared MMD as a distance of feature means, from kernel matrices."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.moment_matching import pairwise
from lecturekit.exercises.tiny import Maker


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


def answer(on: Slips, K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    n, m = K_xy.shape
    sums = on("sums")
    within_x: Tensor = K_xx.sum() / (1 if sums else n if on("divided by N") else n * n)
    over = n * n if on("y by N²") or on("all by N²") else m if on("divided by N") else m * m
    within_y = K_yy.sum() / (1 if sums else over)
    cross = K_xy.sum() / (1 if sums else n * n if on("all by N²") else n * m)
    cross = K_xy.sum() / n**2 if on("cross by N²") else cross
    cross = K_xy.sum() / (n + m) if on("cross by N + M") else cross
    if on("all by (N + M)²"):
        within_x, within_y, cross = (K.sum() / (n + m) ** 2 for K in (K_xx, K_yy, K_xy))
    if on("no diagonal"):
        within_x = (K_xx.sum() - K_xx.diagonal().sum()) / (n * (n - 1) or torch.nan)
        within_y = (K_yy.sum() - K_yy.diagonal().sum()) / (m * (m - 1) or torch.nan)
    elif on("diagonals alone"):
        within_x, within_y = K_xx.diagonal().mean(), K_yy.diagonal().mean()
    within_x = 0.0 * within_x if on("no mean of K_xx") else within_x
    within_y = 0.0 * within_y if on("no mean of K_yy") else within_y
    within_y = -within_y if on("y subtracted") else within_y
    times = 0 if on("no cross term") else 1 if on("cross term once") else 2
    return within_x + within_y - (-times if on("cross term added") else times) * cross


def case(make: Maker, n: int, m: int, n_features: int) -> Arguments:
    return pairwise.matrices(make, n, m, n_features)


def exact(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    """‖Σ wᵢφᵢ‖² = wᵀKw for all rows together, with weights 1/N and −1/M."""
    K = torch.cat([torch.cat([K_xx, K_xy], dim=1), torch.cat([K_xy.T, K_yy], dim=1)])
    n, m = K_xy.shape
    weights = torch.tensor([1 / n] * n + [-1 / m] * m, dtype=K.dtype)
    return weights @ K @ weights


BIASED = Exercise(
    number="3.2",
    title="the distance of feature means",
    minutes=10,
    reference=biased_mmd2,
    case=case,
    sizes=((4, 3, 2), (3, 5, 2), (5, 5, 3), (2, 6, 2), (6, 4, 3)),
    by_hand=(2, 3, 1),
    answer=answer,
    exact=exact,
    slips={
        "cross term added": "The cross term has the wrong sign. With + 2/(NM), as printed on the "
        "slide, this is the squared length of the *sum* of the means, and minimising it drives "
        "the samples apart.",
        "cross term once": "The cross term enters once, and should enter twice: ‖a − b‖² = a·a − "
        "2 a·b + b·b.",
        "no cross term": "The cross term is missing: ‖a − b‖² = a·a − 2 a·b + b·b.",
        "no mean of K_xx": "The first term, the mean of K_xx, is missing.",
        "no mean of K_yy": "The mean of K_yy is missing. It is the same for all generators, but "
        "MMD² has it.",
        "y subtracted": "The mean of K_yy is subtracted: ‖a − b‖² = a·a − 2 a·b + b·b.",
        "all by N²": "All three sums are divided by N²: the cross term has NM pairs, and the last "
        "one M².",
        "all by (N + M)²": "All three sums are divided by (N + M)²: each is a mean over pairs of "
        "its own, N², N · M and M² of them.",
        "y by N²": "The sum over pairs of y is divided by N²; there are M² of these.",
        "divided by N": "The sums over pairs are divided by N and M alone: there are N² and M² "
        "pairs.",
        "cross by N + M": "The cross term is divided by N + M; there are N · M pairs.",
        "cross by N²": "The cross term is divided by N²; there are N · M pairs.",
        "sums": "These are sums over pairs; each of the three terms is a mean.",
        "no diagonal": "This leaves the diagonals out, which is the unbiased estimator, exercise "
        "3.3. The squared distance of the two feature means contains all pairs.",
        "diagonals alone": "Only the diagonals of K_xx and K_yy are averaged: the product of two "
        "means has all pairs.",
        "negated": "This is the exact negative of MMD²: a squared distance cannot be below 0.",
        "root": "This is MMD, the distance itself; asked for is its square.",
    },
    returns=("MMD²",),
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

"""Exercise 3.3: the unbiased estimator, without the pairs of a point with itself."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.moment_matching import tiny


def unbiased_mmd2(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    """The estimate of MMD² whose expectation is E k(x, x′) + E k(y, y′) − 2 E k(x, y).

    x and x′ are independent draws in this, so a point is never paired with itself.

    Args:
        K_xx: k(x_i, x_j), (N, N), N ≥ 2
        K_xy: k(x_i, y_j), (N, M)
        K_yy: k(y_i, y_j), (M, M), M ≥ 2

    Returns:
        the unbiased estimate of MMD², a scalar
    """
    n, m = K_xy.shape
    within_x = (K_xx.sum() - K_xx.diagonal().sum()) / (n * (n - 1))
    within_y = (K_yy.sum() - K_yy.diagonal().sum()) / (m * (m - 1))
    return within_x + within_y - 2 * K_xy.mean()


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(4, 3, 2), (3, 5, 2), (5, 5, 3), (2, 6, 2)]
    return [tiny.kernel_matrices(*size, generator) for size in sizes]


def exact(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    """The mean of k(x, x′) + k(y, y′) − k(x, y) − k(x′, y′) over all choices of different rows."""
    n, m = K_xy.shape
    terms = [
        K_xx[i, j] + K_yy[s, t] - K_xy[i, s] - K_xy[j, t]
        for i in range(n) for j in range(n) if i != j
        for s in range(m) for t in range(m) if s != t
    ]  # fmt: skip
    return torch.stack(terms).mean()


# ------------------------------------------------------------------------ typical wrong answers


def _without_diagonal(K: Tensor) -> Tensor:
    return K.sum() - K.diagonal().sum()


def _biased(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    return K_xx.mean() + K_yy.mean() - 2 * K_xy.mean()


def _divided_by_all(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    n, m = K_xy.shape
    return _without_diagonal(K_xx) / n**2 + _without_diagonal(K_yy) / m**2 - 2 * K_xy.mean()


def _diagonal_kept(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    n, m = K_xy.shape
    return K_xx.sum() / (n * (n - 1)) + K_yy.sum() / (m * (m - 1)) - 2 * K_xy.mean()


def _ones_taken_off(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    n, m = K_xy.shape
    within = (K_xx.sum() - n) / (n * (n - 1)) + (K_yy.sum() - m) / (m * (m - 1))
    return within - 2 * K_xy.mean()


def _cross_diagonal(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    n, m = K_xy.shape
    cross = _without_diagonal(K_xy) / (n * m - min(n, m))
    return unbiased_mmd2(K_xx, torch.full_like(K_xy, cross.item()), K_yy)


def _each_pair_once(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    n, m = K_xy.shape
    within = _without_diagonal(K_xx) / (2 * n * (n - 1)) + _without_diagonal(K_yy) / (
        2 * m * (m - 1)
    )
    return within - 2 * K_xy.mean()


def _plus(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    return unbiased_mmd2(K_xx, -K_xy, K_yy)


def _y_by_n(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    n, _ = K_xy.shape
    return (_without_diagonal(K_xx) + _without_diagonal(K_yy)) / (n * (n - 1)) - 2 * K_xy.mean()


UNBIASED = Exercise(
    number="3.3",
    title="the unbiased estimator",
    reference=unbiased_mmd2,
    cases=cases,
    exact=exact,
    returns=("the unbiased MMD²",),
    wrong=(
        Misconception(
            _biased,
            "Biased estimator: the diagonal is in the sum. k(x_i, x_i) is as large as a kernel can "
            "get, so the mean comes out too large, by about 1/N + 1/M.",
        ),
        Misconception(
            _divided_by_all,
            "The diagonal is left out of the sum but still counted in the divisor: N(N − 1) pairs "
            "are left, not N².",
        ),
        Misconception(
            _diagonal_kept,
            "The divisor N(N − 1) is right, but the diagonal is still in the sum.",
        ),
        Misconception(
            _ones_taken_off,
            "This takes off 1 for each point, which is right only if k(x, x) = 1 as for a Gaussian "
            "kernel. Take off the diagonal itself.",
        ),
        Misconception(
            _cross_diagonal,
            "The diagonal is left out of the cross term too. x_i and y_i are different points, "
            "independent of each other: all NM pairs count.",
        ),
        Misconception(
            _each_pair_once,
            "Each pair is counted once, but divided by N(N − 1), which counts it twice: with i < j "
            "there are N(N − 1)/2 pairs.",
        ),
        Misconception(_plus, "The cross term has the wrong sign: it is − 2/(NM)."),
        Misconception(
            _y_by_n, "The sum over pairs of y is divided by N(N − 1); there are M(M − 1)."
        ),
    ),
    hints=(
        "In E k(x, x′) the two draws are independent. Which entries of K_xx are no such draws?",
        "Those on the diagonal: k(x_i, x_i). Take them off the sum, and count what is left.",
        "`(K_xx.sum() - K_xx.diagonal().sum()) / (n * (n - 1))`, the same for y with m, and "
        "`- 2 * K_xy.mean()` as before.",
    ),
    derivation=r"""
For $i \ne j$, $x_i$ and $x_j$ are independent, so $\mathbb{E}\, k(x_i, x_j) = \mathbb{E}\, k(x,
x')$. On the diagonal there is $k(x_i, x_i)$ instead, whose mean is another and larger number. The
mean over all $N^2$ pairs is therefore biased,

$$\mathbb{E}\,\frac{1}{N^2}\sum_{i,j} k(x_i, x_j)
  = \mathbb{E}\, k(x, x') + \frac{1}{N}\bigl(\mathbb{E}\, k(x, x) - \mathbb{E}\, k(x, x')\bigr),$$

and the mean over the $N(N-1)$ pairs with $i \ne j$ is not. In the cross term every pair is
independent.

An unbiased estimate of 0 has to be negative often: it is no squared distance any more, and has no
root to minimise, as the biased one has. But its values can be compared between samples of different
sizes.
""",
)

"""Exercise 3.3: the unbiased estimator, without the pairs of a point with itself."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.moment_matching import pairwise
from lecturekit.exercises.tiny import Maker


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


def answer(on: Slips, K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    n, m = K_xy.shape

    def within(K: Tensor, n: int) -> Tensor:
        kept = K.diagonal().sum()
        if on("biased") or on("diagonal kept"):
            kept = 0.0 * kept
        elif on("ones taken off"):
            kept = torch.full_like(kept, len(K))
        elif on("one taken off"):
            kept = torch.ones_like(kept)
        pairs = n * n if on("biased") or on("divided by all") else n * (n - 1)
        pairs = (n - 1) ** 2 if on("divided by (N − 1)²") else pairs
        pairs = n - 1 if on("divided by N − 1") else pairs
        total = K.triu(1).sum() if on("each pair once") else K.sum() - kept
        return (K.sum() / n**2 - kept / n) if on("mean of the diagonal") else total / pairs

    within_x, within_y = within(K_xx, n), within(K_yy, n if on("y by N") else m)
    within_x = K_xx.mean() if on("biased for x") else within_x
    within_y = K_yy.mean() if on("biased for y") else within_y
    cross = K_xy.mean()
    if on("cross diagonal"):
        cross = (K_xy.sum() - K_xy.diagonal().sum()) / (n * m - min(n, m))
    elif on("cross divisor"):
        cross = K_xy.sum() / ((n - 1) * (m - 1))
    elif on("cross sum"):
        cross = K_xy.sum()
    times = 0 if on("no cross term") else 1 if on("cross term once") else 2
    times = -times if on("cross term added") else times
    within_y = 0.0 * within_y if on("no term of y") else within_y
    found = within_x + within_y - times * cross
    return found.clamp(min=0) if on("cut off") else found


def case(make: Maker, n: int, m: int, n_features: int) -> Arguments:
    return pairwise.matrices(make, n, m, n_features)


def exact(K_xx: Tensor, K_xy: Tensor, K_yy: Tensor) -> Tensor:
    """The mean of k(x, x′) + k(y, y′) − k(x, y) − k(x′, y′) over all choices of different rows."""
    n, m = K_xy.shape
    terms = [
        K_xx[i, j] + K_yy[s, t] - K_xy[i, s] - K_xy[j, t]
        for i in range(n) for j in range(n) if i != j
        for s in range(m) for t in range(m) if s != t
    ]  # fmt: skip
    return torch.stack(terms).mean()


UNBIASED = Exercise(
    number="3.3",
    title="the unbiased estimator",
    minutes=15,
    reference=unbiased_mmd2,
    case=case,
    sizes=((4, 3, 2), (3, 5, 2), (4, 4, 3), (2, 6, 2)),
    by_hand=(2, 3, 1),
    answer=answer,
    exact=exact,
    slips={
        "biased": "Biased estimator: the diagonal is in the sum. k(x_i, x_i) is as large as a "
        "kernel can get, so the mean comes out too large, by about 1/N + 1/M.",
        "biased for x": "The term of x is the biased one, with its diagonal: leave out k(x_i, "
        "x_i), as for y.",
        "biased for y": "The term of y is the biased one, with its diagonal: leave out k(y_i, "
        "y_i), as for x.",
        "divided by all": "The diagonal is left out of the sum but still counted in the divisor: "
        "N(N − 1) pairs are left, not N².",
        "divided by (N − 1)²": "The divisor is (N − 1)²: without the diagonal N(N − 1) pairs are "
        "left.",
        "divided by N − 1": "The divisor is N − 1: without the diagonal N(N − 1) pairs are left.",
        "diagonal kept": "The diagonal is still in the sum, although the divisor N(N − 1) does "
        "not count it.",
        "ones taken off": "This takes off 1 for each point, which is right only if k(x, x) = 1 as "
        "for a Gaussian kernel. Take off the diagonal itself.",
        "one taken off": "This takes off 1; take off the sum of the diagonal.",
        "mean of the diagonal": "The mean of the diagonal is taken off the mean of all pairs. "
        "Take its sum off the sum, and divide by the N(N − 1) pairs that are left.",
        "cross diagonal": "The diagonal is left out of the cross term too. x_i and y_i are "
        "different points, independent of each other: all NM pairs count.",
        "cross divisor": "The cross term is divided by (N − 1)(M − 1): all NM pairs count in it.",
        "cross sum": "The cross term is a sum; it is a mean over the NM pairs.",
        "each pair once": "Each pair is counted once, but divided by N(N − 1), which counts it "
        "twice: with i < j there are N(N − 1)/2 pairs.",
        "cross term added": "The cross term has the wrong sign: it is − 2/(NM).",
        "cross term once": "The cross term enters once, and should enter twice: − 2/(NM).",
        "no cross term": "The cross term is missing: − 2/(NM) Σ k(x_i, y_j).",
        "no term of y": "The term of y is missing: E k(y, y′).",
        "y by N": "The sum over pairs of y is divided by N(N − 1); there are M(M − 1).",
        "cut off": "Negative values are cut off at 0. Without them the estimate is no longer "
        "unbiased: about half of all estimates of 0 have to be negative.",
    },
    returns=("the unbiased MMD²",),
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

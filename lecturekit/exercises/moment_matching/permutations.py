"""Exercise 3.5: the p-value of a two-sample test by permutations."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


def permutation_p_value(K: Tensor, n: int, orders: Tensor) -> Tensor:
    """The share of random dealings whose MMD² is at least as large as the one observed.

    As observed, the first n rows of the joint sample are x and the rest is y. Row b of `orders`
    is a permutation of all rows: in the b-th dealing the first n rows that it names are x.
    MMD² is the unbiased estimate. The observed dealing counts as one of the dealings,
    p = (1 + number of the others that are at least as large) / (1 + number of the others).

    Args:
        K: kernel matrix of x and y together, (N + M, N + M)
        n: N, the number of rows of x
        orders: permutations of 0, …, N + M − 1, (n_permutations, N + M)

    Returns:
        the p-value, a scalar
    """
    m = len(K) - n

    def mmd2(order: Tensor) -> Tensor:
        k = K[order][:, order]
        k = k - torch.diag(k.diagonal())
        within = k[:n, :n].sum() / (n * (n - 1)) + k[n:, n:].sum() / (m * (m - 1))
        return within - 2 * k[:n, n:].mean()

    observed = mmd2(torch.arange(len(K)))
    null = torch.stack([mmd2(order) for order in orders])
    return (1 + (null >= observed).sum().to(K.dtype)) / (1 + len(orders))


def cases(generator: torch.Generator) -> list[Arguments]:
    """Multiples of all divisors in K, so that dealings that tie do so without rounding."""
    return [_case(*sizes, generator) for sizes in [(3, 5, 21), (4, 4, 30), (5, 2, 12)]]


def _case(n: int, m: int, n_permutations: int, generator: torch.Generator) -> Arguments:
    size = n + m
    half = torch.randint(0, 5, (size, size), generator=generator).double()
    K = half + half.T
    K[:n, :n] += 2  # a difference, so that p is not in the middle
    K[n:, n:] += 2
    K.diagonal().copy_(20 + torch.arange(size) % 3)
    K = math.lcm(n * (n - 1), m * (m - 1), n * m) * K
    orders = torch.stack([torch.randperm(size, generator=generator) for _ in range(n_permutations)])
    orders[::4] = torch.arange(size)  # ties with the observed dealing
    return K, n, orders


def exact(K: Tensor, n: int, orders: Tensor) -> Tensor:
    """By sums over pairs in fractions, without rounding."""
    m = len(K) - n

    def mmd2(order: list[int]) -> Fraction:
        def mean(rows: list[int], columns: list[int]) -> Fraction:
            pairs = [(i, j) for i, j in itertools.product(rows, columns) if i != j]
            return Fraction(int(sum(K[i, j].item() for i, j in pairs)), len(pairs))

        x, y = order[:n], order[n:]
        return mean(x, x) + mean(y, y) - 2 * mean(x, y)

    observed = mmd2(list(range(n + m)))
    as_large = sum(mmd2(order) >= observed for order in orders.tolist())
    return torch.tensor((1 + as_large) / (1 + len(orders)), dtype=K.dtype)


# ------------------------------------------------------------------------ typical wrong answers


def _statistics(K: Tensor, n: int, orders: Tensor, *, diagonal: bool = False) -> Tensor:
    """MMD² of the observed dealing and of all others: (1 + n_permutations,)."""
    m = len(K) - n
    kept = K if diagonal else K - torch.diag(K.diagonal())
    values = []
    for order in [torch.arange(len(K)), *orders]:
        k = kept[order][:, order]
        within = k[:n, :n].sum() / (n * (n - 1)) + k[n:, n:].sum() / (m * (m - 1))
        values.append(within - 2 * k[:n, n:].mean())
    return torch.stack(values)


def _not_itself(K: Tensor, n: int, orders: Tensor) -> Tensor:
    observed, *null = _statistics(K, n, orders)
    return (torch.stack(null) >= observed).to(K.dtype).mean()


def _strictly(K: Tensor, n: int, orders: Tensor) -> Tensor:
    observed, *null = _statistics(K, n, orders)
    return (1 + (torch.stack(null) > observed).sum().to(K.dtype)) / (1 + len(orders))


def _lower_tail(K: Tensor, n: int, orders: Tensor) -> Tensor:
    observed, *null = _statistics(K, n, orders)
    return (1 + (torch.stack(null) <= observed).sum().to(K.dtype)) / (1 + len(orders))


def _one_minus(K: Tensor, n: int, orders: Tensor) -> Tensor:
    return 1 - permutation_p_value(K, n, orders)


def _rows_only(K: Tensor, n: int, orders: Tensor) -> Tensor:
    m = len(K) - n
    observed = _statistics(K, n, orders)[0]
    null = []
    for order in orders:
        k = K[order]
        k = k - torch.diag(k.diagonal())
        within = k[:n, :n].sum() / (n * (n - 1)) + k[n:, n:].sum() / (m * (m - 1))
        null.append(within - 2 * k[:n, n:].mean())
    return (1 + (torch.stack(null) >= observed).sum().to(K.dtype)) / (1 + len(orders))


def _one_too_few(K: Tensor, n: int, orders: Tensor) -> Tensor:
    observed, *null = _statistics(K, n, orders)
    return (torch.stack(null) >= observed).sum().to(K.dtype) / (1 + len(orders))


def _divisor(K: Tensor, n: int, orders: Tensor) -> Tensor:
    observed, *null = _statistics(K, n, orders)
    return (1 + (torch.stack(null) >= observed).sum().to(K.dtype)) / len(orders)


def _count(K: Tensor, n: int, orders: Tensor) -> Tensor:
    observed, *null = _statistics(K, n, orders)
    return (torch.stack(null) >= observed).sum().to(K.dtype)


PERMUTATIONS = Exercise(
    number="3.5",
    title="a p-value by permutations",
    reference=permutation_p_value,
    cases=cases,
    exact=exact,
    returns=("the p-value",),
    wrong=(
        Misconception(
            _not_itself,
            "The observed dealing itself is not counted: without the two 1s, p can be 0, and a "
            "test "
            "at level α rejects more often than α.",
        ),
        Misconception(
            _strictly,
            "Dealings that tie with the observed one are left out: count those at least as large, "
            "≥ and not >.",
        ),
        Misconception(
            _lower_tail,
            "This counts the dealings with a *smaller* MMD². A difference makes MMD² large, so the "
            "evidence is in the upper tail.",
        ),
        Misconception(_one_minus, "This is 1 − p: a difference would give a large value."),
        Misconception(
            _rows_only,
            "Only the rows of K are permuted. An entry belongs to a pair: rows and columns go "
            "together, K[order][:, order].",
        ),
        Misconception(_one_too_few, "The 1 of the observed dealing is missing in the numerator."),
        Misconception(_divisor, "The 1 of the observed dealing is missing in the divisor."),
        Misconception(_count, "This is a number of dealings; p is a share."),
    ),
    hints=(
        "If x and y are from one population, it does not matter which rows are called x. Deal them "
        "out anew, and see how often MMD² is as large as it was.",
        "The kernel need not be evaluated again: `K[order][:, order]` is the kernel matrix of the "
        "rows in their new order. Its blocks are K_xx, K_xy and K_yy of exercise 3.3.",
        "Write a function that gives the unbiased MMD² for an order, call it for "
        "`torch.arange(len(K))` and for each row of `orders`; then p is "
        "`(1 + (null >= observed).sum()) / (1 + len(orders))`, in K's dtype.",
    ),
    derivation=r"""
Under the hypothesis that both samples are from one population, the joint sample is exchangeable:
every way to call $N$ of its rows $x$ is as likely as the observed one. So the observed MMD² and
those of $B$ random dealings are $1 + B$ exchangeable numbers, and the rank of the observed one
among them is uniform. With ties counted against us,

$$p = \frac{1 + \#\{b : \mathrm{MMD}^2_b \ge \mathrm{MMD}^2_\text{obs}\}}{1 + B}
\qquad\Rightarrow\qquad \Pr(p \le \alpha) \le \alpha$$

for *every* sample size and every kernel that was chosen beforehand. No asymptotic distribution of
MMD² is needed.
""",
)

"""Exercise 3.5: the p-value of a two-sample test by permutations."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


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


def case(make: Maker, n: int, m: int, n_permutations: int, difference: int = 1) -> Arguments:
    """Multiples of all divisors in K, so that dealings that tie do so without rounding.

    The observed MMD² is negative where `difference` is.
    """
    size = n + m
    while True:
        half = make.whole(20, size, size).double()
        K = half + half.T
        K[:n, :n] += 4 * difference  # so that p is not in the middle
        K[n:, n:] += 4 * difference
        K.diagonal().copy_(80 * make.whole(3, size))
        K = math.lcm(n * (n - 1), m * (m - 1), n * m) * K
        orders = torch.stack([make.order(size) for _ in range(n_permutations)])
        orders[3::7] = torch.arange(size)  # ties with the observed dealing
        if _dealt(K, n, torch.arange(size)[None])[0] * difference > 0:
            return K, n, orders


def _dealt(K: Tensor, n: int, orders: Tensor) -> list[int]:
    """The unbiased MMD² of every order, in whole numbers: K is a multiple of all divisors."""
    rows = (K - torch.diag(K.diagonal())).long()
    dealt = rows[orders[:, :, None], orders[:, None, :]]
    pairs = n * (n - 1), (len(K) - n) * (len(K) - n - 1), n * (len(K) - n)
    parts = dealt[:, :n, :n], dealt[:, n:, n:], dealt[:, :n, n:]
    x, y, xy = (part.sum(dim=(1, 2)) // count for part, count in zip(parts, pairs, strict=True))
    return (x + y - 2 * xy).tolist()


def answer(on: Slips, K: Tensor, n: int, orders: Tensor) -> Tensor:
    size = len(K)
    m = size - n
    first = n if not on("groups exchanged") else m
    listed = torch.cat([torch.arange(size)[None], orders])
    if on("halves"):
        first = size // 2
    off = torch.zeros_like(K) if on("biased") or on("diagonal kept") else torch.diag(K.diagonal())
    by_order = orders.flip(1) if on("x last") else orders
    by_order = torch.argsort(orders, dim=1) if on("inverse permutations") else by_order
    listed = torch.cat([listed[:1], by_order])
    kept = (K - off)[listed[:, :, None], listed[:, None, :]]  # (1 + n_permutations, size, size)
    if on("rows only") or on("columns only"):
        every = torch.arange(size)
        picked = K[listed] if on("rows only") else K[:, listed].transpose(0, 1)
        kept = picked - torch.diag_embed(picked.diagonal(dim1=1, dim2=2))
        kept[0] = (K - off)[every][:, every]
    k_x, k_y, k_xy = kept[:, :first, :first], kept[:, first:, first:], kept[:, :first, first:]
    a, b = k_x.shape[1], k_y.shape[1]
    pairs_x, pairs_y = (a * a, b * b) if on("biased") else (a * (a - 1), b * (b - 1))
    if on("divided by all"):
        pairs_x, pairs_y = a * a, b * b
    elif on("divisors exchanged"):
        pairs_x, pairs_y = pairs_y, pairs_x
    sums = [part.sum(dim=(1, 2)) for part in (k_x, k_y, k_xy)]
    if on("sums for means"):
        values = sums[0] + sums[1] - 2 * sums[2]
    else:
        times = 0 if on("no cross term") else 1 if on("cross term once") else 2
        times = -times if on("cross term added") else times
        values = sums[0] / pairs_x + sums[1] / pairs_y - times * sums[2] / (a * b)
    values = values.abs() if on("moduli") else values
    values = 1e-6 * (1e6 * values).round()
    values = values.clamp(min=0) if on("cut off") else values.sqrt() if on("roots") else values
    values = values / values[0] if on("ratio") else values
    observed, null = values[0], values[1:]
    if on("observed is the first dealing"):
        observed, null = null[0], null[1:]
    beyond = null <= observed if on("lower tail") else null >= observed
    beyond = null > observed if on("strictly") else beyond
    beyond = null < observed if on("strictly lower tail") else beyond
    beyond = null == observed if on("ties alone") else beyond
    beyond = null >= 0.99 * observed if on("near ties") else beyond
    if on("two tails"):
        beyond = (null - null.mean()).abs() >= (observed - null.mean()).abs()
    count = beyond.sum().double()
    total = len(orders)
    if on("count"):
        return count
    if on("count with itself"):
        return count + 1
    if on("not itself"):
        return count / total
    p = (count + (not on("1 missing above"))) / (total + (not on("1 missing below")))
    return 1 - p if on("1 − p") else p


def exact(K: Tensor, n: int, orders: Tensor) -> Tensor:
    """By counting whole numbers, without rounding."""
    observed, *null = _dealt(K, n, torch.cat([torch.arange(len(K))[None], orders]))
    as_large = sum(each >= observed for each in null)
    return torch.tensor((1 + as_large) / (1 + len(orders)), dtype=K.dtype)


COUNT = "This is a number of dealings; p is a share."


PERMUTATIONS = Exercise(
    number="3.5",
    title="a p-value by permutations",
    minutes=25,
    reference=permutation_p_value,
    case=case,
    sizes=((3, 5, 161), (4, 4, 170), (5, 2, 162, -1), (3, 4, 199, -1), (6, 3, 173)),
    by_hand=(2, 2, 4, 3),
    answer=answer,
    exact=exact,
    slips={
        "not itself": "The observed dealing itself is not counted: without the two 1s, p can be "
        "0, and a test at level α rejects more often than α.",
        "1 missing above": "The 1 of the observed dealing is missing in the numerator.",
        "1 missing below": "The 1 of the observed dealing is missing in the divisor.",
        "strictly": "Dealings that tie with the observed one are left out: count those at least "
        "as large, ≥ and not >.",
        "lower tail": "This counts the dealings with a *smaller* MMD². A difference makes MMD² "
        "large, so the evidence is in the upper tail.",
        "strictly lower tail": "This counts the dealings with a *smaller* MMD², and leaves ties "
        "out. A difference makes MMD² large: count those at least as large.",
        "ties alone": "This counts the ties alone: count the dealings at least as large, ≥.",
        "two tails": "This counts both tails. A difference makes MMD² large, so the evidence is "
        "in the upper tail alone.",
        "moduli": "Moduli are compared. The unbiased MMD² may be negative, and then it is no sign "
        "of a difference: compare it as it is.",
        "cut off": "Negative values of MMD² are cut off at 0. The unbiased MMD² may be negative, "
        "and then every dealing would count: compare it as it is.",
        "roots": "Roots are compared. The unbiased MMD² may be negative and then has none: "
        "compare it as it is.",
        "ratio": "The ratio to the observed MMD² is compared with 1, which is the wrong way round "
        "where that is negative: compare MMD² itself.",
        "near ties": "Dealings that come near to the observed one are counted as ties: allow for "
        "rounding alone.",
        "1 − p": "This is 1 − p: a difference would give a large value.",
        "count": COUNT,
        "count with itself": COUNT,
        "rows only": "Only the rows of K are permuted. An entry belongs to a pair: rows and "
        "columns go together, K[order][:, order].",
        "columns only": "Only the columns of K are permuted. An entry belongs to a pair: rows and "
        "columns go together, K[order][:, order].",
        "inverse permutations": "The permutations are inverted: the first n rows that an order "
        "*names* are x, K[order][:, order].",
        "biased": "MMD² is the biased estimate here, with the diagonals. Those of the rows of x "
        "count more where x is smaller; the exercise asks for the unbiased one.",
        "diagonal kept": "The diagonals are still in the sums, although the divisors do not count "
        "them.",
        "divided by all": "The diagonals are left out of the sums but still counted in the "
        "divisors: N(N − 1) and M(M − 1).",
        "divisors exchanged": "The divisors are exchanged: the pairs of x are N(N − 1), those of "
        "y M(M − 1).",
        "sums for means": "MMD² has sums where it should have means over pairs.",
        "cross term added": "The cross term has the wrong sign in MMD²: − 2 times the mean over "
        "K_xy.",
        "cross term once": "The cross term enters once, and should enter twice.",
        "no cross term": "The cross term is missing in MMD²: − 2 times the mean over K_xy.",
        "halves": "The rows are cut in two halves; the first n rows are x.",
        "groups exchanged": "The first M rows are taken for x; it is the first n.",
        "x last": "The last n rows of an order are taken for x; it is the first n.",
        "observed is the first dealing": "The first of `orders` is taken for the observed "
        "dealing. As observed, the rows stand as they are in K.",
    },
    returns=("the p-value",),
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

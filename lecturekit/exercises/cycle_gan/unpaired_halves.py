"""Exercise 5.3: training sets that hold no pairs, from scenes that exist in both domains."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


def unpaired_halves(x: Tensor, y: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
    """Training sets of two domains without a pair, from scenes that are known in both.

    The first half of the scenes in `order` goes into the set of X, the second half into that of Y,
    in this order.

    Args:
        x: every scene as it looks in X, (n, n_dims), n even
        y: the same scenes in Y, row by row, (n, n_dims)
        order: a permutation of 0 … n − 1, (n,)

    Returns:
        the training set of X and that of Y, both (n / 2, n_dims)
    """
    half = len(order) // 2
    return x[order[:half]], y[order[half:]]


def case(make: Maker, n: int, n_dims: int) -> Arguments:
    x, y = make.normal(2, n, n_dims)
    half = n // 2
    while True:  # an order whose halves are not those of 0 … n − 1, nor of its inverse
        order = make.order(n)
        halves = {tuple(sorted(part[:half].tolist())) for part in (order, order.argsort())}
        if len(halves) == 2 and not halves & {tuple(range(half)), tuple(range(half, n))}:
            return x, y, order


def answer(on: Slips, x: Tensor, y: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
    half = len(order) // 2
    order = order.argsort() if on("inverse order") else order
    order = order.sort().values if on("unshuffled") else order
    first, second = order[:half], order[half:]
    first, second = (second, first) if on("halves exchanged") else (first, second)
    if on("every other"):
        first, second = order[::2], order[1::2]
    second = first if on("same half") else second
    second = first.flip(0) if on("same half shuffled") else second
    second = torch.arange(half) if on("leaky") else second
    second = torch.arange(half, len(order)) if on("Y in its own order") else second
    first = torch.arange(half) if on("X in its own order") else first
    second = second.flip(0) if on("second half backwards") else second
    first, second = (first.sort().values, second.sort().values) if on("sorted") else (first, second)
    first, second = (order, order) if on("everything") else (first, second)
    return (y[first], x[second]) if on("domains exchanged") else (x[first], y[second])


def exact(x: Tensor, y: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
    rows = order.tolist()
    first = [x[row] for place, row in enumerate(rows) if place < len(rows) / 2]
    second = [y[row] for place, row in enumerate(rows) if place >= len(rows) / 2]
    return torch.stack(first), torch.stack(second)


UNPAIRED_HALVES = Exercise(
    number="5.3",
    title="training sets without pairs",
    minutes=15,
    reference=unpaired_halves,
    case=case,
    sizes=((6, 2), (10, 5), (12, 1), (8, 3)),
    by_hand=(4, 1),
    answer=answer,
    exact=exact,
    slips={
        "same half": "The pairing leaked: both sets hold the same scenes, even in the same order. "
        "Y has to come from the second half.",
        "same half shuffled": "The pairing leaked: both sets hold the same scenes. In another "
        "order they are still pairs, and a net with enough data can find them.",
        "everything": "The pairing leaked: every scene is in both sets. Take one half for X, the "
        "other for Y.",
        "unshuffled": "`order` was not used: data sets are often "
        "sorted, and then the domains would differ in content, not in style.",
        "halves exchanged": "The halves are exchanged: the first one belongs to X.",
        "domains exchanged": "The domains are exchanged: the first half is taken of x, the second "
        "of y.",
        "leaky": "Y's set holds the first rows as they come, whatever `order` says: some of these "
        "scenes are in X's set as well, and the pairing leaks.",
        "Y in its own order": "Only X is taken in `order`: Y's half is that of the rows as they "
        "come, some of which are in X's as well, and the pairing leaks.",
        "X in its own order": "Only Y is taken in `order`: X's half is that of the rows as they "
        "come, some of which are in Y's as well, and the pairing leaks.",
        "every other": "Every other row of `order` is taken; it is the first half for X, the "
        "second for Y.",
        "inverse order": "`order` is inverted: it names the rows to take, x[order[:half]].",
        "sorted": "The rows are sorted; asked for is their order in `order`.",
        "second half backwards": "The set of Y is in the opposite order.",
    },
    returns=("the training set of X", "the training set of Y"),
    hints=(
        "Indexing a tensor with a tensor of whole numbers picks rows: `x[order]`.",
        "Cut `order` in two first; the two parts have no number in common.",
        "`x[order[:half]]` and `y[order[half:]]` with `half = len(order) // 2`.",
    ),
    derivation=r"""
`order` holds every number once, so its halves have none in common, and no scene is in both sets.
This is more than shuffling: as long as both sets hold the same scenes, every image has its partner
in the other set, and the problem is a matching problem rather than an unpaired one. Results on such
data look better than the method is. The other extreme is as bad: where the halves differ in
*content*, the adversarial loss wants the content changed too.
""",
)

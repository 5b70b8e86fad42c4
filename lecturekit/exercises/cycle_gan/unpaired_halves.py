"""Exercise 5.3: training sets that hold no pairs, from scenes that exist in both domains."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.cycle_gan import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


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


def cases(generator: torch.Generator) -> list[Arguments]:
    return [_case(n, n_dims, generator) for n, n_dims in ((4, 3), (6, 2), (10, 5), (12, 1))]


def _case(n: int, n_dims: int, generator: torch.Generator) -> Arguments:
    x, y = tiny.normal(2, n, n_dims, generator=generator)
    while True:  # an order whose halves differ from those of 0 … n − 1, and which is not sorted
        order = torch.randperm(n, generator=generator)
        half = n // 2
        if sorted(order[:half].tolist()) not in (list(range(half)), list(range(half, n))):
            return x, y, order


def exact(x: Tensor, y: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
    rows = order.tolist()
    first = [x[row] for place, row in enumerate(rows) if place < len(rows) / 2]
    second = [y[row] for place, row in enumerate(rows) if place >= len(rows) / 2]
    return torch.stack(first), torch.stack(second)


# ------------------------------------------------------------------------ typical wrong answers


def _same_half(x: Tensor, y: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
    first = order[: len(order) // 2]
    return x[first], y[first]


def _same_half_shuffled(x: Tensor, y: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
    first = order[: len(order) // 2]
    return x[first], y[first.flip(0)]


def _everything(x: Tensor, y: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
    return x[order], y[order]


def _unshuffled(x: Tensor, y: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
    half = len(order) // 2
    return x[:half], y[half:]


def _exchanged(x: Tensor, y: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
    half = len(order) // 2
    return x[order[half:]], y[order[:half]]


def _leaky(x: Tensor, y: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
    half = len(order) // 2
    return x[order[:half]], y[:half]


UNPAIRED_HALVES = Exercise(
    number="5.3",
    title="training sets without pairs",
    reference=unpaired_halves,
    cases=cases,
    exact=exact,
    returns=("the training set of X", "the training set of Y"),
    wrong=(
        Misconception(
            _same_half,
            "The pairing leaked: both sets hold the same scenes, even in the same order. Y has to "
            "come from the second half.",
        ),
        Misconception(
            _same_half_shuffled,
            "The pairing leaked: both sets hold the same scenes. In another order they are still "
            "pairs, and a net with enough data can find them.",
        ),
        Misconception(
            _everything,
            "The pairing leaked: every scene is in both sets. Take one half for X, the other for "
            "Y.",
        ),
        Misconception(
            _unshuffled,
            "The halves are disjoint, but `order` was not used: data sets are often sorted, and "
            "then the domains would differ in content, not in style.",
        ),
        Misconception(_exchanged, "The halves are exchanged: the first one belongs to X."),
        Misconception(
            _leaky,
            "Only X is taken in `order`: some scenes of Y's half are then in X's as well, and the "
            "pairing leaks.",
        ),
    ),
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

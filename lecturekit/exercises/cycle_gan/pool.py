"""Exercise 5.5: the rule by which an image pool exchanges what is fresh for what was kept."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from lecturekit.exercises.cycle_gan import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


def exchange(kept: Tensor, fresh: Tensor, swap: Tensor) -> tuple[Tensor, Tensor]:
    """Exchange fresh translations for kept ones where a coin says so.

    Row by row: where `swap` is True the discriminator gets the kept image, and the fresh one is
    kept in its place. Where it is False the discriminator gets the fresh image, and the pool stays
    as it is.

    Args:
        kept: images of the pool, (n, n_pixels)
        fresh: images that were just generated, (n, n_pixels)
        swap: True or False for each row, (n,)

    Returns:
        what the discriminator gets, and what the pool holds from now on, both (n, n_pixels)
    """
    mask = swap[:, None]  # (n, 1)
    return torch.where(mask, kept, fresh), torch.where(mask, fresh, kept)


def cases(generator: torch.Generator) -> list[Arguments]:
    return [_case(n, n_pixels, generator) for n, n_pixels in ((4, 3), (3, 3), (6, 2), (9, 5))]


def _case(n: int, n_pixels: int, generator: torch.Generator) -> Arguments:
    kept, fresh = tiny.normal(2, n, n_pixels, generator=generator)
    swap = torch.arange(n) % 3 == 0  # of either kind, and not as many
    return kept, fresh, swap[torch.randperm(n, generator=generator)]


def exact(kept: Tensor, fresh: Tensor, swap: Tensor) -> tuple[Tensor, Tensor]:
    given, pool = [], []
    for old, new, exchanged in zip(kept, fresh, swap.tolist(), strict=True):
        given.append(old if exchanged else new)
        pool.append(new if exchanged else old)
    return torch.stack(given), torch.stack(pool)


# ------------------------------------------------------------------------ typical wrong answers


def _mistaken(kept: Tensor, fresh: Tensor, swap: Tensor, *, mistake: str) -> tuple[Tensor, Tensor]:
    given, pool = exact(kept, fresh, swap)
    return {
        "coin": exact(kept, fresh, ~swap),
        "always": (kept, fresh),
        "never": (fresh, kept),
        "not kept": (given, kept),
        "all kept": (given, fresh),
        "not given": (fresh, pool),
    }[mistake]


_MESSAGES = {
    "coin": "The coin is read the wrong way round (or the two results are exchanged): where it is "
    "True, the kept image is handed out and the fresh one stays.",
    "always": "Every image is exchanged: the discriminator would see only old ones, and the pool "
    "would be the last batch.",
    "never": "Nothing is exchanged: this is training without a pool.",
    "not kept": "What is handed out is right, but the fresh images never get into the pool: it "
    "would hold the first translations for ever.",
    "all kept": "What is handed out is right, but all fresh images go into the pool, also those "
    "that the discriminator has just seen; the old ones there are lost.",
    "not given": "The pool is right, but the discriminator gets the fresh images only.",
}

POOL = Exercise(
    number="5.5",
    title="the image pool",
    reference=exchange,
    cases=cases,
    exact=exact,
    returns=("what the discriminator gets", "the pool"),
    wrong=tuple(
        Misconception(functools.partial(_mistaken, mistake=mistake), message)
        for mistake, message in _MESSAGES.items()
    ),
    hints=(
        "Nothing is lost: in each row the two images go to two places, one to the discriminator "
        "and one to the pool.",
        "`torch.where(mask, a, b)` takes a where the mask is True and b elsewhere; the mask has to "
        "meet the columns, so it needs the shape (n, 1).",
        "`torch.where(swap[:, None], kept, fresh)` is what the discriminator gets; the pool is the "
        "same with the two exchanged.",
    ),
    derivation=r"""
Each row is an exchange of two images or none, so the rows of both results together are the rows of
`kept` and `fresh`. With a fair coin half of what the discriminator sees is new, and an image in a
pool of $N$ images, of which $b$ meet the coin at each update, leaves it with probability $b / 2N$:
it stays for $2N/b$ updates on average. With $N = 50$ and $b = 1$, as in the paper, the
discriminator is reminded of translations from the last hundred updates, and the two nets cannot
chase each other in circles as quickly.
""",
)

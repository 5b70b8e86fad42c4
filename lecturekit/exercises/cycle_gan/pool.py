"""Exercise 5.5: the rule by which an image pool exchanges what is fresh for what was kept."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


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


def case(make: Maker, n: int, n_pixels: int, n_swapped: int) -> Arguments:
    kept, fresh = make.normal(2, n, n_pixels)
    swap = torch.arange(n) < n_swapped  # both kinds, and not as many of each
    return kept, fresh, swap[make.order(n)]


def answer(on: Slips, kept: Tensor, fresh: Tensor, swap: Tensor) -> tuple[Tensor, Tensor]:
    coin = ~swap if on("coin") else swap
    coin = coin.flip(0) if on("coins backwards") else coin
    coin = coin[:1].expand_as(coin) if on("one coin for all") else coin
    coin = coin.any().expand_as(coin) if on("any coin") else coin
    coin = coin.all().expand_as(coin) if on("all coins") else coin
    mask = coin[:, None]
    given, pool = torch.where(mask, kept, fresh), torch.where(mask, fresh, kept)
    if on("mixed"):
        given = pool = (kept + fresh) / 2
    elif on("selected"):
        given, pool = kept[coin], fresh[coin]
    elif on("swapped first") or on("both swapped first"):
        given = torch.cat([kept[coin], fresh[~coin]])
        pool = torch.cat([fresh[coin], kept[~coin]]) if on("both swapped first") else pool
    elif on("zeros"):
        given, pool = torch.where(mask, kept, 0 * fresh), torch.where(mask, fresh, 0 * kept)
    if on("always"):
        given, pool = kept, fresh
    elif on("never"):
        given, pool = fresh, kept
    pool = kept if on("not kept") else fresh if on("all kept") else pool
    return (fresh if on("not given") else kept if on("all given") else given), pool


def exact(kept: Tensor, fresh: Tensor, swap: Tensor) -> tuple[Tensor, Tensor]:
    given, pool = [], []
    for old, new, exchanged in zip(kept, fresh, swap.tolist(), strict=True):
        given.append(old if exchanged else new)
        pool.append(new if exchanged else old)
    return torch.stack(given), torch.stack(pool)


COLLECTED = "The rows are collected by coin, so that they lose their places: row by row."


POOL = Exercise(
    number="5.5",
    title="the image pool",
    minutes=20,
    reference=exchange,
    case=case,
    sizes=((4, 3, 1), (3, 3, 2), (6, 2, 2), (9, 5, 4), (5, 1, 4), (7, 2, 3), (4, 2, 0), (3, 2, 3)),
    by_hand=(3, 1, 1),
    answer=answer,
    live=True,
    exact=exact,
    slips={
        "coin": "The coin is read the wrong way round (or the two results are exchanged): where "
        "it is True, the kept image is handed out and the fresh one stays.",
        "coins backwards": "The coins are used in the opposite order: row by row.",
        "one coin for all": "One coin decides on all rows; each row has its own.",
        "any coin": "The whole batch is exchanged as soon as one coin shows True; each row has "
        "its own coin.",
        "all coins": "The batch is exchanged only if all coins show True; each row has its own "
        "coin.",
        "always": "Every image is exchanged: the discriminator would see only old ones, and the "
        "pool would be the last batch.",
        "never": "Nothing is exchanged: this is training without a pool.",
        "not kept": "The fresh images never get into the pool: it would hold the first "
        "translations for ever. (Or what was handed out is read for them, after it was exchanged: "
        "compute both from what came in.)",
        "all kept": "All fresh images go into the pool, also those that the discriminator has "
        "just seen; the old ones there are lost.",
        "not given": "The discriminator gets the fresh images only. (Or it gets what has just "
        "been put into the pool: compute both from what came in.)",
        "all given": "The discriminator gets the kept images only.",
        "mixed": "The two images are mixed; each goes whole to one of the two places.",
        "selected": "Only the rows with a coin are returned; the results have all rows.",
        "swapped first": COLLECTED,
        "both swapped first": COLLECTED,
        "zeros": "The rows without a coin are 0: there the fresh image is handed out, and the "
        "pool stays.",
    },
    returns=("what the discriminator gets", "the pool"),
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

"""Scenes by our own code: plain ↔ striped, an animal in four coats, a landscape in four styles.

`dice` draws the random numbers, `shapes` has distances, coverage and paint, `furs` the coats;
`landscape` and `animal` put them together, `paintings` has the styles. The same scene exists in all
coats, or as photograph and painting, for evaluation only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from lecturekit.data.scenes.animal import add_animals
from lecturekit.data.scenes.dice import Dice
from lecturekit.data.scenes.furs import COATS, Banded, Brown, browns, four_furs
from lecturekit.data.scenes.landscape import landscapes
from lecturekit.data.scenes.paintings import STYLES, Style, painted
from lecturekit.data.unpaired import Domains, Unpaired
from lecturekit.door import Count, In, door

__all__ = [
    "STYLES",
    "Coats",
    "Style",
    "draw_coats",
    "draw_scenes",
    "four_coats",
    "painted",
    "photographs_and_paintings",
    "plain_and_striped",
]

BATCH = 500  # scenes drawn together; more would only need more memory
LARGER = 1.1  # animals in four coats, which are shown in smaller pictures


class Coats(NamedTuple):
    """The same pictures twice, and the share of each pixel that the animal covers."""

    plain: Tensor
    striped: Tensor
    mask: Tensor


@door
def draw_scenes(n: Count, side: Annotated[int, In(8)], *, generator: torch.Generator) -> Coats:
    """n random scenes, each with a plain animal and with a striped one in the same pose.

    Args:
        n: how many, ≥ 1.
        side: height and width, ≥ 8.
        generator: source of the randomness, on the CPU.

    Returns:
        plain and striped, (n, 3, side, side) in [0, 1], and the animal's mask (n, side, side).

    Raises:
        ValueError: n or side below that.
    """

    def scenes(dice: Dice) -> Sequence[Tensor]:
        coats, mask = add_animals(
            landscapes(side, dice), dice, lambda frame: (Brown(browns(dice)), Banded())
        )
        return *coats, mask

    return Coats(*_in_batches(n, side, scenes, generator))


@door
def plain_and_striped(
    n_train: Count = 1500,
    n_test: Count = 200,
    *,
    side: Annotated[int, In(8)] = 32,
    generator: torch.Generator,
) -> Unpaired:
    """X: scenes with a plain animal. Y: other scenes with a striped one.

    Args:
        n_train: scenes of each domain to learn from; no scene is in both.
        n_test: scenes for the test, in both coats.
        side: height and width.
        generator: source of the randomness, on the CPU.

    Raises:
        ValueError: no scenes for one of the parts, or a side below 8.
    """
    _check_counts(n_train, n_test)
    x, y, test = (draw_scenes(n, side, generator=generator) for n in (n_train, n_train, n_test))
    return Unpaired(
        x_train=x.plain,
        y_train=y.striped,
        x_test=test.plain,
        y_test=test.striped,
        region=test.mask,
    )


class Scenes(NamedTuple):
    """The same pictures in all four coats.

    Attributes:
        coats: (4, n, 3, side, side) in [0, 1], in the order plain, striped, spotted, patched.
        mask: the share of each pixel that the animal covers, (n, side, side).
        empty: without the animal, (n, 3, side, side).
    """

    coats: Tensor
    mask: Tensor
    empty: Tensor


@door
def draw_coats(n: Count, side: Annotated[int, In(8)], *, generator: torch.Generator) -> Scenes:
    """n random scenes, each with one animal in all four coats.

    Colours and patterns are the same for all animals; pose, size, place and landscape are random.

    Args:
        n: how many, ≥ 1.
        side: height and width, ≥ 8.
        generator: source of the randomness, on the CPU.

    Raises:
        ValueError: n or side below that.
    """

    def scenes(dice: Dice) -> Sequence[Tensor]:
        empty = landscapes(side, dice)
        coats, mask = add_animals(empty, dice, four_furs, size=LARGER)
        return *coats, mask, empty

    *coats, mask, empty = _in_batches(n, side, scenes, generator)
    return Scenes(torch.stack(coats), mask, empty)


@door
def four_coats(
    n_train: Count = 1000,
    n_test: Count = 200,
    *,
    side: Annotated[int, In(8)] = 24,
    generator: torch.Generator,
) -> Domains:
    """Four domains, plain, striped, spotted and patched animals, each with scenes of its own.

    Args:
        n_train: scenes of each domain to learn from; no scene is in two of them.
        n_test: scenes for the test, in all coats.
        side: height and width.
        generator: source of the randomness, on the CPU.

    Raises:
        ValueError: no scenes for one of the parts, or a side below 8.
    """
    _check_counts(n_train, n_test)
    train = tuple(
        draw_coats(n_train, side, generator=generator).coats[place] for place in range(len(COATS))
    )
    return Domains(COATS, train, *draw_coats(n_test, side, generator=generator))


@door
def photographs_and_paintings(
    style: Style,
    n_train: Count = 1000,
    n_test: Count = 200,
    *,
    side: Annotated[int, In(8)] = 32,
    generator: torch.Generator,
) -> Unpaired:
    """X: landscapes as photographs. Y: other landscapes, painted in one of four styles.

    The same seed gives the same landscapes in every style.

    Args:
        style: "woodcut", "haze", "hatching" or "dots", as in `painted`.
        n_train: landscapes of each domain to learn from; none is in both.
        n_test: landscapes for the test, as photographs and as paintings.
        side: height and width.
        generator: source of the randomness, on the CPU.

    Raises:
        ValueError: no landscapes for one of the parts, a side below 8, or another style.
    """
    _check_counts(n_train, n_test)

    def photographs(n: int) -> Tensor:
        (drawn,) = _in_batches(n, side, lambda dice: [landscapes(side, dice)], generator)
        return drawn

    x, others, test = photographs(n_train), photographs(n_train), photographs(n_test)
    return Unpaired(
        x_train=x, y_train=painted(others, style), x_test=test, y_test=painted(test, style)
    )


def _in_batches(
    n: int,
    side: int,
    scenes: Callable[[Dice], Sequence[Tensor]],
    generator: torch.Generator,
) -> list[Tensor]:
    if n < 1 or side < 8:
        raise ValueError(f"expected n ≥ 1 and side ≥ 8, got n {n}, side {side}")
    batches = [scenes(Dice(min(BATCH, n - start), generator)) for start in range(0, n, BATCH)]
    return [torch.cat(parts) for parts in zip(*batches, strict=True)]


def _check_counts(n_train: int, n_test: int) -> None:
    if n_train < 1 or n_test < 1:
        raise ValueError(f"expected n_train, n_test ≥ 1, got {n_train}, {n_test}")

"""What an annotation can say, and the annotations that are used everywhere."""

from __future__ import annotations

import dataclasses
import enum
import math
from typing import Annotated, Literal

import torch
from torch import Tensor

MANY = 10_000_000  # more of anything is a slip: it would not fit into memory, or never end


@dataclasses.dataclass(frozen=True)
class In:
    """What numbers may be: from `low` to `high`, without the ends that are `open`."""

    low: float = -math.inf
    high: float = math.inf
    open: Literal["", "low", "high", "both"] = ""

    def allow(self, low: float, high: float) -> bool:
        """Whether numbers from `low` to `high` are so."""
        above = low > self.low if self.open in ("low", "both") else low >= self.low
        below = high < self.high if self.open in ("high", "both") else high <= self.high
        return above and below

    def __str__(self) -> str:
        """In words, such as `≥ 1`, `in [0, 1)`."""
        left = "(" if self.open in ("low", "both") else "["
        right = ")" if self.open in ("high", "both") else "]"
        if self.high >= MANY:
            return f"{'>' if left == '(' else '≥'} {self.low:g}"
        if self.low == -math.inf:
            return f"{'<' if right == ')' else '≤'} {self.high:g}"
        return f"in {left}{self.low:g}, {self.high:g}{right}"


class Trait(enum.Enum):
    """What else an annotation may say."""

    BINARY = "of zeros and ones"
    CHANCES = "≥ 0 and of sum 1"
    WHOLE = "of whole numbers (int64)"
    MASK = "of True and False"
    FREE = "finite or not"
    ANYWHERE = "on any device"
    OF_ANY_TYPE = "of any type"
    VARIED = "with rows that differ"
    NOT_EMPTY = "with at least one element"
    NUMBERS = "numbers: a tensor, an array, a list, or a function that returns them"
    RECTANGLE = "(left < right, bottom < top)"
    ENDS = "two different numbers"


BINARY, WHOLE, MASK, FREE = Trait.BINARY, Trait.WHOLE, Trait.MASK, Trait.FREE
CHANCES = Trait.CHANCES  # each row is a distribution
ANYWHERE, OF_ANY_TYPE, NOT_EMPTY = Trait.ANYWHERE, Trait.OF_ANY_TYPE, Trait.NOT_EMPTY
NUMBERS, RECTANGLE, ENDS = Trait.NUMBERS, Trait.RECTANGLE, Trait.ENDS
VARIED = Trait.VARIED

Count = Annotated[int, In(1, MANY)]
Natural = Annotated[int, In(0)]
ChainSteps = Annotated[int, In(0, 100_000)]  # of a Markov chain in one call
Positive = Annotated[float, In(0, open="low")]
NonNegative = Annotated[float, In(0)]
Share = Annotated[float, In(0, 1)]
Rows = Annotated[Tensor, "n n_dims"]
AnyGenerator = Annotated[torch.Generator, ANYWHERE]
AnyNumber = Annotated[float, FREE]
AnyNumbers = Annotated[Tensor, FREE, OF_ANY_TYPE, ANYWHERE]
Extent = Annotated[tuple[float, float, float, float], RECTANGLE]  # left, right, bottom, top
Ends = Annotated[tuple[float, float], ENDS]  # of an axis, which may also fall
Fineness = Annotated[int, In(1, 2000)]  # points along each axis of a grid in the plane

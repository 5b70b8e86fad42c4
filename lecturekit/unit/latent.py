"""Walks through the latent space, and whether two domains really share it."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from torch import Tensor

from lecturekit.door import NonNegative, door


@door
def along(codes: Annotated[Tensor, "n≥2 …"], position: NonNegative) -> Tensor:
    """The point at `position` on the broken line through codes: row 0 at 0, row 1 at 1, and so on.

    Args:
        codes: (n, ...), n ≥ 2.
        position: 0 to n − 1; halfway between two codes it is their mean.

    Returns:
        (1, ...)

    Raises:
        ValueError: fewer than two codes, or a position beyond their ends.
    """
    last = len(codes) - 1
    if last < 1 or not 0 <= position <= last:
        raise ValueError(
            f"expected at least two codes and a position from 0 to their number − 1, got "
            f"{len(codes)} codes, position {position}"
        )
    start = min(math.floor(position), last - 1)
    return torch.lerp(codes[start : start + 1], codes[start + 1 : start + 2], position - start)


@door
def codes_that_meet(
    codes_1: Annotated[Tensor, "n n_code …"],
    codes_2: Annotated[Tensor, "n n_code …"],
) -> Tensor:
    """How often the two images of one thing have the nearest codes: the shared-latent assumption.

    Args:
        codes_1, codes_2: (n, ...), row i of both from the same thing in either domain.

    Returns:
        the share of rows of `codes_1` whose nearest row of `codes_2` is their own, averaged with
        the same the other way round; a scalar. Unrelated codes get about 1/n.

    Raises:
        ValueError: different shapes.
    """
    if codes_1.shape != codes_2.shape:
        raise ValueError(
            f"expected codes of one shape, got {tuple(codes_1.shape)}, {tuple(codes_2.shape)}"
        )
    distances = torch.cdist(codes_1.flatten(1), codes_2.flatten(1))  # (n, n)
    own = torch.arange(len(codes_1), device=distances.device)
    found = [(distances.argmin(dim) == own).float().mean() for dim in (0, 1)]
    return (found[0] + found[1]) / 2

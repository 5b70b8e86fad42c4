"""Walks through the latent space."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def along(codes: Tensor, position: float) -> Tensor:
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

"""States of binary units by number, and guards against too many of them.

States of n units are numbered 0 … 2ⁿ − 1; unit i is bit i, the least significant first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated

import torch
from torch import Tensor

from lecturekit.door import BINARY, FREE, OF_ANY_TYPE, In, door, refuse
from lecturekit.rbm.model import RBM, Theta

MAX_UNITS = 20  # 2²⁰ states, a million
_CHUNK = 1 << 22  # entries of a temporary matrix, 32 MB in float64


@door
def states(
    n_units: Annotated[int, In(0, 30)], *, like: Annotated[Tensor, FREE] | None = None
) -> Tensor:
    """All states of n binary units, (2ⁿ, n) in {0, 1}; row s holds the bits of s, lowest first.

    Args:
        n_units: from 0 to 20.
        like: gives dtype and device; float32 on the CPU without it.

    Raises:
        ValueError: too many units.
    """
    refuse_beyond(MAX_UNITS, n_units, "units")
    device = None if like is None else like.device
    dtype = torch.float32 if like is None else like.dtype
    numbers = torch.arange(2**n_units, device=device)
    return (numbers[:, None] >> torch.arange(n_units, device=device) & 1).to(dtype)


@door
def state_index(v: Annotated[Tensor, "n n_units", BINARY, OF_ANY_TYPE]) -> Tensor:
    """The number of each state, Σ_i v_i 2ⁱ: (batch, n) in {0, 1} -> (batch,) long."""
    if v.shape[1] > 62:
        refuse("v", "of at most 62 units, whose states a number can count", f"{v.shape[1]}")
    return (v.long() << torch.arange(v.shape[1], device=v.device)).sum(1)


def chunks(n_units: int, width: int, like: Tensor) -> Iterator[Tensor]:
    """All states in order, a part at a time, so that a part × width stays in bounds."""
    low = states(min(n_units, max(0, int(math.log2(_CHUNK / max(width, n_units))))), like=like)
    high = states(n_units - low.shape[1], like=like)
    for row in high:
        yield torch.cat([low, row.expand(len(low), -1)], 1)


def transposed(theta: Theta) -> Theta:
    """The same machine with the names of the layers exchanged."""
    return Theta(theta.W.t(), theta.c, theta.b)


def refuse_beyond(limit: int, units: int, what: str) -> None:
    if units > limit:
        raise ValueError(f"too many to enumerate: expected at most {limit} {what}, got {units}")


def refuse_softmax(model: RBM) -> None:
    """Here all 2ⁿ states of the visible layer count, of which a softmax group takes a few."""
    if model.n_classes:
        raise ValueError(
            f"expected an RBM of binary units, got {type(model).__name__} with a softmax group; "
            "model.given_label(y) is an RBM of the images alone"
        )

"""Small sets of binary patterns whose every property can be computed exactly."""

from __future__ import annotations

import itertools
from typing import Annotated

import torch
from torch import Tensor

from lecturekit.door import BINARY, OF_ANY_TYPE, Count, In, Share, door


@door
def bars_and_stripes(side: Annotated[int, In(2, 12)]) -> Tensor:
    """All distinct square images whose columns (bars) or whose rows (stripes) are uniform.

    There are 2^(side+1) − 2: 2^side of either kind, and the empty and the full image are both.

    Args:
        side: pixels along an edge, 2 to 12.

    Returns:
        (2^(side+1) − 2, side²), float32 zeros and ones.

    Raises:
        ValueError: a side outside that range.

    Source: MacKay, Information Theory, Inference, and Learning Algorithms, section 43.3.
    """
    if not 2 <= side <= 12:
        raise ValueError(f"expected a side from 2 to 12, got {side}")
    on_off = torch.tensor(list(itertools.product((0.0, 1.0), repeat=side)))  # (2^side, side)
    stripes = on_off.repeat_interleave(side, dim=1)  # (2^side, side²)
    bars = on_off.repeat(1, side)
    return torch.cat([stripes, bars[1:-1]])  # the empty and the full image only once


@door
def hadamard_patterns(n_bits: Annotated[int, In(2)], count: Count) -> Tensor:
    """The first rows of Sylvester's Hadamard matrix as bits: modes as far apart as can be.

    Any two rows differ in exactly half of their bits.

    Args:
        n_bits: a power of two, ≥ 2.
        count: how many rows, 1 to n_bits.

    Returns:
        (count, n_bits), float32 zeros and ones.

    Raises:
        ValueError: n_bits is not a power of two, or there are fewer rows than `count`.
    """
    if n_bits < 2 or n_bits & (n_bits - 1):
        raise ValueError(f"expected n_bits to be a power of two ≥ 2, got {n_bits}")
    if not 1 <= count <= n_bits:
        raise ValueError(f"expected count from 1 to n_bits = {n_bits}, got {count}")
    import scipy.linalg  # takes longer than all other data

    signs = torch.from_numpy(scipy.linalg.hadamard(n_bits)[:count])
    return (signs > 0).float()


@door
def flip(
    patterns: Annotated[Tensor, "n_patterns n_bits", BINARY, OF_ANY_TYPE],
    n: Count,
    probability: Share,
    *,
    generator: torch.Generator,
) -> Tensor:
    """Noisy copies: rows drawn uniformly, each bit then flipped on its own.

    Args:
        patterns: (n_patterns, n_bits) of zeros and ones.
        n: copies to draw, ≥ 1.
        probability: of a flip, per bit, in [0, 1].
        generator: source of the randomness, on the device of `patterns`.

    Returns:
        (n, n_bits), in the dtype of `patterns`.

    Raises:
        ValueError: patterns that are not rows of bits, n < 1, or a probability outside [0, 1].
    """
    if patterns.ndim != 2 or len(patterns) == 0:
        raise ValueError(
            f"expected patterns of shape (n_patterns ≥ 1, n_bits), got {tuple(patterns.shape)}"
        )
    if n < 1 or not 0 <= probability <= 1:
        raise ValueError(f"expected n ≥ 1 and a probability in [0, 1], got {n}, {probability}")
    device = patterns.device
    chosen = patterns[torch.randint(len(patterns), (n,), generator=generator, device=device)]
    flipped = torch.rand(chosen.shape, generator=generator, device=device) < probability
    return (chosen.bool() ^ flipped).to(patterns.dtype)

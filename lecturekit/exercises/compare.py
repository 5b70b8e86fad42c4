"""Comparing what functions return: tensors and numbers, in nested tuples."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lecturekit.exercises.observation import same

PRECISION = 2e-6  # of the largest entry: what one constant in float32 leaves of a number


def leaves(value: Any) -> tuple[Any, ...]:
    """What nested tuples hold, in order."""
    if isinstance(value, tuple):
        return tuple(leaf for part in value for leaf in leaves(part))
    return (value,)


def structure(value: Any) -> Any:
    """Nested tuples with the leaves left out."""
    return tuple(structure(part) for part in value) if isinstance(value, tuple) else None


def close(value: Any, other: Any, precision: float = PRECISION) -> bool:
    """Whether two returned values agree but for rounding; NaN agrees with NaN."""
    if structure(value) != structure(other):
        return False
    pairs = zip(leaves(value), leaves(other), strict=True)
    return all(leaves_close(*pair, precision) for pair in pairs)


def leaves_close(value: Any, other: Any, precision: float = PRECISION) -> bool:
    """`close` for two single values."""
    left, right = as_numbers(value), as_numbers(other)
    if left is None or right is None:
        return same(value, other)
    if left.shape != right.shape:
        return False
    if left.numel() == 0 or bool(torch.eq(left, right).all()):
        return True
    size = float(right.where(right.isfinite(), torch.zeros((), dtype=right.dtype)).abs().max())
    return torch.allclose(left, right, rtol=0, atol=precision * max(1.0, size), equal_nan=True)


def as_numbers(value: Any) -> Tensor | None:
    """A real tensor or number in float64, or None."""
    if isinstance(value, Tensor):
        return None if value.is_complex() else value.double()
    if isinstance(value, int | float):
        try:
            return torch.tensor(float(value), dtype=torch.float64)
        except OverflowError:  # 10**400
            return torch.tensor(torch.inf, dtype=torch.float64)
    return None

"""Comparing what functions return: tensors and numbers, in nested tuples."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lecturekit.exercises.observation import same

ROUNDING = 1e-9  # of the largest entry; the cases are in float64


def leaves(value: Any) -> tuple[Any, ...]:
    """What nested tuples hold, in order."""
    if isinstance(value, tuple):
        return tuple(leaf for part in value for leaf in leaves(part))
    return (value,)


def structure(value: Any) -> Any:
    """Nested tuples with the leaves left out."""
    return tuple(structure(part) for part in value) if isinstance(value, tuple) else None


def close(value: Any, other: Any, tolerance: float = 0.0) -> bool:
    """Whether two returned values agree but for `tolerance` and rounding; NaN agrees with NaN."""
    if structure(value) != structure(other):
        return False
    pairs = zip(leaves(value), leaves(other), strict=True)
    return all(leaves_close(*pair, tolerance) for pair in pairs)


def leaves_close(value: Any, other: Any, tolerance: float = 0.0) -> bool:
    """`close` for two single values."""
    if not (_is_real(value) and _is_real(other)):
        return same(value, other)
    left, right = torch.as_tensor(value).double(), torch.as_tensor(other).double()
    if left.shape != right.shape:
        return False
    size = max(1.0, *right[right.isfinite()].abs().tolist(), 0.0)
    return torch.allclose(left, right, rtol=0, atol=tolerance + ROUNDING * size, equal_nan=True)


def _is_real(value: Any) -> bool:
    if isinstance(value, Tensor):
        return not value.is_complex()
    return isinstance(value, int | float)

"""Small random cases: distributions, clouds and affine maps, in float64."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Affine(NamedTuple):
    """x ↦ xA + a, row by row. A tuple, so that an exercise can compare and copy it."""

    A: Tensor
    a: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """(n, n_in) → (n, n_out)."""
        return x @ self.A + self.a


def normal(*shape: int, generator: torch.Generator) -> Tensor:
    """Independent standard normal numbers."""
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def distribution(n: int, generator: torch.Generator) -> Tensor:
    """n random probabilities."""
    return normal(n, generator=generator).softmax(dim=0)


def affine(n_in: int, n_out: int, generator: torch.Generator) -> Affine:
    """A random affine map."""
    return Affine(normal(n_in, n_out, generator=generator), normal(n_out, generator=generator))

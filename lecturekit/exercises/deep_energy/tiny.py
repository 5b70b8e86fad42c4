"""Small random arguments for the cases, in float64."""

from __future__ import annotations

import torch
from torch import Tensor


def normal(*shape: int, generator: torch.Generator) -> Tensor:
    """Independent standard normal numbers."""
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def uniform(low: float, high: float, generator: torch.Generator) -> float:
    """One uniform number in [low, high)."""
    return low + (high - low) * torch.rand((), generator=generator, dtype=torch.float64).item()


def binary_states(n: int) -> Tensor:
    """All states of n binary units: (2ⁿ, n)."""
    return torch.cartesian_prod(*[torch.tensor([0.0, 1.0]).double()] * n).reshape(-1, n)

"""Random numbers for a batch of pictures, one for each."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Dice:
    """Draws shaped (n, 1, 1), ready to meet coordinates (1, side, side).

    Attributes:
        n: pictures in the batch.
        generator: source of the randomness, on the CPU.
    """

    n: int
    generator: torch.Generator

    def between(self, low: float, high: float, count: int | None = None) -> Tensor:
        """Uniform in [low, high): (n, 1, 1), or (n, count)."""
        shape = (self.n, 1, 1) if count is None else (self.n, count)
        return low + (high - low) * torch.rand(shape, generator=self.generator)

    def chance(self, probability: float) -> Tensor:
        """1 with this probability, else 0: (n, 1, 1)."""
        return (torch.rand(self.n, 1, 1, generator=self.generator) < probability).float()

    def choose(self, options: int) -> Tensor:
        """A whole number below `options` for each picture: (n,)."""
        return torch.randint(options, (self.n,), generator=self.generator)

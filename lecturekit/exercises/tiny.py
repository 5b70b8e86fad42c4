"""Small random arguments for the cases, in float64, and the states of a few binary units."""

from __future__ import annotations

import torch
from torch import Tensor, float64


class Maker:
    """Independent random numbers for a case; round ones, for a case to be followed by hand."""

    def __init__(self, generator: torch.Generator, by_hand: bool = False):
        self.generator, self._by_hand = generator, by_hand

    def normal(self, *shape: int, scale: float = 1.0, offset: float = 0.0) -> Tensor:
        """`offset` + `scale` × standard normal; halves other than 0 by hand."""
        numbers = offset + scale * torch.randn(shape, generator=self.generator, dtype=float64)
        return self._halves(numbers) if self._by_hand else numbers

    def uniform(self, *shape: int) -> Tensor:
        """In [0, 1); .05, .15, … by hand."""
        numbers = torch.rand(shape, generator=self.generator, dtype=float64)
        return ((10 * numbers).floor() + 0.5) / 10 if self._by_hand else numbers

    def number(self, low: float, high: float) -> float:
        """One in [low, high); with one decimal by hand."""
        found = low + (high - low) * float(self.uniform())
        return round(found, 1) if self._by_hand else found

    def bits(self, *shape: int) -> Tensor:
        """Fair bits, 0.0 or 1.0."""
        return torch.randint(0, 2, shape, generator=self.generator).to(float64)

    def whole(self, high: int, *shape: int) -> Tensor:
        """Whole numbers from 0 to `high` − 1."""
        return torch.randint(0, high, shape, generator=self.generator)

    def order(self, n: int) -> Tensor:
        """A permutation of 0, …, n − 1."""
        return torch.randperm(n, generator=self.generator)

    def distribution(self, n: int) -> Tensor:
        """n probabilities above 0; tenths by hand."""
        if not self._by_hand:
            return torch.randn(n, generator=self.generator, dtype=float64).softmax(dim=0)
        cuts = 1 + torch.randperm(9, generator=self.generator)[: n - 1].sort().values
        ends = torch.cat([torch.tensor([0]), cuts, torch.tensor([10])])
        return ends.diff().to(float64) / 10

    def tidy(self, numbers: Tensor) -> Tensor:
        """What was computed from these; with one decimal by hand."""
        return (10 * numbers).round() / 10 if self._by_hand else numbers

    @staticmethod
    def _halves(numbers: Tensor) -> Tensor:
        found = (2 * numbers).round() / 2
        return torch.where(found == 0, 0.5 + torch.zeros_like(found), found)


def binary_states(n: int) -> Tensor:
    """All states of n binary units: (2ⁿ, n)."""
    return torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=float64)] * n).reshape(-1, n)

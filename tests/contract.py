"""What the suite of tests/test_trainers.py needs to know of a trainer.

Each section says it in `trainers.py` of its folder here: a list `TRAINERS` of functions that make
a small training, everything drawn from one seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lecturekit.training import Steps


@dataclass
class Training:
    """A trainer with all that it needs, as small as it can be.

    Attributes:
        train: gets the data, and returns steps.
        data: what it is trained on, float32.
        trained: what must be put back after a divergence.
        settings: of the trainer.
        rates: objects and their fields; with all of them at 0 nothing that is trained moves.
        generator: the source of randomness that `train` was given, if any.
        moving: the part of `trained` that the updates move, if it is not all of it.
    """

    train: Callable[..., Steps]
    data: Sequence[Tensor]
    trained: nn.Module
    settings: Any
    rates: Sequence[tuple[object, str]]
    generator: torch.Generator | None = None
    moving: nn.Module | None = None

    def steps(self, *data: Tensor) -> Steps:
        """The steps, on its own data or on other."""
        return self.train(*(data or self.data))

    def parameters(self) -> Tensor:
        """All numbers that the updates move, in one row."""
        moving = self.trained if self.moving is None else self.moving
        return torch.cat([p.detach().flatten() for p in moving.parameters()])

    def state(self) -> Tensor:
        """All numbers of the model, running averages too, in one row."""
        return torch.cat([value.flatten().double() for value in self.trained.state_dict().values()])


def seeded(seed: int) -> torch.Generator:
    """A source of random numbers."""
    return torch.Generator().manual_seed(seed)

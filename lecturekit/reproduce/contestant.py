"""An RBM on its way: what a run of any of the five methods goes on from."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from lecturekit import rbm

BATCH = 100  # images of an update, and particles, as in the papers
METHODS = ("PCD", "FPCD", "CD-10", "CD-1", "MF CD")


def negative_phase(method: str, rate: float) -> rbm.NegativePhase:
    """The fast weights of FPCD learn at the rate with which the slow ones begin."""
    match method:
        case "PCD":
            return rbm.PersistentCD(BATCH)
        case "FPCD":
            return rbm.FastPersistentCD(BATCH, fast_learning_rate=rate)
        case "CD-10":
            return rbm.ContrastiveDivergence(10)
        case "CD-1":
            return rbm.ContrastiveDivergence(1)
        case "MF CD":
            return rbm.MeanFieldCD(1)
    raise ValueError(f"no method {method}; there are: {', '.join(METHODS)}")


@dataclass
class Contestant:
    """The state of a run.

    Attributes:
        model: as it is now.
        phase: with its particles, and fast weights if it has them.
        generator: source of all that is random in the run.
        order: the rows that this epoch has not shown yet.
    """

    model: rbm.RBM
    phase: rbm.NegativePhase
    generator: torch.Generator
    order: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.long))

    def next_rows(self, n: int) -> Tensor:
        """Row numbers of a minibatch of n images, each epoch in a new order."""
        if len(self.order) < BATCH:
            self.order = torch.cat([self.order, torch.randperm(n, generator=self.generator)])
        rows, self.order = self.order[:BATCH], self.order[BATCH:]
        return rows

    def update(self, v: Tensor, rate: float) -> None:
        """One update with the minibatch v."""
        rbm.update(self.model, v, self.phase, learning_rate=rate, generator=self.generator)

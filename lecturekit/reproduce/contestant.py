"""An RBM on its way: what a run of any of the five methods goes on from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Self, TypeVar

import torch
from torch import Tensor

from lecturekit import rbm
from lecturekit.reproduce.digits import Minibatches

BATCH = 100  # images of an update, and particles, as in the papers
METHODS = ("PCD", "FPCD", "CD-10", "CD-1", "MF CD")
Model = TypeVar("Model", bound=rbm.RBM)


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
class Contestant(Generic[Model]):
    """The state of a run.

    Attributes:
        model: as it is now.
        phase: with its particles, and fast weights if it has them.
        rate: the learning rate at the start.
        batches: which rows come next.
        generator: source of all that is random in the run.
    """

    model: Model
    phase: rbm.NegativePhase
    rate: float
    batches: Minibatches
    generator: torch.Generator

    @classmethod
    def begin(
        cls, model: Model, v: Tensor, method: str, rate: float, generator: torch.Generator
    ) -> Self:
        """With first values, and particles placed on rows of the training data v."""
        model.initialise(generator, v)
        phase = negative_phase(method, rate)
        phase.prepare(model, v, generator=generator)
        return cls(model, phase, rate, Minibatches(len(v), BATCH, generator), generator)

    def update(self, v: Tensor, left: float) -> None:
        """One update with the minibatch v."""
        rate = left * self.rate
        rbm.update(self.model, v, self.phase, learning_rate=rate, generator=self.generator)

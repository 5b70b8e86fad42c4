"""Samples that flow down the MMD towards data: a generator without a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn

from lecturekit.door import door
from lecturekit.moment_matching.discrepancy import velocity
from lecturekit.moment_matching.kernels import Kernel
from lecturekit.training import (
    Progress,
    Step,
    Steps,
    guard,
    limited,
    tunable,
)


@dataclass
class FlowSettings:
    """Settings of `flow`; tunable fields are read anew at every step.

    Attributes:
        updates: number of steps.
        learning_rate: η, the length of a step in time.
    """

    updates: int = limited(500, 1)
    learning_rate: float = tunable(1.0, 0.01, 100.0, scale="log", label="step length η")


@door
class Particles(nn.Module):
    """Points that are moved themselves, where a network would have its parameters moved.

    Attributes:
        positions: (n_points, n_features).
    """

    def __init__(self, start: Annotated[Tensor, "n n_features"]):
        super().__init__()
        self.positions = nn.Parameter(start.detach().clone())

    @property
    def n_points(self) -> int:
        """How many they are."""
        return len(self.positions)

    @property
    def n_features(self) -> int:
        """Of each particle."""
        return self.positions.shape[1]

    @torch.no_grad()
    def initialise(self, positions: Annotated[Tensor, "n_points n_features"]) -> Particles:
        """Put the points at other positions of the same shape, in place."""
        self.positions.copy_(positions)
        return self


FAR = 10.0  # times as far out as the data: no particle feels them there


@door
def flow(
    particles: Particles,
    data: Annotated[Tensor, "m n_features"],
    settings: FlowSettings,
    *,
    kernel: Kernel,
) -> Steps:
    """Move the particles down the MMD² to the data: x_i := x_i − η ∇f(x_i), f the witness.

    −∇f(x_i) = ∇ mean k(y, x_i) − ∇ mean k(x, x_i): every data point draws a particle, every other
    particle pushes it away. The particles come to rest where the two cancel. Arbel et al. 2019.

    Args:
        particles: moved in place.
        data: y, (m, n_features), all used in every step.
        settings: a change to a tunable field takes effect at the next step.
        kernel: what is seen; a `GaussianLadder` may be changed on the way.

    Returns:
        Steps under `guard`.

    Raises:
        ValueError: shapes, dtypes or devices that do not fit, or settings out of range.
    """
    progress = Progress()
    return guard(
        _steps(particles, data, settings, kernel, progress),
        particles,
        settings,
        owns={"kernel": kernel, "progress": progress},
        sane={"parameters": FAR * float(1 + data.abs().max())},
    )


def _steps(
    particles: Particles,
    data: Tensor,
    settings: FlowSettings,
    kernel: Kernel,
    progress: Progress,
) -> Steps:
    x = particles.positions
    for index in progress.updates(settings.updates):
        step = settings.learning_rate * velocity(x, data, kernel)
        with torch.no_grad():
            x.add_(step)
        yield Step(index, settings.updates, {"step": step.norm(dim=1).mean()})

"""The training loop of the slides: an energy and what samples it, each following the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn

from lecturekit.deep_energy.energy import energy_and_slope, steepness
from lecturekit.deep_energy.negative_phase import Sampler
from lecturekit.door import door
from lecturekit.training import (
    AGAINST_AN_OPPONENT,
    PARAMETERS,
    Descent,
    Progress,
    Schedule,
    Step,
    Steps,
    guard,
    limited,
    minibatches,
    tunable,
)


@dataclass
class Settings(Schedule):
    """Hyperparameters of `train`; tunable fields are read anew at every update.

    A minibatch has as many rows as the negative phase gives samples.

    Attributes:
        learning_rate: α, of Adam.
        penalty: weight of the mean ‖∇ₓE(x)‖² on the data. Without it the energy's scale explodes.
    """

    updates: int = limited(2000, 1)
    batch_size: int = limited(128, 1)
    learning_rate: float = tunable(1e-3, 1e-5, 1e-2, scale="log", label="energy rate α")
    penalty: float = tunable(0.1, 0.0, 1.0, label="gradient penalty")


GAP = 1e5  # nats for each dimension between data and samples: no sampler finds its way back


@door
def train(
    energy: nn.Module,
    data: Annotated[Tensor, "n≥2 n_dims"],
    settings: Settings,
    *,
    negative_phase: Sampler,
    generator: torch.Generator,
) -> Steps:
    """Train an energy by ascent of the log-likelihood, one update per step.

    θ := θ + α (E_χ ∇E(χ) − E_x ∇E(x)) with Adam's step sizes, x a minibatch and χ from the
    negative phase, which then follows the new energy. Metrics: `energy_gap`, the mean of E(χ)
    less that of E(x), `steepness`, the mean of ‖∇ₓE‖² on the data, both before the update, and
    what the negative phase reports.

    Args:
        energy: (n, n_dims) → (n,), such as `DeepEnergy`; trained in place.
        data: (n, n_dims), on the energy's device.
        settings: a change to a tunable field takes effect at the next update.
        negative_phase: `GeneratorPhase` or `LangevinPhase`.
        generator: source of the minibatches and samples, on the energy's device.

    Returns:
        Steps under `guard`: on divergence energy and generator go back to their last finite state.

    Raises:
        ValueError: settings, data or devices do not fit; nothing was trained.
    """
    descent = Descent(energy, betas=AGAINST_AN_OPPONENT)
    batches = minibatches(data, settings.batch_size, generator=generator)
    progress = Progress()
    return guard(
        _steps(energy, data, settings, negative_phase, generator, descent, batches, progress),
        energy,
        settings,
        owns={
            "negative_phase": negative_phase,
            "generator": generator,
            "descent": descent,
            "batches": batches,
            "progress": progress,
        },
        sane={"parameters": PARAMETERS, "energy_gap": GAP * data.shape[1]},
    )


def _steps(
    energy: nn.Module,
    data: Tensor,
    settings: Settings,
    negative_phase: Sampler,
    generator: torch.Generator,
    descent: Descent,
    batches: Iterator[Tensor],
    progress: Progress,
) -> Iterator[Step]:
    if not progress.done:
        negative_phase.prepare(data, generator=generator)
    for index in progress.updates(settings.updates):
        decay = settings.decay(index)
        x = next(batches)
        chi = negative_phase.draw(energy, len(x), generator=generator)
        energy_data, slope = energy_and_slope(energy, x)
        gap = energy_data.mean() - energy(chi.detach()).mean()
        penalty = steepness(slope)
        descent.step(gap + settings.penalty * penalty, settings.learning_rate * decay)
        followed = negative_phase.learn(energy, chi, decay)
        metrics = {"energy_gap": -gap.detach(), "steepness": penalty.detach()}
        yield Step(index, settings.updates, {**metrics, **followed})

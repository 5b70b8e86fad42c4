"""The training loop of the slides: an energy and what samples it, each following the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecturekit.deep_energy.energy import energy_and_slope, steepness
from lecturekit.deep_energy.negative_phase import NegativePhase, adam, step
from lecturekit.training import (
    Step,
    Steps,
    check_devices,
    check_settings,
    guard,
    linear_decay,
    minibatches,
    tunable,
)


@dataclass
class Settings:
    """Hyperparameters of `train`; tunable fields are read anew at every update.

    Attributes:
        updates: number of parameter updates.
        batch_size: rows of a minibatch, and samples of the negative phase.
        learning_rate: α, of Adam.
        penalty: weight of the mean ‖∇ₓE(x)‖² on the data. Without it the energy's scale explodes.
        linear_decay: whether all rates fall linearly to 0 over the run.
    """

    updates: int = 2000
    batch_size: int = 128
    learning_rate: float = tunable(1e-3, 1e-5, 1e-2, scale="log", label="energy rate α")
    penalty: float = tunable(0.1, 0.0, 1.0, label="gradient penalty")
    linear_decay: bool = True


def train(
    energy: nn.Module,
    data: Tensor,
    settings: Settings,
    *,
    negative_phase: NegativePhase,
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
    _check(energy, data, settings, generator)
    steps = _steps(energy, data, settings, negative_phase, generator)
    trained = nn.ModuleList([energy, *negative_phase.modules])
    return guard(steps, trained, settings)


def _steps(
    energy: nn.Module,
    data: Tensor,
    settings: Settings,
    negative_phase: NegativePhase,
    generator: torch.Generator,
) -> Iterator[Step]:
    negative_phase.prepare(data, generator=generator)
    optimiser = adam(energy)
    batches = minibatches(data, settings.batch_size, generator=generator)
    total = settings.updates
    for index in range(1, total + 1):
        factor = linear_decay(index, total) if settings.linear_decay else 1.0
        x = next(batches)
        chi = negative_phase.draw(energy, len(x), generator=generator)
        energy_data, slope = energy_and_slope(energy, x)
        gap = energy_data.mean() - energy(chi).mean()
        penalty = steepness(slope)
        step(optimiser, gap + settings.penalty * penalty, factor * settings.learning_rate)
        followed = negative_phase.learn(energy, factor)
        metrics = {"energy_gap": -gap.detach(), "steepness": penalty.detach()}
        yield Step(index, total, {**metrics, **followed})


def _check(energy: nn.Module, data: Tensor, settings: Settings, generator: torch.Generator) -> None:
    check_settings(settings, updates=1, batch_size=1)
    if data.ndim != 2 or len(data) < 2:
        hint = "; flatten images with data.flatten(1)" if data.ndim > 2 else ""
        raise ValueError(f"expected data of shape (n ≥ 2, n_dims), got {tuple(data.shape)}{hint}")
    parameter = next(energy.parameters())
    check_devices(data=data, energy=parameter, generator=generator)
    if data.dtype != parameter.dtype:
        raise ValueError(f"expected data of the energy's {parameter.dtype}, got {data.dtype}")
    if not bool(data.isfinite().all()):
        raise ValueError("expected finite data, got NaN or infinity among the values")

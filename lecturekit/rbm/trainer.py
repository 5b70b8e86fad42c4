"""The training loop of the slides, as a generator of steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from lecturekit.rbm.model import RBM, State, Theta, energy_gradient
from lecturekit.rbm.negative_phase import NegativePhase
from lecturekit.training import (
    Step,
    Steps,
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
        batch_size: rows of a minibatch.
        learning_rate: α.
        linear_decay: whether α falls linearly to 0 over the run, as in Tieleman 2008.
        weight_decay: λ; each update takes α·λ·W off W, as for the penalty λ‖W‖²/2.
        precision: of the matrix products. With "bfloat16" they run on a bfloat16 copy of θ, while
            θ itself stays as it is (and probabilities and samples are formed in its precision);
            faster where the processor has instructions for it.
    """

    updates: int = 10_000
    batch_size: int = 100
    learning_rate: float = tunable(0.05, 1e-4, 1.0, scale="log", label="learning rate α")
    linear_decay: bool = True
    weight_decay: float = tunable(0.0, 0.0, 0.01, label="weight decay λ")
    precision: Literal["float32", "bfloat16"] = "float32"


METRICS_EVERY = 50  # rare enough to cost nothing beside the updates


def train(
    model: RBM,
    data: Tensor,
    settings: Settings,
    *,
    negative_phase: NegativePhase,
    generator: torch.Generator,
) -> Steps:
    """Train an RBM by stochastic ascent of the log-likelihood, one update per step.

    θ := θ + α·(∇E(X⁻) − ∇E(X⁺)), with X⁺ a minibatch and X⁻ the particles of the negative phase.
    Every 50th step, the first and the last carry the metric `free_energy_gap`, the mean of F(X⁻)
    less that of F(X⁺), in nats.

    Args:
        model: trained in place.
        data: (n, n_visible) in {0, 1}, on the model's device.
        settings: a change to a tunable field takes effect at the next update.
        negative_phase: how X⁻ is sampled; particles that are under way go on.
        generator: source of the minibatches and samples, on the model's device.

    Returns:
        Steps under `guard`: on divergence the model goes back to its last finite state.

    Raises:
        ValueError: settings, data or devices do not fit; the model is untouched.
    """
    check(model, data, settings, generator)
    steps = _steps(model, data, settings, negative_phase, generator)
    return guard(steps, model, settings)


def _steps(
    model: RBM,
    data: Tensor,
    settings: Settings,
    negative_phase: NegativePhase,
    generator: torch.Generator,
) -> Iterator[Step]:
    negative_phase.begin(model, data, generator=generator)
    batches = minibatches(data, settings.batch_size, generator=generator)
    total = settings.updates
    for index in range(1, total + 1):
        rate = settings.learning_rate * (linear_decay(index, total) if settings.linear_decay else 1)
        data_state, particles = update(
            model,
            next(batches),
            negative_phase,
            learning_rate=rate,
            weight_decay=settings.weight_decay,
            generator=generator,
        )
        looked_at = index % METRICS_EVERY == 0 or index in (1, total)
        yield Step(index, total, free_energy_gap(model, data_state, particles) if looked_at else {})


def update(
    model: RBM,
    v: Tensor,
    negative_phase: NegativePhase,
    *,
    learning_rate: float,
    weight_decay: float = 0.0,
    generator: torch.Generator,
) -> tuple[State, State]:
    """One update of θ, in place; returns X⁺ and X⁻.

    The same as the loop on the slide up to rounding: unless the negative phase wants to see the
    gradient, it is added to θ without being formed, which saves a pass over memory as large as W.
    """
    data = model.clamp(v)
    particles = negative_phase.advance(model, data, generator=generator)
    learn(model, negative_phase, data, particles, learning_rate, weight_decay)
    return data, particles


def learn(
    model: RBM,
    negative_phase: NegativePhase,
    data: State,
    particles: State,
    learning_rate: float,
    weight_decay: float,
) -> None:
    """θ := θ + α·(∇E(X⁻) − ∇E(X⁺)) less the weight decay, in place."""
    if negative_phase.wants_gradient():
        gradient = energy_gradient(particles) - energy_gradient(data)
        model.ascend(gradient, learning_rate, weight_decay=weight_decay)
        negative_phase.learn(gradient)
    else:
        keep = 1 - learning_rate * weight_decay
        theta = model.theta
        _accumulate(theta, data, learning_rate / len(data.visible), keep)
        _accumulate(theta, particles, -learning_rate / len(particles.visible))


def _accumulate(theta: Theta, state: State, factor: float, keep: float = 1.0) -> None:
    """θ += factor · Σ_rows (v hᵀ, v, h); the weights are first shrunk to the part `keep`."""
    v, h = state
    ones = v.new_ones(len(v))
    theta.W.addmm_(v.t(), h, beta=keep, alpha=factor)
    theta.b.addmv_(v.t(), ones, alpha=factor)
    theta.c.addmv_(h.t(), ones, alpha=factor)


@torch.no_grad()
def free_energy_gap(model: RBM, data: State, particles: State) -> dict[str, Tensor]:
    gap = model.free_energy(particles.visible).mean() - model.free_energy(data.visible).mean()
    return {"free_energy_gap": gap}


def check(model: RBM, data: Tensor, settings: Settings, generator: torch.Generator) -> None:
    check_settings(settings)
    for name in ("updates", "batch_size"):
        value = getattr(settings, name)
        if value < 1 or value != int(value):
            raise ValueError(f"expected a whole number {name} ≥ 1, got {value!r}")
    if data.dim() != 2 or data.shape[1] != model.n_visible or len(data) == 0:
        hint = "; flatten images with data.flatten(1)" if data.dim() > 2 else ""
        raise ValueError(
            f"expected data of shape (n, {model.n_visible}), got {tuple(data.shape)}{hint}"
        )
    if not data.device == model.W.device == generator.device:
        raise ValueError(
            "expected data, model and generator on one device, got data on "
            f"{data.device}, model on {model.W.device}, generator on {generator.device}"
        )
    if data.dtype != model.W.dtype:
        raise ValueError(f"expected data of the model's {model.W.dtype}, got {data.dtype}")
    if not bool(((data == 0) | (data == 1)).all()):
        raise ValueError(
            f"expected data of zeros and ones, got values from {data.min():g} to {data.max():g}; "
            "threshold them: (data > 0.5).float()"
        )

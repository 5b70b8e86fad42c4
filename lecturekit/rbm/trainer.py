"""The training loop of the slides, as a generator of steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from torch import Tensor

from lecturekit.door import BINARY, NonNegative, door
from lecturekit.rbm.model import RBM, State, Theta
from lecturekit.rbm.negative_phase import NegativePhase
from lecturekit.rbm.products import add_outer
from lecturekit.training import (
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

    α falls linearly to 0 over the run, as in Tieleman 2008, unless `constant_share` says otherwise.

    Attributes:
        learning_rate: α.
        weight_decay: λ; each update takes α·λ·W off W, as for the penalty λ‖W‖²/2.
        precision: "bfloat16" makes the matrix products with a bfloat16 copy of W, twice as fast
            on a processor with instructions for it; W itself, probabilities and samples keep
            the model's precision.
    """

    updates: int = limited(10_000, 1)
    learning_rate: float = tunable(0.05, 1e-4, 1.0, scale="log", label="learning rate α")
    weight_decay: float = tunable(0.0, 0.0, 0.01, label="weight decay λ")
    precision: Literal["float32", "bfloat16"] = "float32"


# One weight of 300 nats settles a unit for good. Weights that have learned something stay below 30;
# at a rate of 1000 they pass 300 within some hundred updates, and the machine is worth nothing.
SANE = {"parameters": 300.0}

METRICS_EVERY = 50  # rare enough to cost nothing beside the updates


@door
def train(
    model: RBM,
    data: Annotated[Tensor, "n n_visible", BINARY],
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
    check_labels(model, data)
    progress, batches = Progress(), minibatches(data, settings.batch_size, generator=generator)
    steps = guard(
        _steps(model, data, settings, negative_phase, generator, batches, progress),
        model,
        settings,
        owns={
            "negative_phase": negative_phase,
            "generator": generator,
            "batches": batches,
            "progress": progress,
        },
        sane=SANE,
    )
    steps.look_again_at((data,), lambda: check_labels(model, data))
    return steps


def _steps(
    model: RBM,
    data: Tensor,
    settings: Settings,
    negative_phase: NegativePhase,
    generator: torch.Generator,
    batches: Iterator[Tensor],
    progress: Progress,
) -> Iterator[Step]:
    if not progress.done:
        negative_phase.prepare(model, data, generator=generator)
    working = working_copy(model, settings)
    total = settings.updates
    for index in progress.updates(total):
        data_state, particles = update(
            model,
            next(batches),
            negative_phase,
            learning_rate=settings.learning_rate * settings.decay(index),
            weight_decay=settings.weight_decay,
            generator=generator,
            working=working,
        )
        looked_at = index % METRICS_EVERY == 0 or index in (1, total)
        yield Step(index, total, free_energy_gap(model, data_state, particles) if looked_at else {})


def working_copy(model: RBM, settings: Settings) -> RBM:
    """What the matrix products are made with: the model itself, or a copy in bfloat16."""
    return model if settings.precision == "float32" else model.lowered(torch.bfloat16)


@door
def update(
    model: RBM,
    v: Annotated[Tensor, "n n_visible", BINARY],
    negative_phase: NegativePhase,
    *,
    learning_rate: NonNegative,
    weight_decay: NonNegative = 0.0,
    generator: torch.Generator,
    working: RBM | None = None,
) -> tuple[State, State]:
    """One update of θ, in place; returns X⁺ and X⁻.

    The same as the loop on the slide up to rounding: unless the negative phase wants to see the
    gradient, it is added to θ without being formed, which saves a pass over memory as large as W.

    Args:
        model: trained in place.
        v: (batch, n_visible) in {0, 1}, the minibatch.
        negative_phase: where X⁻ comes from.
        learning_rate: α.
        weight_decay: λ.
        generator: source of the samples, on the model's device.
        working: `model.lowered(dtype)`, for products in another precision.
    """
    if working is None:
        working = model
    elif working is not model:
        working.theta.W.copy_(model.theta.W)
    data = working.clamp(v)
    particles = negative_phase.advance(working, data, generator=generator)
    learn(model, negative_phase, data, particles, learning_rate, weight_decay, working.W.dtype)
    return data, particles


def learn(
    model: RBM,
    negative_phase: NegativePhase,
    data: State,
    particles: State,
    learning_rate: float,
    weight_decay: float,
    dtype: torch.dtype,
) -> None:
    """θ := θ + α·(∇E(X⁻) − ∇E(X⁺)) less the weight decay, in place; products in `dtype`."""
    if negative_phase.wants_gradient():
        W, b, c = model.theta
        gradient = Theta(torch.empty_like(W), torch.zeros_like(b), torch.zeros_like(c))
        _add_contrast(gradient, data, particles, 1.0, 0.0, dtype)
        model.ascend(gradient, learning_rate, weight_decay=weight_decay)
        negative_phase.learn(gradient)
    else:
        keep = 1 - learning_rate * weight_decay
        _add_contrast(model.theta, data, particles, learning_rate, keep, dtype)


def _add_contrast(
    theta: Theta, data: State, particles: State, factor: float, keep: float, dtype: torch.dtype
) -> None:
    """θ += factor · (∇E(X⁻) − ∇E(X⁺)), in place, after W is shrunk to the part `keep`; what is
    shrunk to nothing need not be there before."""
    n_data, n_particles = len(data.visible), len(particles.visible)
    up, down = factor / n_data, -factor / n_particles
    if dtype == theta.W.dtype:
        add_outer(theta.W, data.visible, data.hidden, keep=keep, factor=up)
        add_outer(theta.W, particles.visible, particles.hidden, factor=down)
    else:  # one product of all rows, so that only the difference is rounded to `dtype`
        v = torch.cat([data.visible, particles.visible]).to(dtype)
        h = torch.cat([data.hidden, particles.hidden * (-n_data / n_particles)]).to(dtype)
        add_outer(theta.W, v, h, keep=keep, factor=up)
    theta.b.add_(data.visible.sum(0), alpha=up).add_(particles.visible.sum(0), alpha=down)
    theta.c.add_(data.hidden.sum(0), alpha=up).add_(particles.hidden.sum(0), alpha=down)


@torch.no_grad()
def free_energy_gap(model: RBM, data: State, particles: State) -> dict[str, Tensor]:
    gap = model.free_energy(particles.visible).mean() - model.free_energy(data.visible).mean()
    return {"free_energy_gap": gap}


def check_labels(model: RBM, data: Tensor) -> None:
    """Refuse rows without a label, of a model that has labels."""
    if model.n_classes and not bool((data[:, -model.n_classes :].sum(1) == 1).all()):
        raise ValueError(
            f"expected rows in which one of the last {model.n_classes} units is on, the label: "
            "model.join(images, labels)"
        )

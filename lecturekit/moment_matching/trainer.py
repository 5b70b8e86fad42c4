"""Training: a generator network by moment matching, and an auto-encoder to give it codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from lecturekit.door import In, door, refuse
from lecturekit.moment_matching.discrepancy import mmd2
from lecturekit.moment_matching.kernels import Kernel
from lecturekit.moment_matching.model import GMMN, AutoEncoder
from lecturekit.training import (
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

    Attributes:
        batch_size: rows of data, and as many samples, that are compared in each update. Large
            ones matter here: the loss is a property of the whole batch, biased by about 1/batch.
        learning_rate: α of Adam.
        root: whether √MMD² is minimised, as by Li et al. 2015, rather than MMD². The gradient is
            then divided by 2√MMD², so that it does not fade as the samples come close.
    """

    updates: int = limited(2000, 1)
    batch_size: int = limited(1000, 1)
    learning_rate: float = tunable(1e-3, 1e-5, 1e-1, scale="log", label="learning rate α")
    root: bool = True


@dataclass
class AutoEncoderSettings(Schedule):
    """Hyperparameters of `train_autoencoder`.

    Attributes:
        learning_rate: α of Adam.
    """

    updates: int = limited(2000, 1)
    learning_rate: float = tunable(2e-3, 1e-5, 1e-1, scale="log", label="learning rate α")


@door
def train(
    model: GMMN,
    data: Annotated[Tensor, "n n_features"],
    settings: Settings,
    *,
    kernel: Kernel,
    generator: torch.Generator,
) -> Steps:
    """Train a generator network to match the data's moments, one update per step.

    θ := θ − α ∇_θ √MMD²(g_θ(z), y), z fresh noise and y a minibatch, with the biased estimator and
    Adam's steps (β 0.9, 0.999). No discriminator and no sampling chain: the loss is known in
    closed form. It goes into the metric `mmd`, √MMD². Li et al. 2015. In an
    auto-encoder's code space it is the same function, given codes for data.

    Args:
        model: trained in place.
        data: y, (n, n_features), on the model's device.
        settings: a change to a tunable field takes effect at the next update.
        kernel: what is matched.
        generator: source of noise and minibatches, on the model's device.

    Returns:
        Steps under `guard`: on divergence the model goes back to its last finite state.

    Raises:
        ValueError: settings, data or devices do not fit; the model is untouched.
    """
    _check_reach(model, data)
    descent, progress = Descent(model), Progress()
    batches = minibatches(data, settings.batch_size, generator=generator)
    steps = guard(
        _steps(model, settings, kernel, generator, descent, batches, progress),
        model,
        settings,
        owns={
            "kernel": kernel,
            "generator": generator,
            "descent": descent,
            "batches": batches,
            "progress": progress,
        },
        sane={"parameters": PARAMETERS},
    )
    steps.look_again_at((data,), lambda: _check_reach(model, data))
    return steps


def _check_reach(model: GMMN, data: Tensor) -> None:
    """Refuse data that the model cannot reach."""
    low, high = (float(each) for each in data.aminmax())
    if model.bounded and not 0 <= low <= high <= 1:
        came = f"values from {low:g} to {high:g}"
        refuse(
            "data", "in [0, 1], as the model's samples are", came, "or a GMMN with bounded=False"
        )


def _steps(
    model: GMMN,
    settings: Settings,
    kernel: Kernel,
    generator: torch.Generator,
    descent: Descent,
    batches: Iterator[Tensor],
    progress: Progress,
) -> Steps:
    for index in progress.updates(settings.updates):
        x = model(model.latents(settings.batch_size, generator=generator))
        squared = mmd2(x, next(batches), kernel)
        # At 0 the root has no slope: rounding decides there, and decides against a division by 0.
        loss = squared.clamp(min=1e-12).sqrt() if settings.root else squared
        descent.step(loss, settings.learning_rate * settings.decay(index))
        yield Step(index, settings.updates, {"mmd": squared.detach().clamp(min=0).sqrt()})


@door
def train_autoencoder(
    model: AutoEncoder,
    data: Annotated[Tensor, "n n_features", In(0, 1)],
    settings: AutoEncoderSettings,
    *,
    generator: torch.Generator,
) -> Steps:
    """Train an auto-encoder to reconstruct rows in [0, 1], by cross-entropy, one update per step.

    Inputs of the encoder's layers are dropped as the model says. The metric `error` is the root
    mean square error of a pixel, with what was dropped.

    Args:
        model: trained in place.
        data: (n, n_features) in [0, 1], on the model's device.
        settings: a change to a tunable field takes effect at the next update.
        generator: source of minibatches and of what is dropped, on the model's device.

    Returns:
        Steps under `guard`.

    Raises:
        ValueError: settings, data or devices do not fit; the model is untouched.
    """
    descent, progress = Descent(model), Progress()
    batches = minibatches(data, settings.batch_size, generator=generator)
    return guard(
        _autoencoder_steps(model, settings, generator, descent, batches, progress),
        model,
        settings,
        owns={
            "generator": generator,
            "descent": descent,
            "batches": batches,
            "progress": progress,
        },
        sane={"parameters": PARAMETERS},
    )


def _autoencoder_steps(
    model: AutoEncoder,
    settings: AutoEncoderSettings,
    generator: torch.Generator,
    descent: Descent,
    batches: Iterator[Tensor],
    progress: Progress,
) -> Steps:
    for index in progress.updates(settings.updates):
        x = next(batches)
        logits = model.logits(x, generator=generator)
        loss = binary_cross_entropy_with_logits(logits, x)
        descent.step(loss, settings.learning_rate * settings.decay(index))
        error = (logits.detach().sigmoid() - x).square().mean().sqrt()
        yield Step(index, settings.updates, {"error": error})

"""Training: a generator network by moment matching, and an auto-encoder to give it codes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy

from lecturekit.moment_matching.discrepancy import mmd2
from lecturekit.moment_matching.kernels import Kernel, check_rows
from lecturekit.moment_matching.model import GMMN, AutoEncoder
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
        batch_size: rows of data, and as many samples, that are compared in each update. Large
            ones matter here: the loss is a property of the whole batch, biased by about 1/batch.
        learning_rate: α of Adam.
        linear_decay: whether α falls linearly to 0 over the run.
        root: whether √MMD² is minimised, as by Li et al. 2015, rather than MMD². The gradient is
            then divided by 2√MMD², so that it does not fade as the samples come close.
    """

    updates: int = 2000
    batch_size: int = 1000
    learning_rate: float = tunable(1e-3, 1e-5, 1e-1, scale="log", label="learning rate α")
    linear_decay: bool = True
    root: bool = True


@dataclass
class AutoEncoderSettings:
    """Hyperparameters of `train_autoencoder`.

    Attributes:
        updates: number of parameter updates.
        batch_size: rows of a minibatch.
        learning_rate: α of Adam.
        linear_decay: whether α falls linearly to 0 over the run.
    """

    updates: int = 2000
    batch_size: int = 100
    learning_rate: float = tunable(2e-3, 1e-5, 1e-1, scale="log", label="learning rate α")
    linear_decay: bool = True


def train(
    model: GMMN, data: Tensor, settings: Settings, *, kernel: Kernel, generator: torch.Generator
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
    _check(data, model.n_features, settings, generator)
    return guard(_steps(model, data, settings, kernel, generator), model, settings)


def _steps(
    model: GMMN, data: Tensor, settings: Settings, kernel: Kernel, generator: torch.Generator
) -> Steps:
    optimiser = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
    batches = minibatches(data, settings.batch_size, generator=generator)
    for index in range(1, settings.updates + 1):
        _set_rate(optimiser, settings, index)
        x = model(model.latents(settings.batch_size, generator=generator))
        squared = mmd2(x, next(batches), kernel)
        # At 0 the root has no slope: rounding decides there, and decides against a division by 0.
        loss = squared.clamp(min=1e-12).sqrt() if settings.root else squared
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield Step(index, settings.updates, {"mmd": squared.detach().clamp(min=0).sqrt()})


def train_autoencoder(
    model: AutoEncoder,
    data: Tensor,
    settings: AutoEncoderSettings,
    *,
    generator: torch.Generator,
) -> Steps:
    """Train an auto-encoder to reconstruct rows in [0, 1], by cross-entropy, one update per step.

    The metric `error` is the root mean square error of a pixel.

    Args:
        model: trained in place.
        data: (n, n_features) in [0, 1], on the model's device.
        settings: a change to a tunable field takes effect at the next update.
        generator: source of minibatches, on the model's device.

    Returns:
        Steps under `guard`.

    Raises:
        ValueError: settings, data or devices do not fit; the model is untouched.
    """
    _check(data, model.sizes[0], settings, generator)
    if data.min() < 0 or data.max() > 1:
        raise ValueError(
            f"expected data in [0, 1], got values from {data.min():g} to {data.max():g}"
        )
    return guard(_autoencoder_steps(model, data, settings, generator), model, settings)


def _autoencoder_steps(
    model: AutoEncoder, data: Tensor, settings: AutoEncoderSettings, generator: torch.Generator
) -> Steps:
    optimiser = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
    batches = minibatches(data, settings.batch_size, generator=generator)
    for index in range(1, settings.updates + 1):
        _set_rate(optimiser, settings, index)
        x = next(batches)
        reconstruction = model(x)
        loss = binary_cross_entropy(reconstruction, x)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        error = (reconstruction.detach() - x).square().mean().sqrt()
        yield Step(index, settings.updates, {"error": error})


def _set_rate(
    optimiser: torch.optim.Optimizer, settings: Settings | AutoEncoderSettings, index: int
) -> None:
    decay = linear_decay(index, settings.updates) if settings.linear_decay else 1.0
    for group in optimiser.param_groups:
        group["lr"] = settings.learning_rate * decay


def _check(
    data: Tensor,
    n_features: int,
    settings: Settings | AutoEncoderSettings,
    generator: torch.Generator,
) -> None:
    check_settings(settings, updates=1, batch_size=1)
    check_rows(data, data)
    if data.shape[1] != n_features:
        raise ValueError(f"expected data of shape (n, {n_features}), got {tuple(data.shape)}")
    check_devices(data=data, generator=generator)

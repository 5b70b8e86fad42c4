"""The training loop of the slides, as a generator of steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from lecturekit.denoising.annealing import NoiseLevels
from lecturekit.denoising.corruption import Corruption, check_corrupted
from lecturekit.denoising.denoisers import Denoiser, LevelDenoiser
from lecturekit.denoising.walkback import Scheme, Simple
from lecturekit.door import Rows, came, door, refuse
from lecturekit.training import (
    PARAMETERS,
    Descent,
    Progress,
    Schedule,
    Step,
    Steps,
    check_settings,
    guard,
    limited,
    minibatches,
    tunable,
)


@dataclass
class Settings(Schedule):
    """Hyperparameters of `train`; tunable fields are read anew at every update.

    Attributes:
        learning_rate: β, of Adam.
    """

    batch_size: int = limited(256, 1)
    learning_rate: float = tunable(2e-3, 1e-4, 1e-1, scale="log", label="learning rate β")


@door
def train(
    model: Denoiser,
    data: Rows,
    settings: Settings,
    *,
    corruption: Corruption,
    scheme: Scheme | None = None,
    generator: torch.Generator,
) -> Steps:
    """Train a denoiser by stochastic ascent of log P_θ(X | X′), one update per step.

    θ := θ + β ∇_θ log P_θ(X | X′), with the gradient's size taken out by Adam. Every step carries
    the metric `log_likelihood`, the mean of log P_θ(X | X′) over the minibatch, in nats per row.

    Args:
        model: trained in place.
        data: (n, n_dims), on the model's device.
        settings: a change to a tunable field takes effect at the next update.
        corruption: C(X′ | X); its tunable fields too are read at every update.
        scheme: which X′ to learn from: simple training if left out, or one of the walkbacks.
        generator: source of minibatches, noise, samples and coins, on the model's device.

    Returns:
        Steps under `guard`: on divergence the model goes back to its last finite state.

    Raises:
        ValueError: settings, data or devices do not fit; the model is untouched.
    """
    if isinstance(model, LevelDenoiser):
        refuse("model", "to be of one noise level", came(model), "train_levels trains it")
    _check(model, data, settings, generator)
    check_corrupted(corruption, model, generator, data=data)
    scheme = Simple() if scheme is None else scheme
    ascent, progress = Descent(model, ascent=True), Progress()
    batches = minibatches(data, settings.batch_size, generator=generator)
    return guard(
        _steps(model, settings, corruption, scheme, generator, ascent, batches, progress),
        model,
        settings,
        owns={
            "corruption": corruption,
            "scheme": scheme,
            "generator": generator,
            "ascent": ascent,
            "batches": batches,
            "progress": progress,
        },
        sane=_sane(data),
    )


def _steps(
    model: Denoiser,
    settings: Settings,
    corruption: Corruption,
    scheme: Scheme,
    generator: torch.Generator,
    ascent: Descent,
    batches: Iterator[Tensor],
    progress: Progress,
) -> Iterator[Step]:
    if not progress.done:
        scheme.initialise()
    for index in progress.updates(settings.updates):
        x = next(batches)
        log_likelihood = scheme.log_likelihood(model, corruption, x, generator=generator)
        ascent.step(log_likelihood, settings.learning_rate * settings.decay(index))
        yield Step(index, settings.updates, {"log_likelihood": log_likelihood.detach()})


@door
def train_levels(
    model: LevelDenoiser,
    data: Rows,
    settings: Settings,
    *,
    levels: NoiseLevels,
    generator: torch.Generator,
) -> Steps:
    """Train one denoiser for many noise levels: simple training, each row at a σ of its own.

    Args:
        model: trained in place.
        data: (n, n_dims), on the model's device.
        settings: as in `train`.
        levels: σ is drawn log-uniformly between their ends.
        generator: source of all randomness, on the model's device.

    Returns:
        Steps under `guard`.

    Raises:
        ValueError: settings, data or devices do not fit; the model is untouched.
    """
    _check(model, data, settings, generator)
    ascent, progress = Descent(model, ascent=True), Progress()
    batches = minibatches(data, settings.batch_size, generator=generator)
    return guard(
        _level_steps(model, settings, levels, generator, ascent, batches, progress),
        model,
        settings,
        owns={
            "generator": generator,
            "ascent": ascent,
            "batches": batches,
            "progress": progress,
        },
        sane=_sane(data),
    )


def _level_steps(
    model: LevelDenoiser,
    settings: Settings,
    levels: NoiseLevels,
    generator: torch.Generator,
    ascent: Descent,
    batches: Iterator[Tensor],
    progress: Progress,
) -> Iterator[Step]:
    for index in progress.updates(settings.updates):
        x = next(batches)
        sigma = levels.draw(len(x), generator=generator).to(x)  # (batch, 1)
        noise = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
        log_likelihood = model(x + sigma * noise, sigma).log_prob(x).mean()
        ascent.step(log_likelihood, settings.learning_rate * settings.decay(index))
        yield Step(index, settings.updates, {"log_likelihood": log_likelihood.detach()})


def _sane(data: Tensor) -> dict[str, float]:
    """10⁶ nats for each dimension is a reconstruction a thousand standard deviations off."""
    return {"parameters": PARAMETERS, "log_likelihood": 1e6 * data.shape[1]}


def _check(model: Denoiser, data: Tensor, settings: Settings, generator: torch.Generator) -> None:
    check_settings(settings)
    model.check(data, generator)

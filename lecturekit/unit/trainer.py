"""The game between two autoencoders and two discriminators, as a generator of steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lecturekit.adversarial import OBJECTIVES, Objective
from lecturekit.training import Step, Steps, check_settings, guard, minibatches, tunable
from lecturekit.unit.losses import (
    Kl,
    Terms,
    autoencoder_terms,
    discriminator_terms,
    gaussian_kl,
    streams,
    weighted,
)
from lecturekit.unit.model import UNIT


@dataclass
class Settings:
    """Hyperparameters of `train`; tunable fields are read anew at every update.

    The weights are the paper's. Adam does not notice a common factor, so what counts is how they
    compare with each other.

    Attributes:
        updates: of all six nets.
        batch_size: images of either domain.
        gan_weight: λ0, of L_GAN.
        kl_weight: λ1, of the KL term of L_VAE.
        reconstruction_weight: λ2, of the reconstruction term of L_VAE.
        cycle_kl_weight: λ3, of the KL terms of L_CC.
        cycle_weight: λ4, of the reconstruction term of L_CC.
        autoencoder_rate, discriminator_rate: Adam's, constant over the first half of the run, then
            falling linearly to 0.
        objective: of the adversarial game.
    """

    updates: int = 1500
    batch_size: int = 8
    gan_weight: float = tunable(10.0, 0.0, 50.0, label="GAN λ₀")
    kl_weight: float = tunable(0.1, 1e-3, 100.0, scale="log", label="KL λ₁")
    reconstruction_weight: float = tunable(100.0, 0.0, 200.0, label="reconstruction λ₂")
    cycle_kl_weight: float = tunable(0.1, 1e-3, 100.0, scale="log", label="cycle KL λ₃")
    cycle_weight: float = tunable(100.0, 0.0, 200.0, label="cycle λ₄")
    autoencoder_rate: float = tunable(1e-3, 1e-5, 1e-2, scale="log", label="rate of E, G")
    discriminator_rate: float = tunable(1e-3, 1e-5, 1e-2, scale="log", label="rate of D")
    objective: Objective = "least squares"


BETAS = (0.5, 0.999)  # of Adam: a short memory of the direction, since the opponent moves too


def train(
    model: UNIT,
    x1: Tensor,
    x2: Tensor,
    settings: Settings,
    *,
    generator: torch.Generator,
    kl: Kl = gaussian_kl,
) -> Steps:
    """Train encoders, generators and discriminators, one update of each per step.

    min over E1, G1, E2, G2, max over D1, D2 (in the objective's form) of
    L_VAE1 + L_GAN1 + L_CC1 + L_VAE2 + L_GAN2 + L_CC2.
    Metrics, each the sum of both domains: `kl`, `reconstruction`, `adversarial`, `cycle_kl`,
    `cycle` (unweighted), `discriminators`.

    Args:
        model: trained in place.
        x1: (n, channels, height, width) in [0, 1], on the model's device.
        x2: (m, channels, height, width). Rows are drawn independently of those of `x1`.
        settings: a change to a tunable field takes effect at the next update.
        generator: source of minibatches and codes, on the model's device.
        kl: what stands for the KL divergence of the codes from the prior.

    Returns:
        Steps under `guard`: on divergence the model goes back to its last finite state.

    Raises:
        ValueError: settings, data or devices do not fit; the model is untouched.
    """
    _check(model, x1, x2, settings, generator)
    return guard(_steps(model, x1, x2, settings, generator, kl), model, settings)


def _steps(
    model: UNIT,
    x1_data: Tensor,
    x2_data: Tensor,
    settings: Settings,
    generator: torch.Generator,
    kl: Kl,
) -> Iterator[Step]:
    adam_autoencoders, adam_discriminators = _adam(model.autoencoders), _adam(model.discriminators)
    batches_1 = minibatches(x1_data, settings.batch_size, generator=generator)
    batches_2 = minibatches(x2_data, settings.batch_size, generator=generator)
    for index in range(1, settings.updates + 1):
        x1, x2 = next(batches_1), next(batches_2)
        decay = _decay(index, settings.updates)

        model.discriminators.requires_grad_(False)  # only looked through, so no gradient is kept
        made = streams(model, x1, x2, generator=generator)
        both = autoencoder_terms(model, x1, x2, made, settings.objective, kl)
        loss = _sum(_sum(weighted(terms, settings)) for terms in both)
        _descend(adam_autoencoders, loss, settings.autoencoder_rate * decay)

        model.discriminators.requires_grad_(True)
        theirs = _sum(discriminator_terms(model, x1, x2, made, settings.objective))
        _descend(adam_discriminators, theirs, settings.discriminator_rate * decay)

        model.update_average()
        metrics = {name: _sum(pair) for name, *pair in zip(Terms._fields, *both, strict=True)}
        metrics["discriminators"] = theirs
        yield Step(
            index, settings.updates, {name: value.detach() for name, value in metrics.items()}
        )


def _sum(scalars: Iterable[Tensor]) -> Tensor:
    return torch.stack(tuple(scalars)).sum()


def _adam(nets: nn.Module) -> torch.optim.Adam:
    return torch.optim.Adam(nets.parameters(), betas=BETAS, fused=True)


def _descend(optimiser: torch.optim.Adam, loss: Tensor, rate: float) -> None:
    optimiser.param_groups[0]["lr"] = rate
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def _decay(index: int, total: int) -> float:
    """1 over the first half, then 1 → 0."""
    return min(1.0, 2 * (1 - (index - 1) / total))


# ------------------------------------------------------------------------------------- the door


def _check(
    model: UNIT, x1: Tensor, x2: Tensor, settings: Settings, generator: torch.Generator
) -> None:
    check_settings(settings)
    for name in ("updates", "batch_size"):
        value: Any = getattr(settings, name)
        if value != int(value) or value < 1:
            raise ValueError(f"expected a whole number {name} ≥ 1, got {value!r}")
    if settings.objective not in OBJECTIVES:
        raise ValueError(
            f"expected an objective among {', '.join(OBJECTIVES)}, got {settings.objective!r}"
        )
    for name, images in {"x1": x1, "x2": x2}.items():
        _check_images(name, images, model, generator)
    if x1.shape[1:] != x2.shape[1:]:
        raise ValueError(
            f"expected x1 and x2 of one shape but for the rows, got {tuple(x1.shape)}, "
            f"{tuple(x2.shape)}"
        )


def _check_images(name: str, images: Tensor, model: UNIT, generator: torch.Generator) -> None:
    if images.ndim != 4 or len(images) == 0:
        hint = f"; give grey images a channel: {name}[:, None]" if images.ndim == 3 else ""
        raise ValueError(
            f"expected {name} of shape (n, channels, height, width), got "
            f"{tuple(images.shape)}{hint}"
        )
    parameter = next(model.parameters())
    if not images.device == parameter.device == generator.device:
        raise ValueError(
            f"expected {name}, model and generator on one device, got {images.device}, "
            f"{parameter.device}, {generator.device}"
        )
    if images.dtype != parameter.dtype:
        raise ValueError(f"expected {name} of the model's {parameter.dtype}, got {images.dtype}")
    if not bool(images.isfinite().all()):
        raise ValueError(f"expected {name} finite, got {int((~images.isfinite()).sum())} NaN or ∞")
    if not bool(((images >= 0) & (images <= 1)).all()):
        raise ValueError(
            f"expected images {name} in [0, 1], got values from {images.min():g} to "
            f"{images.max():g}"
        )

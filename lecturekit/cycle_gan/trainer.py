"""The game between generators and discriminators, as a generator of steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lecturekit.adversarial import OBJECTIVES, Exchange, ImagePool, Objective, exchange
from lecturekit.cycle_gan.losses import (
    CycleLoss,
    cycle_loss,
    discriminator_terms,
    generator_terms,
)
from lecturekit.cycle_gan.model import CycleGAN
from lecturekit.training import Step, Steps, check_settings, guard, minibatches, tunable


@dataclass
class Settings:
    """Hyperparameters of `train`; tunable fields are read anew at every update.

    Attributes:
        updates: of all four nets.
        batch_size: images of either domain.
        cycle_weight: λ, of the cycle loss. The slide leaves it out, the paper has 10, for images
            from −1 to 1.
        identity_weight: of the identity loss; the paper has λ/2 where it uses it at all.
        generator_rate, discriminator_rate: Adam's.
        constant_share: the share of the run, in [0, 1], in which the rates are constant; from
            there they fall linearly to 0.
        objective: of the adversarial game.
        warm_up: updates in which λ rises from 0. With all of it from the start, a generator that
            does nothing is the best answer to a discriminator that has learned nothing, and a gate
            that has shut does not open again.
        apart: updates at the beginning in which the cycle's gradient stops at the translation, so
            that F learns to undo G, and G to undo F, but neither helps the other. Nets that can
            help each other do so by smuggling: F hides the stripes that it should take away in
            faint shades, and G never has to learn where stripes belong.
        pool_size: translations kept for the discriminators, of either domain; 0 for none.
        mirror: whether images are flipped left to right at random.
    """

    updates: int = 2000
    batch_size: int = 4
    cycle_weight: float = tunable(10.0, 0.0, 30.0, label="cycle weight λ")
    identity_weight: float = tunable(0.0, 0.0, 10.0, label="identity weight")
    generator_rate: float = tunable(1e-3, 1e-5, 1e-2, scale="log", label="rate of G, F")
    discriminator_rate: float = tunable(1e-3, 1e-5, 1e-2, scale="log", label="rate of D")
    constant_share: float = 0.5
    objective: Objective = "least squares"
    warm_up: int = 200
    apart: int = 0
    pool_size: int = 0
    mirror: bool = False


BETAS = (0.5, 0.999)  # of Adam: a short memory of the direction, since the opponent moves too


def train(
    model: CycleGAN,
    x: Tensor,
    y: Tensor,
    settings: Settings,
    *,
    generator: torch.Generator,
    cycle: CycleLoss = cycle_loss,
    exchange: Exchange = exchange,
) -> Steps:
    """Train both generators and both discriminators, one update of each per step.

    min over G, F, max over D_X, D_Y (in the objective's form) of
    L_GAN(G, D_Y, X, Y) + L_GAN(F, D_X, Y, X) + λ·L_cycle(G, F) + λ_id·L_identity(G, F).
    Metrics: `adversarial`, `cycle`, `identity` (unweighted), `discriminators`.

    Args:
        model: trained in place.
        x: (n, ...), the data of X, on the model's device.
        y: (m, ...), the data of Y. Rows are drawn independently of those of `x`.
        settings: a change to a tunable field takes effect at the next update.
        generator: source of minibatches, flips and the pool's choices, on the model's device.
        cycle: what stands for L_cycle.
        exchange: the rule of the image pools.

    Returns:
        Steps under `guard`: on divergence the model goes back to its last finite state.

    Raises:
        ValueError: settings, data or devices do not fit; the model is untouched.
    """
    _check(model, x, y, settings, generator)
    return guard(_steps(model, x, y, settings, generator, cycle, exchange), model, settings)


def _steps(
    model: CycleGAN,
    x_data: Tensor,
    y_data: Tensor,
    settings: Settings,
    generator: torch.Generator,
    cycle: CycleLoss,
    exchange: Exchange,
) -> Iterator[Step]:
    adam_generators, adam_discriminators = _adam(model.generators), _adam(model.discriminators)
    pool_x, pool_y = (ImagePool(settings.pool_size, exchange) for _ in "XY")
    batches_x = minibatches(x_data, settings.batch_size, generator=generator)
    batches_y = minibatches(y_data, settings.batch_size, generator=generator)
    for index in range(1, settings.updates + 1):
        x, y = next(batches_x), next(batches_y)
        if settings.mirror:
            x, y = _mirrored(x, generator), _mirrored(y, generator)

        terms, fake_y, fake_x = generator_terms(
            model,
            x,
            y,
            settings.objective,
            cycle=cycle,
            with_cycle=settings.cycle_weight > 0,
            through_both=index > settings.apart,
            with_identity=settings.identity_weight > 0,
        )
        loss = (
            terms.adversarial
            + _warm(settings, index) * settings.cycle_weight * terms.cycle
            + settings.identity_weight * terms.identity
        )
        _descend(adam_generators, loss, settings.generator_rate * _decay(settings, index))

        fake_x = pool_x.meet(fake_x, generator=generator)
        fake_y = pool_y.meet(fake_y, generator=generator)
        their_loss = discriminator_terms(model, x, y, fake_x, fake_y, settings.objective)
        _descend(
            adam_discriminators, their_loss, settings.discriminator_rate * _decay(settings, index)
        )

        model.update_average()
        metrics = {**terms._asdict(), "discriminators": their_loss}
        yield Step(
            index, settings.updates, {name: value.detach() for name, value in metrics.items()}
        )


def _adam(nets: nn.Module) -> torch.optim.Adam:
    return torch.optim.Adam(nets.parameters(), betas=BETAS, fused=True)


def _descend(optimiser: torch.optim.Adam, loss: Tensor, rate: float) -> None:
    optimiser.param_groups[0]["lr"] = rate
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def _warm(settings: Settings, index: int) -> float:
    """0 → 1 over the warm-up."""
    return min(1.0, index / settings.warm_up) if settings.warm_up else 1.0


def _decay(settings: Settings, index: int) -> float:
    """1 over the constant share of the run, then 1 → 0."""
    left = 1 - (index - 1) / settings.updates  # 1 at the first update, 1 / updates at the last
    falling = 1 - settings.constant_share
    return min(1.0, left / falling) if falling else 1.0


def _mirrored(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image flipped left to right with probability ½."""
    flip = torch.rand(len(images), generator=generator, device=generator.device) < 0.5
    return torch.where(flip[:, None, None, None], images.flip(-1), images)


# ------------------------------------------------------------------------------------- the door


def _check(
    model: CycleGAN, x: Tensor, y: Tensor, settings: Settings, generator: torch.Generator
) -> None:
    check_settings(settings)
    for name, least in (
        ("updates", 1),
        ("batch_size", 1),
        ("warm_up", 0),
        ("apart", 0),
        ("pool_size", 0),
    ):
        value: Any = getattr(settings, name)
        if value != int(value) or value < least:
            raise ValueError(f"expected a whole number {name} ≥ {least}, got {value!r}")
    if not 0 <= settings.constant_share <= 1:
        raise ValueError(f"expected a constant_share in [0, 1], got {settings.constant_share!r}")
    if settings.objective not in OBJECTIVES:
        raise ValueError(
            f"expected an objective among {', '.join(OBJECTIVES)}, got {settings.objective!r}"
        )
    for name, data in {"x": x, "y": y}.items():
        _check_data(name, data, model, settings, generator)
    if x.shape[1:] != y.shape[1:]:
        raise ValueError(
            "expected x and y of one shape but for the rows, got "
            f"{tuple(x.shape)}, {tuple(y.shape)}"
        )


def _check_data(
    name: str, data: Tensor, model: CycleGAN, settings: Settings, generator: torch.Generator
) -> None:
    parameter = next(model.parameters())
    if data.ndim not in (2, 4) or len(data) == 0:
        hint = "; give grey images a channel: x[:, None]" if data.ndim == 3 else ""
        raise ValueError(
            f"expected {name} of shape (n, n_dims) or (n, channels, height, width), "
            f"got {tuple(data.shape)}{hint}"
        )
    if settings.mirror and data.ndim != 4:
        raise ValueError(f"only images can be mirrored, got {name} of shape {tuple(data.shape)}")
    if not data.device == parameter.device == generator.device:
        raise ValueError(
            f"expected {name}, model and generator on one device, got {data.device}, "
            f"{parameter.device}, {generator.device}"
        )
    if data.dtype != parameter.dtype:
        raise ValueError(f"expected {name} of the model's {parameter.dtype}, got {data.dtype}")
    if not bool(data.isfinite().all()):
        raise ValueError(f"expected {name} finite, got {int((~data.isfinite()).sum())} NaN or ∞")
    if data.ndim == 4 and not bool(((data >= 0) & (data <= 1)).all()):
        raise ValueError(
            f"expected images {name} in [0, 1], got values from {data.min():g} to {data.max():g}"
        )

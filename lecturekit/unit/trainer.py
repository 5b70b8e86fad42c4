"""The game between two autoencoders and two discriminators, as a generator of steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from lecturekit.adversarial import (
    Objective,
    check_domains,
    check_game,
)
from lecturekit.door import In, door
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
class Settings(Schedule):
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
        autoencoder_rate, discriminator_rate: Adam's.
        objective: of the adversarial game.
    """

    updates: int = limited(1500, 1)
    batch_size: int = limited(8, 1)
    constant_share: float = limited(0.5, 0.0, 1.0)
    gan_weight: float = tunable(10.0, 0.0, 50.0, label="GAN λ₀")
    kl_weight: float = tunable(0.1, 1e-3, 100.0, scale="log", label="KL λ₁")
    reconstruction_weight: float = tunable(100.0, 0.0, 200.0, label="reconstruction λ₂")
    cycle_kl_weight: float = tunable(0.1, 1e-3, 100.0, scale="log", label="cycle KL λ₃")
    cycle_weight: float = tunable(100.0, 0.0, 200.0, label="cycle λ₄")
    autoencoder_rate: float = tunable(2e-3, 1e-5, 1e-2, scale="log", label="rate of E, G")
    discriminator_rate: float = tunable(2e-3, 1e-5, 1e-2, scale="log", label="rate of D")
    objective: Objective = "least squares"


@door
def train(
    model: UNIT,
    x1: Annotated[Tensor, "n n_channels 4·height 4·width", In(0, 1)],
    x2: Annotated[Tensor, "m n_channels 4·height 4·width", In(0, 1)],
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
    check_game(settings)
    check_domains({"x1": x1, "x2": x2}, model, generator)
    players = Players(model, x1, x2, settings, generator)
    return guard(
        _steps(model, settings, generator, kl, players),
        model,
        settings,
        owns={"generator": generator, "players": players},
        sane={"parameters": PARAMETERS},
    )


class Players:
    """What the game remembers from update to update, beside the nets themselves."""

    def __init__(
        self, model: UNIT, x1: Tensor, x2: Tensor, settings: Settings, generator: torch.Generator
    ) -> None:
        self.autoencoders = Descent(model.autoencoders, betas=AGAINST_AN_OPPONENT)
        self.discriminators = Descent(model.discriminators, betas=AGAINST_AN_OPPONENT)
        self.batches_1 = minibatches(x1, settings.batch_size, generator=generator)
        self.batches_2 = minibatches(x2, settings.batch_size, generator=generator)
        self.progress = Progress()


def _steps(
    model: UNIT,
    settings: Settings,
    generator: torch.Generator,
    kl: Kl,
    players: Players,
) -> Iterator[Step]:
    for index in players.progress.updates(settings.updates):
        x1, x2 = next(players.batches_1), next(players.batches_2)
        decay = settings.decay(index)

        made = streams(model, x1, x2, generator=generator)
        both = autoencoder_terms(model, x1, x2, made, settings.objective, kl)
        loss = total(total(weighted(terms, settings)) for terms in both)
        players.autoencoders.step(loss, settings.autoencoder_rate * decay)

        theirs = total(discriminator_terms(model, x1, x2, made, settings.objective))
        players.discriminators.step(theirs, settings.discriminator_rate * decay)

        model.update_average()
        metrics = {name: total(pair) for name, *pair in zip(Terms._fields, *both, strict=True)}
        metrics["discriminators"] = theirs
        yield Step(
            index, settings.updates, {name: value.detach() for name, value in metrics.items()}
        )


def total(scalars: Iterable[Tensor]) -> Tensor:
    """The sum of scalar tensors."""
    return torch.stack(tuple(scalars)).sum()

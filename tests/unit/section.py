"""What the suites over all sections need of this one."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from lecturekit import unit
from lecturekit.training import Steps
from lecturekit.unit import vae_gan
from tests.sections import LiveRun, Training, seeded
from tests.unit.nets import images, small


def bridge(generator: torch.Generator) -> vae_gan.VAEGAN:
    return vae_gan.VAEGAN(8, n_latent=3, n_hidden=4, width=4, generator=generator)


def game(seed: int) -> Training:
    model, settings = small(seed), unit.Settings(updates=6, batch_size=3)
    rates = [(settings, "autoencoder_rate"), (settings, "discriminator_rate")]
    moving = nn.ModuleList([model.autoencoders, model.discriminators])
    data, named = [images(6, seed), images(7, seed + 1)], {"generator": seeded(seed)}
    return Training(unit.train, model, data, settings, rates, named, moving=moving)


def trained_by(similarity: vae_gan.Similarity, seed: int) -> Training:
    generator = seeded(seed)
    model = bridge(generator)
    settings = vae_gan.BridgeSettings(updates=6, batch_size=3, similarity=similarity)
    rates, named = [(settings, "rate"), (settings, "discriminator_rate")], {"generator": generator}
    return Training(vae_gan.train_vae_gan, model, [images(9, seed)], settings, rates, named)


def by_pixels(seed: int) -> Training:
    return trained_by("pixels", seed)


def by_features(seed: int) -> Training:
    return trained_by("features", seed)


def train_relatives(
    family: unit.Family, a: Tensor, b: Tensor, c: Tensor, settings: unit.Settings, **named: Any
) -> Steps:
    return unit.train_family(family, [a, b, c], settings, **named)


def relatives(seed: int) -> Training:
    family = unit.family_for_images(
        3, 1, width=6, n_latent=3, discriminator_width=4, generator=seeded(seed)
    )
    settings = unit.Settings(updates=6, batch_size=3)
    rates = [(settings, "autoencoder_rate"), (settings, "discriminator_rate")]
    moving = nn.ModuleList([family.autoencoders, family.discriminators])
    data, named = [images(6, seed + k) for k in range(3)], {"generator": seeded(seed)}
    return Training(train_relatives, family, data, settings, rates, named, moving=moving)


MODELS = [bridge]  # UNIT draws in another order than it begins anew: tests/test_initialise.py

TRAINERS = [game, relatives, by_pixels, by_features]

LIVE = LiveRun(
    play="unit_run = live.play(",
    run="unit_run",
    parameter="model.E1.own[1][0].weight",
    slider="rate of E, G",
    setting="settings.autoencoder_rate",
)

NOT_NOTICED: dict[str, str] = {}

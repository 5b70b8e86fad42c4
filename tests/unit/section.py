"""What the suites over all sections need of this one."""

from __future__ import annotations

from torch import nn

from lecturekit import unit
from lecturekit.unit import vae_gan
from tests.sections import LiveRun, Training, seeded
from tests.unit.nets import images, small


def game(seed: int) -> Training:
    generator, model = seeded(seed), small(seed)
    settings = unit.Settings(updates=6, batch_size=3)

    def train(x1, x2):
        return unit.train(model, x1, x2, settings, generator=generator)

    rates = [(settings, "autoencoder_rate"), (settings, "discriminator_rate")]
    moving = nn.ModuleList([model.autoencoders, model.discriminators])
    data = [images(6, seed), images(7, seed + 1)]
    return Training(train, data, model, settings, rates, generator, moving)


def bridge(seed: int) -> Training:
    generator = seeded(seed)
    model = vae_gan.VAEGAN(8, n_latent=3, n_hidden=4, width=4, generator=generator)
    settings = vae_gan.BridgeSettings(updates=6, batch_size=3)

    def train(x):
        return vae_gan.train_vae_gan(model, x, settings, generator=generator)

    rates = [(settings, "rate"), (settings, "discriminator_rate")]
    return Training(train, [images(9, seed)], model, settings, rates, generator)


TRAINERS = [game, bridge]

LIVE = LiveRun(
    play="unit_run = live.play(",
    run="unit_run",
    parameter="model.E1.own[1][0].weight",
    slider="rate of E, G",
    setting="settings.autoencoder_rate",
)

NOT_NOTICED: dict[str, str] = {}

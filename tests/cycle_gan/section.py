"""What the suites over all sections need of this one."""

from __future__ import annotations

import torch
from torch import nn

from lecturekit import cycle_gan
from tests.sections import LiveRun, Training, seeded

RATES = ("generator_rate", "discriminator_rate")


def of_points(generator: torch.Generator) -> cycle_gan.CycleGAN:
    return cycle_gan.for_points(2, n_hidden=4, generator=generator)


def of_images(generator: torch.Generator) -> cycle_gan.CycleGAN:
    return cycle_gan.for_images(1, width=4, n_blocks=1, discriminator_width=2, generator=generator)


def trained(
    model: cycle_gan.CycleGAN, shape: tuple[int, ...], generator: torch.Generator, **changes: object
) -> Training:
    settings = cycle_gan.Settings(updates=6, batch_size=3, **changes)
    data = [torch.rand(n, *shape, generator=generator) for n in (7, 8)]
    rates, named = [(settings, rate) for rate in RATES], {"generator": generator}
    moving = nn.ModuleList([model.generators, model.discriminators])
    return Training(cycle_gan.train, model, data, settings, rates, named, moving=moving)


def points(seed: int) -> Training:
    generator = seeded(seed)
    return trained(of_points(generator), (2,), generator)


def images(seed: int) -> Training:
    generator = seeded(seed)
    changes = {"identity_weight": 1.0, "pool_size": 2, "mirror": True}
    return trained(of_images(generator), (1, 8, 8), generator, **changes)


MODELS = [of_points, of_images]

TRAINERS = [points, images]

LIVE = LiveRun(
    play="cloud_run = live.play(",
    run="cloud_run",
    parameter='clouds["λ = 10"].G[0].weight',
    slider="rate of G, F",
    setting='cloud_settings["λ = 10"].generator_rate',
)

NOT_NOTICED = {
    "cycle_gan.model.CycleGAN.to_": "that turning changes no cycle error holds for any two maps",
    "evaluation.pairing.pixel_error": "... and for any error that looks at pixels one by one",
    "evaluation.classifier.Classifier.agreement": "is for the claim in the same cell",
}

"""What the suites over all sections need of this one."""

from __future__ import annotations

import torch

from lecturekit import denoising
from tests.sections import LiveRun, Training, seeded


def trained_with(scheme: denoising.Scheme, seed: int) -> Training:
    generator = seeded(seed)
    model = denoising.GaussianDenoiser(2, (6,), generator=generator)
    settings = denoising.Settings(updates=6, batch_size=10)
    data, noise = torch.randn(20, 2, generator=generator), denoising.GaussianNoise(0.3)

    def train(rows):
        return denoising.train(
            model, rows, settings, corruption=noise, scheme=scheme, generator=generator
        )

    return Training(train, [data], model, settings, [(settings, "learning_rate")], generator)


def simple(seed: int) -> Training:
    return trained_with(denoising.Simple(), seed)


def walkback(seed: int) -> Training:
    return trained_with(denoising.PersistentWalkback(), seed)


def all_levels(seed: int) -> Training:
    generator = seeded(seed)
    model = denoising.LevelDenoiser(2, 1.0, generator=generator)
    settings = denoising.Settings(updates=6, batch_size=10)
    data, levels = torch.randn(20, 2, generator=generator), denoising.NoiseLevels(0.1, 1.0)

    def train(rows):
        return denoising.train_levels(model, rows, settings, levels=levels, generator=generator)

    return Training(train, [data], model, settings, [(settings, "learning_rate")], generator)


TRAINERS = [simple, walkback, all_levels]

LIVE = LiveRun(
    play="field_run = live.play(",
    run="field_run",
    parameter="ring_denoiser.net[2].weight",
    slider="learning rate β",
    setting="field_settings.learning_rate",
)

NOT_NOTICED = {"denoising.exact.line_corruption, width": "the identities hold for any corruption"}

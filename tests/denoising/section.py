"""What the suites over all sections need of this one."""

from __future__ import annotations

import torch

from lecturekit import denoising
from tests.sections import LiveRun, Training, seeded


def gaussian(generator: torch.Generator) -> denoising.GaussianDenoiser:
    return denoising.GaussianDenoiser(2, (6,), feature_gain=3.0, generator=generator)


def bernoulli(generator: torch.Generator) -> denoising.BernoulliDenoiser:
    return denoising.BernoulliDenoiser(4, (3,), generator=generator)


def of_all_levels(generator: torch.Generator) -> denoising.LevelDenoiser:
    return denoising.LevelDenoiser(2, 1.0, (6,), generator=generator)


def trained_with(scheme: denoising.Scheme | None, seed: int) -> Training:
    generator = seeded(seed)
    model, settings = gaussian(generator), denoising.Settings(updates=6, batch_size=10)
    data, noise = torch.randn(20, 2, generator=generator), denoising.GaussianNoise(0.3)
    named = {"corruption": noise, "scheme": scheme, "generator": generator}
    return Training(denoising.train, model, [data], settings, [(settings, "learning_rate")], named)


def no_scheme(seed: int) -> Training:
    return trained_with(None, seed)


def simple(seed: int) -> Training:
    return trained_with(denoising.Simple(), seed)


def walkback(seed: int) -> Training:
    return trained_with(denoising.Walkback(0.5), seed)


def fixed_walkback(seed: int) -> Training:
    return trained_with(denoising.FixedWalkback(2), seed)


def persistent_walkback(seed: int) -> Training:
    return trained_with(denoising.PersistentWalkback(0.7), seed)


def all_levels(seed: int) -> Training:
    generator = seeded(seed)
    model, settings = of_all_levels(generator), denoising.Settings(updates=6, batch_size=10)
    data, levels = torch.randn(20, 2, generator=generator), denoising.NoiseLevels(0.1, 1.0)
    rates, named = [(settings, "learning_rate")], {"levels": levels, "generator": generator}
    return Training(denoising.train_levels, model, [data], settings, rates, named)


MODELS = [gaussian, bernoulli, of_all_levels]

TRAINERS = [no_scheme, simple, walkback, fixed_walkback, persistent_walkback, all_levels]

LIVE = LiveRun(
    play="field_run = live.play(",
    run="field_run",
    parameter="ring_denoiser.net[2].weight",
    slider="learning rate β",
    setting="field_settings.learning_rate",
    share=0.25,
)

NOT_NOTICED = {"denoising.exact.line_corruption, width": "the identities hold for any corruption"}

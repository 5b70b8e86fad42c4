"""What the suites over all sections need of this one."""

from __future__ import annotations

import torch

from lecturekit import moment_matching
from tests.sections import LiveRun, Training, seeded

KERNEL = moment_matching.Gaussian(1.0)


def network(generator: torch.Generator) -> moment_matching.GMMN:
    return moment_matching.GMMN(2, (6,), 3, generator=generator)


def autoencoder(generator: torch.Generator) -> moment_matching.AutoEncoder:
    return moment_matching.AutoEncoder(3, (6,), 2, generator=generator)


def matching(seed: int) -> Training:
    generator = seeded(seed)
    model, settings = network(generator), moment_matching.Settings(updates=6, batch_size=10)
    data = torch.rand(20, 3, generator=generator)
    rates, named = [(settings, "learning_rate")], {"kernel": KERNEL, "generator": generator}
    return Training(moment_matching.train, model, [data], settings, rates, named)


def coding(seed: int) -> Training:
    generator = seeded(seed)
    model = autoencoder(generator)
    settings = moment_matching.AutoEncoderSettings(updates=6, batch_size=10)
    data = torch.rand(20, 3, generator=generator)
    rates, named = [(settings, "learning_rate")], {"generator": generator}
    return Training(moment_matching.train_autoencoder, model, [data], settings, rates, named)


def flow(seed: int) -> Training:
    generator = seeded(seed)
    particles = moment_matching.Particles(torch.randn(8, 2, generator=generator))
    settings = moment_matching.FlowSettings(updates=6)
    data = torch.randn(9, 2, generator=generator)
    rates, named = [(settings, "learning_rate")], {"kernel": KERNEL}
    return Training(moment_matching.flow, particles, [data], settings, rates, named)


MODELS = [network, autoencoder]

TRAINERS = [matching, coding, flow]

LIVE = LiveRun(
    play="digit_run = live.play(",
    run="digit_run",
    parameter='nets["codes"].network[0].weight',
    slider="learning rate α",
    setting="digit_settings.learning_rate",
)

NOT_NOTICED: dict[str, str] = {}

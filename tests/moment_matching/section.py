"""What the suites over all sections need of this one."""

from __future__ import annotations

import torch

from lecturekit import moment_matching
from tests.sections import LiveRun, Training, seeded

KERNEL = moment_matching.Gaussian(1.0)


def network(seed: int) -> Training:
    generator = seeded(seed)
    model = moment_matching.GMMN(2, (6,), 3, generator=generator)
    settings = moment_matching.Settings(updates=6, batch_size=10)
    data = torch.rand(20, 3, generator=generator)

    def train(rows):
        return moment_matching.train(model, rows, settings, kernel=KERNEL, generator=generator)

    return Training(train, [data], model, settings, [(settings, "learning_rate")], generator)


def autoencoder(seed: int) -> Training:
    generator = seeded(seed)
    model = moment_matching.AutoEncoder(3, (6,), 2, generator=generator)
    settings = moment_matching.AutoEncoderSettings(updates=6, batch_size=10)
    data = torch.rand(20, 3, generator=generator)

    def train(rows):
        return moment_matching.train_autoencoder(model, rows, settings, generator=generator)

    return Training(train, [data], model, settings, [(settings, "learning_rate")], generator)


def flow(seed: int) -> Training:
    generator = seeded(seed)
    particles = moment_matching.Particles(torch.randn(8, 2, generator=generator))
    settings = moment_matching.FlowSettings(updates=6)
    data = torch.randn(9, 2, generator=generator)

    def train(rows):
        return moment_matching.flow(particles, rows, settings, kernel=KERNEL)

    return Training(train, [data], particles, settings, [(settings, "learning_rate")])


TRAINERS = [network, autoencoder, flow]

LIVE = LiveRun(
    play="digit_run = live.play(",
    run="digit_run",
    parameter='nets["codes"].network[0].weight',
    slider="learning rate α",
    setting="digit_settings.learning_rate",
)

NOT_NOTICED: dict[str, str] = {}

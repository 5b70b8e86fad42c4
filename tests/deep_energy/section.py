"""What the suites over all sections need of this one."""

from __future__ import annotations

import torch
from torch import nn

from lecturekit import deep_energy
from lecturekit.networks import mlp
from tests.sections import LiveRun, Training, seeded


def energy(generator: torch.Generator) -> deep_energy.DeepEnergy:
    features = mlp([2, 8], output=nn.SiLU, generator=generator)
    return deep_energy.DeepEnergy(features, 2, 8, 3, generator=generator)


def sampler(generator: torch.Generator) -> deep_energy.Generator:
    net = mlp([2, 8, 2], batch_norm=True, generator=generator)
    return deep_energy.Generator(net, n_latent=2)


def trained_with(phase: deep_energy.Sampler, generator: torch.Generator) -> Training:
    model = energy(generator)
    settings = deep_energy.Settings(updates=6, batch_size=5)
    data = torch.randn(20, 2, generator=generator)
    rates = [
        (each, "learning_rate") for each in (settings, phase) if hasattr(each, "learning_rate")
    ]
    named = {"negative_phase": phase, "generator": generator}
    return Training(deep_energy.train, model, [data], settings, rates, named, phase.modules)


def with_a_generator(seed: int) -> Training:
    generator = seeded(seed)
    nearest = deep_energy.NearestNeighbourEntropy()
    return trained_with(deep_energy.GeneratorPhase(sampler(generator), nearest), generator)


def with_langevin_steps(seed: int) -> Training:
    return trained_with(deep_energy.LangevinPhase(n_particles=10, k=2), seeded(seed))


MODELS = [energy, sampler]

TRAINERS = [with_a_generator, with_langevin_steps]

LIVE = LiveRun(
    play="run = live.play(",
    run="run",
    parameter="energy.experts.weight",
    slider="energy rate α",
    setting="settings.learning_rate",
)

NOT_NOTICED = {
    "deep_energy.negative_phase.langevin_step": "is held by the variance of particles, to 4 %"
}

"""The loop: it learns, repeats bit for bit, reads its settings anew, and refuses bad input."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from lecturekit.data import densities
from lecturekit.deep_energy import (
    DeepEnergy,
    Generator,
    GeneratorPhase,
    LangevinPhase,
    NearestNeighbourEntropy,
    Plane,
    Settings,
    kl_from,
    train,
)
from lecturekit.networks import mlp
from lecturekit.training import finish

TARGET = densities.ring(n_modes=3, radius=1.5, std=0.4)


def make(phase: str = "generator", seed: int = 0, **options):
    source = torch.Generator().manual_seed(seed)
    data = TARGET.sample(1000, generator=source)
    features = mlp([2, 32, 32], activation=nn.SiLU, output=nn.SiLU, generator=source)
    energy = DeepEnergy(features, 2, 32, 8, generator=source)
    if phase == "generator":
        G = Generator(mlp([2, 32, 32, 2], batch_norm=True, generator=source), n_latent=2)
        negative = GeneratorPhase(
            G, NearestNeighbourEntropy(), **{"learning_rate": 5e-3, **options}
        )
    else:
        negative = LangevinPhase(n_particles=128, k=5, step_size=0.02, **options)
    return energy, data, negative, source


def parameters(*modules: nn.Module) -> list[torch.Tensor]:
    return [p.detach().clone() for module in modules for p in module.parameters()]


@pytest.mark.parametrize("phase", ["generator", "langevin"])
def test_the_energy_comes_closer_to_the_data(phase):
    energy, data, negative, source = make(phase)
    start = kl_from(TARGET.log_prob, energy, Plane(resolution=60))
    settings = Settings(updates=300, batch_size=64, learning_rate=2e-3, penalty=0.02)
    last = finish(train(energy, data, settings, negative_phase=negative, generator=source))
    end = kl_from(TARGET.log_prob, energy, Plane(resolution=60))
    assert last.index == last.total == 300
    assert start > 0.8
    assert end < start / 3


def test_nothing_happens_before_the_first_step_and_the_global_generator_is_left_alone():
    energy, data, negative, source = make()
    before, state = parameters(energy, negative.G), torch.get_rng_state()
    steps = train(energy, data, Settings(updates=2), negative_phase=negative, generator=source)
    assert all(map(torch.equal, before, parameters(energy, negative.G)))
    step = next(steps)
    assert set(step.metrics) == {"energy_gap", "steepness", "entropy"}
    assert not any(metric.requires_grad for metric in step.metrics.values())
    assert torch.equal(torch.get_rng_state(), state)


def test_settings_are_read_anew_at_every_update():
    energy, data, negative, source = make()
    settings = Settings(updates=4, constant_share=1.0)
    steps = train(energy, data, settings, negative_phase=negative, generator=source)
    next(steps)
    settings.learning_rate = negative.learning_rate = 0.0
    before = parameters(energy, negative.G)
    next(steps)
    assert all(map(torch.equal, before, parameters(energy, negative.G)))
    negative.learning_rate = 1e-3
    next(steps)
    assert all(map(torch.equal, parameters(energy), before))  # zip ends with the energy's
    assert not all(map(torch.equal, before, parameters(energy, negative.G)))


def test_the_first_update_descends_gap_and_penalty():
    energy, data, negative, source = make()
    settings = Settings(updates=1, learning_rate=1e-3, penalty=0.3, batch_size=1000)
    state = source.get_state()
    order = torch.randperm(1000, generator=source)
    z = torch.randn(1000, 2, generator=source)
    x, chi = data[order], negative.G(z).detach()
    x.requires_grad_()
    (slope,) = torch.autograd.grad(energy(x).sum(), x, create_graph=True)
    loss = energy(x).mean() - energy(chi).mean() + 0.3 * slope.square().sum(1).mean()
    wanted = torch.autograd.grad(loss, energy.b)[0]
    before = energy.b.detach().clone()
    source.set_state(state)
    finish(train(energy, data, settings, negative_phase=negative, generator=source))
    torch.testing.assert_close(energy.b - before, -1e-3 * wanted.sign(), rtol=1e-3, atol=0)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (torch.zeros(5, 2, 2), "flatten"),
        (torch.zeros(1, 2), "n ≥ 2"),
        (torch.zeros(5, 2).double(), "float32"),
        (torch.full((5, 2), math.nan), "finite"),
    ],
)
def test_data_that_do_not_fit_are_refused(data, wanted):
    energy, _, negative, source = make()
    with pytest.raises(ValueError, match=wanted):
        train(energy, data, Settings(), negative_phase=negative, generator=source)


def test_settings_of_the_negative_phase_are_refused_too():
    with pytest.raises(
        ValueError, match=r"GeneratorPhase\.entropy_weight must be .* ≥ 0, got -1\.0"
    ):
        make(entropy_weight=-1.0)
    energy, data, negative, source = make()
    steps = train(energy, data, Settings(), negative_phase=negative, generator=source)
    negative.entropy_weight = -1.0
    with pytest.raises(ValueError, match="entropy_weight"):
        next(steps)

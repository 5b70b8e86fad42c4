"""Both ways to get samples: the law that Langevin steps lead to, the gradient that G descends."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from lecturekit.deep_energy import (
    Generator,
    GeneratorPhase,
    LangevinPhase,
    NearestNeighbourEntropy,
    langevin_step,
)
from lecturekit.networks import mlp


class Quadratic(nn.Module):
    """E(x) = ‖x‖²/(2s²): the energy of N(0, s² I)."""

    def __init__(self, s: float):
        super().__init__()
        self.s = nn.Parameter(torch.tensor(s))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.square().sum(dim=1) / (2 * self.s**2)


@pytest.mark.parametrize("step_size", [0.01, 0.1, 0.3])
def test_langevin_steps_lead_to_the_variance_that_their_size_implies(step_size, generator):
    s = 0.6
    x = torch.randn(4000, 1, generator=generator)
    for _ in range(round(4 / step_size)):
        x = langevin_step(Quadratic(s), x, step_size, generator=generator)
    # x′ = (1 − ε/s²) x + √(2ε) n has the stationary variance s² / (1 − ε/(2s²))
    wanted = s**2 / (1 - step_size / (2 * s**2))
    assert x.var().item() == pytest.approx(wanted, abs=4 * wanted * math.sqrt(2 / 4000))
    assert not x.requires_grad


def test_particles_persist_and_take_turns(generator):
    data = torch.randn(100, 2, generator=generator)
    phase = LangevinPhase(n_particles=6, k=1, step_size=1e-12, renewed=0.0)
    phase.prepare(data, generator=generator)
    start = phase.particles.clone()
    drawn = [phase.draw(Quadratic(1.0), 2, generator=generator) for _ in range(4)]
    for turn, chi in enumerate(drawn):  # steps this small move nothing
        at = 2 * (turn % 3)
        torch.testing.assert_close(chi, start[at : at + 2], atol=1e-4, rtol=0)
    before = phase.particles
    phase.prepare(data, generator=generator)
    assert phase.particles is before


def test_particles_begin_as_broad_as_the_data_and_some_begin_anew(generator):
    data = torch.tensor([5.0, -3.0]) + torch.tensor([2.0, 0.1]) * torch.randn(
        2000, 2, generator=generator
    )
    phase = LangevinPhase(n_particles=2000, k=1, step_size=1e-12, renewed=0.25)
    phase.prepare(data, generator=generator)
    start = phase.particles.clone()
    torch.testing.assert_close(start.mean(0), torch.tensor([5.0, -3.0]), atol=0.2, rtol=0)
    torch.testing.assert_close(start.std(0), torch.tensor([2.0, 0.1]), atol=0, rtol=0.1)
    moved = phase.draw(Quadratic(1.0), 2000, generator=generator)
    stayed = ((moved - start).abs().max(dim=1).values < 1e-4).float().mean().item()
    assert stayed == 0.75


def test_more_samples_than_particles_are_refused(generator):
    phase = LangevinPhase(n_particles=5)
    with pytest.raises(
        ValueError, match="expected particles to have been placed by initialise, got none"
    ):
        phase.draw(Quadratic(1.0), 3, generator=generator)
    phase.prepare(torch.randn(9, 2, generator=generator), generator=generator)
    with pytest.raises(ValueError, match="n_particles ≥ 6, the rows of a minibatch, got 5"):
        phase.draw(Quadratic(1.0), 6, generator=generator)


def test_the_generator_descends_the_divergence_and_leaves_the_energy_alone(generator):
    G = Generator(nn.Linear(2, 2), n_latent=2)
    entropy = NearestNeighbourEntropy(k=1)
    phase = GeneratorPhase(G, entropy, entropy_weight=0.7, learning_rate=1e-3)
    energy = Quadratic(1.0)
    phase.prepare(torch.zeros(2, 2), generator=generator)
    z = G.latent(40, generator=torch.Generator().manual_seed(1))
    (slope,) = torch.autograd.grad(
        energy(G(z)).mean() - 0.7 * entropy(G, G(z)), G.net.weight, retain_graph=True
    )
    before = G.net.weight.detach().clone()
    chi = phase.draw(energy, 40, generator=torch.Generator().manual_seed(1))
    metrics = phase.learn(energy, chi, rate_factor=0.5)
    moved = G.net.weight.detach() - before
    # Adam's first step has the size of the rate, against the sign of the slope
    torch.testing.assert_close(moved, -0.5e-3 * slope.sign(), rtol=1e-3, atol=0)
    torch.testing.assert_close(metrics["entropy"], entropy(G, chi))
    assert energy.s.grad is None


def test_a_linear_generator_becomes_the_gaussian_that_the_energy_asks_for(generator):
    G = Generator(nn.utils.skip_init(nn.Linear, 2, 2), n_latent=2)
    nn.init.eye_(G.net.weight)
    nn.init.ones_(G.net.bias)
    phase = GeneratorPhase(G, NearestNeighbourEntropy(k=1), learning_rate=0.02)
    phase.prepare(torch.zeros(2, 2), generator=generator)
    for index in range(300):
        chi = phase.draw(Quadratic(0.5), 128, generator=generator)
        phase.learn(Quadratic(0.5), chi, 1 - index / 300)
    torch.testing.assert_close(
        G.net.weight @ G.net.weight.T, 0.25 * torch.eye(2), atol=0.03, rtol=0
    )
    torch.testing.assert_close(G.net.bias, torch.zeros(2), atol=0.05, rtol=0)


# -------------------------------------------------------------------------------- the generator


def test_samples_use_running_averages_and_leave_the_mode_as_it_was(generator):
    G = Generator(mlp([2, 8, 3], batch_norm=True, generator=generator), n_latent=2)
    for _ in range(5):
        G(G.latent(64, generator=generator))
    averages = G.net[1].running_mean.clone()
    z = G.latent(10, generator=generator)
    together, alone = G.generate(z), G.generate(z[:1])
    torch.testing.assert_close(together[:1], alone)
    assert torch.equal(G.net[1].running_mean, averages)
    assert G.training
    assert not together.requires_grad
    sample = G.sample(10, generator=torch.Generator().manual_seed(4))
    again = G.generate(G.latent(10, generator=torch.Generator().manual_seed(4)))
    assert torch.equal(sample, again)


def test_latent_points_of_another_shape_are_refused():
    G = Generator(nn.Linear(2, 3), n_latent=2)
    with pytest.raises(ValueError, match=r"expected z of shape \(n, 2\)"):
        G(torch.zeros(4, 3))
    with pytest.raises(ValueError, match="n_latent ≥ 1"):
        Generator(nn.Identity(), n_latent=0)

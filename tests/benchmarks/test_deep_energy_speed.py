"""The speed of section 2, as a ratio within one run: `make benchmark`.

The nets are small, so an update is mostly the overhead of its many operations. The peer is a plain
loop, written from the slide: with the penalty's gradient on a pass of its own, and two
passes through the generator. `train` shares both passes.
"""

from __future__ import annotations

import torch
from torch import nn

from lecturekit import deep_energy as de
from lecturekit.data import densities
from lecturekit.networks import mlp
from lecturekit.training import minibatches

from .conftest import interleave, speed_relative_to


def models():
    source = torch.Generator().manual_seed(0)
    features = mlp([2, 64, 64], activation=nn.SiLU, output=nn.SiLU, generator=source)
    energy = de.DeepEnergy(features, 2, 64, 16, generator=source)
    G = de.Generator(mlp([2, 64, 64, 2], batch_norm=True, generator=source), n_latent=2)
    return energy, G, densities.ring().sample(5000, generator=source), source


def step_of_train():
    energy, G, data, source = models()
    phase = de.GeneratorPhase(G, de.NearestNeighbourEntropy())
    settings = de.Settings(updates=10**9, batch_size=128)
    steps = de.train(energy, data, settings, negative_phase=phase, generator=source)
    return lambda: next(steps)


def step_of_a_plain_loop():
    energy, G, data, source = models()
    batches = minibatches(data, 128, generator=source)
    theta, phi = (torch.optim.Adam(net.parameters(), betas=(0.5, 0.999)) for net in (energy, G))

    def step() -> None:
        x = next(batches)
        chi = G(G.latent(128, generator=source)).detach()
        inputs = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(energy(inputs).sum(), inputs, create_graph=True)
        penalty = slope.square().sum(1).mean()
        theta.zero_grad()
        (energy(x).mean() - energy(chi).mean() + 0.1 * penalty).backward()
        theta.step()
        chi = G(G.latent(128, generator=source))
        phi.zero_grad()
        (energy(chi).mean() - de.nearest_neighbour_entropy(chi)).backward()
        phi.step()

    return step


def test_an_update_is_faster_than_the_plain_loop(say):
    seconds = interleave({"plain loop": step_of_a_plain_loop(), "train": step_of_train()})
    ratio = speed_relative_to(seconds, "plain loop")["train"]
    say(f"train: {ratio:.2f} times the speed of the plain loop")
    assert ratio >= 1.0

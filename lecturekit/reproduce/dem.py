"""dem: a deep energy model of MNIST, its generator with and without an entropy term."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from lecturekit import deep_energy
from lecturekit.networks import mlp
from lecturekit.reproduce.digits import Digits, Minibatches
from lecturekit.reproduce.experiment import Experiment, Pixels, Scores
from lecturekit.reproduce.parzen import N_SAMPLES, QUANTITY, UNCERTAINTY, parzen_scores
from lecturekit.training import AGAINST_AN_OPPONENT, Descent

BATCH, PENALTY = 128, 0.02
N_LATENT, GENERATOR = 10, (500, 500)
ENERGY, N_EXPERTS = (1000, 500, 250), 128
# By method the entropy term and its weight λ, as in notebook 02.
ENTROPIES: dict[str, tuple[deep_energy.Entropy, float]] = {
    "nearest neighbours": (deep_energy.NearestNeighbourEntropy(k=1, n_dims=N_LATENT), 0.1),
    "the slide's proxy": (deep_energy.ActivationEntropy(), 0.01),
    "none": (deep_energy.NoEntropy(), 0.0),
}


@dataclass
class Players:
    """The state of a run."""

    energy: deep_energy.DeepEnergy
    descent: Descent
    phase: deep_energy.GeneratorPhase
    rate: float
    batches: Minibatches
    generator: torch.Generator


class DeepEnergyModel:
    """The sizes of a public reimplementation of Kim & Bengio 2016.

    In place of its noise on the input and its clipped gradients the energy has section 2's gradient
    penalty, and so smooth units. Both players have the same rate. An update is that of
    `deep_energy.train`, a generator, which could not be kept in a checkpoint.
    """

    def __init__(self, pixels: Pixels, device: torch.device):
        self.digits, self.device = Digits(pixels, device), device

    def begin(self, method: str, rate: float, seed: int) -> Players:
        generator = torch.Generator(self.device).manual_seed(seed)
        n, n_pixels = self.digits.train.images.shape
        features = mlp([n_pixels, *ENERGY], activation=nn.SiLU, output=nn.SiLU, generator=generator)
        energy = deep_energy.DeepEnergy(
            features, n_pixels, ENERGY[-1], N_EXPERTS, generator=generator
        )
        sizes = [N_LATENT, *GENERATOR, n_pixels]
        net = mlp(sizes, batch_norm=True, output=nn.Sigmoid, generator=generator)
        entropy, weight = ENTROPIES[method]
        maker = deep_energy.Generator(net, N_LATENT)
        phase = deep_energy.GeneratorPhase(maker, entropy, weight, learning_rate=rate)
        descent = Descent(energy, betas=AGAINST_AN_OPPONENT)
        return Players(energy, descent, phase, rate, Minibatches(n, BATCH, generator), generator)

    def update(self, run: Players, left: float) -> None:
        x = self.digits.train.images[run.batches.next()]
        chi = run.phase.draw(run.energy, BATCH, generator=run.generator)
        energy_data, slope = deep_energy.energy_and_slope(run.energy, x)
        gap = energy_data.mean() - run.energy(chi.detach()).mean()
        run.descent.step(gap + PENALTY * deep_energy.steepness(slope), left * run.rate)
        run.phase.learn(run.energy, chi, left)

    def scores(self, run: Players) -> Scores:
        samples = run.phase.G.sample(N_SAMPLES, generator=run.generator)
        return parzen_scores(samples, self.digits)


DEM = Experiment(
    names=("dem",),
    title=f"Deep energy {'-'.join(map(str, ENERGY))}-{N_EXPERTS} and generator "
    f"{N_LATENT}-{'-'.join(map(str, GENERATOR))} on MNIST, by the generator's entropy term",
    quantity=QUANTITY,
    methods=tuple(ENTROPIES),
    rates=(1e-4, 3e-4, 1e-3),
    shortest=16.0,
    least_gain=2.0,
    task=DeepEnergyModel,
    pixels=("grey",),
    uncertainty=UNCERTAINTY,
)

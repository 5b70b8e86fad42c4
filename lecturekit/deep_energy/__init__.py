"""Deep energy models: an energy made of a network, and two ways to sample from it.

`energy` is the model, `generator` and `entropy` belong to the sampler that is itself a network,
`negative_phase` has that one and Langevin dynamics, `trainer` the loop, `exact` the truth in 2-D,
`penalty` the best that any energy could do in 2-D under the gradient penalty.
"""

from lecturekit.deep_energy.energy import DeepEnergy, energy_and_slope, score, steepness
from lecturekit.deep_energy.entropy import (
    ActivationEntropy,
    ChosenEntropy,
    Entropy,
    NearestNeighbourEntropy,
    NoEntropy,
    gaussian_entropies,
    nearest_neighbour_entropy,
)
from lecturekit.deep_energy.exact import Plane, kl_from, kl_to, log_likelihood, log_partition
from lecturekit.deep_energy.generator import Generator
from lecturekit.deep_energy.negative_phase import (
    GeneratorPhase,
    LangevinPhase,
    Sampler,
    langevin_step,
)
from lecturekit.deep_energy.penalty import penalised_energy, penalty_price
from lecturekit.deep_energy.trainer import Settings, train

__all__ = [
    "ActivationEntropy",
    "ChosenEntropy",
    "DeepEnergy",
    "Entropy",
    "Generator",
    "GeneratorPhase",
    "LangevinPhase",
    "NearestNeighbourEntropy",
    "NoEntropy",
    "Plane",
    "Sampler",
    "Settings",
    "energy_and_slope",
    "gaussian_entropies",
    "kl_from",
    "kl_to",
    "langevin_step",
    "log_likelihood",
    "log_partition",
    "nearest_neighbour_entropy",
    "penalised_energy",
    "penalty_price",
    "score",
    "steepness",
    "train",
]

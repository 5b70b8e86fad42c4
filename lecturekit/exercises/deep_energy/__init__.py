"""Section 2's exercises, on deep energy models, in the notebook's order."""

from lecturekit.exercises.deep_energy.activation_entropy import ACTIVATION_ENTROPY
from lecturekit.exercises.deep_energy.energy import ENERGY
from lecturekit.exercises.deep_energy.generator_gradient import GENERATOR_GRADIENT
from lecturekit.exercises.deep_energy.langevin import LANGEVIN
from lecturekit.exercises.deep_energy.likelihood_gradient import LIKELIHOOD_GRADIENT
from lecturekit.exercises.deep_energy.neighbour_entropy import NEIGHBOUR_ENTROPY
from lecturekit.exercises.deep_energy.two_players import TWO_PLAYERS

EXERCISES = (
    ENERGY,
    LIKELIHOOD_GRADIENT,
    LANGEVIN,
    TWO_PLAYERS,
    ACTIVATION_ENTROPY,
    GENERATOR_GRADIENT,
    NEIGHBOUR_ENTROPY,
)

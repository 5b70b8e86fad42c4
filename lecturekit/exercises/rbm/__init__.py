"""Section 1's exercises, on restricted Boltzmann machines, in the notebook's order."""

from lecturekit.exercises.rbm.annealing import ANNEALING
from lecturekit.exercises.rbm.fast_weights import FAST_WEIGHTS
from lecturekit.exercises.rbm.free_energy import FREE_ENERGY
from lecturekit.exercises.rbm.gibbs_step import GIBBS_STEP
from lecturekit.exercises.rbm.gradient import GRADIENT
from lecturekit.exercises.rbm.log_partition import LOG_PARTITION
from lecturekit.exercises.rbm.persistent_chain import PERSISTENT_CHAIN

EXERCISES = (
    FREE_ENERGY,
    GIBBS_STEP,
    GRADIENT,
    PERSISTENT_CHAIN,
    FAST_WEIGHTS,
    LOG_PARTITION,
    ANNEALING,
)

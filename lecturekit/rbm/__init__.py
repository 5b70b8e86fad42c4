"""Section 1: the restricted Boltzmann machine, trained by CD-k, PCD and FPCD, and exact answers.

model            energy, conditionals, the gradient of the energy
class_rbm        image and label in one visible layer: the RBM as a classifier
negative_phase   CD-k, MF CD, PCD, FPCD: where the particles come from
tempering        parallel tempering: particles at several temperatures that change places
trainer          the loop on the slides as a generator of steps
products         v W and vᵀh for batches that are mostly zeros
slow_motion      one update, phase by phase
enumeration      all states of binary units, by number
exact            distributions, gradients, transition matrices by enumeration
expected         CD and PCD with infinitely many samples: bias, and the tug-of-war
partition        exact log Z and likelihood, up to 784×25
ais              an estimate of log Z for any size, and whether to trust it
bracket          a likelihood from below as well, by annealing in reverse
pseudo_likelihood
"""

from lecturekit.rbm.ais import LogPartition, ais_log_partition, ais_schedule
from lecturekit.rbm.bracket import Bracket, likelihood_bracket, raise_log_likelihood
from lecturekit.rbm.class_rbm import ClassRBM
from lecturekit.rbm.enumeration import state_index, states
from lecturekit.rbm.exact import (
    EnergyProfile,
    Wells,
    empirical_distribution,
    energy_profile,
    energy_wells,
    exact_gradient,
    exact_visible_distribution,
    expected_energy_gradient,
    gibbs_transition_matrix,
)
from lecturekit.rbm.expected import (
    Bias,
    CrowdSettings,
    cd_bias,
    expected_cd_gradient,
    infinite_crowd,
    mean_field_cd_bias,
    mean_field_cd_gradient,
)
from lecturekit.rbm.model import RBM, State, Theta, energy_gradient, log_odds, sample
from lecturekit.rbm.negative_phase import (
    ContrastiveDivergence,
    FastPersistentCD,
    GibbsStep,
    MeanFieldCD,
    NegativePhase,
    PersistentCD,
    gibbs_step,
)
from lecturekit.rbm.partition import exact_log_likelihood, exact_log_partition
from lecturekit.rbm.pseudo_likelihood import pseudo_log_likelihood
from lecturekit.rbm.slow_motion import PHASES, Phase, WatchedUpdate, slow_motion
from lecturekit.rbm.tempering import ParallelTempering
from lecturekit.rbm.trainer import Settings, train, update

__all__ = [
    "PHASES",
    "RBM",
    "Bias",
    "Bracket",
    "ClassRBM",
    "ContrastiveDivergence",
    "CrowdSettings",
    "EnergyProfile",
    "FastPersistentCD",
    "GibbsStep",
    "LogPartition",
    "MeanFieldCD",
    "NegativePhase",
    "ParallelTempering",
    "PersistentCD",
    "Phase",
    "Settings",
    "State",
    "Theta",
    "WatchedUpdate",
    "Wells",
    "ais_log_partition",
    "ais_schedule",
    "cd_bias",
    "empirical_distribution",
    "energy_gradient",
    "energy_profile",
    "energy_wells",
    "exact_gradient",
    "exact_log_likelihood",
    "exact_log_partition",
    "exact_visible_distribution",
    "expected_cd_gradient",
    "expected_energy_gradient",
    "gibbs_step",
    "gibbs_transition_matrix",
    "infinite_crowd",
    "likelihood_bracket",
    "log_odds",
    "mean_field_cd_bias",
    "mean_field_cd_gradient",
    "pseudo_log_likelihood",
    "raise_log_likelihood",
    "sample",
    "slow_motion",
    "state_index",
    "states",
    "train",
    "update",
]

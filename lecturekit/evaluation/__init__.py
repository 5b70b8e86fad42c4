"""How good a model or a sampler is: what the sections share to judge theirs.

markov      chains and the distributions they leave behind: mixing, occupancy, KL
chains      what chains of images do: changes of label, distance to the data
coverage    modes that samples reach, and how many samples are good
parzen      log-likelihood from samples
classifier  a small network that says which digit a generated image shows
"""

from lecturekit.evaluation.chains import label_switches, nearest_distances
from lecturekit.evaluation.classifier import Classifier, train_classifier
from lecturekit.evaluation.coverage import Coverage, mode_coverage
from lecturekit.evaluation.markov import (
    autocorrelation,
    effective_sample_size,
    kl_divergence,
    occupancy,
    spectral_gap,
)
from lecturekit.evaluation.parzen import (
    ParzenEstimate,
    best_width,
    parzen_log_density,
    parzen_log_likelihood,
)

__all__ = [
    "Classifier",
    "Coverage",
    "ParzenEstimate",
    "autocorrelation",
    "best_width",
    "effective_sample_size",
    "kl_divergence",
    "label_switches",
    "mode_coverage",
    "nearest_distances",
    "occupancy",
    "parzen_log_density",
    "parzen_log_likelihood",
    "spectral_gap",
    "train_classifier",
]

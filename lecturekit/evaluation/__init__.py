"""How good a model or a sampler is: what the sections share to judge theirs.

markov      chains and the distributions they leave behind: mixing, occupancy, KL
chains      what chains of images do: changes of label, distance to the data
coverage    how much of what there is samples reach: modes, or kinds of images
distance    how far made images are from real ones, all of them together
pairing     translations between domains, judged by the hidden truth
parzen      log-likelihood from samples
classifier  a small network that says which digit a generated image shows
"""

from lecturekit.evaluation.chains import label_switches, nearest_distances
from lecturekit.evaluation.classifier import Classifier, train_classifier
from lecturekit.evaluation.coverage import Coverage, mode_coverage, neighbour_coverage
from lecturekit.evaluation.distance import KernelDistance, kernel_distance
from lecturekit.evaluation.markov import (
    autocorrelation,
    effective_sample_size,
    kl_divergence,
    occupancy,
    spectral_gap,
)
from lecturekit.evaluation.pairing import (
    Ways,
    all_ways,
    off_diagonal,
    pattern_correlation,
    pixel_error,
    silhouette_matches,
    translation_report,
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
    "KernelDistance",
    "ParzenEstimate",
    "Ways",
    "all_ways",
    "autocorrelation",
    "best_width",
    "effective_sample_size",
    "kernel_distance",
    "kl_divergence",
    "label_switches",
    "mode_coverage",
    "nearest_distances",
    "neighbour_coverage",
    "occupancy",
    "off_diagonal",
    "parzen_log_density",
    "parzen_log_likelihood",
    "pattern_correlation",
    "pixel_error",
    "silhouette_matches",
    "spectral_gap",
    "train_classifier",
    "translation_report",
]

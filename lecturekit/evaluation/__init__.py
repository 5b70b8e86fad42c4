"""How good a model or a sampler is: what the sections share to judge theirs.

markov      chains and the distributions they leave behind: mixing, occupancy, KL
parzen      log-likelihood from samples
classifier  a digit classifier that judges generated images
"""

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
    "ParzenEstimate",
    "autocorrelation",
    "best_width",
    "effective_sample_size",
    "kl_divergence",
    "occupancy",
    "parzen_log_density",
    "parzen_log_likelihood",
    "spectral_gap",
]

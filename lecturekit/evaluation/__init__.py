"""How good a model or a sampler is: what the sections share to judge theirs.

markov    chains and the distributions they leave behind: mixing, occupancy, KL
coverage  modes that samples reach, and how many samples are good
parzen    log-likelihood from samples
"""

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
    "Coverage",
    "ParzenEstimate",
    "autocorrelation",
    "best_width",
    "effective_sample_size",
    "kl_divergence",
    "mode_coverage",
    "occupancy",
    "parzen_log_density",
    "parzen_log_likelihood",
    "spectral_gap",
]

"""How good a model or a sampler is: what the sections share to judge theirs.

markov  chains and the distributions they leave behind: mixing, occupancy, KL
"""

from lecturekit.evaluation.markov import (
    autocorrelation,
    effective_sample_size,
    kl_divergence,
    occupancy,
    spectral_gap,
)

__all__ = [
    "autocorrelation",
    "effective_sample_size",
    "kl_divergence",
    "occupancy",
    "spectral_gap",
]

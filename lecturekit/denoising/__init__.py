"""Denoising auto-encoders as generative models: scores, Markov chains, and walkback training.

`corruption` is C(X′ | X), `reconstruction` P_θ(X | X′), `denoisers` what gives it; `walkback` says
which X′ to learn from, `trainer` learns, `chains` samples; `scores` and `exact` hold all of it
against closed forms; `annealing` is the step towards diffusion models, `samplers` theirs.
"""

from lecturekit.denoising.annealing import NoiseLevels, annealed_chain
from lecturekit.denoising.chains import (
    Pair,
    Walkers,
    accompany,
    chain,
    half_steps,
    run_chain,
)
from lecturekit.denoising.corruption import Corruption, GaussianNoise, Masking, SaltAndPepper
from lecturekit.denoising.denoisers import (
    BernoulliDenoiser,
    Denoise,
    Denoiser,
    GaussianDenoiser,
    LevelDenoiser,
    believed,
    exact_denoiser,
)
from lecturekit.denoising.exact import (
    gaussian_chain_variance,
    line_corruption,
    pair_transition_matrix,
    posterior,
    stationary_distribution,
    total_variation,
    transition_matrix,
)
from lecturekit.denoising.reconstruction import (
    BernoulliReconstruction,
    GaussianReconstruction,
    MixtureReconstruction,
    Reconstruction,
)
from lecturekit.denoising.samplers import (
    SAMPLERS,
    Sampling,
    ancestral_step,
    ddim_step,
    heun_step,
    langevin_step,
    sample_path,
)
from lecturekit.denoising.scores import posterior_mean_by_quadrature, score, score_error
from lecturekit.denoising.trainer import Settings, train, train_levels
from lecturekit.denoising.walkback import (
    FixedWalkback,
    PersistentWalkback,
    Scheme,
    Simple,
    Walkback,
    step_weights,
)

__all__ = [
    "SAMPLERS",
    "BernoulliDenoiser",
    "BernoulliReconstruction",
    "Corruption",
    "Denoise",
    "Denoiser",
    "FixedWalkback",
    "GaussianDenoiser",
    "GaussianNoise",
    "GaussianReconstruction",
    "LevelDenoiser",
    "Masking",
    "MixtureReconstruction",
    "NoiseLevels",
    "Pair",
    "PersistentWalkback",
    "Reconstruction",
    "SaltAndPepper",
    "Sampling",
    "Scheme",
    "Settings",
    "Simple",
    "Walkback",
    "Walkers",
    "accompany",
    "ancestral_step",
    "annealed_chain",
    "believed",
    "chain",
    "ddim_step",
    "exact_denoiser",
    "gaussian_chain_variance",
    "half_steps",
    "heun_step",
    "langevin_step",
    "line_corruption",
    "pair_transition_matrix",
    "posterior",
    "posterior_mean_by_quadrature",
    "run_chain",
    "sample_path",
    "score",
    "score_error",
    "stationary_distribution",
    "step_weights",
    "total_variation",
    "train",
    "train_levels",
    "transition_matrix",
]

"""Section 3: the maximum mean discrepancy, and generative moment matching networks.

`kernels` is what can be seen of two samples, `discrepancy` how far apart they then are,
`two_sample` whether that could be chance, `population` the exact value for mixtures of Gaussians.
`flow` moves samples down the discrepancy, `model` and `trainer` a network that makes samples.
"""

from lecturekit.moment_matching.discrepancy import mmd2, velocity, witness
from lecturekit.moment_matching.flow import FlowSettings, Particles, flow
from lecturekit.moment_matching.kernels import (
    Gaussian,
    GaussianLadder,
    Kernel,
    Polynomial,
    RadialKernel,
    RationalQuadratic,
    median_heuristic,
)
from lecturekit.moment_matching.model import GMMN, AutoEncoder
from lecturekit.moment_matching.population import (
    expected_kernel,
    population_mmd2,
    population_witness,
)
from lecturekit.moment_matching.trainer import (
    AutoEncoderSettings,
    Settings,
    train,
    train_autoencoder,
)
from lecturekit.moment_matching.two_sample import TwoSampleTest, power_criterion, two_sample_test

__all__ = [
    "GMMN",
    "AutoEncoder",
    "AutoEncoderSettings",
    "FlowSettings",
    "Gaussian",
    "GaussianLadder",
    "Kernel",
    "Particles",
    "Polynomial",
    "RadialKernel",
    "RationalQuadratic",
    "Settings",
    "TwoSampleTest",
    "expected_kernel",
    "flow",
    "median_heuristic",
    "mmd2",
    "population_mmd2",
    "population_witness",
    "power_criterion",
    "train",
    "train_autoencoder",
    "two_sample_test",
    "velocity",
    "witness",
]

"""What gmmn, dem and dae are scored by: Parzen windows on samples, as Li et al. 2015 do."""

from __future__ import annotations

import math

from torch import Tensor

from lecturekit.evaluation import parzen_log_density, parzen_log_likelihood
from lecturekit.reproduce.digits import Digits
from lecturekit.reproduce.experiment import Scores

N_SAMPLES = 10_000
N_VALIDATION = 1000  # images that choose the width; all test images are judged

QUANTITY = "Parzen log-likelihood of test images (nats)"
UNCERTAINTY = (
    f"A Gaussian window stands on each of {N_SAMPLES:,} samples; its width is chosen on "
    f"{N_VALIDATION:,} validation images. ± is the standard error over the test images."
)


def parzen_scores(samples: Tensor, digits: Digits) -> Scores:
    """Of samples (n, n_pixels); the validation score is that of the same width.

    Samples of a model that has diverged are worth nothing.
    """
    if not samples.isfinite().all():
        return Scores(-math.inf, None)
    validation = digits.validation.images[:N_VALIDATION]
    estimate = parzen_log_likelihood(samples, validation, digits.test.images)
    value, error, width = estimate
    seen = parzen_log_density(samples, validation, width=width).double().mean().item()
    return Scores(seen, value, value - error, value + error)

"""How good a model is: what the sections share to judge theirs."""

from lecturekit.evaluation.parzen import (
    ParzenEstimate,
    best_width,
    parzen_log_density,
    parzen_log_likelihood,
)

__all__ = ["ParzenEstimate", "best_width", "parzen_log_density", "parzen_log_likelihood"]

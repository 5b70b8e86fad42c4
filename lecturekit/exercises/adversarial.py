"""The losses by which a discriminator and a generator learn, and how they are mistaken."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Slips

SURE = (
    "Right for moderate scores. Where the discriminator is sure, its sigmoid rounds to 0 or 1, and "
    "the logarithm has no slope left, or NaN: logsigmoid(s) and logsigmoid(−s) have one, and "
    "binary_cross_entropy_with_logits."
)

SLIPS = {
    "scores for probabilities": "The scores are used as if they were probabilities: a probability "
    "is sigmoid(score).",
    "sigmoid twice": "A sigmoid is taken of a sigmoid: binary_cross_entropy_with_logits and "
    "logsigmoid take the scores themselves.",
    "no logarithm": "The logarithms are missing: the losses are −log D and −log(1 − D).",
    "least squares for both": "These are least squares, (score − 1)² and score²; the losses asked "
    "for are −log D and −log(1 − D).",
    "sure": SURE,
    "sure, without NaN": SURE,
}


def slopes(on: Slips, score: Tensor) -> tuple[Tensor, Tensor]:
    """The derivatives of −log D and −log(1 − D) by the score, where D = sigmoid(score)."""
    p = torch.sigmoid(score)
    through = p * (1 - p)  # the slope of the sigmoid
    if on("scores for probabilities"):
        return score - 1, score
    if on("sigmoid twice"):
        return -torch.sigmoid(-p) * through, torch.sigmoid(p) * through
    if on("no logarithm"):
        return -through, through
    if on("least squares for both"):
        return 2 * (score - 1), 2 * score
    if on("sure"):
        return -through / p, through / (1 - p)
    if on("sure, without NaN"):  # as torch's binary_cross_entropy
        share = through / through.clamp(min=1e-12)
        return (p - 1) * share, p * share
    return -torch.sigmoid(-score), p

"""pcd1, fpcd1 and pcd2: RBMs of MNIST's images, test log-likelihood against training time."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit import rbm
from lecturekit.reproduce.contestant import METHODS, Contestant
from lecturekit.reproduce.digits import Digits
from lecturekit.reproduce.experiment import Experiment, Pixels, Scores

SMALL, LARGE = 25, 500  # hidden units
N_LEVELS = (1000, 10_000)  # of the annealing; more of them only if fewer don't tell
MEETING = 1.0  # nats between both sides, or less, for a value to be named


class ImageRBM:
    """An RBM of images, whose likelihood a subclass measures."""

    n_hidden: int

    def __init__(self, pixels: Pixels, device: torch.device):
        self.digits, self.device = Digits(pixels, device), device

    def begin(self, method: str, rate: float, seed: int) -> Contestant[rbm.RBM]:
        generator = torch.Generator(self.device).manual_seed(seed)
        images = self.digits.shown(self.digits.train.images, generator)
        model = rbm.RBM(images.shape[1], self.n_hidden, device=self.device)
        return Contestant.begin(model, images, method, rate, generator)

    def update(self, run: Contestant[rbm.RBM], left: float) -> None:
        grey = self.digits.train.images[run.batches.next()]
        run.update(self.digits.shown(grey, run.generator), left)


class SmallRBM(ImageRBM):
    """Few enough hidden units for an exact log Z."""

    n_hidden = SMALL

    def scores(self, run: Contestant[rbm.RBM]) -> Scores:
        log_z = rbm.exact_log_partition(run.model).item()
        validation, test = (
            _unnormalised(run.model, part.images) - log_z
            for part in (self.digits.validation, self.digits.test)
        )
        return Scores(validation, test)


class LargeRBM(ImageRBM):
    """As large as the paper's; log Z is bracketed.

    Both sides of the bracket come from the validation images: the test images only bring their
    free energies. Rates are chosen by the lower side, which flatters no model.
    """

    n_hidden = LARGE

    def scores(self, run: Contestant[rbm.RBM]) -> Scores:
        seen = self.digits.validation.images
        base = rbm.log_odds(self.digits.train.images)
        for n_levels in N_LEVELS:
            bracket = rbm.likelihood_bracket(
                run.model, seen, n_levels=n_levels, base_bias=base, generator=run.generator
            )
            if known := abs(bracket.gap) <= MEETING and bracket.log_partition.trusted:
                break
        shift = _unnormalised(run.model, self.digits.test.images) - _unnormalised(run.model, seen)
        low, high = sorted((bracket.low + shift, bracket.high + shift))
        return Scores(bracket.low, (low + high) / 2 if known else None, low, high)


@torch.no_grad()
def _unnormalised(model: rbm.RBM, v: Tensor) -> float:
    """The mean of log P(v) + log Z."""
    return -model.free_energy(v).double().mean().item()


SMALL_RBM = Experiment(
    names=("pcd1", "fpcd1"),
    title=f"RBM of 784×{SMALL} units on MNIST, exact log-likelihood",
    quantity="test log-likelihood (nats)",
    methods=METHODS,
    rates=(0.01, 0.03, 0.1, 0.3),
    shortest=4.0,
    least_gain=0.5,
    task=SmallRBM,
)

LARGE_RBM = Experiment(
    names=("pcd2",),
    title=f"RBM of 784×{LARGE} units on MNIST, log-likelihood from both sides",
    quantity="test log-likelihood (nats)",
    methods=("PCD", "CD-10", "CD-1", "MF CD"),
    rates=(0.02, 0.05, 0.1, 0.2),
    shortest=16.0,
    least_gain=0.5,
    task=LargeRBM,
    uncertainty=(
        "A value is named only where AIS (from above) and RAISE (from below) meet within a nat "
        "and AIS's weights can be trusted; ± is half of what is between them. Elsewhere both are "
        "named, and the truth is likely between them."
    ),
)

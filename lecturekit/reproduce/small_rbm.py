"""pcd1 and fpcd1: 25 hidden units on MNIST, exact test log-likelihood against training time."""

from __future__ import annotations

import torch

from lecturekit import rbm
from lecturekit.reproduce.contestant import METHODS, Contestant, negative_phase
from lecturekit.reproduce.digits import Digits
from lecturekit.reproduce.experiment import Experiment, Pixels, Scores

N_HIDDEN = 25


class SmallRBM:
    """An RBM of 25 hidden units, few enough for an exact log Z."""

    def __init__(self, pixels: Pixels):
        self.digits = Digits(pixels)

    def begin(self, method: str, rate: float, seed: int) -> Contestant:
        generator = torch.Generator().manual_seed(seed)
        images = self.digits.shown(self.digits.train.images, generator)
        model = rbm.RBM(images.shape[1], N_HIDDEN).initialise(generator, images)
        phase = negative_phase(method, rate)
        phase.prepare(model, images, generator=generator)
        return Contestant(model, phase, generator)

    def update(self, run: Contestant, rate: float) -> None:
        grey = self.digits.train.images
        rows = run.next_rows(len(grey))
        run.update(self.digits.shown(grey[rows], run.generator), rate)

    @torch.no_grad()
    def scores(self, run: Contestant) -> Scores:
        log_z = rbm.exact_log_partition(run.model)
        parts = (self.digits.validation, self.digits.test)
        means = (-run.model.free_energy(part.images).double().mean() - log_z for part in parts)
        return Scores(*(mean.item() for mean in means))


SMALL_RBM = Experiment(
    names=("pcd1", "fpcd1"),
    title=f"RBM of 784×{N_HIDDEN} units on MNIST, exact log-likelihood",
    quantity="test log-likelihood (nats)",
    methods=METHODS,
    rates=(0.01, 0.03, 0.1, 0.3),
    shortest=4.0,
    least_gain=0.5,
    task=SmallRBM,
)

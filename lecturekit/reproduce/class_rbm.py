"""fpcd2: image and label in one visible layer, test digits classified against training time."""

from __future__ import annotations

import torch

from lecturekit import rbm
from lecturekit.reproduce.contestant import Contestant
from lecturekit.reproduce.digits import Digits, Part
from lecturekit.reproduce.experiment import Experiment, Pixels, Scores

N_HIDDEN, N_CLASSES = 500, 10


class Classifier:
    """An RBM of images and labels; a label is told by the exact p(y | x)."""

    def __init__(self, pixels: Pixels, device: torch.device):
        self.digits, self.device = Digits(pixels, device), device

    def begin(self, method: str, rate: float, seed: int) -> Contestant[rbm.ClassRBM]:
        generator = torch.Generator(self.device).manual_seed(seed)
        images, labels = self.digits.train
        model = rbm.ClassRBM(images.shape[1], N_CLASSES, N_HIDDEN, device=self.device)
        rows = model.join(self.digits.shown(images, generator), labels)
        return Contestant.begin(model, rows, method, rate, generator)

    def update(self, run: Contestant[rbm.ClassRBM], left: float) -> None:
        grey, labels = self.digits.train
        rows = run.batches.next()
        images = self.digits.shown(grey[rows], run.generator)
        run.update(run.model.join(images, labels[rows]), left)

    def scores(self, run: Contestant[rbm.ClassRBM]) -> Scores:
        parts = self.digits.validation, self.digits.test
        validation, test = (_right(run.model, part) for part in parts)
        return Scores(validation, test)


def _right(model: rbm.ClassRBM, part: Part) -> float:
    guesses = torch.cat([model.classify(images) for images in part.images.split(1000)])
    return (guesses == part.labels).double().mean().item()


CLASS_RBM = Experiment(
    names=("fpcd2",),
    title=f"RBM of image and label, 784+{N_CLASSES} × {N_HIDDEN} units on MNIST, as a classifier",
    quantity="share of test digits right",
    methods=("FPCD", "PCD", "CD-10", "CD-1", "MF CD"),
    rates=(0.02, 0.05, 0.1, 0.2),
    shortest=8.0,
    least_gain=0.001,
    task=Classifier,
)

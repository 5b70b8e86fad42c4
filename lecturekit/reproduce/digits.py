"""MNIST as the experiments see it: what a pixel is, 10,000 images held out, and minibatches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from lecturekit import data, rbm
from lecturekit.reproduce.experiment import Pixels

HELD_OUT = 6  # every sixth training image, the last ones: 10,000 of 60,000


class Part(NamedTuple):
    """Images in rows, and their labels.

    Attributes:
        images: (n, n_pixels), grey in [0, 1], or zeros and ones.
        labels: (n,).
    """

    images: Tensor
    labels: Tensor


class Digits:
    """Training, validation and test images.

    "sampled": a grey value is the probability of a 1. Training images are sampled anew whenever
    they are shown, validation and test images once, the same on every device. Published
    likelihoods of RBMs are mostly for sampled pixels; what the two papers did is not said in any
    source at hand. "thresholded": 1 where it is above .5. "grey": as it is.

    Attributes:
        train: 50,000 images of MNIST; grey if pixels are sampled.
        validation: 10,000, the last ones of its training images; binary unless pixels are grey.
        test: 10,000; binary unless pixels are grey.
    """

    def __init__(self, pixels: Pixels, device: torch.device):
        self._sampled, self._thresholded = pixels == "sampled", pixels == "thresholded"
        images, labels = self._mnist("train", device)
        n_train = len(labels) - len(labels) // HELD_OUT
        generator = torch.Generator().manual_seed(2008)
        self.train = Part(images[:n_train], labels[:n_train])
        self.validation = Part(self._fixed(images[n_train:], generator), labels[n_train:])
        images, labels = self._mnist("test", device)
        self.test = Part(self._fixed(images, generator), labels)

    def shown(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Training images as a model gets to see them, (n, n_pixels)."""
        return rbm.sample(images, generator=generator) if self._sampled else images

    def _mnist(self, split: Literal["train", "test"], device: torch.device) -> Part:
        images, labels = data.mnist(split)
        rows = data.threshold(images) if self._thresholded else images.flatten(1)
        return Part(rows.to(device), labels.to(device))

    def _fixed(self, images: Tensor, generator: torch.Generator) -> Tensor:
        return self.shown(images.cpu(), generator).to(images.device)


@dataclass
class Minibatches:
    """Row numbers of minibatches, each epoch in a new order. Part of a run's state.

    Attributes:
        n_rows: of the training images.
        size: rows in a minibatch.
        generator: source of the order.
        order: what is still to come.
    """

    n_rows: int
    size: int
    generator: torch.Generator
    order: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.order = torch.empty(0, dtype=torch.long, device=self.generator.device)

    def next(self) -> Tensor:
        """(size,); a minibatch may span two epochs."""
        while len(self.order) < self.size:
            device = self.generator.device
            epoch = torch.randperm(self.n_rows, generator=self.generator, device=device)
            self.order = torch.cat([self.order, epoch])
        rows, self.order = self.order[: self.size], self.order[self.size :]
        return rows

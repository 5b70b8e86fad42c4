"""MNIST as the experiments see it: grey values as probabilities, and 10,000 images held out."""

from __future__ import annotations

from typing import NamedTuple

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
    they are shown, validation and test images once. Published likelihoods are mostly for sampled
    pixels; what the two papers did is not said in any source at hand. "thresholded": 1 where it
    is above .5.

    Attributes:
        train: 50,000 images of MNIST; grey if pixels are sampled.
        validation: 10,000, the last ones of its training images; binary.
        test: 10,000; binary.
    """

    def __init__(self, pixels: Pixels):
        self._generator = torch.Generator().manual_seed(2008)
        self._sampled = pixels == "sampled"
        images, labels = data.mnist("train")
        n_train = len(labels) - len(labels) // HELD_OUT
        grey = images.flatten(1) if self._sampled else data.threshold(images)
        self.train = Part(grey[:n_train], labels[:n_train])
        self.validation = Part(self.shown(grey[n_train:], self._generator), labels[n_train:])
        images, labels = data.mnist("test")
        grey = images.flatten(1) if self._sampled else data.threshold(images)
        self.test = Part(self.shown(grey, self._generator), labels)

    def shown(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Zeros and ones in the place of grey images, (n, n_pixels)."""
        return rbm.sample(images, generator=generator) if self._sampled else images

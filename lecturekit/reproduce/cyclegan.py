"""cyclegan: plain ↔ striped at 64×64, by the paper's algorithm and by ours, judged by the truth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from lecturekit import cycle_gan, data
from lecturekit.adversarial import ImagePool, Objective
from lecturekit.cycle_gan.losses import Map
from lecturekit.cycle_gan.model import Skip
from lecturekit.evaluation import (
    KernelDistance,
    kernel_distance,
    pattern_correlation,
    pixel_error,
    translation_report,
)
from lecturekit.networks import PatchDiscriminator
from lecturekit.reproduce.digits import Minibatches
from lecturekit.reproduce.experiment import Experiment, Pixels, Scores
from lecturekit.training import AGAINST_AN_OPPONENT, Descent

SIDE, N_TRAIN, N_HELD_OUT, N_TEST = 64, 1000, 200, 200
WIDTH, N_BLOCKS, DISCRIMINATOR_WIDTH = 64, 6, 64
BATCH, RATE = 1, 2e-4
OBJECTIVE: Objective = "least squares"
CYCLE_WEIGHT = 20.0  # the paper's λ = 10 is for images from −1 to 1, where L1 is twice as large
CONSTANT = 0.5  # share of a run in which the rate stays; then it falls linearly to 0
SCENES_SEED, EYE_SEED = 2017, 35
N_PARTS, AT_ONCE = 10, 100  # parts of a kernel distance; images that go through a net together
REPORTED = {
    "error of G(x)": "y_error",
    "error of F(y)": "x_error",
    "error of F(G(x))": "x_cycle",
    "error of G(F(y))": "y_cycle",
    "error of the background": "background",
}


class Algorithm(NamedTuple):
    """Where the paper's algorithm and ours part.

    Attributes:
        skip: how a generator leads its input past its layers, as in `cycle_gan.Translator`.
        through_both: whether the cycle's gradient also reaches the net that made the translation.
        warm_up: share of a run in which λ rises from 0.
        pool_size: translations kept for the discriminators.
        averaged: whether the running average translates, or the generators as they are.
    """

    skip: Skip
    through_both: bool
    warm_up: float
    pool_size: int
    averaged: bool

    def cycle_weight(self, left: float) -> float:
        """λ, where so much of the run is left, from 1 to 0."""
        return CYCLE_WEIGHT * (min(1.0, (1 - left) / self.warm_up) if self.warm_up else 1.0)


ALGORITHMS = {
    "ours": Algorithm("gate", through_both=False, warm_up=1 / 6, pool_size=0, averaged=True),
    "paper's": Algorithm("none", through_both=True, warm_up=0.0, pool_size=50, averaged=False),
}


@dataclass
class Translating:
    """The state of a run."""

    model: cycle_gan.CycleGAN
    algorithm: Algorithm
    rate: float
    generators: Descent
    discriminators: Descent
    pools: tuple[ImagePool, ImagePool]  # of made x, of made y
    batches: tuple[Minibatches, Minibatches]
    generator: torch.Generator

    def translators(self) -> tuple[Map, Map]:
        """X → Y and Y → X."""
        net = self.model
        return (net.averaged_G, net.averaged_F) if self.algorithm.averaged else (net.G, net.F)


class SceneTranslation:
    """The lecture's drawn scenes, larger, in nets as near to the paper's as 64×64 pixels allow.

    Taken from Zhu et al. 2017: least squares, λ, the pool of 50, batches of one, Adam with β₁ = .5
    at a rate of 2·10⁻⁴ that stays for one half and falls to 0 in the other, six residual blocks (as
    for 128×128), 64 channels at first in the discriminators, whose patches of 18 pixels are as
    large a part of the image as 70 of 256. What differs: the generators work at half the resolution
    with 64 channels, not at a quarter with 256, and images are neither cropped nor flipped. The
    identity loss, used there for paintings, is left out. Ours has the same nets, rates and batches.

    An update is that of `cycle_gan.train`, a generator, which could not be kept in a checkpoint.
    """

    def __init__(self, pixels: Pixels, device: torch.device):
        scenes = data.plain_and_striped(
            N_TRAIN + N_HELD_OUT,
            N_TEST,
            side=SIDE,
            generator=torch.Generator().manual_seed(SCENES_SEED),
        ).to(device)
        self.device, self.test = device, scenes
        self.x, self.y = scenes.x_train[:N_TRAIN], scenes.y_train[:N_TRAIN]
        self.held_out_x, self.held_out_y = scenes.x_train[N_TRAIN:], scenes.y_train[N_TRAIN:]
        self.like_x, self.like_y = Likeness(self.x), Likeness(self.y)

    def begin(self, method: str, rate: float, seed: int) -> Translating:
        generator, algorithm = torch.Generator(self.device).manual_seed(seed), ALGORITHMS[method]
        model = cycle_gan.for_images(
            self.x.shape[1],
            width=WIDTH,
            n_blocks=N_BLOCKS,
            discriminator_width=DISCRIMINATOR_WIDTH,
            skip=algorithm.skip,
            generator=generator,
        )
        size = algorithm.pool_size
        return Translating(
            model,
            algorithm,
            rate,
            Descent(model.generators, betas=AGAINST_AN_OPPONENT),
            Descent(model.discriminators, betas=AGAINST_AN_OPPONENT),
            (ImagePool(size), ImagePool(size)),
            (
                Minibatches(len(self.x), BATCH, generator),
                Minibatches(len(self.y), BATCH, generator),
            ),
            generator,
        )

    def update(self, run: Translating, left: float) -> None:
        x, y = (
            images[batches.next()]
            for images, batches in zip((self.x, self.y), run.batches, strict=True)
        )
        terms, fake_y, fake_x = cycle_gan.generator_terms(
            run.model, x, y, OBJECTIVE, through_both=run.algorithm.through_both
        )
        rate = run.rate * min(1.0, left / (1 - CONSTANT))
        weight = run.algorithm.cycle_weight(left)
        run.generators.step(terms.adversarial + weight * terms.cycle, rate)

        old_x, old_y = (
            pool.meet(fake, generator=run.generator)
            for pool, fake in zip(run.pools, (fake_x, fake_y), strict=True)
        )
        loss = cycle_gan.discriminator_terms(run.model, x, y, old_x, old_y, OBJECTIVE)
        run.discriminators.step(loss, rate)
        run.model.update_average()

    @torch.no_grad()
    def scores(self, run: Translating) -> Scores:
        """Held-out scenes, which have no truth, and test scenes, which have one.

        A run that has diverged is worth nothing.
        """
        if not all(parameter.isfinite().all() for parameter in run.model.parameters()):
            return Scores(-math.inf, None)
        to_y, to_x = (cycle_gan.once(_by_parts(net)) for net in run.translators())
        held_out = (
            self.like_y.distance(to_y(self.held_out_x)),
            self.like_x.distance(to_x(self.held_out_y)),
        )
        x, y, region = self.test.x_test, self.test.y_test, self.test.region
        report = translation_report(to_y, to_x, self.test)
        measures = {name: report[key] for name, key in REPORTED.items()}
        measures["error untranslated"] = pixel_error(x, y, region)
        measures["stripes of G(F(y))"] = pattern_correlation(to_y(to_x(y)), y, region)
        distances = {
            "G(x)": self.like_y.distance(to_y(x)),
            "x": self.like_y.distance(x),
            "F(y)": self.like_x.distance(to_x(y)),
            "y": self.like_x.distance(y),
        }
        return Scores(
            -sum(distance.value for distance in held_out) / len(held_out),
            report["y_pattern"].item(),
            measures={name: value.item() for name, value in measures.items()}
            | {f"distance of {name}": each.value for name, each in distances.items()}
            | {f"± of {name}": each.error for name, each in distances.items()},
        )


class Likeness:
    """How far images are from those of one domain, by features that know of neither.

    The kernel distance, as in notebook 05: mean and deviation of each channel in the last layer but
    one of an untrained patch discriminator, standardised by those of the domain. So its values can
    only be compared with each other. Two sets of one domain have 0 on average.
    """

    def __init__(self, images: Tensor):
        generator = torch.Generator().manual_seed(EYE_SEED)  # the same on every device
        eye = PatchDiscriminator(images.shape[1], generator=generator)
        self._eye = eye.layers[:-1].to(images.device)
        features = self._features(images)
        self._mean, self._scale = features.mean(dim=0), features.std(dim=0)
        self._real = (features - self._mean) / self._scale

    def distance(self, images: Tensor) -> KernelDistance:
        """Of images (n, channels, height, width)."""
        features = (self._features(images) - self._mean) / self._scale
        return kernel_distance(self._real, features, N_PARTS)

    @torch.no_grad()
    def _features(self, images: Tensor) -> Tensor:
        """(n, channels, height, width) → (n, n_features)."""
        seen = [self._eye(2 * part - 1).flatten(2) for part in images.split(AT_ONCE)]
        return torch.cat([torch.cat([f.mean(dim=2), f.std(dim=2)], dim=1) for f in seen])


def _by_parts(net: Map) -> Map:
    """The same for many images, in the memory of a few."""
    return lambda images: torch.cat([net(part) for part in images.split(AT_ONCE)])


CYCLE_GAN = Experiment(
    names=("cyclegan",),
    title=f"CycleGAN on drawn scenes, plain ↔ striped, at {SIDE}×{SIDE}",
    quantity="correlation of G(x)'s stripes with the true ones",
    methods=tuple(ALGORITHMS),
    rates=(RATE,),
    shortest=32.0,
    least_gain=0.0,
    task=SceneTranslation,
    pixels=("colour",),
    uncertainty=f"{N_TRAIN:,} scenes of each domain, batches of one. The rate is the paper's for "
    "all; it stays for one half of a run and falls linearly to 0 in the other. The paper's "
    "algorithm paints every picture anew, follows the cycle's gradient through both nets, has all "
    "of λ from the start and a pool of 50. Ours has a gate, the cut, a λ that rises over the first "
    "sixth, and translates by the running average. Errors are mean absolute differences within the "
    f"animal, from 0 to 1, on {N_TEST} test scenes whose truth is known; the background is what is "
    "outside. Distances are kernel distances between features of an untrained net, ± a standard "
    "error; those of x and y as they are stand beside. The validation score is minus the mean of "
    f"both ways' distances on {N_HELD_OUT} held-out scenes, so that no truth chooses anything. The "
    "record was made beside other work, at five updates a second; alone the processor makes seven.",
)

"""gmmn: generative moment matching networks on MNIST's pixels and on codes, by Parzen windows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from lecturekit import moment_matching as mm
from lecturekit.reproduce.digits import Digits, Minibatches
from lecturekit.reproduce.experiment import Experiment, Pixels, Scores
from lecturekit.reproduce.parzen import N_SAMPLES, QUANTITY, UNCERTAINTY, parzen_scores
from lecturekit.training import Descent

N_LATENT, HIDDEN, BATCH = 10, (64, 256, 256, 1024), 1000
CODER, N_CODE, DROPOUT, CODER_BATCH, CODER_RATE = (1024,), 32, (0.2, 0.5), 100, 2e-3
PIXEL_SIGMAS, CODE_SIGMA = (2, 5, 10, 20, 40, 80), 1.0
CODING = 0.5  # share of a run with codes that goes to its auto-encoder


@dataclass
class Coding:
    """An auto-encoder on its way, and the training images' codes once it has arrived."""

    model: mm.AutoEncoder
    descent: Descent
    batches: Minibatches
    codes: Tensor | None = None


@dataclass
class Matching:
    """The state of a run: a generator, and an auto-encoder if it makes codes."""

    model: mm.GMMN
    kernel: mm.Kernel
    descent: Descent
    rate: float
    batches: Minibatches
    generator: torch.Generator
    coding: Coding | None


class MomentMatching:
    """The sizes of Li et al. 2015, with Adam; the auto-encoder is trained in one go.

    Updates are those of `moment_matching.train` and `train_autoencoder`, which are generators and
    so could not be kept in a checkpoint.
    """

    def __init__(self, pixels: Pixels, device: torch.device):
        self.digits, self.device = Digits(pixels, device), device

    def begin(self, method: str, rate: float, seed: int) -> Matching:
        generator = torch.Generator(self.device).manual_seed(seed)
        n, n_pixels = self.digits.train.images.shape
        coding, n_features, kernel = None, n_pixels, mm.Gaussian(PIXEL_SIGMAS)
        if method == "GMMN+AE":
            coder = mm.AutoEncoder(n_pixels, CODER, N_CODE, dropout=DROPOUT, generator=generator)
            coding = Coding(coder, Descent(coder), Minibatches(n, CODER_BATCH, generator))
            n_features, kernel = N_CODE, mm.Gaussian(CODE_SIGMA)
        model = mm.GMMN(N_LATENT, HIDDEN, n_features, generator=generator)
        batches = Minibatches(n, BATCH, generator)
        return Matching(model, kernel, Descent(model), rate, batches, generator, coding)

    def update(self, run: Matching, left: float) -> None:
        if run.coding is None:
            self._match(run, self.digits.train.images, left)
        elif left > 1 - CODING:
            self._code(run.coding, (left - 1 + CODING) / CODING)
        else:
            if run.coding.codes is None:
                run.coding.codes = run.coding.model.encode(self.digits.train.images)
            self._match(run, run.coding.codes, left / (1 - CODING))

    def scores(self, run: Matching) -> Scores:
        samples = run.model.sample(N_SAMPLES, generator=run.generator)
        if run.coding is not None:
            samples = run.coding.model.decode(samples)
        return parzen_scores(samples, self.digits)

    def _match(self, run: Matching, data: Tensor, left: float) -> None:
        x = run.model(run.model.latents(BATCH, generator=run.generator))
        squared = mm.mmd2(x, data[run.batches.next()], run.kernel)
        run.descent.step(squared.clamp(min=1e-12).sqrt(), left * run.rate)

    def _code(self, coding: Coding, left: float) -> None:
        x = self.digits.train.images[coding.batches.next()]
        logits = coding.model.logits(x, generator=coding.batches.generator)
        coding.descent.step(binary_cross_entropy_with_logits(logits, x), left * CODER_RATE)


GMMN = Experiment(
    names=("gmmn",),
    title=f"GMMN {N_LATENT}-{'-'.join(map(str, HIDDEN))} on MNIST, on pixels and on {N_CODE} codes",
    quantity=QUANTITY,
    methods=("GMMN+AE", "GMMN"),
    rates=(1e-3, 3e-3, 1e-2),
    shortest=16.0,
    least_gain=2.0,
    task=MomentMatching,
    pixels=("grey",),
    uncertainty=f"{UNCERTAINTY} The updates of GMMN+AE are also those of its auto-encoder, which "
    "has half of the time.",
)

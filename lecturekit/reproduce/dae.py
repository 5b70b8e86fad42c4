"""dae: a denoising auto-encoder of MNIST, trained simply and by walkback, by Parzen windows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lecturekit import denoising
from lecturekit.reproduce.digits import Digits, Minibatches
from lecturekit.reproduce.experiment import Experiment, Pixels, Scores
from lecturekit.reproduce.parzen import N_SAMPLES, QUANTITY, UNCERTAINTY, parzen_scores
from lecturekit.training import Descent

HIDDEN, NOISE, BATCH = (2000,), 0.4, 100
N_CHAINS, BURN_IN = 100, 100  # chains begin at noise, and forget it
SCHEMES: dict[str, type[denoising.Scheme]] = {
    "five steps (authors)": denoising.FixedWalkback,
    "walkback (slide)": denoising.Walkback,
    "persistent (ours)": denoising.PersistentWalkback,
    "simple": denoising.Simple,
}


@dataclass
class Learning:
    """The state of a run."""

    model: denoising.BernoulliDenoiser
    scheme: denoising.Scheme
    ascent: Descent
    rate: float
    batches: Minibatches
    generator: torch.Generator


class DenoisingAutoencoder:
    """The sizes of the authors' code: 2000 units, salt-and-pepper noise of .4, binary pixels.

    Their weights are tied, ours are not, and Adam makes the steps. An update is that of
    `denoising.train`, a generator, which could not be kept in a checkpoint.
    """

    def __init__(self, pixels: Pixels, device: torch.device):
        self.digits, self.noise = Digits(pixels, device), denoising.SaltAndPepper(NOISE)
        self.device = device

    def begin(self, method: str, rate: float, seed: int) -> Learning:
        generator = torch.Generator(self.device).manual_seed(seed)
        n, n_pixels = self.digits.train.images.shape
        model = denoising.BernoulliDenoiser(n_pixels, HIDDEN, generator=generator)
        scheme = SCHEMES[method]()
        scheme.initialise()
        batches = Minibatches(n, BATCH, generator)
        return Learning(model, scheme, Descent(model, ascent=True), rate, batches, generator)

    def update(self, run: Learning, left: float) -> None:
        x = self.digits.train.images[run.batches.next()]
        likelihood = run.scheme.log_likelihood(run.model, self.noise, x, generator=run.generator)
        run.ascent.step(likelihood, left * run.rate)

    def scores(self, run: Learning) -> Scores:
        return parzen_scores(self._samples(run), self.digits)

    def _samples(self, run: Learning) -> Tensor:
        """Means of P_θ(X | X′) along the chains, as the authors show them."""
        n_pixels = self.digits.train.images.shape[1]
        noise = torch.rand((N_CHAINS, n_pixels), generator=run.generator, device=self.device)
        chain = denoising.chain(
            run.model, self.noise, (noise < 0.5).float(), generator=run.generator
        )
        means = []
        for step, (_, noisy) in enumerate(chain):
            if step >= BURN_IN:
                with torch.no_grad():
                    means.append(run.model(noisy).mean)
            if len(means) * N_CHAINS >= N_SAMPLES:
                break
        return torch.cat(means)


DAE = Experiment(
    names=("dae",),
    title=f"Denoising auto-encoder 784-{HIDDEN[0]}-784 on MNIST, salt-and-pepper noise {NOISE}, "
    "by the scheme of its training",
    quantity=QUANTITY,
    methods=tuple(SCHEMES),
    rates=(1e-4, 3e-4, 1e-3),
    shortest=16.0,
    least_gain=2.0,
    task=DenoisingAutoencoder,
    pixels=("thresholded",),
    uncertainty=f"{UNCERTAINTY} The samples are the means of P(X | X′) along {N_CHAINS} chains "
    f"that began at noise {BURN_IN} steps before. Blurred means suit Parzen windows better than "
    "sharp samples do: it is a score to be compared with itself, not a likelihood.",
)

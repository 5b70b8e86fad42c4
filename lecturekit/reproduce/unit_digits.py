"""unit-digits: digits of USPS classified without their labels, by UNIT from MNIST's labels."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from lecturekit import data, unit
from lecturekit.adversarial import Objective, discriminator_loss
from lecturekit.networks import convolution, linear
from lecturekit.reproduce.digits import Digits, Minibatches, Part
from lecturekit.reproduce.experiment import Experiment, Pixels, Scores
from lecturekit.training import AGAINST_AN_OPPONENT, Descent
from lecturekit.unit.trainer import total

SIDE, BATCH, N_CLASSES = 16, 64, 10  # the side is USPS's
WIDTH, N_LATENT, PATCH, SHARED_BLOCKS = 32, 16, 4, 2  # of the translators
CHANNELS, N_FEATURES = (20, 50), 500  # of the discriminators
OBJECTIVE: Objective = "non-saturating"
CLASS_WEIGHT, FEATURE_WEIGHT = 10.0, 0.2  # against 1 for the discriminators' game
WEIGHTS = unit.Settings()  # λ0 to λ4, the paper's
SOURCE_ONLY, UNIT, UNSHARED = "source only", "UNIT", "UNIT without sharing"


class Discriminator(nn.Module):
    """Image → score, through a first layer of its own and features that both domains share."""

    def __init__(self, own: nn.Module, shared: nn.Module, score: nn.Module):
        super().__init__()
        self.own, self.shared, self.score = own, shared, score

    def features(self, x: Tensor) -> Tensor:
        """(n, 1, 16, 16) in [0, 1] → (n, n_features)."""
        features: Tensor = self.shared(self.own(2 * x - 1))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """(n, 1, 16, 16) in [0, 1] → (n,): how real, not squashed."""
        score: Tensor = self.score(self.features(x)).squeeze(1)
        return score


class Judges(nn.Module):
    """D1 of MNIST, D2 of USPS, and the classifier on the features that they share.

    Channels and features are LeNet's, as in the authors' code of CoGAN for these two data sets; a
    stride of 2 stands for its pooling. Both first layers begin with the same numbers.
    """

    def __init__(self, generator: torch.Generator):
        super().__init__()
        first, second = CHANNELS
        gain, rectified = 2**0.5, nn.LeakyReLU(0.2)
        own = nn.Sequential(
            convolution(1, first, 4, stride=2, gain=gain, generator=generator), rectified
        )
        shared = nn.Sequential(
            convolution(first, second, 4, stride=2, gain=gain, generator=generator),
            rectified,
            nn.Flatten(),
            linear(second * (SIDE // 4) ** 2, N_FEATURES, gain=gain, generator=generator),
            rectified,
        )
        self.score = linear(N_FEATURES, 1, generator=generator)
        self.D1 = Discriminator(own, shared, self.score)
        self.D2 = Discriminator(copy.deepcopy(own), shared, self.score)
        self.classes = linear(N_FEATURES, N_CLASSES, generator=generator)


@dataclass
class Translating:
    """The translators on their way, with the discriminators, and which images of USPS come next."""

    nets: unit.Nets
    descent: Descent
    batches: Minibatches


@dataclass
class Adapting:
    """The state of a run; without translators, it learns from MNIST alone."""

    judges: Judges
    descent: Descent
    rate: float
    batches: Minibatches
    generator: torch.Generator
    translating: Translating | None = None


class DigitAdaptation:
    """Translators, discriminators and a classifier on their features, trained together.

    The classifier sees labels of MNIST alone. What carries it over to USPS are the discriminators'
    shared layers, the game, and a pull between the features of an image and of its translation
    (Liu et al. 2017, section 4, domain adaptation). A test digit of USPS goes through D2's first
    layer, the shared ones and the classifier; without translators, through D1's.

    What differs from the authors: MNIST is made as small as USPS, 16×16, after its margin has been
    cut off, since USPS has none; theirs are both 28×28. The translators are `unit.for_images`
    (patches of 4×4, two residual blocks on either side of the code, instance norm, codes of
    variance 1, mean absolute differences), and both domains begin alike. In the authors' published
    code, for SVHN and MNIST, they are strided convolutions with batch norm, trained in 200,000
    updates by batches of 64; reconstructions are judged too; there are dropout and weight decay,
    and no cycle terms, which are the paper's.
    """

    def __init__(self, pixels: Pixels, device: torch.device):
        digits, self.device = Digits(pixels, device), device
        self.source, self.held_out = (
            _small(_cropped(images.unflatten(1, (round(images.shape[1] ** 0.5), -1))), labels)
            for images, labels in (digits.train, digits.validation)
        )
        self.target, self.test = (
            _small(*(each.to(device) for each in data.usps(split))) for split in ("train", "test")
        )

    def begin(self, method: str, rate: float, seed: int) -> Adapting:
        generator = torch.Generator(self.device).manual_seed(seed)
        judges = Judges(generator)
        batches = Minibatches(len(self.source.labels), BATCH, generator)
        if method == SOURCE_ONLY:
            used = nn.ModuleList([judges.D1.own, judges.D1.shared, judges.classes])
            descent = Descent(used, betas=AGAINST_AN_OPPONENT)
            return Adapting(judges, descent, rate, batches, generator)
        model = unit.for_images(
            1,
            width=WIDTH,
            n_latent=N_LATENT,
            patch=PATCH,
            n_own_blocks=0,
            n_shared_blocks=SHARED_BLOCKS,
            shared=method == UNIT,
            generator=generator,
        )
        translating = Translating(
            unit.Nets(model.E1, model.E2, model.G1, model.G2, judges.D1, judges.D2),
            Descent(model.autoencoders, betas=AGAINST_AN_OPPONENT),
            Minibatches(len(self.target.labels), BATCH, generator),
        )
        descent = Descent(judges, betas=AGAINST_AN_OPPONENT)
        return Adapting(judges, descent, rate, batches, generator, translating)

    def update(self, run: Adapting, left: float) -> None:
        rate, rows, judges = left * run.rate, run.batches.next(), run.judges
        x1, labels = self.source.images[rows], self.source.labels[rows]
        if run.translating is None:
            f1, game = judges.D1.features(x1), torch.zeros((), device=self.device)
        else:
            f1, game = self._game(run, run.translating, x1, rate)
        loss = nnf.cross_entropy(judges.classes(f1), labels)
        run.descent.step(CLASS_WEIGHT * loss + game, rate)

    def _game(
        self, run: Adapting, its: Translating, x1: Tensor, rate: float
    ) -> tuple[Tensor, Tensor]:
        """A step of the translators; features of x1, and what the discriminators minimise."""
        x2 = self.target.images[its.batches.next()]
        made = unit.streams(its.nets, x1, x2, generator=run.generator)
        both = unit.autoencoder_terms(its.nets, x1, x2, made, OBJECTIVE)
        its.descent.step(total(total(unit.weighted(terms, WEIGHTS)) for terms in both), rate)

        D1, D2, score = run.judges.D1, run.judges.D2, run.judges.score
        f1, f11, f21 = D1.features(torch.cat([x1, made.x11, made.x21]).detach()).chunk(3)
        f2, f22, f12 = D2.features(torch.cat([x2, made.x22, made.x12]).detach()).chunk(3)
        games = (
            discriminator_loss(score(real), score(translated), OBJECTIVE)
            for real, translated in ((f1, f21), (f2, f12))
        )
        apart = nnf.l1_loss(f11, f12) + nnf.l1_loss(f22, f21)
        return f1, total(games) + FEATURE_WEIGHT * apart

    @torch.no_grad()
    def scores(self, run: Adapting) -> Scores:
        """Held-out digits of MNIST, translated; and test digits of USPS."""
        if run.translating is None:
            return self._scores(run, run.judges.D1, self.held_out)
        (images, labels), nets = self.held_out, run.translating.nets
        shown = torch.cat([nets.G2(nets.E1(x)) for x in images.split(1000)])
        return self._scores(run, run.judges.D2, Part(shown, labels))

    def _scores(self, run: Adapting, judge: Discriminator, held_out: Part) -> Scores:
        return Scores(self._right(run, judge, held_out), self._right(run, judge, self.test))

    def _right(self, run: Adapting, judge: Discriminator, part: Part) -> float:
        """Share of images whose class is told."""
        logits = [run.judges.classes(judge.features(x)) for x in part.images.split(1000)]
        return (torch.cat(logits).argmax(1) == part.labels).double().mean().item()


def _cropped(images: Tensor) -> Tensor:
    """Without MNIST's margin, a seventh of the side all around: its digits then fill the frame."""
    side = images.shape[1]
    inside = slice(side // 7, side - side // 7)
    return images[:, inside, inside]


def _small(images: Tensor, labels: Tensor) -> Part:
    """As large as USPS's: (n, height, width) → (n, 1, 16, 16)."""
    size = SIDE, SIDE
    images = nnf.interpolate(images[:, None], size, mode="bilinear", antialias=True)
    return Part(images.clamp(0, 1), labels)


UNIT_DIGITS = Experiment(
    names=("unit-digits",),
    title="UNIT from MNIST to USPS at 16×16, with a classifier of MNIST on the discriminators' "
    "features",
    quantity="share of test digits of USPS right",
    methods=(UNIT, SOURCE_ONLY, UNSHARED),
    rates=(5e-4, 2e-3),
    shortest=32.0,
    least_gain=0.002,
    task=DigitAdaptation,
    pixels=("grey",),
    uncertainty="No label of USPS is used, not for rates either: the validation score is that of "
    "MNIST's held-out images, which for UNIT are translated into USPS and classified there. The "
    "record is of the 11,000 digits of USPS that `data.usps` describes, with 2,200 test images, so "
    "that a standard error is at most .011. MNIST's margin is cut off, as USPS has none, and both "
    f"are 16×16. An update takes {BATCH} images of either domain, and ten times as long with "
    "translators as without: compare updates too. The authors' published code, for SVHN "
    "and MNIST, makes 200,000 of them. The "
    "record was broken off before its minutes were over; a figure from a GPU is open.",
)

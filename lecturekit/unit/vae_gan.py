"""VAE-GAN (Larsen et al. 2015): an autoencoder that measures its errors in a discriminator's eyes.

The bridge from variational autoencoders to UNIT: the same three nets, in one domain.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from lecturekit.adversarial import (
    check_domains,
    check_game,
    generator_loss,
)
from lecturekit.door import Count, In, Natural, door, refuse, taken
from lecturekit.networks import convolution, initialise, linear, mlp
from lecturekit.training import (
    AGAINST_AN_OPPONENT,
    PARAMETERS,
    Descent,
    Progress,
    Schedule,
    Step,
    Steps,
    guard,
    limited,
    minibatches,
    tunable,
)
from lecturekit.unit.losses import gaussian_kl

Similarity = Literal["pixels", "features"]
Glyphs = Annotated[Tensor, "n 1 height width", In(0, 1)]


class Posterior(NamedTuple):
    """q(z | x) = N(mean, exp(log_variance)), one row for each image; both (n, n_latent)."""

    mean: Tensor
    log_variance: Tensor

    def sample(self, generator: torch.Generator) -> Tensor:
        """mean + standard deviation · noise; gradients flow through both."""
        noise = torch.empty_like(self.mean).normal_(generator=generator)
        return self.mean + (0.5 * self.log_variance).exp() * noise

    def kl(self) -> Tensor:
        """KL(q ‖ N(0, 1)), averaged over rows; in nats."""
        return gaussian_kl(self.mean, self.log_variance).mean()


class FeatureDiscriminator(nn.Module):
    """A discriminator whose inner layer can be looked at.

    Attributes:
        features: image (n, 1, side, side) → (n, n_features), the layer in which Larsen's
            reconstruction error is measured.
        score: features → (n, 1).
    """

    def __init__(self, side: int, width: int, *, generator: torch.Generator) -> None:
        super().__init__()
        leaky = functools.partial(nn.LeakyReLU, 0.2)
        build = functools.partial(
            convolution, size=4, stride=2, gain=math.sqrt(2), generator=generator
        )
        self.features = nn.Sequential(
            build(1, width), leaky(), build(width, 2 * width), leaky(), nn.Flatten()
        )
        self.score = linear(2 * width * (side // 4) ** 2, 1, generator=generator)

    def forward(self, images: Tensor) -> Tensor:
        """Scores, not squashed: (n, 1, side, side) → (n,)."""
        scores: Tensor = self.score(self.features(images)).squeeze(1)
        return scores


@door
class VAEGAN(nn.Module):
    """Encoder, decoder and discriminator for small grey images.

    Attributes:
        encoder: (n, side²) → (n, 2·n_latent).
        decoder: (n, n_latent) → (n, side²).
        discriminator: see `FeatureDiscriminator`.
    """

    def __init__(
        self,
        side: Annotated[int, In(4)],
        *,
        n_latent: Count = 12,
        n_hidden: Count = 256,
        width: Count = 24,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        if side % 4:
            refuse("side", "to be divisible by 4", f"{side}")
        self.side, self.n_latent = side, n_latent
        n_pixels = side**2
        self.encoder = mlp([n_pixels, n_hidden, 2 * n_latent], generator=generator)
        self.decoder = mlp([n_latent, n_hidden, n_hidden, n_pixels], generator=generator)
        self.discriminator = FeatureDiscriminator(side, width, generator=generator)

    def initialise(self, generator: torch.Generator) -> VAEGAN:
        """Draw first values of all three nets anew, in place."""
        return initialise(self, generator)

    def encode(self, images: Glyphs) -> Posterior:
        """(n, 1, side, side) → q(z | x)."""
        if images.shape[2:] != (self.side, self.side):
            refuse("images", f"of {self.side} × {self.side} pixels", f"{tuple(images.shape)}")
        mean, log_variance = self.encoder(2 * images.flatten(1) - 1).chunk(2, dim=1)
        return Posterior(mean, log_variance)

    def decode(self, z: Annotated[Tensor, "n n_latent"]) -> Tensor:
        """(n, n_latent) → (n, 1, side, side) in [0, 1]."""
        return torch.sigmoid(self.decoder(z)).unflatten(1, (1, self.side, self.side))

    @torch.no_grad()
    def reconstruct(self, images: Glyphs) -> Tensor:
        """The decoded mean codes; the same shape."""
        return self.decode(self.encode(images).mean)


@dataclass
class BridgeSettings(Schedule):
    """Hyperparameters of `train_vae_gan`; tunable fields are read anew at every update.

    Attributes:
        updates: of all three nets.
        batch_size: images.
        similarity: where reconstruction errors are measured. "pixels" is the plain VAE, beside
            which a discriminator learns to look on, but nobody listens to it.
        noise: s of the density N(x̂, s²) of pixels, or of features.
        reconstruction_weight: γ, of the reconstruction term in the decoder's loss.
        rate, discriminator_rate: Adam's.
    """

    updates: int = limited(400, 1)
    batch_size: int = limited(64, 1)
    constant_share: float = limited(1.0, 0.0, 1.0)
    similarity: Similarity = "features"
    noise: float = tunable(0.3, 0.03, 3.0, scale="log", label="noise s")
    reconstruction_weight: float = tunable(0.1, 1e-3, 10.0, scale="log", label="γ")
    rate: float = tunable(1e-3, 1e-5, 1e-2, scale="log", label="rate of VAE")
    discriminator_rate: float = tunable(5e-4, 1e-5, 1e-2, scale="log", label="rate of D")


class BridgeTerms(NamedTuple):
    """The terms of Larsen's three losses; scalars. x̂ is decoded from a code of x, x_p from N(0, 1).

    Attributes:
        prior: KL(q(z | x) ‖ p(z)).
        similarity: −log N(D_l(x) | D_l(x̂), s²) but for a constant, or the same of pixels.
        gan: −log D(x̂) − log D(x_p), what the decoder pays for being told apart; in place of the
            paper's log(1 − D), which has hardly any slope where D is sure.
        discriminator: −log D(x) − log(1 − D(x̂)) − log(1 − D(x_p)); x̂ and x_p are detached in it.
    """

    prior: Tensor
    similarity: Tensor
    gan: Tensor
    discriminator: Tensor


class BridgeLosses(NamedTuple):
    """What each of the three nets minimises; scalars."""

    encoder: Tensor
    decoder: Tensor
    discriminator: Tensor


@door
def bridge_terms(
    model: VAEGAN, x: Glyphs, settings: BridgeSettings, *, generator: torch.Generator
) -> BridgeTerms:
    """The terms on a minibatch, with a code drawn for each image, and as many from the prior.

    Source: Larsen et al. 2015, equations 3 to 8.
    """
    q = model.encode(x)
    reconstructed = model.decode(q.sample(generator))
    sampled = model.decode(torch.empty_like(q.mean).normal_(generator=generator))
    if settings.similarity == "pixels":
        errors = (reconstructed - x).flatten(1)
    else:
        errors = model.discriminator.features(reconstructed) - model.discriminator.features(x)
    made = torch.cat([reconstructed, sampled])  # (2n, 1, side, side)
    scores = model.discriminator(torch.cat([x, made.detach()]))
    real, *fakes = scores.chunk(3)
    return BridgeTerms(
        prior=q.kl(),
        similarity=errors.square().sum(dim=1).mean() / (2 * settings.noise**2),
        gan=2 * generator_loss(model.discriminator(made), "non-saturating"),  # twice a mean over 2n
        discriminator=nnf.softplus(-real).mean() + sum(nnf.softplus(fake).mean() for fake in fakes),
    )


def bridge_losses(terms: BridgeTerms, settings: BridgeSettings) -> BridgeLosses:
    """What each net minimises (Larsen et al. 2015, algorithm 1).

    encoder: prior + similarity · decoder: γ·similarity + gan, for "pixels" similarity alone ·
    discriminator: its own term.
    """
    decoder = settings.reconstruction_weight * terms.similarity + terms.gan
    if settings.similarity == "pixels":
        decoder = terms.similarity
    return BridgeLosses(terms.prior + terms.similarity, decoder, terms.discriminator)


@door
def train_vae_gan(
    model: VAEGAN, images: Glyphs, settings: BridgeSettings, *, generator: torch.Generator
) -> Steps:
    """Three nets, three losses: each net follows its own.

    The losses are those of `bridge_losses`. The encoder gets no gradient of the gan term, the
    discriminator none of the similarity.
    Metrics: `prior`, `similarity`, `gan`, `discriminator`.

    Args:
        model: trained in place.
        images: (n, 1, side, side) in [0, 1].
        settings: a change to a tunable field takes effect at the next update.
        generator: source of minibatches and codes.

    Raises:
        ValueError: settings or images do not fit; the model is untouched.
    """
    check_game(settings)
    check_domains({"images": images}, model, generator)
    model.encode(images[:1])  # refuses another size
    nets = (model.encoder, model.decoder, model.discriminator)
    players = [Descent(net, betas=AGAINST_AN_OPPONENT) for net in nets]
    batches, progress = minibatches(images, settings.batch_size, generator=generator), Progress()
    return guard(
        _bridge_steps(model, settings, generator, players, batches, progress),
        model,
        settings,
        owns={
            "generator": generator,
            "players": players,
            "batches": batches,
            "progress": progress,
        },
        sane={"parameters": PARAMETERS},
    )


def _bridge_steps(
    model: VAEGAN,
    settings: BridgeSettings,
    generator: torch.Generator,
    players: Sequence[Descent],
    batches: Iterator[Tensor],
    progress: Progress,
) -> Iterator[Step]:
    for index in progress.updates(settings.updates):
        terms = bridge_terms(model, next(batches), settings, generator=generator)
        losses = bridge_losses(terms, settings)
        gradients = [player.gradient(loss) for player, loss in zip(players, losses, strict=True)]
        rates = (settings.rate, settings.rate, settings.discriminator_rate)
        for player, gradient, rate in zip(players, gradients, rates, strict=True):
            player.follow(gradient, rate * settings.decay(index))
        metrics = {name: term.detach() for name, term in terms._asdict().items()}
        yield Step(index, settings.updates, metrics)


# ------------------------------------------------------------------------------ shifted glyphs


@door
def scattered(
    glyphs: Annotated[Tensor, "n height width", In(0, 1)],
    side: Count,
    *,
    generator: torch.Generator,
) -> Tensor:
    """Each glyph somewhere on an empty canvas: (n, h, w) → (n, 1, side, side).

    Args:
        glyphs: with h and w ≤ side.
        generator: source of the places, uniform.
    """
    n, height, width = glyphs.shape
    if max(height, width) > side:
        refuse("glyphs", f"no larger than {side}", f"{height} × {width}")
    canvas = glyphs.new_zeros(n, 1, side, side)
    draw = functools.partial(torch.randint, size=(n,), generator=generator)
    tops, lefts = draw(side - height + 1), draw(side - width + 1)
    for image, glyph, top, left in zip(canvas, glyphs, tops.tolist(), lefts.tolist(), strict=True):
        image[0, top : top + height, left : left + width] = glyph
    return canvas


@door
def blurred(images: Glyphs, reach: Natural) -> Tensor:
    """The mean over all shifts by up to `reach` pixels: what squared error makes of uncertainty."""
    size = 2 * reach + 1
    return nn.functional.avg_pool2d(images, size, stride=1, padding=reach)


@door
def relative_error(of: Callable[[Tensor], Tensor], images: Glyphs, others: Glyphs) -> Tensor:
    """Mean squared distance of what `of` makes of both, in units of that between unlike images.

    Args:
        of: such as a discriminator's features, or the images as they are.
        images, others: (n, 1, side, side).

    Returns:
        a scalar: 0 for the same images, 1 where `others` is as far off as some other image is.
    """
    a, b = taken("of", of, images).flatten(1), taken("of", of, others).flatten(1)
    unlike = (a - a.roll(1, dims=0)).square().sum(dim=1).mean()
    return (a - b).square().sum(dim=1).mean() / unlike


@door
def sharpness(images: Glyphs) -> Tensor:
    """Mean absolute step between neighbouring pixels, relative to the mean lightness; a scalar."""
    steps = images.diff(dim=-1).abs().mean() + images.diff(dim=-2).abs().mean()
    return steps / images.mean()

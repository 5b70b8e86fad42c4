"""The terms of the slide's loss, each as its formula.

The slide has L = L_VAE1 + L_GAN1 + L_CC1 + L_VAE2 + L_GAN2 + L_CC2 and leaves the terms undefined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, NamedTuple, Protocol

import torch
from torch import Tensor

from lecturekit.adversarial import (
    Objective,
    discriminator_loss,
    generator_loss,
    scores_of_both,
)
from lecturekit.door import In, door, refuse, refuse_detached, refuse_uncallable, returned
from lecturekit.unit.model import UNIT, Nets, Pair, decoded, encoded

Kl = Callable[[Tensor, Tensor], Tensor]  # mean and log variance, (n, n_latent) → (n,)


@door
def gaussian_kl(
    mean: Annotated[Tensor, "n … k"], log_variance: Annotated[Tensor, "n … k"]
) -> Tensor:
    """KL(N(mean, variance) ‖ N(0, 1)) = Σ (mean² + variance − 1 − log variance) / 2.

    Args:
        mean, log_variance: (n, n_latent).

    Returns:
        (n,), in nats.

    Source: Kingma & Welling 2014, appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1)


@door
def kl_to_prior(mean: Annotated[Tensor, "n d …"], kl: Kl = gaussian_kl) -> Tensor:
    """KL(N(mean, 1) ‖ N(0, 1)) per latent number, averaged; a scalar, in nats.

    Args:
        mean: (n, ...), of codes with variance 1, as UNIT's encoders have it.
        kl: as `gaussian_kl`.

    Source: Liu et al. 2017, section 3.
    """
    refuse_uncallable("kl", kl, 2)
    rows = mean.flatten(1)
    nats = returned("kl", kl(rows, torch.zeros_like(rows)), len(rows), numbers=True)
    refuse_detached("kl", nats, rows)
    return nats.mean() / rows.shape[1]


@door
def laplace_error(
    images: Annotated[Tensor, "n n_channels height width", In(0, 1)],
    truth: Annotated[Tensor, "n n_channels height width", In(0, 1)],
) -> Tensor:
    """−log p(truth | images) per pixel but for a constant, p a Laplace density: mean |difference|.

    Args:
        images, truth: (n, channels, height, width); a scalar is returned.
    """
    return (images - truth).abs().mean()


class Streams(NamedTuple):
    """Everything that a minibatch of either domain becomes; x12 is x1 shown in domain 2.

    Attributes:
        mean1, mean2: of q1(z | x1) and of q2(z | x2).
        x11, x22: reconstructions, G1(z1) and G2(z2).
        x12, x21: translations, G2(z1) and G1(z2).
        mean12, mean21: of q2(z | x12) and of q1(z | x21).
        x121, x212: there and back.
    """

    mean1: Tensor
    mean2: Tensor
    x11: Tensor
    x22: Tensor
    x12: Tensor
    x21: Tensor
    mean12: Tensor
    mean21: Tensor
    x121: Tensor
    x212: Tensor


@door
def streams(
    model: UNIT | Nets,
    x1: Annotated[Tensor, "n n_dims | n n_channels 4·height 4·width"],
    x2: Annotated[Tensor, "m n_dims | m n_channels 4·height 4·width"],
    *,
    generator: torch.Generator,
) -> Streams:
    """Send a minibatch of either domain through the nets, with a code drawn at every encoder.

    Args:
        model: its encoders and generators, not their averages.
        x1, x2: (n, channels, height, width) and (m, channels, height, width).
        generator: source of the noise of the codes, on the device of the images.
    """
    return streams_of_pairs([model], [Pair(x1, x2)], generator=generator)[0]


def streams_of_pairs(
    nets: Sequence[UNIT | Nets], x: Sequence[Pair], *, generator: torch.Generator
) -> list[Streams]:
    """`streams` for several pairs of domains, side by side, with images of its own for each."""

    def draw(mean: Tensor) -> Tensor:
        noise = torch.empty_like(mean).normal_(generator=generator)
        return mean + noise

    means = encoded(nets, x)
    codes = [torch.cat([draw(mean1), draw(mean2)]) for mean1, mean2 in means]
    shown = decoded(nets, [Pair(z, z) for z in codes])  # all codes of a pair in both its domains
    made = [
        (*in_1.split([len(x1), len(x2)]), *in_2.split([len(x1), len(x2)]))
        for (in_1, in_2), (x1, x2) in zip(shown, x, strict=True)
    ]
    again = encoded(nets, [Pair(x21, x12) for _, x21, x12, _ in made])
    back = decoded(nets, [Pair(draw(mean12), draw(mean21)) for mean21, mean12 in again])
    return [
        Streams(*mean, x11, x22, x12, x21, mean12, mean21, *home)
        for mean, (x11, x21, x12, x22), (mean21, mean12), home in zip(
            means, made, again, back, strict=True
        )
    ]


class Terms(NamedTuple):
    """The terms of one domain, unweighted; each a scalar. For domain 1:

    Attributes:
        kl: KL(q1(z | x1) ‖ p(z)).
        reconstruction: −E log p_G1(x1 | z), z ~ q1(z | x1).
        adversarial: what translations into this domain pay for being told apart by D1.
        cycle_kl: KL(q1(z | x1) ‖ p(z)) + KL(q2(z | x12) ‖ p(z)).
        cycle: −E log p_G1(x1 | z), z ~ q2(z | x12).
    """

    kl: Tensor
    reconstruction: Tensor
    adversarial: Tensor
    cycle_kl: Tensor
    cycle: Tensor


@door
def autoencoder_terms(
    model: UNIT | Nets,
    x1: Annotated[Tensor, "n n_dims | n n_channels 4·height 4·width"],
    x2: Annotated[Tensor, "m n_dims | m n_channels 4·height 4·width"],
    made: Streams,
    objective: Objective,
    kl: Kl = gaussian_kl,
) -> tuple[Terms, Terms]:
    """What encoders and generators minimise, for domain 1 and for domain 2.

    Args:
        model: its discriminators score the translations.
        x1, x2: the minibatches that `made` comes from.
        made: from `streams`.
        objective: of the adversarial game.
        kl: what measures the codes' distance from the prior.
    """
    for name, x, again in (("x1", x1, made.x11), ("x2", x2, made.x22)):
        if x.shape != again.shape:
            refuse(name, f"of shape {tuple(again.shape)}, as made has it", f"{tuple(x.shape)}")
    kl1, kl2 = kl_to_prior(made.mean1, kl), kl_to_prior(made.mean2, kl)
    first = Terms(
        kl=kl1,
        reconstruction=laplace_error(made.x11, x1),
        adversarial=generator_loss(model.D1(made.x21), objective),
        cycle_kl=kl1 + kl_to_prior(made.mean12, kl),
        cycle=laplace_error(made.x121, x1),
    )
    second = Terms(
        kl=kl2,
        reconstruction=laplace_error(made.x22, x2),
        adversarial=generator_loss(model.D2(made.x12), objective),
        cycle_kl=kl2 + kl_to_prior(made.mean21, kl),
        cycle=laplace_error(made.x212, x2),
    )
    return first, second


class Weights(Protocol):
    """λ0 to λ4, as `Settings` has them."""

    gan_weight: float
    kl_weight: float
    reconstruction_weight: float
    cycle_kl_weight: float
    cycle_weight: float


class Losses(NamedTuple):
    """The slide's three terms of one domain, weighted.

    Attributes:
        vae: λ1·kl + λ2·reconstruction.
        gan: λ0·adversarial.
        cc: λ3·cycle_kl + λ4·cycle.
    """

    vae: Tensor
    gan: Tensor
    cc: Tensor


@door
def weighted(terms: Terms, weights: Weights) -> Losses:
    """L_VAE, L_GAN and L_CC of one domain (Liu et al. 2017, equations 4 to 9)."""
    return Losses(
        vae=weights.kl_weight * terms.kl + weights.reconstruction_weight * terms.reconstruction,
        gan=weights.gan_weight * terms.adversarial,
        cc=weights.cycle_kl_weight * terms.cycle_kl + weights.cycle_weight * terms.cycle,
    )


@door
def discriminator_terms(
    model: UNIT | Nets,
    x1: Annotated[Tensor, "n n_dims | n n_channels 4·height 4·width"],
    x2: Annotated[Tensor, "m n_dims | m n_channels 4·height 4·width"],
    made: Streams,
    objective: Objective,
) -> tuple[Tensor, Tensor]:
    """What D1 and what D2 minimise; the translations are detached here."""
    return (
        discriminator_loss(*scores_of_both(model.D1, x1, made.x21), objective),
        discriminator_loss(*scores_of_both(model.D2, x2, made.x12), objective),
    )

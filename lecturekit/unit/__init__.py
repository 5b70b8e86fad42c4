"""UNIT (Liu, Breuel, Kautz 2017): two variational autoencoders that share their latent space.

`model` has the nets, `losses` the terms of the slide's loss, `trainer` the game, `reach` the table
of which loss moves which net, `latent` walks through the code, `adaptation` has a use for it all,
`family` takes the model to any number of domains.
On the way there: `exact` is an autoencoder for which the variational bound is known exactly,
`vae_gan` the step from an autoencoder to one that a discriminator judges.
"""

from lecturekit.unit.adaptation import Adaptation, adaptation
from lecturekit.unit.exact import Gaussian, LinearGaussian, kl
from lecturekit.unit.family import Family, family_for_images, train_family
from lecturekit.unit.latent import along, codes_that_meet
from lecturekit.unit.losses import (
    Losses,
    Streams,
    Terms,
    autoencoder_terms,
    discriminator_terms,
    gaussian_kl,
    kl_to_prior,
    laplace_error,
    streams,
    weighted,
)
from lecturekit.unit.model import UNIT, Encoder, Generator, Nets, Pair, for_images
from lecturekit.unit.reach import Reach, parts, reach
from lecturekit.unit.trainer import Settings, train

__all__ = [
    "UNIT",
    "Adaptation",
    "Encoder",
    "Family",
    "Gaussian",
    "Generator",
    "LinearGaussian",
    "Losses",
    "Nets",
    "Pair",
    "Reach",
    "Settings",
    "Streams",
    "Terms",
    "adaptation",
    "along",
    "autoencoder_terms",
    "codes_that_meet",
    "discriminator_terms",
    "family_for_images",
    "for_images",
    "gaussian_kl",
    "kl",
    "kl_to_prior",
    "laplace_error",
    "parts",
    "reach",
    "streams",
    "train",
    "train_family",
    "weighted",
]

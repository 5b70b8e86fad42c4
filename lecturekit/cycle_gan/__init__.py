"""CycleGAN (Zhu, Park, Isola, Efros 2017): translation between two domains without pairs.

`model` has the nets, `losses` the terms of the full loss, `trainer` the game. `exact` plays it on
discrete distributions and `rotations` with rotations of the plane, where optima can be counted;
`stirring` has maps that no loss of the game can notice.
"""

from lecturekit.cycle_gan.losses import (
    CycleLoss,
    GeneratorTerms,
    cycle_loss,
    discriminator_terms,
    generator_terms,
    identity_loss,
    once,
)
from lecturekit.cycle_gan.model import CycleGAN, Translator, for_images, for_points
from lecturekit.cycle_gan.stirring import stirred
from lecturekit.cycle_gan.trainer import Settings, train

__all__ = [
    "CycleGAN",
    "CycleLoss",
    "GeneratorTerms",
    "Settings",
    "Translator",
    "cycle_loss",
    "discriminator_terms",
    "for_images",
    "for_points",
    "generator_terms",
    "identity_loss",
    "once",
    "stirred",
    "train",
]

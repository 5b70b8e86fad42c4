"""Nets and images that are as small as they can be."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit import unit


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def small(seed: int = 0, **options: object) -> unit.UNIT:
    sizes = dict(width=6, n_latent=3, discriminator_width=4) | options
    return unit.for_images(1, generator=seeded(seed), **sizes)


def images(n: int, seed: int = 0, side: int = 8) -> Tensor:
    return torch.rand(n, 1, side, side, generator=seeded(seed))

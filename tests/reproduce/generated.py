"""Images that stand in for MNIST and USPS: ten grey patterns of 4×4 with noise, their numbers."""

from __future__ import annotations

import torch

from lecturekit.data import LabelledImages

N = {"train": 600, "test": 200}


def mnist(split: str) -> LabelledImages:
    """The same at every call."""
    generator = torch.Generator().manual_seed(len(split))
    patterns = torch.rand(10, 4, 4, generator=torch.Generator().manual_seed(0)).round()
    labels = torch.randint(10, (N[split],), generator=generator)
    noise = 0.15 * torch.rand(N[split], 4, 4, generator=generator)
    return LabelledImages((patterns[labels] - noise).abs(), labels)


def usps(split: str) -> LabelledImages:
    """The same patterns, paler."""
    images, labels = mnist(split)
    return LabelledImages(0.3 + 0.3 * images, labels)

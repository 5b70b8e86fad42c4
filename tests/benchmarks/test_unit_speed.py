"""What an update of UNIT costs beside the forward and backward passes that it needs anyway."""

from __future__ import annotations

import torch

from lecturekit import unit

from .conftest import interleave, speed_relative_to


def images(seed: int) -> torch.Tensor:
    return torch.rand(64, 1, 16, 16, generator=torch.Generator().manual_seed(seed))


def update():
    """A call that makes one update of `train`, all that belongs to it included."""
    generator = torch.Generator().manual_seed(0)
    model = unit.for_images(1, generator=generator)
    settings = unit.Settings(updates=10**9)
    steps = unit.train(model, images(1), images(2), settings, generator=generator)
    return lambda: next(steps)


def passes():
    """The same streams, losses and gradients on one batch: no optimiser, average or guard."""
    generator = torch.Generator().manual_seed(0)
    model, settings = unit.for_images(1, generator=generator), unit.Settings()
    x1, x2 = images(1)[:8], images(2)[:8]

    def forward_and_backward() -> None:
        model.zero_grad()
        model.discriminators.requires_grad_(False)
        made = unit.streams(model, x1, x2, generator=generator)
        terms = unit.autoencoder_terms(model, x1, x2, made, "least squares")
        torch.stack(
            [loss for each in terms for loss in unit.weighted(each, settings)]
        ).sum().backward()
        model.discriminators.requires_grad_(True)
        sum(unit.discriminator_terms(model, x1, x2, made, "least squares")).backward()

    return forward_and_backward


def test_an_update_is_mostly_its_passes(say):
    seconds = interleave({"passes": passes(), "update": update()}, rounds=12)
    ratio = speed_relative_to(seconds, "passes")["update"]
    say(f"UNIT: an update runs at {ratio:.2f} of the speed of its bare passes")
    assert ratio >= 0.75

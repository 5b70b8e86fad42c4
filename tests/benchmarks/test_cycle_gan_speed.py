"""What an update of CycleGAN costs beside the forward and backward passes that it needs anyway."""

from __future__ import annotations

import torch

from lecturekit import adversarial, cycle_gan

from .conftest import interleave, speed_relative_to


def images(seed: int) -> torch.Tensor:
    return torch.rand(64, 3, 32, 32, generator=torch.Generator().manual_seed(seed))


def update():
    """A call that makes one update of `train`, all that belongs to it included."""
    generator = torch.Generator().manual_seed(0)
    model = cycle_gan.for_images(3, generator=generator)
    settings = cycle_gan.Settings(updates=10**9, pool_size=50, mirror=True)
    steps = cycle_gan.train(model, images(1), images(2), settings, generator=generator)
    return lambda: next(steps)


def passes():
    """The same losses and gradients on one batch, written out: no optimiser, pool or average."""
    model = cycle_gan.for_images(3, generator=torch.Generator().manual_seed(0))
    x, y = images(1)[:4], images(2)[:4]

    def forward_and_backward() -> None:
        model.zero_grad()
        model.discriminators.requires_grad_(False)
        fake_y, fake_x = model.G(x), model.F(y)
        fooled = sum(
            adversarial.generator_loss(scores, "least squares")
            for scores in (model.D_Y(fake_y), model.D_X(fake_x))
        )
        cycle = (model.F(fake_y) - x).abs().mean() + (model.G(fake_x) - y).abs().mean()
        (fooled + 10 * cycle).backward()
        model.discriminators.requires_grad_(True)
        scores_x = model.D_X(torch.cat([x, fake_x.detach()])).chunk(2)
        scores_y = model.D_Y(torch.cat([y, fake_y.detach()])).chunk(2)
        (
            adversarial.discriminator_loss(*scores_x, "least squares")
            + adversarial.discriminator_loss(*scores_y, "least squares")
        ).backward()

    return forward_and_backward


def test_an_update_is_mostly_its_passes(say):
    seconds = interleave({"passes": passes(), "update": update()}, rounds=12)
    ratio = speed_relative_to(seconds, "passes")["update"]
    say(f"CycleGAN: an update runs at {ratio:.2f} of the speed of its bare passes")
    assert ratio >= 0.8

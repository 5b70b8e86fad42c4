"""The speed of section 4, as ratios within one run: `make benchmark`.

One job: a denoiser 784-500-784 of black-and-white images, batch 100, one thread, Adam. The bound is
the bare PyTorch loop for it: corrupted and clean minibatches lie ready, and nothing is checked,
counted, guarded or yielded.
"""

from __future__ import annotations

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from lecturekit import denoising

from .conftest import interleave, speed_relative_to

N, PIXELS, HIDDEN = 100, 784, 500


def images(n: int = 5000) -> torch.Tensor:
    return torch.rand(n, PIXELS, generator=torch.Generator().manual_seed(0)).lt(0.2).float()


def denoiser() -> denoising.BernoulliDenoiser:
    return denoising.BernoulliDenoiser(
        PIXELS, (HIDDEN,), generator=torch.Generator().manual_seed(1)
    )


def bare_loop():
    model, clean = denoiser(), images(N)
    noisy = torch.where(images(N) > 0, 1 - clean, clean)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)

    def update() -> None:
        adam.zero_grad()
        binary_cross_entropy_with_logits(model.net(noisy), clean).backward()
        adam.step()

    return update


def updates(scheme: denoising.Scheme):
    """A call that makes one update of `train`, all that belongs to it included."""
    steps = denoising.train(
        denoiser(),
        images(),
        denoising.Settings(updates=10**9, batch_size=N, learning_rate=1e-3),
        corruption=denoising.SaltAndPepper(0.4),
        scheme=scheme,
        generator=torch.Generator().manual_seed(2),
    )
    return lambda: next(steps)


def test_an_update_costs_little_more_than_the_bare_loop(say):
    """Noise and minibatches cost two draws of 100×784 numbers; persistent walkback two more."""
    speed = speed_relative_to(
        interleave(
            {
                "bare loop": bare_loop(),
                "simple": updates(denoising.Simple()),
                "persistent walkback": updates(denoising.PersistentWalkback(0.5)),
                "walkback": updates(denoising.Walkback(0.5)),
            }
        ),
        "bare loop",
    )
    say(", ".join(f"{name} {ratio:.2f}" for name, ratio in speed.items()) + " of the bare loop")
    assert speed["simple"] >= 0.75
    assert speed["persistent walkback"] >= 0.6
    assert speed["persistent walkback"] > speed["walkback"]

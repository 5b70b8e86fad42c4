"""A denoiser and a corruption that do not fit each other are refused before anything is drawn."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from lecturekit import data, denoising
from lecturekit.training import Steps


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


BITS = data.bars_and_stripes(3)
POINTS = torch.randn(40, 2, generator=seeded())


def pixels() -> denoising.BernoulliDenoiser:
    return denoising.BernoulliDenoiser(9, (4,), generator=seeded())


def plane() -> denoising.GaussianDenoiser:
    return denoising.GaussianDenoiser(2, (4,), generator=seeded())


@pytest.mark.parametrize(
    "call",
    [
        lambda g: denoising.run_chain(pixels(), denoising.GaussianNoise(), BITS, 3, generator=g),
        lambda g: denoising.chain(pixels(), denoising.GaussianNoise(), BITS, generator=g),
        lambda g: denoising.Walkers(pixels(), denoising.GaussianNoise(), BITS, generator=g),
        lambda g: denoising.train(
            pixels(),
            BITS,
            denoising.Settings(),
            corruption=denoising.GaussianNoise(),
            generator=g,
        ),
    ],
)
def test_noise_beyond_white_is_nothing_for_pixels(call) -> None:
    generator = seeded(1)
    before = generator.get_state()
    with pytest.raises(ValueError, match=r"what corruption makes of \w+ in \[0, 1\], got values"):
        call(generator)
    assert torch.equal(generator.get_state(), before)


def test_noise_may_be_undone_by_a_gaussian_on_pixels() -> None:
    net = denoising.GaussianDenoiser(9, (4,), generator=seeded())
    pair = denoising.run_chain(net, denoising.GaussianNoise(), BITS, 2, generator=seeded())
    assert pair.clean.shape == (3, *BITS.shape)


class Shift:
    """A corruption of a student's own: a plain class, without settings or annotations."""

    def __init__(self, makes) -> None:
        self.makes = makes

    def sample(self, x: Tensor, *, generator: torch.Generator) -> Tensor:
        return self.makes(x + torch.randn(x.shape, generator=generator))

    def log_prob(self, x_noisy: Tensor, x: Tensor) -> Tensor:
        return -0.5 * (x_noisy - x).square().sum(1)


def train(corruption: Shift) -> Steps:
    settings = denoising.Settings(updates=3, batch_size=8)
    return denoising.train(plane(), POINTS, settings, corruption=corruption, generator=seeded())


def test_a_corruption_of_ones_own() -> None:
    assert next(train(Shift(lambda x: x))).index == 1
    with pytest.raises(ValueError, match=r"corruption to return a tensor of shape \(40, 2\)"):
        train(Shift(lambda x: x[:, :1]))
    with pytest.raises(ValueError, match="what corruption makes of data finite, got 80 NaN"):
        train(Shift(lambda x: x / 0 - x / 0))


def test_a_net_for_all_levels_has_a_trainer_of_its_own() -> None:
    net = denoising.LevelDenoiser(2, 1.0, (4,), generator=seeded())
    with pytest.raises(ValueError, match=r"model to be of one noise level.*train_levels trains it"):
        denoising.train(
            net,
            POINTS,
            denoising.Settings(),
            corruption=denoising.GaussianNoise(),
            generator=seeded(),
        )

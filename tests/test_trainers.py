"""What all trainers have in common, whichever section they belong to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from lecturekit import cycle_gan, deep_energy, denoising, moment_matching, rbm, unit
from lecturekit.training import Steps
from lecturekit.unit import vae_gan


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def train_rbm(rows: Tensor, images: Tensor) -> Steps:
    phase = rbm.ContrastiveDivergence(1)
    return rbm.train(rbm.RBM(2, 3), rows, rbm.Settings(1), negative_phase=phase, generator=seeded())


def train_energy(rows: Tensor, images: Tensor) -> Steps:
    energy = deep_energy.DeepEnergy(nn.Identity(), 2, 2, 3, generator=seeded())
    return deep_energy.train(
        energy,
        rows,
        deep_energy.Settings(1),
        negative_phase=deep_energy.LangevinPhase(),
        generator=seeded(),
    )


def train_gmmn(rows: Tensor, images: Tensor) -> Steps:
    model = moment_matching.GMMN(2, (4,), 2, generator=seeded())
    kernel = moment_matching.Gaussian(1.0)
    settings = moment_matching.Settings(1)
    return moment_matching.train(model, rows, settings, kernel=kernel, generator=seeded())


def train_codes(rows: Tensor, images: Tensor) -> Steps:
    model = moment_matching.AutoEncoder(2, (4,), 2, generator=seeded())
    settings = moment_matching.AutoEncoderSettings(1)
    return moment_matching.train_autoencoder(model, rows, settings, generator=seeded())


def train_denoiser(rows: Tensor, images: Tensor) -> Steps:
    model = denoising.GaussianDenoiser(2, generator=seeded())
    corruption = denoising.GaussianNoise(0.3)
    settings = denoising.Settings(1)
    return denoising.train(model, rows, settings, corruption=corruption, generator=seeded())


def train_levels(rows: Tensor, images: Tensor) -> Steps:
    model = denoising.LevelDenoiser(2, 1.0, generator=seeded())
    levels = denoising.NoiseLevels(0.1, 1.0)
    settings = denoising.Settings(1)
    return denoising.train_levels(model, rows, settings, levels=levels, generator=seeded())


def train_cycle(rows: Tensor, images: Tensor) -> Steps:
    model = cycle_gan.for_images(1, width=4, generator=seeded())
    return cycle_gan.train(model, images, images, cycle_gan.Settings(1), generator=seeded())


def train_unit(rows: Tensor, images: Tensor) -> Steps:
    model = unit.for_images(1, generator=seeded())
    return unit.train(model, images, images, unit.Settings(1), generator=seeded())


def train_bridge(rows: Tensor, images: Tensor) -> Steps:
    model = vae_gan.VAEGAN(8, n_latent=3, n_hidden=4, width=4, generator=seeded())
    settings = vae_gan.BridgeSettings(1)
    return vae_gan.train_vae_gan(model, images, settings, generator=seeded())


TRAINERS = [
    train_rbm,
    train_energy,
    train_gmmn,
    train_codes,
    train_denoiser,
    train_levels,
    train_cycle,
    train_unit,
    train_bridge,
]


@pytest.mark.parametrize("train", TRAINERS)
def test_data_on_another_device_than_the_model_is_refused(
    train: Callable[[Tensor, Tensor], Steps],
):
    """A device without memory stands for a GPU, so that this is tested everywhere."""
    rows, images = torch.zeros(6, 2), torch.zeros(6, 1, 8, 8)
    next(iter(train(rows, images)))
    with pytest.raises(ValueError, match="on meta"):
        next(iter(train(rows.to("meta"), images.to("meta"))))

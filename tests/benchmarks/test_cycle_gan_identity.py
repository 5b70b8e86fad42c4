"""What the cycle loss does not see: MNIST ↔ USPS, where digits come home but become others."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as nnf

from lecturekit import cycle_gan, data
from lecturekit.evaluation.classifier import train_classifier
from lecturekit.evaluation.pairing import pixel_error
from lecturekit.training import finish

SIDE, N_TRAIN, N_TEST = 16, 5000, 1000


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def mnist() -> tuple[torch.Tensor, torch.Tensor]:
    images, labels = data.mnist()
    some = torch.randperm(len(images), generator=seeded(1))[: N_TRAIN + N_TEST]
    scaled = nnf.interpolate(images[some, None], (SIDE, SIDE), mode="bilinear", antialias=True)
    return scaled, labels[some]


def usps() -> tuple[torch.Tensor, torch.Tensor]:
    """11,000 digits of 16 × 16, beside MNIST's folder; they may not be shipped."""
    path = data.mnist_folder().parent / "usps" / "usps_11000_16x16.npz"
    if not path.is_file():
        pytest.skip(f"USPS: put it at {path}")
    with np.load(path) as arrays:
        images, labels = (torch.from_numpy(arrays[name]) for name in ("images", "labels"))
    some = torch.randperm(len(images), generator=seeded(2))[: N_TRAIN + N_TEST]
    return images[some, None].float() / 255, labels[some].long()


@pytest.mark.mnist
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [3])
def test_digits_that_come_home_need_not_have_kept_their_identity(seed, say):
    (x, x_labels), (y, y_labels) = mnist(), usps()
    judge = train_classifier(y[N_TEST:], y_labels[N_TEST:], generator=seeded(seed))
    model = cycle_gan.for_images(1, width=24, skip="add", generator=seeded(seed))
    settings = cycle_gan.Settings(updates=600, batch_size=8, warm_up=0)
    x_test, y_test = x[:N_TEST], y[:N_TEST]
    before = judge.agreement(x_test, x_labels[:N_TEST])
    finish(cycle_gan.train(model, x[N_TEST:], y[N_TEST:], settings, generator=seeded(seed)))
    translated = model.to_y(x_test)
    kept = judge.agreement(translated, x_labels[:N_TEST])
    real = judge.agreement(y_test, y_labels[:N_TEST])
    cycle = pixel_error(model.to_x(translated), x_test)
    say(
        f"MNIST → USPS, seed {seed}: cycle error {cycle:.3f}; read as the same digit {kept:.2f}, "
        f"untranslated {before:.2f}, true USPS {real:.2f}"
    )
    assert real > 0.9
    assert cycle < 0.06
    assert kept < real - 0.2

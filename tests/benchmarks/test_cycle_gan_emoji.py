"""A real pair of styles with a hidden pairing: Twemoji (flat) ↔ OpenMoji (black outlines)."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as nnf

from lecturekit import cycle_gan, data
from lecturekit.data import Unpaired
from lecturekit.evaluation.pairing import pixel_error, translation_report
from lecturekit.training import finish

SIDE, N_TEST = 32, 200
DARK = 0.25  # lightness below which a pixel belongs to an outline


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def style(name: str) -> torch.Tensor:
    """1637 emoji of a style, row i the same one in every style; they may not be shipped."""
    path = data.mnist_folder().parent / "emoji" / f"{name}_1637_64x64.npz"
    if not path.is_file():
        pytest.skip(f"emoji: put them at {path}")
    with np.load(path) as arrays:
        images = torch.from_numpy(arrays["images"]).movedim(-1, 1).float() / 255
    return nnf.interpolate(images, (SIDE, SIDE), mode="area")


def two_styles() -> Unpaired:
    """Disjoint halves to learn from, the same emoji in both styles to judge by."""
    x, y = style("twemoji"), style("openmoji")
    test, rest = torch.randperm(len(x), generator=seeded(1)).split([N_TEST, len(x) - N_TEST])
    first, second = rest.chunk(2)
    return Unpaired(x[first], y[second], x[test], y[test])


def outlined(images: torch.Tensor) -> float:
    """The share of dark pixels, in per cent."""
    return 100 * float((images.mean(dim=1) < DARK).float().mean())


@pytest.mark.mnist
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [3])
def test_a_style_is_learned_from_unpaired_emoji(seed, say):
    pairs = two_styles()
    model = cycle_gan.for_images(3, skip="add", generator=seeded(seed))
    settings = cycle_gan.Settings(updates=1200, generator_rate=2e-3, mirror=True)
    finish(cycle_gan.train(model, pairs.x_train, pairs.y_train, settings, generator=seeded(seed)))
    report = translation_report(model.to_y, model.to_x, pairs)
    dark = {
        "Twemoji": outlined(pairs.x_test),
        "OpenMoji": outlined(pairs.y_test),
        "translated": outlined(model.to_y(pairs.x_test)),
    }
    shares = ", ".join(f"{name} {share:.1f} %" for name, share in dark.items())
    say(
        f"Twemoji → OpenMoji, seed {seed}: dark pixels {shares}; "
        f"cycle error {report['x_cycle']:.3f}, L₁ to the hidden truth {report['y_error']:.3f}, "
        f"untranslated {pixel_error(pairs.x_test, pairs.y_test):.3f}"
    )
    assert abs(dark["translated"] - dark["OpenMoji"]) < abs(dark["Twemoji"] - dark["OpenMoji"]) / 2
    assert report["x_cycle"] < 0.06

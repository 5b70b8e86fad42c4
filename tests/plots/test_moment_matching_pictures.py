"""What the pictures of section 3 show."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lecturekit import moment_matching as mm
from lecturekit.plots.marks import Arrows, Bars, Field, Paths, Points, Rule, Words
from lecturekit.plots.moment_matching import (
    architecture,
    null_distribution,
    pulls,
    pushed_square,
    witness,
)

EXTENT = (-3.0, 3.0, -2.0, 2.0)


def marks(picture, kind):
    return [mark for mark in picture.marks if type(mark) is kind]


def labels(picture):
    return [mark.label for mark in picture.marks if mark.label]


def test_null_distribution_counts_all_dealings_and_marks_quantile_and_observation():
    picture = null_distribution(mm.TwoSampleTest(2.5, 0.01, torch.linspace(0, 1, 101)), "turned")
    (bars,), (quantile, observed) = marks(picture, Bars), marks(picture, Rule)
    assert bars.y.sum() == 101
    assert quantile.at == pytest.approx(0.95)
    assert (observed.at, observed.axis) == (2.5, "x")
    assert labels(picture) == ["by chance", "95% lie left", "observed"]
    assert picture.title == "turned: p = 0.010"
    assert picture.alt.endswith("from 0 to 1; observed 2.5.")


def test_witness_is_high_where_the_first_sample_is_alone_and_follows_the_kernel():
    left, right = torch.tensor([[-2.0, 0.0]]), torch.tensor([[2.0, 0.0]]).repeat(150, 1)
    kernel = mm.GaussianLadder(sigma=0.5)
    picture = witness({"left": left, "right": right}, kernel, "Witness", extent=EXTENT)
    (field,) = marks(picture, Field)
    assert field.signed
    assert field.extent == EXTENT
    middle = field.values[field.values.shape[0] // 2]
    assert middle.argmax() < len(middle) / 3 < len(middle) / 1.5 < middle.argmin()
    assert [len(cloud.xy) for cloud in marks(picture, Points)] == [1, 100]
    assert labels(picture) == ["left", "right"]
    kernel.sigma = 50.0
    again = witness({"left": left, "right": right}, kernel, "Witness", extent=EXTENT)
    assert not np.allclose(marks(again, Field)[0].values, field.values)


def test_pulls_go_along_the_velocity_and_the_longest_is_of_length_one():
    samples, data = torch.tensor([[0.0, 0.0], [1.5, 0.0]]), torch.tensor([[2.0, 0.5]])
    kernel = mm.Gaussian(1.0)
    picture = pulls(samples, data, kernel, "Pulls", extent=EXTENT)
    (arrows,) = marks(picture, Arrows)
    assert arrows.xy.tolist() == samples.tolist()
    assert np.linalg.norm(arrows.d, axis=1).max() == pytest.approx(1.0)
    velocity = mm.velocity(samples, data, kernel).numpy()
    assert arrows.d / arrows.d[0, 0] == pytest.approx(velocity / velocity[0, 0], rel=1e-4)
    assert labels(picture) == ["data", "samples"]
    assert picture.x.limits == (-3.0, 3.0)


def test_pushed_square_shows_the_image_of_the_latent_square_and_of_the_samples():
    double = nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        double.weight.copy_(2 * torch.eye(2))
    z, data = torch.full((4, 2), 0.25), torch.zeros(3, 2)
    picture = pushed_square(double, z, data, "Square", extent=EXTENT)
    reach = max(np.nanmax(np.abs(lines.xy)) for lines in marks(picture, Paths))
    assert reach == pytest.approx(2.0)  # the square reaches to ±1
    drawn = {cloud.label: cloud.xy for cloud in marks(picture, Points)}
    assert drawn["samples"].tolist() == [[0.5, 0.5]] * 4
    assert len(drawn["data"]) == 3
    assert picture.alt == "The latent square as a warped grid, under 4 samples and 3 data points."


def said(picture):
    return [mark.text for mark in marks(picture, Words)]


def test_architecture_says_the_layers_of_its_module_and_of_no_other():
    generator = torch.Generator().manual_seed(0)
    model = mm.GMMN(10, (64, 256), 49, generator=generator)
    picture = architecture(model, "Pixels")
    layers = ["10 uniform z", "64 ReLU", "256 ReLU", "49 sigmoid", "49 data y"]
    assert said(picture) == [*layers, "MMD"]
    heights = [bar.base for bar in marks(picture, Bars)]
    assert heights[:4] == sorted(heights[:4])  # the noise is lowest, and what is compared is level
    assert heights[3] == heights[4]
    other = architecture(mm.GMMN(2, (8, 8, 8), 3, bounded=False, generator=generator), "Another")
    assert said(other) == ["2 uniform z", *["8 ReLU"] * 3, "3 linear", "3 data y", "MMD"]


def test_architecture_in_code_space_shows_both_halves_dropout_and_the_way_of_a_sample():
    generator = torch.Generator().manual_seed(0)
    model = mm.GMMN(10, (64,), 5, generator=generator)
    halves = mm.AutoEncoder(49, (30, 20), 5, dropout=(0.2, 0.0, 0.5), generator=generator)
    picture = architecture(model, "Codes", autoencoder=halves)
    assert said(picture) == [
        "10 uniform z", "64 ReLU", "5 sigmoid",
        "49 data y", "30 sigmoid", "20 sigmoid", "5 sigmoid",
        "20 sigmoid", "30 sigmoid", "49 sigmoid",
        "MMD", "dropout 0.2", "dropout 0.5",
    ]  # fmt: skip
    (way,) = [mark for mark in marks(picture, Arrows) if mark.label == "sample generation"]
    assert len(way.xy) == 2 + 3  # noise to code, code to image
    assert way.xy[1:, 1] == pytest.approx(way.xy[:-1, 1] + 1)  # up, and never by the encoder
    with pytest.raises(ValueError, match=r"model with 5 features, .*, got 49"):
        architecture(mm.GMMN(10, (64,), 49, generator=generator), "?", autoencoder=halves)

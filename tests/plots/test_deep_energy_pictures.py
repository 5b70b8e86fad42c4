"""The pictures of section 2: fields and histograms of exact numbers, arrows along the pushes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lecturekit.deep_energy import DeepEnergy, Plane, log_likelihood, score
from lecturekit.plots.deep_energy import clouds, energies, landscape, pushes, sheet
from lecturekit.plots.marks import Arrows, Field, Line, Paths, Points, Words

EXTENT = (-2.0, 2.0, -2.0, 2.0)
POINTS = torch.tensor([[0.0, 1.0], [1.0, 0.0], [-1.0, -1.0]])


@pytest.fixture
def energy():
    source = torch.Generator().manual_seed(0)
    return DeepEnergy(nn.Identity(), 2, 2, n_experts=3, sigma=0.9, generator=source)


def of_kind(picture, kind):
    return [mark for mark in picture.marks if type(mark) is kind]


class TestLandscape:
    exactly = Plane(resolution=60)

    def drawn(self, energy, samples=POINTS, **options):
        return landscape(energy, samples, "title", exactly=self.exactly, extent=EXTENT, **options)

    def test_the_colours_are_the_density(self, energy):
        (field,) = of_kind(self.drawn(energy), Field)
        rows, columns = field.values.shape
        left, right = torch.tensor([[-2.0, -2.0]]), torch.tensor([[2.0, -2.0]])
        for place, at in [((0, 0), left), ((0, columns - 1), right)]:
            expected = log_likelihood(energy, at, self.exactly).exp()
            assert field.values[place] == pytest.approx(expected.item(), rel=1e-4)
        assert field.range() == (0.0, field.values.max())
        share = field.values.sum() * (4 / (rows - 1)) * (4 / (columns - 1))
        assert share == pytest.approx(1.0, abs=0.05)  # next to nothing lies outside

    def test_every_sample_is_a_dot_and_the_first_few_have_an_arrow_down_the_energy(self, energy):
        picture = self.drawn(energy, scale=0.01, n_arrows=2)
        (dots,), (arrows,) = of_kind(picture, Points), of_kind(picture, Arrows)
        np.testing.assert_allclose(dots.xy, POINTS.numpy())
        np.testing.assert_allclose(arrows.xy, POINTS[:2].numpy())
        np.testing.assert_allclose(arrows.d, 0.01 * score(energy, POINTS[:2]).numpy(), rtol=1e-5)

    def test_a_steep_place_does_not_cover_the_others(self, energy):
        (arrows,) = of_kind(self.drawn(energy, scale=1e6), Arrows)
        np.testing.assert_allclose(np.linalg.norm(arrows.d, axis=1), 4 / 6)

    def test_samples_are_asked_for_at_each_picture(self, energy):
        clouds = iter([POINTS, POINTS + 0.1])
        for expected in (POINTS, POINTS + 0.1):
            (dots,) = of_kind(self.drawn(energy, lambda: next(clouds)), Points)
            np.testing.assert_allclose(dots.xy, expected.numpy())


def test_the_sheet_lies_over_the_data():
    data = torch.tensor([[0.5, 0.5]])
    picture = sheet(lambda z: z / 2, data, "title", extent=EXTENT)
    (dots,) = of_kind(picture, Points)
    np.testing.assert_allclose(dots.xy, data.numpy())
    for lines in of_kind(picture, Paths):
        assert np.nanmax(np.abs(lines.xy)) == pytest.approx(1.0)  # [−2, 2] / 2


def test_pushes_are_arrows_at_their_points():
    vectors = torch.tensor([[2.0, 0.0], [0.0, -2.0], [1.0, 1.0]])
    picture = pushes(POINTS, vectors, "title", extent=EXTENT, scale=0.5)
    (dots,), (arrows,) = of_kind(picture, Points), of_kind(picture, Arrows)
    np.testing.assert_allclose(dots.xy, POINTS.numpy())
    np.testing.assert_allclose(arrows.xy, POINTS.numpy())
    np.testing.assert_allclose(arrows.d, vectors.numpy() / 2)


def test_energies_are_histograms_of_what_each_kind_has(energy):
    source = torch.Generator().manual_seed(1)
    near, far = torch.randn(500, 2, generator=source), 3 + torch.randn(500, 2, generator=source)
    picture = energies(energy, {"near": near, "far": lambda: far}, "title")
    means = {}
    for line in of_kind(picture, Line):
        width = np.diff(line.x)
        share = np.nan_to_num(line.y[:-1]) * width
        assert share.sum() == pytest.approx(1.0)
        means[line.label] = (share * (line.x[:-1] + width / 2)).sum()
    for name, points in {"near": near, "far": far}.items():
        assert means[name] == pytest.approx(energy(points).mean().item(), abs=width[0] / 2)
    assert picture.y.log


class TestClouds:
    samples = {f"cloud {n}": POINTS + 0.1 * n for n in range(5)}  # noqa: RUF012
    data = torch.tensor([[0.5, 0.5]])

    def drawn(self, samples):
        return clouds(samples, self.data, "title", extent=EXTENT, columns=3)

    def test_each_lies_over_the_data_in_a_field_of_its_own_under_its_name(self):
        picture = self.drawn(self.samples)
        marks = [picture.marks[n : n + 3] for n in range(0, 15, 3)]
        middles = []
        for rank, (under, cloud, name) in enumerate(marks):
            assert (name.text, name.color, cloud.color) == (f"cloud {rank}", rank, rank)
            moved = under.xy[0] - self.data[0].numpy()
            expected = self.samples[name.text].numpy() + moved
            inside = (np.abs(expected - moved) <= 2).all(1)
            np.testing.assert_allclose(cloud.xy, expected[inside], atol=1e-5)
            assert name.at[0] == pytest.approx(moved[0])
            assert name.at[1] > moved[1] + 2
            middles.append(moved)
        apart = [np.abs(a - b).max() for k, a in enumerate(middles) for b in middles[:k]]
        assert min(apart) >= 4
        assert of_kind(picture, Words)[3].at[0] == pytest.approx(middles[0][0])  # the second row

    def test_what_lies_outside_does_not_get_into_another_field(self):
        far = torch.tensor([[0.0, 0.0], [5.0, 0.0], [0.0, -5.0], [np.nan, 0.0]])
        _, cloud, _ = self.drawn({"far": lambda: far}).marks
        assert len(cloud.xy) == 1

"""The pictures of section 2: fields and histograms of exact numbers, arrows along the pushes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lecturekit.deep_energy import DeepEnergy, Plane, log_likelihood, score
from lecturekit.plots.deep_energy import (
    clouds,
    energies,
    energy_field,
    landscape,
    on_data,
    players,
    pushes,
    sheet,
    walks,
)
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
    assert (dots.color, dots.label) == ("soft", "data")


def test_all_meshes_of_the_sheet_hold_the_same_share_of_the_samples():
    picture = sheet(lambda z: z, POINTS, "title", extent=EXTENT)
    (upright,) = [lines for lines in of_kind(picture, Paths) if lines.width == 1][:1]
    at = np.unique(upright.xy[:, 0][np.isfinite(upright.xy[:, 0])].round(5))
    assert len(at) == 17
    shares = np.diff(torch.distributions.Normal(0, 1).cdf(torch.tensor(at)).numpy())
    np.testing.assert_allclose(shares, 0.95 / 16, atol=1e-5)


def test_samples_are_orange_and_data_grey_in_all_pictures(energy):
    exactly = Plane(resolution=40)
    (chi,) = of_kind(landscape(energy, POINTS, "", exactly=exactly, extent=EXTENT), Points)
    data, samples = of_kind(on_data(lambda: POINTS, POINTS + 1, "", extent=EXTENT), Points)
    np.testing.assert_allclose(samples.xy, POINTS.numpy())
    np.testing.assert_allclose(data.xy, POINTS.numpy() + 1)
    assert (samples.color, samples.label) == (chi.color, chi.label) == (1, "χ")
    assert (data.color, data.label) == ("soft", "data")


def test_the_energy_in_colours_has_its_constant_and_ends_at_a_depth(energy):
    exactly = Plane(resolution=60)
    (field,) = of_kind(energy_field(energy, "", exactly=exactly, extent=EXTENT, depth=3.0), Field)
    corner = -log_likelihood(energy, torch.tensor([[-2.0, -2.0]]), exactly)
    assert field.values[0, 0] == pytest.approx(corner.item(), rel=1e-5)
    assert field.range() == pytest.approx((field.values.min(), field.values.min() + 3.0))


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
    samples = {f"cloud {n}": [POINTS + 0.1 * n, POINTS - 0.1 * n] for n in range(5)}  # noqa: RUF012
    data = torch.tensor([[0.5, 0.5]])

    def drawn(self, samples):
        return clouds(samples, self.data, "title", extent=EXTENT)

    def test_each_name_has_a_column_and_each_of_its_clouds_a_field_over_the_data(self):
        picture = self.drawn(self.samples)
        names, dots = of_kind(picture, Words), of_kind(picture, Points)
        middles = []
        for column, (name, word) in enumerate(zip(self.samples, names, strict=True)):
            assert (word.text, word.color) == (name, column)
            for row in range(2):
                under, cloud = dots[4 * column + 2 * row : 4 * column + 2 * row + 2]
                moved = under.xy[0] - self.data[0].numpy()
                expected = self.samples[name][row].numpy() + moved
                inside = (np.abs(expected - moved) <= 2).all(1)
                np.testing.assert_allclose(cloud.xy, expected[inside], atol=1e-5)
                assert (under.color, cloud.color) == ("soft", column)
                np.testing.assert_allclose(moved, (4 * column + 2, -4 * row - 2))
                middles.append(moved)
            assert word.at[0] == pytest.approx(middles[-1][0])
            assert word.at[1] > 0
        assert [mark.label for mark in dots if mark.label] == ["data"]

    def test_what_lies_outside_does_not_get_into_another_field(self):
        far = torch.tensor([[0.0, 0.0], [5.0, 0.0], [0.0, -5.0], [np.nan, 0.0]])
        _, cloud, _ = self.drawn({"far": [lambda: far]}).marks
        assert len(cloud.xy) == 1


def test_the_diagram_says_what_raises_and_lowers_what():
    picture = players("title")
    said = {mark.text: mark for mark in of_kind(picture, Words)}
    assert {"G_φ", "E_θ", "χ", "data x", "E(χ)", "E(x)"} < set(said)
    of_theta = next(a for a in of_kind(picture, Arrows) if a.color == 0)
    heights = {(xy[1] > 2): d[1] for xy, d in zip(of_theta.xy, of_theta.d, strict=True)}
    assert heights[True] > 0 > heights[False]  # beside E(χ), above, and E(x), below
    assert said["E(χ)"].at[1] > 2 > said["E(x)"].at[1]
    of_phi = next(a for a in of_kind(picture, Arrows) if a.color == 1)
    assert of_phi.d[0, 0] < 0  # back to the generator


class TestWalks:
    start = torch.tensor([[1.0, 0.0], [0.0, 0.5]])
    end = torch.tensor([[0.0, 1.0], [0.5, 0.0]])

    def drawn(self, shape=(1, 2), G=lambda z: z, **options):
        return walks(G, self.start, self.end, "title", shape=shape, **options)

    def test_a_row_goes_from_its_start_to_its_end_at_an_even_distance_from_zero(self):
        images = self.drawn(steps=5).images[:, 0, 1:-1, 1:-1].reshape(2, 5, 2)
        np.testing.assert_allclose(images[:, 0], self.start, atol=1e-6)
        np.testing.assert_allclose(images[:, -1], self.end, atol=1e-6)
        np.testing.assert_allclose(images[0, 2], [0.5**0.5] * 2, rtol=1e-6)
        norms = np.linalg.norm(images, axis=2)
        np.testing.assert_allclose(norms, [[1.0] * 5, [0.5] * 5], rtol=1e-6)

    def test_only_the_ends_are_framed(self):
        picture = self.drawn(steps=4, captions=["a", "b"])
        corners = picture.images[:, :, 0, 0].reshape(2, 4, 3)
        assert picture.columns == 4
        assert picture.captions == ("a", "b")
        np.testing.assert_array_equal(corners[:, 0], corners[:, 3])
        np.testing.assert_array_equal(corners[:, 1], corners[:, 2])
        assert np.abs(corners[0, 0] - corners[0, 1]).max() > 0.3

    def test_colours_stay_colours(self):
        picture = self.drawn((3, 2, 2), lambda z: torch.cat([z] * 6, dim=1), steps=3)
        assert picture.images.shape == (6, 3, 4, 4)
        np.testing.assert_allclose(
            picture.images[0, :, 1:-1, 1:-1], np.tile([1.0, 0.0], 6).reshape(3, 2, 2), atol=1e-6
        )

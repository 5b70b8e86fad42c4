"""Judging translations by the hidden truth."""

from __future__ import annotations

import pytest
import torch

from lecturekit import data
from lecturekit.evaluation.pairing import (
    all_ways,
    off_diagonal,
    pattern_correlation,
    pixel_error,
    silhouette_matches,
    translation_report,
)


class TestPixelError:
    def test_is_the_mean_within_the_region(self):
        images, truth = torch.zeros(2, 3, 4, 4), torch.zeros(2, 3, 4, 4)
        truth[0, :, 0, 0] = 0.5
        region = torch.zeros(2, 4, 4)
        region[0, 0, 0] = region[0, 0, 1] = 1
        assert pixel_error(images, truth).item() == pytest.approx(0.5 / 32)
        assert pixel_error(images, truth, region).item() == pytest.approx(0.25)
        assert pixel_error(images, truth, 1 - region) == 0

    @pytest.mark.parametrize(
        ("images", "region", "message"),
        [
            (torch.zeros(2, 3, 4, 5), None, r"truth of shape \(2, 3, 4, 5\), got \(2, 3, 4, 4\)"),
            (torch.zeros(2, 3, 4, 4), torch.zeros(2, 1, 4, 4), r"\(2, 4, 4\), got \(2, 1, 4, 4\)"),
        ],
    )
    def test_refuses(self, images, region, message):
        for measure in (pixel_error, pattern_correlation):
            with pytest.raises(ValueError, match=message):
                measure(images, torch.zeros(2, 3, 4, 4), region)


class TestPatternCorrelation:
    def test_ignores_strength_and_sees_place(self, generator):
        truth = torch.rand(5, 3, 8, 8, generator=generator)
        assert pattern_correlation(0.3 + 0.1 * truth, truth).item() == pytest.approx(1, abs=1e-4)
        assert pattern_correlation(1 - truth, truth).item() == pytest.approx(-1, abs=1e-4)
        other = torch.rand(400, 3, 8, 8, generator=generator)
        truth = torch.rand(400, 3, 8, 8, generator=generator)
        # 5 standard errors of a mean of 400 correlations over 64 pixels
        assert abs(pattern_correlation(other, truth)) < 5 / (400 * 63) ** 0.5

    def test_agrees_with_corrcoef_within_a_region(self, generator):
        images, truth = torch.rand(2, 1, 6, 6, generator=generator)
        region = torch.zeros(1, 6, 6)
        region[:, 1:4, 2:6] = 1
        inside = region[0].bool()
        seen = torch.stack([images[0][inside], truth[0][inside]])
        expected = torch.corrcoef(seen)[0, 1].item()
        found = pattern_correlation(images[None], truth[None], region).item()
        assert found == pytest.approx(expected, abs=1e-5)

    def test_flat_images_count_as_0(self):
        assert pattern_correlation(torch.ones(1, 1, 4, 4), torch.rand(1, 1, 4, 4)) == 0


class TestSilhouettes:
    def shapes(self, generator):
        """Discs in 30 places, as regions."""
        y, x = torch.meshgrid(torch.arange(16), torch.arange(16), indexing="ij")
        centres = torch.rand(30, 2, generator=generator) * 16
        distance = torch.hypot(x - centres[:, :1, None], y - centres[:, 1:, None])
        return (4.5 - distance).clamp(0, 1)

    def test_what_is_painted_inside_does_not_matter(self, generator):
        region, background = self.shapes(generator), torch.rand(30, 3, 16, 16, generator=generator)
        ink = torch.rand(30, 3, 1, 1, generator=generator)
        images = torch.lerp(background, ink.expand_as(background), region[:, None])
        assert silhouette_matches(images, background, region) == 1
        assert silhouette_matches(images.roll(1, 0), background.roll(1, 0), region) == 0

    def test_nothing_in_sight_is_found_by_chance(self, generator):
        region = self.shapes(generator)
        images, background = torch.rand(2, 30, 3, 16, 16, generator=generator)
        assert silhouette_matches(images, background, region) < 0.2  # 1 in 30, ± 5 standard errors

    def test_refuses_other_shapes(self, generator):
        with pytest.raises(ValueError, match=r"background of shape \(2, 3, 4, 4\), got \(3, 3"):
            silhouette_matches(torch.rand(2, 3, 4, 4), torch.rand(3, 3, 4, 4), torch.rand(2, 4, 4))


class TestAllWays:
    def coats(self):
        return data.four_coats(3, 12, side=16, generator=torch.Generator().manual_seed(0))

    def test_the_truth_is_perfect_and_doing_nothing_is_what_it_is(self):
        coats = self.coats()
        ways = all_ways(lambda x, i, j: coats.test[j], coats)
        assert ways.error.max() == 0
        torch.testing.assert_close(ways.pattern, torch.ones(4, 4))
        assert ways.shape.min() > 0.9
        still = all_ways(lambda x, i, j: x, coats)
        assert torch.equal(still.error, still.untranslated)
        assert torch.equal(still.error.diag(), torch.zeros(4))

    def test_rows_are_sources_and_columns_targets(self):
        coats = self.coats()
        ways = all_ways(lambda x, i, j: coats.test[0] if (i, j) == (2, 0) else x, coats)
        assert ways.error[2, 0] == 0
        assert ways.error[0, 2] > 0
        expected = pixel_error(coats.test[1], coats.test[3], coats.region)
        assert ways.untranslated[1, 3] == expected

    def test_off_the_diagonal(self):
        table = torch.arange(9).reshape(3, 3)
        assert off_diagonal(table).tolist() == [1, 2, 3, 5, 6, 7]


class TestReport:
    def test_truth_itself_is_perfect_and_doing_nothing_has_the_raw_error(self, generator):
        pairs = data.plain_and_striped(5, 12, side=16, generator=generator)
        raw = translation_report(lambda x: x, lambda y: y, pairs)
        assert raw["y_error"] == raw["x_error"] > 0.1
        assert raw["x_cycle"] == raw["y_cycle"] == 0
        assert raw["background"] < 0.02  # pixels at the edge belong to both
        answers = {id(pairs.x_test): pairs.y_test, id(pairs.y_test): pairs.x_test}
        perfect = translation_report(lambda x: answers[id(x)], lambda y: answers[id(y)], pairs)
        assert perfect["y_pattern"].item() == pytest.approx(1, abs=1e-4)
        assert perfect["y_coverage"] == perfect["x_coverage"] == 1
        assert sum(perfect[name] for name in ("y_error", "x_error", "x_cycle", "y_cycle")) == 0

    def test_without_a_region_there_is_no_background(self, generator):
        pairs = data.digits_and_outlines(n_test=20, generator=generator)
        assert "background" not in translation_report(lambda x: x, lambda y: y, pairs)

    def test_without_pairs_the_cycle_speaks_alone(self, generator):
        x, y = (torch.rand(n, 3, 8, 8, generator=generator) for n in (6, 3))
        pairs = data.Unpaired(x, y, x, y, paired_tests=False)
        assert pairs.true_x is pairs.true_y is None
        report = translation_report(lambda x: x + 0.25, lambda y: y + 0.5, pairs)
        assert set(report) == {"x_cycle", "y_cycle"}
        assert report["x_cycle"].item() == pytest.approx(0.75)


def test_a_region_of_nothing_has_no_mean():
    images, nothing = torch.rand(2, 3, 4, 4), torch.zeros(2, 4, 4)
    with pytest.raises(ValueError, match="region above 0 somewhere"):
        pixel_error(images, images, nothing)
    one_empty = torch.stack([torch.ones(4, 4), torch.zeros(4, 4)])
    assert pixel_error(images, images, one_empty) == 0
    with pytest.raises(ValueError, match="region above 0 somewhere"):
        pattern_correlation(images, images, one_empty)

"""Unpaired domains: nothing is secretly paired, and the truth is true."""

from __future__ import annotations

import itertools

import pytest
import torch

from lecturekit import data
from lecturekit.data.scenes import paintings
from lecturekit.data.scenes.dice import Dice
from lecturekit.data.scenes.shapes import bands, coverage, ellipse, limb, pixel_centres


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rows(images: torch.Tensor) -> set[bytes]:
    return {image.numpy().tobytes() for image in images}


class TestDigitsAndOutlines:
    def test_no_image_is_in_two_parts(self):
        # The numbers of the images travel through the split as their pixels.
        numbers = torch.arange(100.0)[:, None, None].expand(100, 8, 8) / 100
        source = data.LabelledImages(numbers.contiguous(), torch.arange(100))
        pairs = data.digits_and_outlines(source, side=8, n_test=20, generator=seeded(0))
        parts = [pairs.x_labels, pairs.y_labels, pairs.test_labels]
        assert sorted(torch.cat(parts).tolist()) == list(range(100))
        assert [len(part) for part in parts] == [40, 40, 20]
        assert torch.allclose(pairs.x_train[:, 0, 0, 0] * 100, pairs.x_labels.float())

    def test_outlines_of_the_training_digits_are_not_in_the_other_domain(self):
        pairs = data.digits_and_outlines(generator=seeded(1))
        assert pairs.x_train.shape == pairs.y_train.shape == (700, 1, 16, 16)
        assert not rows(data.outline(pairs.x_train)) & rows(pairs.y_train)
        assert not rows(pairs.x_train) & rows(pairs.x_test)

    def test_the_hidden_truth_is_the_outline_row_by_row(self):
        pairs = data.digits_and_outlines(generator=seeded(2))
        assert pairs.paired_tests
        assert torch.equal(pairs.y_test, data.outline(pairs.x_test))
        assert pairs.y_test.min() >= 0
        assert pairs.y_test.max() <= 1

    def test_outline_is_the_highest_less_the_lowest_of_nine(self):
        image = torch.zeros(1, 1, 6, 6)
        image[..., 2:, 2:] = 0.8
        edge = data.outline(image)[0, 0]
        assert edge[0].tolist() == [0] * 6  # two pixels away from the ink
        assert edge[1, 1] == edge[2, 2] == pytest.approx(0.8)
        assert edge[4:, 4:].max() == 0  # within the ink

    def test_same_seed_same_split(self):
        first, second = (data.digits_and_outlines(generator=seeded(7)) for _ in range(2))
        assert torch.equal(first.x_train, second.x_train)
        assert torch.equal(first.y_test, second.y_test)

    @pytest.mark.parametrize(("side", "n_test"), [(3, 10), (16, 0), (16, 1796)])
    def test_refuses(self, side, n_test):
        with pytest.raises(
            ValueError,
            match=r"expected (side ≥ 4|n_test ≥ 1), got|got side 16, n_test 1796 of 1797",
        ):
            data.digits_and_outlines(side=side, n_test=n_test, generator=seeded(0))


class TestScenes:
    def test_both_coats_differ_within_the_animal_and_nowhere_else(self):
        scenes = data.draw_scenes(50, 32, generator=seeded(3))
        difference = (scenes.plain - scenes.striped).abs().sum(dim=1)
        assert difference[scenes.mask == 0].max() == 0
        assert difference[scenes.mask > 0.99].mean() > 0.2
        assert ((scenes.mask > 0.5).float().mean(dim=(1, 2)) > 0.05).all()  # there is an animal

    def test_pixels_are_shares_of_light(self):
        for images in data.draw_scenes(100, 24, generator=seeded(4)):
            assert images.dtype == torch.float32
            assert images.min() >= 0
            assert images.max() <= 1

    def test_training_scenes_are_disjoint_and_the_test_is_paired(self):
        pairs = data.plain_and_striped(40, 10, side=16, generator=seeded(5))
        assert pairs.x_train.shape == pairs.y_train.shape == (40, 3, 16, 16)
        assert pairs.region.shape == (10, 16, 16)
        # Top rows are sky: the same in both coats of one scene, different between two scenes.
        sky = [rows(images[:, :, :2]) for images in (pairs.x_train, pairs.y_train, pairs.x_test)]
        assert len(sky[0] | sky[1] | sky[2]) == 90
        assert torch.equal(pairs.x_test[:, :, :2], pairs.y_test[:, :, :2])

    def test_stripes_are_where_the_pose_says(self):
        """Drawn larger, the same scene has the same stripes: they belong to the animal."""
        small, large = (data.draw_scenes(20, side, generator=seeded(6)) for side in (32, 64))
        halved = torch.nn.functional.avg_pool2d(large.striped, 2)
        assert ((halved - small.striped).abs().mean(dim=1) * small.mask).mean() < 0.02

    def test_more_than_a_batch(self):
        assert len(data.draw_scenes(501, 8, generator=seeded(8)).mask) == 501

    def test_same_seed_same_scenes(self):
        first, second = (data.draw_scenes(3, 16, generator=seeded(9)) for _ in range(2))
        assert torch.equal(first.striped, second.striped)

    @pytest.mark.parametrize(("n", "side"), [(0, 32), (1, 7)])
    def test_refuses(self, n, side):
        with pytest.raises(ValueError, match=r"expected (n ≥ 1|side ≥ 8), got"):
            data.draw_scenes(n, side, generator=seeded(0))

    def test_refuses_empty_parts(self):
        with pytest.raises(ValueError, match="expected n_train ≥ 1, got 0"):
            data.plain_and_striped(0, 5, generator=seeded(0))


class TestFourCoats:
    def test_coats_differ_within_the_animal_and_nowhere_else(self):
        scenes = data.draw_coats(40, 24, generator=seeded(3))
        for one, other in itertools.combinations(scenes.coats, 2):
            difference = (one - other).abs().sum(dim=1)
            assert difference[scenes.mask == 0].max() == 0
            assert difference[scenes.mask > 0.99].mean() > 0.2

    def test_the_empty_landscape_is_that_of_the_scene(self):
        """It differs where the animal is, and below its feet, where the shadow lies."""
        scenes = data.draw_coats(40, 24, generator=seeded(4))
        difference = (scenes.coats[1] - scenes.empty).abs().amax(dim=1)  # (n, side, side)
        above = slice(0, 14)
        assert difference[:, above][scenes.mask[:, above] == 0].max() == 0
        assert (difference[scenes.mask > 0.99] > 0.05).float().mean() > 0.95

    def test_half_of_a_striped_animal_is_dark(self):
        scenes = data.draw_coats(200, 32, generator=seeded(5))
        inside = scenes.mask > 0.99
        plain, striped, spotted, patched = (
            (coat.mean(dim=1)[inside] < 0.5).float().mean() for coat in scenes.coats
        )
        assert plain > 0.95
        assert 0.4 < striped < 0.65  # hooves and muzzle are dark as well
        assert 0.2 < spotted < 0.55
        assert 0.3 < patched < 0.6

    def test_patterns_belong_to_the_animal(self):
        small, large = (data.draw_coats(20, side, generator=seeded(6)) for side in (32, 64))
        for less, more in zip(small.coats, large.coats, strict=True):
            halved = torch.nn.functional.avg_pool2d(more, 2)
            assert ((halved - less).abs().mean(dim=1) * small.mask).mean() < 0.02

    def test_training_scenes_are_disjoint_and_the_test_is_the_same_in_all(self):
        coats = data.four_coats(20, 7, side=16, generator=seeded(7))
        assert coats.names == ("plain", "striped", "spotted", "patched")
        assert coats.test.shape == (4, 7, 3, 16, 16)
        assert coats.region.shape == (7, 16, 16)
        assert coats.background.shape == (7, 3, 16, 16)
        skies = [rows(images[:, :, :1]) for images in (*coats.train, coats.background)]
        assert len(set.union(*skies)) == 87
        for test in coats.test:
            assert torch.equal(test[:, :, :1], coats.background[:, :, :1])
        moved = coats.to("cpu")
        assert torch.equal(moved.train[3], coats.train[3])
        assert torch.equal(moved.background, coats.background)

    def test_refuses(self):
        with pytest.raises(ValueError, match="expected n ≥ 1, got 0"):
            data.draw_coats(0, 24, generator=seeded(0))
        with pytest.raises(ValueError, match="expected n_test ≥ 1, got 0"):
            data.four_coats(5, 0, generator=seeded(0))


class TestPaintings:
    def test_training_landscapes_are_disjoint_and_the_test_is_paired(self):
        pairs = data.photographs_and_paintings("dots", 30, 8, side=16, generator=seeded(11))
        assert pairs.x_train.shape == pairs.y_train.shape == (30, 3, 16, 16)
        assert pairs.region is None
        of_x, of_test = (rows(data.painted(x, "dots")) for x in (pairs.x_train, pairs.x_test))
        assert len(of_x | rows(pairs.y_train) | of_test) == 68
        assert torch.equal(pairs.y_test, data.painted(pairs.x_test, "dots"))

    def test_the_same_seed_gives_the_same_landscapes_in_every_style(self):
        of = [data.photographs_and_paintings(s, 4, 3, generator=seeded(12)) for s in data.STYLES]
        for one in of[1:]:
            assert torch.equal(one.x_train, of[0].x_train)
            assert torch.equal(one.x_test, of[0].x_test)
        assert len(set.union(*(rows(each.y_test) for each in of))) == 12

    def test_pixels_are_shares_of_light_at_any_size(self):
        x = torch.rand(4, 3, 11, 14, generator=seeded(13))
        for style in data.STYLES:
            painting = data.painted(x, style)
            assert painting.shape == x.shape
            assert 0 <= painting.min() <= painting.max() <= 1

    def test_a_woodcut_is_printed_in_four_colours(self):
        pairs = data.photographs_and_paintings("woodcut", 1, 50, generator=seeded(14))
        tones = paintings.CREAM, paintings.ORANGE, paintings.RUST, paintings.INK
        off = torch.stack([(pairs.y_test - tone).abs().amax(dim=1) for tone in tones])
        share = (off < 0.03).float().mean(dim=(1, 2, 3))  # of all pixels, for each colour
        assert (share[:3] > 0.1).all()
        assert 0.01 < share[3] < 0.1
        assert share.sum() > 0.7  # the others are edges
        # A line is on the darker side of an edge, one pixel wide, and nowhere else.
        step = torch.full((1, 3, 8, 8), 0.3)
        step[..., 4:] = 0.6
        woodcut = data.painted(step, "woodcut")[0].mean(dim=0)  # (8, 8)
        assert (woodcut[:, 3] < 0.15).all()
        assert woodcut[:, :3].unique().numel() == woodcut[:, 4:].unique().numel() == 1

    def test_haze_fades_and_blurs(self):
        black, white = torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8)
        far, near = data.painted(black, "haze"), data.painted(white, "haze")
        assert torch.allclose(near - far, torch.tensor(0.4))
        point = black.clone()
        point[..., 4, 4] = 1
        spread = (data.painted(point, "haze") - far)[0, 0] / 0.4
        assert spread.sum().item() == pytest.approx(1, abs=1e-4)
        assert spread[4, 4].item() == pytest.approx(1 / (2 * torch.pi * 1.2**2), rel=0.02)

    @pytest.mark.parametrize("style", ["hatching", "dots"])
    def test_strokes_and_dots_repeat_every_four_pixels(self, style):
        grey = torch.full((1, 3, 16, 16), 0.5)
        painting = data.painted(grey, style)
        for axis in (2, 3):
            assert torch.allclose(painting.roll(4, axis), painting)
            assert not torch.allclose(painting.roll(2, axis), painting, atol=0.1)

    @pytest.mark.parametrize("style", ["hatching", "dots"])
    def test_there_is_more_ink_where_it_is_darker(self, style):
        greys = torch.linspace(0, 1, 9)[:, None, None, None].expand(-1, 3, 8, 8)
        light = data.painted(greys, style).mean(dim=(1, 2, 3))
        assert (light.diff() > 0).all()

    def test_hatching_is_crossed_where_it_is_dark(self):
        def crossed(grey):
            along = data.painted(torch.full((1, 3, 8, 8), grey), "hatching")[0, 0]
            return (along - along.roll((1, -1), (0, 1))).abs().max()

        assert crossed(0.6) < 1e-6  # strokes run from bottom left to top right
        assert crossed(0.2) > 0.2

    def test_refuses(self):
        with pytest.raises(ValueError, match=r"expected style among woodcut, .* got 'oil'"):
            data.photographs_and_paintings("oil", generator=seeded(0))
        with pytest.raises(ValueError, match="expected n_train ≥ 1, got 0"):
            data.photographs_and_paintings("dots", 0, generator=seeded(0))
        with pytest.raises(ValueError, match=r"photographs of shape .* got \(1, 1, 8, 8\)"):
            data.painted(torch.zeros(1, 1, 8, 8), "dots")


class TestShapes:
    def test_distances_to_a_circle_and_to_an_even_limb_are_exact(self):
        x, y = pixel_centres(20)
        radius = torch.hypot(x, y)
        assert torch.allclose(ellipse(x, y, 0.4, 0.4), radius - 0.4, atol=1e-4)
        start, end = torch.zeros(1, 1, 1), torch.ones(1, 1, 1)
        distance, along = limb(x, y, (start, start), (end, start), 0.1, 0.1)
        assert torch.allclose(distance, y - 0.1, atol=1e-5)
        assert torch.allclose(along, x, atol=1e-5)

    def test_coverage_is_the_area_of_a_disc(self):
        x, y = pixel_centres(64)
        share = coverage(ellipse(x - 0.5, y - 0.5, 0.3, 0.3), 1 / 64)
        assert share.mean().item() == pytest.approx(torch.pi * 0.3**2, rel=0.005)

    def test_bands_are_dark_half_of_the_way_and_dark_at_0(self):
        place = torch.linspace(-1, 1, 4001)
        dark = bands(place, 0.2, 0.01)
        assert dark.mean().item() == pytest.approx(0.5, abs=0.01)
        assert dark[2000] == 1
        assert bands(torch.tensor([0.1]), 0.2, 0.01) == 0

    def test_dice_are_fair(self):
        dice = Dice(20_000, seeded(10))
        assert dice.chance(0.3).mean().item() == pytest.approx(0.3, abs=5 * 0.0033)
        assert dice.between(2, 4).mean().item() == pytest.approx(3, abs=5 * 0.0041)

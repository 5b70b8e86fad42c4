"""Images and points that a person paints: what a stroke leaves, and who sees it."""

from __future__ import annotations

import pytest
import torch

from lecturekit import live, plots
from lecturekit.live.painted import PaintedImage, PaintedPoints
from lecturekit.training import repeatable
from tests.live.panels import panelled, say

ACROSS = [(0.0, 0.5), (1.0, 0.5)]


def image_pad(image=None, **how):
    return PaintedImage(torch.zeros(1, 9, 9) if image is None else image, "Paint", **how)


def points_pad(n=400, **how):
    first = torch.zeros(n, 2)
    generator = torch.Generator().manual_seed(0)
    return PaintedPoints(first, "Paint", extent=(-2, 2, -2, 2), generator=generator, **how)


class TestImage:
    def test_a_line_covers_what_lies_within_half_its_width(self):
        pad = image_pad(brushes={"ink": 1.0}, width=3)
        pad.stroke(ACROSS, 0)
        column = pad.image[0, 0, :, 4].tolist()
        assert column == [0, 0, 0, 1, 1, 1, 0, 0, 0]

    def test_a_dot_is_round(self):
        pad = image_pad(brushes={"ink": 1.0}, width=4)
        pad.stroke([(0.5, 0.5)], 0)
        assert torch.equal(pad.image[0, 0], pad.image[0, 0].T)
        assert pad.image[0, 0, 4, 4] == 1
        assert pad.image[0, 0, 4 - 2, 4 - 2] < 1
        assert pad.image[0, 0, 0, 0] == 0

    def test_brushes_have_colours_and_the_rubber_brings_back_what_was_there(self):
        first = torch.rand(3, 6, 6, generator=torch.Generator().manual_seed(1))
        pad = image_pad(first, brushes={"white": 1.0, "red": (0.8, 0.1, 0.0)}, width=2)
        assert pad.brushes == ("white", "red", "rubber")
        pad.stroke(ACROSS, 1)
        assert pad.image[0, :, 3, 3].tolist() == pytest.approx([0.8, 0.1, 0.0])
        pad.stroke([(0.0, 0.5), (0.5, 0.5)], 2)
        assert torch.allclose(pad.image[0, :, :, 0], first[:, :, 0])
        assert pad.image[0, :, 3, 5].tolist() == pytest.approx([0.8, 0.1, 0.0])
        pad.clear()
        assert torch.equal(pad.image[0], first)

    def test_what_is_handed_in_stays_as_it_is(self):
        first = torch.zeros(1, 4, 4)
        image_pad(first, brushes={"ink": 1.0}).stroke(ACROSS, 0)
        assert first.sum() == 0

    @pytest.mark.parametrize(
        ("image", "how", "message"),
        [
            (torch.zeros(4, 4), {}, "n_channels, height, width"),
            (torch.full((1, 4, 4), 2.0), {}, r"image in \[0, 1\]"),
            (torch.full((1, 4, 4), torch.nan), {}, "image finite"),
            (
                torch.zeros(1, 4, 4),
                {"brushes": {}},
                "brushes to be a mapping by name with at least one",
            ),
            (torch.zeros(1, 4, 4), {"width": 0}, "width > 0"),
        ],
    )
    def test_refuses(self, image, how, message):
        with pytest.raises(ValueError, match=message):
            PaintedImage(image, "Paint", **({"brushes": {"ink": 1.0}} | how))


class TestPoints:
    def test_are_sprayed_along_the_line_as_densely_as_is_said(self):
        pad = points_pad(density=50, spread=0.01)
        pad.stroke([(-1.0, 0.0), (1.0, 0.0), (1.0, 1.0)], 0)
        points = pad._shown()
        assert len(points) == 150
        flat, upright = points[:, 1].abs() < 0.04, (points[:, 0] - 1).abs() < 0.04
        assert (flat | upright).all()
        assert 75 < flat.sum() < 125
        pad.stroke([(0.0, -1.0)], 0)
        assert len(pad._shown()) == 151

    def test_the_data_are_the_same_tensor_of_as_many_points_all_painted_ones_among_them(self):
        pad = points_pad(40, density=10)
        data = pad.data
        pad.stroke([(1.0, 1.0), (2.0, 1.0)], 0)
        assert pad.data is data
        assert len(data) == 40
        painted = {tuple(point) for point in pad._shown().tolist()}
        assert {tuple(point) for point in data.tolist()} == painted
        assert len(painted) == 10
        pad.clear()
        assert data.abs().sum() == 0

    def test_the_latest_stay_where_there_are_too_many(self):
        pad = points_pad(20, density=10, spread=0.001)
        for x in (-1.0, 0.0, 1.0):
            pad.stroke([(x, 0.0), (x, 1.0)], 0)
        assert sorted(pad.data[:, 0].round().tolist()) == [0] * 10 + [1] * 10

    def test_a_run_that_begins_anew_keeps_what_is_painted(self):
        pad, model = points_pad(30), torch.nn.Linear(2, 1)

        def steps(model, data):
            yield data.mean().item()

        begin = repeatable(steps, model, pad.data)
        pad.stroke([(1.0, 1.0), (1.5, 1.0)], 0)
        assert next(iter(begin())) > 0.9

    def test_refuses(self):
        with pytest.raises(ValueError, match=r"points of shape \(n ≥ 1, 2\)"):
            PaintedPoints(torch.zeros(3), "P", extent=(0, 1, 0, 1), generator=torch.Generator())
        with pytest.raises(ValueError, match="expected spread > 0"):
            points_pad(spread=0)


def test_the_page_is_told_the_brushes_and_its_strokes_arrive_in_all_pictures():
    pad = image_pad(brushes={"ink": 1.0}, width=3)
    seen = live.View(lambda: plots.image_grid(1 - pad.image[0], "Negative"))
    run, panel = panelled(iter(()), [pad, seen])
    assert panel.widget.state["brushes"] == {0: ("ink", "rubber")}
    say(panel, paint=0, brush=0, corners=[[0, 0.5], [1, 0.5]])
    first, second = (picture.images for picture in run.pictures())
    assert first[0, 4, 4] == 1
    assert second[0, 4, 4] == 0
    say(panel, clear=0)
    assert run.pictures()[0].images.sum() == 0


def test_a_panel_without_such_a_picture_has_no_brushes():
    _, panel = panelled()
    assert panel.widget.state["brushes"] == {}

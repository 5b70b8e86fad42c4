"""The page's renderer: it knows every mark, and puts each where a still has it."""

from __future__ import annotations

import itertools
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lecturekit import plots
from lecturekit.plots import look, still
from lecturekit.plots.encode import encode
from lecturekit.plots.marks import Axis, Field, Images, Line, Mark, Paths, Plot, Points, Rule, Words
from lecturekit.plots.picture import Picture
from lecturekit.plots.scales import scales
from tests.page import evaluate
from tests.plots.examples import AXES, LINE, MARKS, plot_of

Drawing = dict[str, Any]
SCRIPT = Path(plots.__file__).with_name("draw.js").read_text(encoding="utf-8")


def arrived(picture: Picture) -> dict[str, Any]:
    encoded = encode(picture)
    return {"what": encoded.what, "how": encoded.how, "data": list(encoded.data)}


def drawn(picture: Picture, width: int = 600, height: int = 400) -> list[Drawing]:
    return evaluate(f"drawn(picture, {width}, {height})", picture=arrived(picture))


class Frame:
    """Where the axes lie in a drawing, in pixels."""

    def __init__(self, drawings: list[Drawing]) -> None:
        (clip,) = (d for d in drawings if d["kind"] == "clip")
        ((_, left, top, width, height),) = clip["path"]
        self.left, self.right = left + 1, left + width - 1
        self.top, self.bottom = top + 1, top + height - 1
        self.edge = drawings.index(clip)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """The pixels of a place on AXES."""
        (_, x1), (_, y1) = (axis.limits for axis in AXES)
        across, up = self.right - self.left, self.bottom - self.top
        return self.left + x / x1 * across, self.bottom - y / y1 * up


def of_kind(drawings: list[Drawing], kind: str, color: str) -> list[Drawing]:
    style = "strokeStyle" if kind == "stroke" else "fillStyle"
    inside = itertools.takewhile(lambda d: d["strokeStyle"] != "ink" or d["kind"] == "text",
                                 drawings[Frame(drawings).edge + 1 :])  # fmt: skip
    return [d for d in inside if d["kind"] == kind and d[style] == color]


def corners(drawing: Drawing) -> np.ndarray:
    return np.array([step[1:3] for step in drawing["path"] if step[0] != "Z"])


def places(drawings: list[Drawing], points: Any) -> np.ndarray:
    frame = Frame(drawings)
    return np.array([frame.place(*point) for point in np.asarray(points)])


# ------------------------------------------------------------------------- it knows every mark


def test_every_mark_has_an_entry():
    entries = SCRIPT.split("const MARKS = {")[1].split("\n};")[0]
    assert set(re.findall(r"^  (\w+)\(ui", entries, re.MULTILINE)) == {
        kind.__name__ for kind in Mark.__subclasses__()
    }


def test_a_script_asks_only_for_what_python_tells():
    """What it asks for under another name would be undefined, and silent."""
    assert set(re.findall(r"LOOK\.(\w+)", SCRIPT)) <= set(look.table())
    told = set(itertools.chain(*(json.loads(encode(plot_of(mark)).what)["marks"][0]
                                 for mark in MARKS.values())))  # fmt: skip
    arrays = {name for kind in MARKS for name in kind.ARRAYS} | {"levels"}
    asked = set(re.findall(r"\bm\.(\w+)", SCRIPT))
    assert asked <= told | arrays


@pytest.mark.parametrize("kind", MARKS, ids=lambda kind: kind.__name__)
def test_every_mark_leaves_something(kind):
    empty, full = drawn(plot_of()), drawn(plot_of(MARKS[kind]))
    inside = [len(drawings) - Frame(drawings).edge for drawings in (empty, full)]
    assert inside[1] > inside[0]
    assert not any(math.isnan(n) for d in full if d["kind"] == "text" for n in (d["x"], d["y"]))


def test_a_picture_without_numbers_yet_is_drawn():
    nothing = [Line([], []), Points([]), Paths([]), Rule(math.nan), Line([1.0], [math.nan])]
    assert drawn(plot_of(*nothing))


# --------------------------------------------------------------------------------- where it is


def test_a_line_goes_through_its_points_with_gaps():
    line = Line([1, 2, 3, 4], [1.0, np.nan, 3.0, 2.0], color=2)
    drawings = drawn(plot_of(line))
    (stroke,) = of_kind(drawings, "stroke", "c2")
    assert [step[0] for step in stroke["path"]] == ["M", "M", "L"]
    expected = places(drawings, [(1, 1), (3, 3), (4, 2)])
    np.testing.assert_allclose(corners(stroke), expected, atol=1e-3)


def test_a_band_lies_above_and_below_its_line():
    drawings = drawn(plot_of(LINE))
    band = of_kind(drawings, "fill", "c0")[0]
    upper, lower = [(1, 1.5), (2, 3.5), (4, 2.5)], [(4, 1.5), (2, 2.5), (1, 0.5)]
    np.testing.assert_allclose(corners(band), places(drawings, upper + lower), atol=1e-3)
    assert band["globalAlpha"] == look.BAND


def test_an_outline_of_a_histogram_has_steps():
    drawings = drawn(plot_of(Line([1, 2, 3], [1.0, 3.0, 3.0], step=True)))
    (stroke,) = of_kind(drawings, "stroke", "c0")
    expected = places(drawings, [(1, 1), (2, 1), (2, 3), (3, 3), (3, 3)])
    np.testing.assert_allclose(corners(stroke), expected, atol=1e-3)


def test_points_lie_where_they_are():
    drawings = drawn(plot_of(MARKS[Points]))
    dots = of_kind(drawings, "fill", "c1")
    centres = np.concatenate([corners(dot) for dot in dots])
    np.testing.assert_allclose(centres, places(drawings, MARKS[Points].xy), atol=1e-3)
    hollow = drawn(plot_of(Points([(1, 1)], color=1, hollow=True)))
    assert not of_kind(hollow, "fill", "c1")
    assert len(of_kind(hollow, "stroke", "c1")) == 1


def test_tips_of_arrows_lie_where_they_reach():
    mark = MARKS[next(kind for kind in MARKS if kind.__name__ == "Arrows")]
    drawings = drawn(plot_of(mark))
    tips = [corners(head)[0] for head in of_kind(drawings, "fill", "c2")]
    np.testing.assert_allclose(tips, places(drawings, mark.xy + mark.d), atol=1e-3)
    starts = [corners(shaft)[0] for shaft in of_kind(drawings, "stroke", "c2")]
    np.testing.assert_allclose(starts, places(drawings, mark.xy), atol=1e-3)


def test_paths_are_broken_where_something_is_not_finite():
    broken = [(0, 0), (1, 1), (np.nan, 0), (2, 2), (3, 3), (np.inf, 1), (1, 0), (0, 1)]
    (stroke,) = of_kind(drawn(plot_of(Paths(broken))), "stroke", "c0")
    assert "".join(step[0] for step in stroke["path"]) == "MLMLML"


def test_bars_stand_on_their_base():
    bars = next(mark for kind, mark in MARKS.items() if kind.__name__ == "Bars")
    drawings = drawn(plot_of(bars))
    boxes = [d["path"][0] for d in drawings if d["kind"] == "fill" and d["fillStyle"] == "c4"]
    for (_, left, top, width, height), x, y in zip(boxes[:3], bars.x, bars.y, strict=True):
        low, high = places(drawings, [(x - 0.4, 0.0), (x + 0.4, y)])
        np.testing.assert_allclose([left, top + height], low, atol=1e-3)
        np.testing.assert_allclose([left + width, top], high, atol=1e-3)


def test_levels_cross_the_axes_in_a_dash_of_their_own():
    drawings = drawn(plot_of(Rule(2.0, color=0), Rule(1.0, axis="x", color=1, dash=1)))
    frame = Frame(drawings)
    (level,), (upright,) = (of_kind(drawings, "stroke", color) for color in ("c0", "c1"))
    assert corners(level)[:, 0].tolist() == [frame.left, frame.right]
    np.testing.assert_allclose(corners(level)[:, 1], frame.place(0, 2)[1], atol=1e-3)
    np.testing.assert_allclose(corners(upright)[:, 0], frame.place(1, 0)[0], atol=1e-3)
    assert level["dash"] != upright["dash"]


def test_words_stand_at_their_place():
    drawings = drawn(plot_of(Words("here", (2.0, 2.0), align="left")))
    (words,) = (d for d in drawings if d["kind"] == "text" and d["text"] == "here")
    x, y = Frame(drawings).place(2.0, 2.0)
    assert words["x"] == pytest.approx(x)
    assert abs(words["y"] - y) < 10


@pytest.mark.parametrize("upside_down", [False, True])
def test_row_0_of_a_field_is_where_a_still_has_it(upside_down):
    limits = (2.0, 0.0) if upside_down else (0.0, 2.0)
    field = Field([[0.0, 1.0], [2.0, np.nan]], (0.0, 2.0, 0.0, 2.0), "u", smooth=False)
    image = next(d for d in drawn(Plot("T", [field], Axis("x", (0.0, 2.0)), Axis("y", limits)))
                 if d["kind"] == "image")  # fmt: skip
    rows = np.array(image["pixels"]).reshape(2, 2, 4)
    bottom, top = rows if upside_down else rows[::-1]
    ramp = look.ramp(False)
    assert [bottom[0, :3].tolist(), bottom[1, :3].tolist()] == ramp[[0, 127]].tolist()
    assert top[0].tolist() == [*ramp[254].tolist(), 255]
    assert top[1, 3] == 0  # what is not finite is transparent
    assert image["imageSmoothingEnabled"] is False


def test_equal_units_are_equally_long():
    tall = Plot("T", [], Axis("x", (0.0, 1.0)), Axis("y", (0.0, 3.0)), equal=True)
    frame = Frame(drawn(tall))
    assert 3 * (frame.right - frame.left) == pytest.approx(frame.bottom - frame.top)


def test_without_axes_too_units_are_equal_and_the_legend_covers_nothing():
    ends = [Words("low", (0.0, 0.0)), Words("high", (1.0, 3.0)), Points([(0.5, 3.0)], "data")]
    tall = Plot("T", ends, Axis(limits=(0.0, 1.0)), Axis(limits=(0.0, 3.0)), equal=True, bare=True)
    at = {d["text"]: (d["x"], d["y"]) for d in drawn(tall) if d["kind"] == "text"}
    across, up = np.subtract(at["high"], at["low"])
    assert -up == pytest.approx(3 * across)
    assert at["high"][1] > at["data"][1] + 5


# ------------------------------------------------------------------- the same as in a still


def test_markers_are_those_of_a_still_also_where_colours_begin_again():
    shapes = evaluate("[...Array(12).keys()].map(shapeOf)")
    assert shapes == [look.shape(role) for role in range(12)]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("role", [0, 3, 7])
def test_markers_sit_within_a_point_of_those_of_a_still(log, role):
    x = np.linspace(1.0, 900.0, 300)
    scale, _ = scales(Plot("T", [Line(x, x)], Axis(log=log)))
    found = evaluate(
        "[...marked({x, y: x, color}, scale(axis, 0, 1))]", x=x.tolist(), color=role, axis=scale
    )
    expected = still.marked(x, scale, role)
    assert len(found) == len(expected) > 1
    assert np.abs(np.array(found) - expected).max() <= 1


def test_numbers_at_the_axes_are_those_that_python_wrote():
    picture = Plot("T", [], Axis("x", (0.0, 1e5)), Axis("y", (1e-4, 1.0), log=True))
    texts = [d["text"] for d in drawn(picture) if d["kind"] == "text"]
    for scale in scales(picture):
        assert [text for text in texts if text in scale.labels][: len(scale.labels)]
        assert set(scale.labels) <= set(texts)


def test_the_last_number_is_not_cut_by_the_edge():
    ends = Axis("x", (0.0, 900_000.0), ticks=(0.0, 900_000.0))
    texts = [d for d in drawn(Plot("T", [], ends, AXES[1])) if d["kind"] == "text"]
    (last,) = (d for d in texts if d["text"] == "900,000")
    half = 0.55 * 0.92 * 14 * len("900,000") / 2
    assert last["textAlign"] == "center"
    assert last["x"] + half <= 600 + 1e-6


def test_indices_are_set_lower_and_smaller():
    drawings = drawn(plot_of(title="P_θ"))
    letter, index = (d for d in drawings if d["kind"] == "text" and d["text"] in "Pθ")
    assert index["y"] > letter["y"]
    assert index["x"] > letter["x"]
    sizes = [float(re.search(r"([\d.]+)px", d["font"])[1]) for d in (letter, index)]  # type: ignore[index]
    assert sizes[1] < sizes[0]


def test_a_legend_stands_above_the_axes():
    drawings = drawn(plot_of(LINE, MARKS[Rule], MARKS[Points]))
    texts = {d["text"] for d in drawings if d["kind"] == "text"}
    assert {"PCD", "bound", "data"} <= texts


def test_a_legend_too_long_for_one_row_takes_another_and_the_axes_make_room():
    few = Frame(drawn(plot_of(Line([1], [1], "a")), 300, 300))
    many = Frame(drawn(plot_of(*(Line([1], [1], f"curve {k}") for k in range(9))), 300, 300))
    assert many.top > few.top
    assert many.bottom == pytest.approx(few.bottom)


# -------------------------------------------------------------------------------------- images


def tiles(picture: Images, width: int = 300, height: int = 300) -> list[Drawing]:
    return [d for d in drawn(picture, width, height) if d["kind"] == "image"]


def test_images_are_enlarged_by_one_whole_factor_and_do_not_overlap():
    images = torch.rand(5, 4, 3, generator=torch.Generator().manual_seed(0))
    found = tiles(Images("T", images, columns=2))
    boxes = np.array([d["numbers"][4:] for d in found])  # left, top, width, height
    assert len({*boxes[:, 2]}) == len({*boxes[:, 3]}) == 1
    zoom = boxes[0, 2] / 3
    assert zoom == boxes[0, 3] / 4 == round(zoom) > 1
    assert [d["numbers"][1] for d in found] == [0, 4, 8, 12, 16]  # rows of the atlas
    assert boxes[1, 0] >= boxes[0, 0] + boxes[0, 2] + look.GAP
    assert boxes[2, 1] >= boxes[0, 1] + boxes[0, 3] + look.GAP
    assert boxes[:, 0].max() + boxes[0, 2] <= 300
    assert boxes[:, 1].max() + boxes[0, 3] <= 300


@pytest.mark.parametrize(
    "picture",
    [
        Images("T", torch.rand(2, 3, 4)),
        Images("T", torch.rand(2, 3, 4) - 0.5, signed=True),
        Images("T", torch.rand(2, 3, 3, 4)),
    ],
)
def test_images_have_the_colours_of_a_still(picture):
    pixels = np.array(tiles(picture)[0]["pixels"]).reshape(2, 3, 4, 4)
    np.testing.assert_array_equal(pixels[..., :3], still._tiles(picture))
    assert (pixels[..., 3] == 255).all()


def test_captions_are_written():
    picture = Images("T", torch.rand(4, 3, 3), captions=["one", "two"])
    texts = [d["text"] for d in drawn(picture) if d["kind"] == "text"]
    assert {"one", "two"} <= set(texts)

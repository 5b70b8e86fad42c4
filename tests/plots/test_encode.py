"""A picture on its way to the page: what arrives is what was sent, and words go once."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from lecturekit.plots.encode import Encoded, encode
from lecturekit.plots.marks import Axis, Field, Images, Line, Plot, Points, Rule, Words
from lecturekit.plots.scales import Steady, scales
from tests.plots.examples import LINE, MARKS, plot_of


def decoded(encoded: Encoded) -> dict[int, dict[str, np.ndarray]]:
    """Mark → name → numbers, as panel.js reads them."""
    found: dict[int, dict[str, np.ndarray]] = {}
    for mark, name, kind, offset, length in json.loads(encoded.how)["arrays"]:
        assert offset % 4 == 0
        values = np.frombuffer(encoded.data, kind, length, offset)
        found.setdefault(mark, {})[name] = values
    return found


def what(picture: Plot | Images) -> dict:
    return json.loads(encode(picture).what)


def test_numbers_arrive_as_they_were():
    marks = [mark for mark in MARKS.values() if mark.ARRAYS]
    arrays = decoded(encode(plot_of(*marks)))
    for place, mark in enumerate(marks):
        if isinstance(mark, Field):
            np.testing.assert_array_equal(arrays[place]["levels"], mark.levels().ravel())
            continue
        given = {name: getattr(mark, name) for name in mark.ARRAYS}
        for name, values in given.items():
            np.testing.assert_allclose(arrays[place][name], values.ravel(), rtol=1e-6)


def test_what_is_not_there_is_not_sent():
    arrays = decoded(encode(plot_of(Line([1, 2], [1, 2]))))
    assert set(arrays[0]) == {"x", "y"}


def test_bytes_are_not_taken_for_floats():
    fields = [Field(np.ones((1, n)), (0, 1, 0, 1), "u") for n in (1, 2, 3, 4, 5)]
    arrays = decoded(encode(plot_of(*fields, LINE)))
    assert [len(arrays[place]["levels"]) for place in range(5)] == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(arrays[5]["y"], LINE.y)


def test_every_mark_says_how_it_looks():
    marks = list(MARKS.values())
    told = what(plot_of(*marks))["marks"]
    assert [each["kind"] for each in told] == [type(mark).__name__ for mark in marks]
    assert [each["color"] for each in told] == plot_of(*marks).colours()
    line, points = told[0], told[1]
    assert line["label"] == [["PCD", 0]]
    assert (points["shape"], points["size"], points["hollow"]) == ("o", 5.0, False)
    assert "xy" not in points


def test_words_go_in_pieces():
    told = what(
        Plot(
            "KL_θ",
            [Words("a_1\nb"), Field([[1.0]], (0, 1, 0, 1), "E_θ")],
            Axis("x_i"),
            Axis(""),
        )
    )
    assert told["title"] == [["KL", 0], ["θ", -1]]
    assert told["marks"][0]["text"] == [[["a", 0], ["1", -1]], [["b", 0]]]
    assert told["marks"][1]["unit"] == [["E", 0], ["θ", -1]]
    assert told["x"]["label"] == [["x", 0], ["i", -1]]
    assert told["y"]["label"] == []


def test_the_description_is_the_same_while_only_numbers_change():
    axes = Steady()
    first = encode(plot_of(Line([1, 2], [1.0, 2.0]), Points([(0, 0)])), axes)
    second = encode(plot_of(Line([1, 2, 3], [5.0, 6.0, 7.0]), Points([(1, 1), (2, 2)])), axes)
    assert first.what == second.what
    assert first.data != second.data
    field = [encode(plot_of(Field(torch.rand(3, 3), (0, 1, 0, 1), "u"))) for _ in range(2)]
    assert field[0].what == field[1].what


def test_axes_are_those_of_a_still_or_those_of_the_frames_before():
    picture = Plot("T", [LINE], Axis("x"), Axis("y"))
    axes = Steady()
    how = json.loads(encode(picture, axes).how)
    assert how["x"] == json.loads(json.dumps(axes.scales(picture)[0]))
    fixed = json.loads(encode(plot_of(LINE)).how)
    assert [fixed["x"], fixed["y"]] == json.loads(json.dumps(scales(plot_of(LINE))))


def test_a_colour_bar_gets_the_numbers_at_its_ends():
    field = Field([[0.00012345, 12_345.6]], (0, 1, 0, 1), "u")
    assert json.loads(encode(plot_of(LINE, field)).how)["bars"] == {"1": ["1.23·10⁻⁴", "12,300"]}


def test_what_has_no_place_is_left_out_and_the_others_keep_their_numbers():
    """JSON has no NaN; a level that is not known yet is no reason to stop."""
    nowhere = Words("here", (math.nan, 1.0))
    encoded = encode(plot_of(Rule(math.nan), LINE, Rule(math.inf), nowhere, MARKS[Points]))
    assert [mark["kind"] for mark in json.loads(encoded.what)["marks"]] == ["Line", "Points"]
    arrays = decoded(encoded)
    np.testing.assert_array_equal(arrays[0]["y"], LINE.y)
    np.testing.assert_array_equal(arrays[1]["xy"], MARKS[Points].xy.ravel())


def test_numbers_that_are_not_finite_arrive_too():
    arrays = decoded(encode(plot_of(Line([1, 2, 3], [1.0, math.nan, math.inf]))))
    np.testing.assert_array_equal(arrays[0]["y"], np.array([1.0, np.nan, np.inf], np.float32))


@pytest.mark.parametrize(
    ("images", "colours", "size"),
    [
        (Images("T", torch.rand(5, 3, 4)), "grey", [5, 3, 4]),
        (Images("T", torch.rand(5, 3, 4) - 0.5, signed=True), "diverging", [5, 3, 4]),
        (Images("T", torch.rand(5, 3, 2, 4)), "rgb", [5, 2, 4]),
    ],
)
def test_images_arrive_pixel_by_pixel(images, colours, size):
    told = what(images)
    assert (told["colours"], told["size"]) == (colours, size)
    assert (told["columns"], told["rows"]) == (3, 2)
    pixels = decoded(encode(images))[0]["pixels"]
    np.testing.assert_array_equal(pixels, images.pixels().ravel())


def test_captions_under_images_or_beside_rows():
    under = Images("T", torch.rand(2, 3, 3), captions=["x_1", "b"])
    beside = Images("T", torch.rand(4, 3, 3), captions=["one", "two"])
    assert what(under)["captions"][0] == [["x", 0], ["1", -1]]
    assert (what(under)["beside"], what(beside)["beside"]) == (False, True)

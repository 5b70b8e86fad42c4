"""Pictures as data: arrays from wherever they live, colours in turn, bad input refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lecturekit.plots.marks import (
    Arrows,
    Axis,
    Bars,
    Field,
    Images,
    Line,
    Mark,
    Paths,
    Plot,
    Points,
    Rule,
    to_array,
)
from tests.plots.examples import LINE, MARKS, plot_of


def test_there_is_an_example_of_every_mark():
    """The tests of both renderers go through these."""
    assert set(MARKS) == set(Mark.__subclasses__())


@pytest.mark.parametrize("kind", MARKS, ids=lambda kind: kind.__name__)
def test_what_is_no_array_says_how_it_looks(kind):
    looks = MARKS[kind].looks()
    assert not set(looks) & set(kind.ARRAYS)
    assert {"label", "color"} <= set(looks)


@pytest.mark.parametrize(
    "numbers",
    [
        [1.0, 2.0],
        (1.0, 2.0),
        np.array([1, 2]),
        torch.tensor([1.0, 2.0], requires_grad=True),
        torch.tensor([1.0, 2.0], dtype=torch.bfloat16),
        [torch.tensor(1.0, requires_grad=True), torch.tensor(2.0)],
    ],
)
def test_numbers_become_arrays_wherever_they_live(numbers):
    assert to_array(numbers).tolist() == [1.0, 2.0]
    line = Line(numbers, numbers)
    assert line.x.dtype == line.y.dtype == np.float64
    assert line.y.tolist() == [1.0, 2.0]


def test_marks_without_a_colour_take_the_palettes_in_turn():
    marks = [Line([0], [0]), Rule(1.0), Line([0], [0], color=4), Points([(0, 0)]), Bars([0], [1])]
    assert plot_of(*marks).colours() == [0, "ink", 4, 1, 2]


def test_paths_are_kept_apart():
    lines = torch.tensor([[[0.0, 0.0], [1.0, 1.0]], [[5.0, 5.0], [6.0, 6.0]]])
    joined = Paths(lines).xy
    assert joined.shape == (6, 2)
    assert np.isnan(joined).all(axis=1).tolist() == [False, False, True] * 2
    assert joined[3:5].tolist() == [[5.0, 5.0], [6.0, 6.0]]
    np.testing.assert_array_equal(Paths(joined).xy, joined)


def test_a_reference_level_may_be_a_tensor():
    assert Rule(torch.tensor(0.5)).at == 0.5


def test_marks_may_be_empty():
    for mark in (Line([], []), Points([]), Arrows([], []), Paths([]), Bars([], [])):
        assert all(len(getattr(mark, name)) == 0 for name in mark.ARRAYS if name in ("x", "xy"))
    assert Points([]).xy.shape == (0, 2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Line([1, 2], [1]), r"Line of one shape \(n,\), got x \(2,\), y \(1,\)"),
        (lambda: Line(np.ones((2, 2)), np.ones((2, 2))), r"Line of one shape \(n,\)"),
        (lambda: Line(1.0, 2.0), r"Line of one shape \(n,\), got x \(\), y \(\)"),
        (lambda: Line([1, 2], [1, 2], band=[1]), r"band \(1,\)"),
        (lambda: Points([1.0, 2.0]), r"Points of one shape \(n, 2\), got xy \(2,\)"),
        (lambda: Points(np.ones((4, 3))), r"Points of one shape \(n, 2\), got xy \(4, 3\)"),
        (lambda: Arrows([(0, 0)], [(1, 1), (2, 2)]), r"xy \(1, 2\), d \(2, 2\)"),
        (lambda: Paths(np.ones((4, 5, 3))), r"Paths of one shape \(n, 2\)"),
        (lambda: Bars([0, 1], [1, 2], error=[1]), r"error \(1,\)"),
        (lambda: Field([1.0, 2.0], (0, 1, 0, 1), "u"), r"\(rows, columns\), got \(2,\)"),
        (lambda: Field(np.ones((0, 3)), (0, 1, 0, 1), "u"), r"\(rows, columns\), got \(0, 3\)"),
        (lambda: Axis("x", (1.0, 1.0)), r"two different finite ends for 'x', got \(1.0, 1.0\)"),
        (lambda: Axis("x", (0.0, float("nan"))), "two different finite ends"),
        (lambda: Axis("x", (0.0, 1.0), log=True), "two different positive ends"),
        (lambda: Axis("x", window=(-1.0, 1.0), log=True), "two different positive ends"),
        (lambda: Images("T", np.ones(10)), r"\(n, 3, height, width\), got \(10,\)"),
        (lambda: Images("T", np.ones((0, 3, 3))), r"got \(0, 3, 3\)"),
        (
            lambda: Images("T", np.ones((2, 3, 4, 4)), signed=True),
            r"shape \(n, height, width\), got \(2, 3, 4, 4\)",
        ),
        (
            lambda: Images("T", np.ones((4, 2, 2)), captions=["a"] * 3),
            "expected 4 captions, or 2 for the rows, got 3",
        ),
    ],
)
def test_bad_input_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# ------------------------------------------------------------------------------------- fields


def field(values: object, **options: object) -> Field:
    return Field(values, (0.0, 1.0, 0.0, 1.0), "u", **options)  # type: ignore[arg-type]


def test_levels_go_from_the_first_to_the_last_colour_and_gaps_have_none():
    values = field([[0.0, 5.0, 10.0], [np.nan, np.inf, 2.5]])
    assert values.range() == (0.0, 10.0)
    assert values.levels().tolist() == [[0, 127, 254], [255, 255, 64]]


def test_signed_colours_are_centred_at_zero():
    values = field([[-1.0, 0.0, 4.0]], signed=True)
    assert values.range() == (-4.0, 4.0)
    assert values.levels().tolist() == [[95, 127, 254]]


def test_levels_outside_of_fixed_limits_are_the_outermost():
    assert field([[-9.0, 0.0, 9.0]], limits=(-1.0, 1.0)).levels().tolist() == [[0, 127, 254]]


@pytest.mark.parametrize("values", [[[3.0, 3.0]], [[np.nan, np.nan]], [[0.0, 0.0]]])
@pytest.mark.parametrize("signed", [False, True])
def test_a_field_without_a_range_has_levels_too(values, signed):
    low, high = field(values, signed=signed).range()
    assert np.isfinite([low, high]).all()
    assert field(values, signed=signed).levels().shape == (1, 2)


# ------------------------------------------------------------------------------------- images


def test_images_are_about_as_many_in_a_row_as_there_are_rows():
    assert [Images("T", np.ones((n, 2, 2))).columns for n in (1, 4, 5, 16, 17)] == [1, 2, 3, 4, 5]
    wide = Images("T", np.ones((5, 2, 2)), columns=9)
    assert (wide.columns, wide.rows) == (5, 1)


def test_captions_belong_to_images_or_to_rows():
    images = np.ones((4, 2, 2))
    assert not Images("T", images, captions=list("abcd")).captions_beside
    assert Images("T", images, captions=["one", "two"]).captions_beside
    assert not Images("T", images).captions_beside


def test_shades_are_rounded_and_cut_off():
    pixels = Images("T", torch.tensor([[[-1.0, 0.0, 0.5, 1.0, 7.0, float("nan")]]])).pixels()
    assert pixels.dtype == np.uint8
    assert pixels.tolist() == [[[0, 0, 128, 255, 255, 0]]]


def test_colours_come_last():
    image = torch.tensor([1.0, 0.5, 0.0]).reshape(1, 3, 1, 1)
    assert Images("T", image).pixels().tolist() == [[[[255, 128, 0]]]]


def test_signed_pixels_are_levels_centred_at_zero():
    pixels = Images("T", torch.tensor([[[-2.0, 0.0, 1.0, float("nan")]]]), signed=True).pixels()
    assert pixels.tolist() == [[[0, 127, 191, 127]]]
    assert Images("T", np.zeros((1, 1, 2)), signed=True).pixels().tolist() == [[[127, 127]]]


def test_a_plot_tells_what_it_shows():
    assert repr(Plot("Learning_φ", [LINE])) == "Learningφ [picture: PCD: from 1 to 2.]"

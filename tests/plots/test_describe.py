"""Pictures in words: what is heard instead."""

from __future__ import annotations

import numpy as np
import pytest

from lecturekit import plots
from lecturekit.plots.describe import describe
from lecturekit.plots.marks import (
    Arrows,
    Axis,
    Bars,
    Field,
    Images,
    Line,
    Paths,
    Plot,
    Points,
    Rule,
    Words,
)
from tests.plots.examples import MARKS, plot_of

EXTENT = (0.0, 1.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        (Line([1, 2, 3], [-9.0, np.nan, -4.85], "CD-1"), "CD-1: from -9 to -4.85."),
        (Line([1, 2, 3], [np.nan, -9.0, np.inf], "CD-1"), "CD-1: from -9 to -9."),
        (Line([], [], "CD-1"), "CD-1: empty."),
        (Line([1], [2.0]), "line: from 2 to 2."),
        (Bars([0, 1], [0.25, 0.75], label="P"), "P: 2 from 0.25 to 0.75."),
        (Bars([], []), "bars: none."),
        (Rule(0.5, "bound"), "bound: 0.5."),
        (Rule(0.5), "level: 0.5."),
        (Field([[0.0, 2.0]], EXTENT, "energy"), "energy in colours, from 0 to 2."),
        (Field([[0.0, 2.0]], EXTENT, "w", signed=True), "w in colours, from -2 to 2."),
        (Points([(0, 0), (1, 1)], "data"), "2 points of data."),
        (Points([(0, 0), (1, 1)]), "2 points."),
        (Arrows([(0, 0)], [(1, 1)], "score"), "1 arrow of score."),
        (Paths([[(0, 0), (1, 1)]], "chains"), "Lines of chains."),
    ],
)
def test_every_mark_says_how_many_or_from_where_to_where(mark, words):
    assert describe(plot_of(mark)) == "y against x. " + words


@pytest.mark.parametrize("kind", [k for k in MARKS if k is not Words], ids=lambda k: k.__name__)
def test_no_mark_with_a_name_is_passed_over(kind):
    mark = MARKS[kind]
    assert (mark.unit if kind is Field else mark.label) in describe(plot_of(mark))


def test_axes_are_named_where_they_are():
    assert describe(Plot("T", [], Axis("x"), Axis("y"))) == "y against x."
    assert describe(Plot("T", [], Axis("x"))) == "x."
    assert describe(Plot("T", [Rule(1.0)])) == "level: 1."
    assert describe(Plot("T", [Rule(1.0)], Axis("x"), Axis("y"), bare=True)) == "level: 1."


def test_few_bars_are_all_told_and_many_by_their_range():
    few = plots.bars({"P": [0.25, 0.75]}, "T", categories=["0", "1"], xlabel="x", ylabel="p")
    assert few.alt == "p against x. bars: 0 0.25, 1 0.75."
    names = list("abcdefghij")
    many = plots.bars({"P": range(1, 11)}, "T", categories=names, xlabel="x", ylabel="p")
    assert many.alt == "p against x. bars: 10 from 1 to 10."


def test_images_are_counted_measured_and_named():
    assert describe(Images("T", np.ones((2, 3, 5)))) == "2 images of 3 × 5 pixels in a grid."
    named = Images("T", np.ones((1, 3, 5, 5)), captions=["μ_θ"])
    assert describe(named) == "1 image of 5 × 5 pixels: μθ."


def test_indices_are_read_in_line_and_own_words_come_first():
    curve = Line([1, 2], [1, 2], "P_θ")
    assert describe(Plot("T", [curve], Axis("t"), Axis("E_θ"))).startswith("Eθ against t. Pθ: ")
    assert plot_of(curve, words="as I say").alt == "as I say"

"""One call, one picture: what becomes of the numbers, in words, and which are refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from lecturekit import plots
from lecturekit.door import watched
from lecturekit.plots.encode import encode
from lecturekit.plots.figures import curves, heatmap, histogram
from lecturekit.plots.marks import Bars, Field, Images, Line, Points, Rule, Words
from lecturekit.plots.numbers import now
from lecturekit.plots.scales import scales

X = torch.arange(1.0, 11.0)
EXTENT = (-2.0, 2.0, -1.0, 1.0)
FIGURES: dict[str, Callable[..., plots.Picture]] = {
    "curves": lambda y, **o: plots.curves(
        {"PCD": (X, y, 0.1 * X)},
        "T",
        xlabel="update",
        ylabel="nats",
        references={"bound": 20.0},
        **o,
    ),
    "bars": lambda y, **o: plots.bars(
        {"P": y, "Q": X},
        "T",
        categories=list("abcdefghij"),
        xlabel="state",
        ylabel="probability",
        errors={"P": 0.1 * X},
        **o,
    ),
    "histogram": lambda y, **o: plots.histogram({"x": y, "z": X}, "T", xlabel="x", bins=5, **o),
    "heatmap": lambda y, **o: plots.heatmap(
        y.reshape(2, 5), "T", xlabel="hidden", ylabel="visible", unit="w", annotate=True, **o
    ),
    "scatter": lambda y, **o: plots.scatter(
        {"data": y.reshape(5, 2), "x": X.reshape(5, 2)}, "T", **o
    ),
    "density": lambda y, **o: plots.density(
        lambda points: (points @ y[:2]).exp(),
        "T",
        extent=EXTENT,
        clouds={"x": y.reshape(5, 2)},
        resolution=9,
        **o,
    ),
    "image_grid": lambda y, **o: plots.image_grid(y.reshape(1, 2, 5) / 20.0, "T", **o),
}


@pytest.mark.parametrize("kind", FIGURES)
def test_pictures_follow_the_numbers_and_describe_themselves(kind):
    first, again, second = (FIGURES[kind](y) for y in (X, X.clone(), X.flip(0) + 3.0))
    assert encode(first) == encode(again)
    assert encode(first).data != encode(second).data
    assert first.title == "T"
    assert len(first.alt) >= 5
    assert FIGURES[kind](X, alt="my words").alt == "my words"


@pytest.mark.parametrize("kind", ["histogram", "heatmap", "scatter", "image_grid"])
def test_numbers_may_be_a_function_that_is_asked_now(kind):
    """So that one call is a figure, and with functions in it a live view."""
    state = torch.rand(8, 4, 2, generator=torch.Generator().manual_seed(0))
    make = {
        "histogram": lambda s: plots.histogram({"x": s}, "T", xlabel="x"),
        "heatmap": lambda s: plots.heatmap(
            s if callable(s) else s[0], "T", xlabel="", ylabel="", unit=""
        ),
        "scatter": lambda s: plots.scatter({"x": s}, "T"),
        "image_grid": lambda s: plots.image_grid(s, "T"),
    }[kind]
    function = (lambda: state[0]) if kind == "heatmap" else (lambda: state)
    assert encode(make(function)) == encode(make(state))
    assert now(3) == now(lambda: 3) == 3


def test_curves_keep_names_bands_and_references():
    picture = FIGURES["curves"](X)
    line, rule = picture.marks
    assert isinstance(line, Line)
    assert isinstance(rule, Rule)
    np.testing.assert_allclose(line.band, 0.1 * X)
    assert (line.label, rule.label, rule.at, rule.axis) == ("PCD", "bound", 20.0, "y")
    assert (picture.x.label, picture.y.label) == ("update", "nats")
    named = curves({}, "T", xlabel="", ylabel="", references={"a": 1.0, "b": 2.0, "c": 3.0})
    assert len({mark.dash for mark in named.marks}) == 3  # told apart without colours


def test_curves_to_compare_with_stand_behind_in_grey_with_the_same_markers():
    theirs = {"1985": {"CD": ([1, 2], [3, 4]), "PCD": ([1, 2], [5, 6]), "other": ([1], [1])}}
    ours = {"PCD": ([1, 2], [7, 8]), "CD": ([1, 2], [9, 9])}
    marks = curves(ours, "T", xlabel="", ylabel="", behind=theirs).marks
    assert [(m.label, m.color, m.marker) for m in marks[:3]] == [
        ("1985", "soft", "s"),
        ("", "soft", "o"),
        ("", "soft", ""),
    ]
    assert [m.label for m in marks[3:]] == ["PCD", "CD"]


def test_curves_may_have_logarithmic_and_fixed_axes_and_a_window():
    picture = curves(
        {}, "T", xlabel="", ylabel="", xscale="log", xlim=(1.0, 9.0), window=(-5.0, 0.0)
    )
    assert (picture.x.log, picture.y.log) == (True, False)
    assert (picture.x.limits, picture.y.window) == ((1.0, 9.0), (-5.0, 0.0))


def test_bars_of_one_category_stand_side_by_side():
    p, q = [mark for mark in FIGURES["bars"](X).marks if isinstance(mark, Bars)]
    np.testing.assert_allclose(p.x + p.width / 2, q.x - q.width / 2)
    np.testing.assert_allclose((p.x + q.x) / 2, np.arange(10))
    assert p.width + q.width < 1
    np.testing.assert_allclose(p.error, 0.1 * X)
    assert q.error is None


def test_a_single_group_needs_no_name():
    (alone,) = plots.bars({"P": [1.0]}, "T", categories=["a"], xlabel="", ylabel="").marks
    assert alone.label == ""


def test_each_histogram_encloses_an_area_of_1(generator):
    samples = torch.randn(1000, generator=generator)
    picture = histogram({"x": samples, "wide": 3 * samples[:100]}, "T", xlabel="x", bins=20)
    for line in picture.marks:
        assert line.step
        assert (line.y[:-1] * np.diff(line.x)).sum() == pytest.approx(1.0)
    assert picture.marks[0].x[0] == pytest.approx(min(samples.min(), 3 * samples[:100].min()))


@pytest.mark.parametrize("numbers", [[], [float("nan")], [2.0, 2.0], [1.0, float("nan"), 3.0]])
def test_a_histogram_of_little_is_a_picture_too(numbers):
    """A run whose samples are not finite for a moment must not end by its picture."""
    with watched():
        picture = histogram({"x": torch.tensor(numbers)}, "T", xlabel="x", bins=4)
    assert np.isfinite(picture.marks[0].y).all()
    assert encode(picture).data


def test_empty_bins_are_gaps_on_a_logarithmic_axis():
    picture = histogram({"x": [0.0, 0.1, 10.0]}, "T", xlabel="x", bins=5, yscale="log")
    assert np.isnan(picture.marks[0].y).tolist() == [False, True, True, True, False, False]


def test_a_matrix_has_row_0_on_top_and_each_number_on_its_field():
    matrix = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 600.0]])
    picture = heatmap(matrix, "T", xlabel="h", ylabel="v", unit="w", annotate=True)
    field, *words = picture.marks
    assert isinstance(field, Field)
    np.testing.assert_array_equal(field.values, matrix)
    _, y = scales(picture)
    assert y.low > y.high
    written = {mark.at: mark.text for mark in words if isinstance(mark, Words)}
    assert written[(0.0, 0.0)] == "1"
    assert written[(2.0, 1.0)] == "6e+02"
    roles = {mark.text: mark.color for mark in words}
    assert (roles["1"], roles["6e+02"]) == ("white", "black")  # on dark and on light colours


def test_clouds_have_colours_and_shapes_of_their_own():
    clouds = {str(k): torch.rand(3, 2) for k in range(12)}
    looks = [(mark.color % 6, mark.shape) for mark in plots.scatter(clouds, "T").marks]
    assert len(set(looks)) == 12
    on_field = plots.density(lambda x: x[:, 0], "T", extent=EXTENT, clouds=clouds)
    assert [mark.color for mark in on_field.marks[1:3]] == [1, 2]


def test_chains_of_samples_are_points_as_well():
    (cloud,) = plots.scatter({"x": torch.rand(3, 4, 2)}, "T").marks
    assert isinstance(cloud, Points)
    assert cloud.xy.shape == (12, 2)


def test_a_density_is_the_function_on_a_grid():
    picture = plots.density(lambda x: x[:, 0] + 10 * x[:, 1], "T", extent=EXTENT, resolution=5)
    (field,) = picture.marks
    assert field.extent == EXTENT
    assert field.values[0].tolist() == [-12.0, -11.0, -10.0, -9.0, -8.0]
    assert field.values[-1, -1] == 12.0
    assert picture.equal
    assert (picture.x.limits, picture.y.limits) == (EXTENT[:2], EXTENT[2:])


def test_an_image_grid_takes_what_images_take():
    picture = plots.image_grid(X.reshape(2, 5, 1), "T", columns=1, captions=["a", "b"], signed=True)
    assert isinstance(picture, Images)
    assert (picture.columns, picture.captions, picture.signed) == (1, ("a", "b"), True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: FIGURES["curves"](X[:3]),
            r"lines\['PCD'\] to have arrays of one length, got \(10,\) and \(3,\)",
        ),
        (lambda: FIGURES["curves"](X, yscale="logarithmic"), "yscale among linear, log, got"),
        (lambda: FIGURES["curves"](X, ylim=(2.0, 2.0)), "ylim to be two different numbers"),
        (lambda: FIGURES["bars"](X[:3]), r"groups\['P'\] of 10 numbers, one for each"),
        (lambda: FIGURES["histogram"](X, yscale="ln"), "yscale among linear, log, got 'ln'"),
        (
            lambda: heatmap(X, "T", xlabel="", ylabel="", unit=""),
            r"shape \(rows, columns\), got \(10,\)",
        ),
        (
            lambda: heatmap(torch.ones(2, 3), "T", xlabel="", ylabel="", unit="", xticks=["a"]),
            "expected xticks with 3 names, .*, got 1",
        ),
        (
            lambda: heatmap(torch.ones(2, 3), "T", xlabel="", ylabel="", unit="", yticks=["a"]),
            "expected yticks with 2 names, .*, got 1",
        ),
        (
            lambda: plots.scatter({"x": torch.ones(4, 3)}, "T"),
            r"clouds\['x'\] of shape \(n, \.\.\., 2\), got \(4, 3\)",
        ),
        (
            lambda: plots.density(lambda x: x, "T", extent=EXTENT, resolution=4),
            r"function to return a tensor of shape \(16,\), got a tensor of shape \(16, 2\)",
        ),
        (lambda: plots.image_grid(X, "T"), r"\(n, 3, height, width\), got \(10,\)"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

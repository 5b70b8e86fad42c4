"""Axes: as far as there is something, still while it fits, and with numbers that can be read."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lecturekit.plots.marks import Arrows, Axis, Bars, Field, Line, Mark, Plot, Points, Rule, Words
from lecturekit.plots.scales import FILLED, Scale, Steady, number, scales


def plot(*marks: Mark, x: Axis | None = None, y: Axis | None = None) -> Plot:
    return Plot("T", marks, x or Axis("x"), y or Axis("y"))


def ends(scale: Scale) -> tuple[float, float]:
    return scale.low, scale.high


def curve(last: float, n: int = 50) -> Line:
    """A falling curve over 1 … last."""
    x = np.linspace(1.0, last, n)
    return Line(x, 1 / x)


# ------------------------------------------------------------------------------------ how far


@pytest.mark.parametrize(
    ("mark", "wide", "high"),
    [
        (Line([0.0, 10.0], [1.0, 3.0]), (0, 10), (1, 3)),
        (Line([0.0, 10.0], [1.0, 3.0], band=[0.5, 1.0]), (0, 10), (0.5, 4)),
        (Line([0.0, 5.0, 10.0], [1.0, np.nan, 3.0]), (0, 10), (1, 3)),
        (Line([0.0, 5.0, 10.0], [1.0, np.inf, 3.0]), (0, 10), (1, 3)),
        (Points([(0.0, 1.0), (10.0, 3.0)]), (0, 10), (1, 3)),
        (Arrows([(0.0, 1.0)], [(10.0, 2.0)]), (0, 10), (1, 3)),
        (Bars([1.0, 9.0], [2.0, 3.0], width=2.0), (0, 10), (0, 3)),
        (Bars([1.0, 9.0], [2.0, 3.0], width=2.0, error=[3.0, 1.0]), (0, 10), (-1, 5)),
        (Field([[1.0]], (0.0, 10.0, 1.0, 3.0), "u"), (0, 10), (1, 3)),
        (Words("here", (10.0, 3.0)), (10, 10), (3, 3)),
    ],
)
def test_a_still_shows_all_there_is_and_little_more(mark, wide, high):
    for scale, (low, top) in zip(scales(plot(mark)), (wide, high), strict=True):
        assert scale.low < low <= top < scale.high
        if top > low:
            assert scale.high - scale.low == pytest.approx(1.08 * (top - low))


def test_a_reference_level_stretches_its_own_axis_alone():
    marks = [Line([0.0, 1.0], [0.0, 1.0]), Rule(5.0), Rule(9.0, axis="x")]
    x, y = scales(plot(*marks))
    assert x.high > 9
    assert 5 < y.high < 9
    assert ends(scales(plot(Line([0.0, 1.0], [0.0, 1.0]), Rule(math.nan)))[1])[1] < 1.1


def test_words_in_the_corner_stretch_nothing():
    assert scales(plot(curve(9.0), Words("note"))) == scales(plot(curve(9.0)))


def test_a_single_point_gets_axes_that_do_not_make_much_of_it():
    """matplotlib's ±0.2 round 100 would look like precision."""
    x, y = scales(plot(Points([(100.0, 0.0)])))
    assert ends(x) == pytest.approx((90 - 0.8, 110 + 0.8))
    assert ends(y) == pytest.approx((-1.08, 1.08))


def test_where_there_is_nothing_axes_go_from_0_to_1():
    for marks in ([], [Line([], [])], [Line([1.0], [math.nan])]):
        y = scales(plot(*marks))[1]
        assert ends(y) == pytest.approx((-0.04, 1.04))
    assert ends(scales(plot(y=Axis(log=True)))[1])[0] > 0


def test_fixed_ends_are_ends_also_upside_down():
    x, y = scales(plot(curve(9.0), x=Axis(limits=(2.0, 3.0)), y=Axis(limits=(5.0, -5.0))))
    assert (ends(x), ends(y)) == ((2.0, 3.0), (5.0, -5.0))
    assert y.ticks == [-4.0, -2.0, 0.0, 2.0, 4.0]


def test_categories_stand_at_whole_numbers_and_from_top_to_bottom():
    x, y = scales(plot(x=Axis(names=("a", "b")), y=Axis(names=("one", "two", "three"))))
    assert (ends(x), x.ticks, x.labels) == ((-0.5, 1.5), [0.0, 1.0], ["a", "b"])
    assert ends(y) == (2.5, -0.5)


def test_of_many_categories_every_other_one_is_named():
    x, _ = scales(plot(x=Axis(names=tuple(map(str, range(40))))))
    assert x.labels == [str(k) for k in range(0, 40, 3)]
    assert x.ticks == list(map(float, x.labels))


def test_a_logarithmic_axis_leaves_out_what_it_cannot_show():
    _, y = scales(plot(Line([0, 1, 2, 3], [-5.0, 0.0, 1.0, 100.0]), y=Axis(log=True)))
    assert ends(y) == pytest.approx((10**-0.08, 10**2.08))
    single = scales(plot(Line([0.0], [10.0]), y=Axis(log=True)))[1]
    assert single.low < 10 / 1.9 < 10 * 1.9 < single.high


# ------------------------------------------------------------------------------------- window


def windowed(last: float) -> Plot:
    return plot(Line([1, 2, 3], [-1000.0, -60.0, last]), y=Axis(window=(-50.0, 0.0)))


def test_as_soon_as_a_curve_ends_in_the_window_only_this_is_shown():
    assert scales(windowed(-51.0))[1].low < -1000
    assert ends(scales(windowed(-49.0))[1]) == pytest.approx((-52.0, 2.0))


def test_a_last_value_beyond_the_window_is_seen():
    assert ends(scales(windowed(20.0))[1]) == pytest.approx((-50 - 2.8, 20 + 2.8))


def test_the_window_waits_for_the_last_of_several_curves():
    two = plot(Line([1], [-900.0]), Line([1], [-10.0]), y=Axis(window=(-50.0, 0.0)))
    assert scales(two)[1].low < -900


# ------------------------------------------------------------------------------------- steady


def test_axes_of_a_live_picture_hold_still_while_data_fit():
    axes, seen = Steady(), set()
    for last in range(2, 1001):
        x, y = axes.scales(plot(curve(float(last))))
        assert x.low <= 1
        assert last <= x.high
        assert y.low <= 1 / last
        seen.add((ends(x), ends(y)))
    growing = math.log(1000) / math.log(1.25)
    assert 5 < len(seen) < 1.5 * growing  # and not once for every update


def test_they_leave_room_to_grow_but_do_not_begin_before_the_first_update():
    x, _ = Steady().scales(plot(curve(100.0)))
    assert x.low == 1
    assert x.high == pytest.approx(1 + 99 * 1.25)


def test_they_shrink_when_most_of_them_is_empty():
    axes = Steady()
    wide = axes.scales(plot(Points([(-100.0, 0.0), (100.0, 0.0)])))[0]
    filled = 2 * FILLED * 100 * 1.4
    still = axes.scales(plot(Points([(-filled / 2, 0.0), (filled / 2, 0.0)])))[0]
    assert ends(still) == ends(wide)
    left_behind = axes.scales(plot(Points([(-20.0, 0.0), (20.0, 0.0)])))[0]
    assert left_behind.high < 40


def test_a_point_that_moves_about_does_not_move_the_axes():
    axes, seen = Steady(), set()
    for at in (50.0, 51.0, 49.0, 50.5):
        seen.add(ends(axes.scales(plot(Points([(at, at)])))[0]))
    assert len(seen) == 1


def test_logarithmic_axes_grow_in_good_time_too():
    axes, seen = Steady(), set()
    for last in range(2, 1001):
        seen.add(ends(axes.scales(plot(curve(float(last)), y=Axis(log=True)))[1]))
    assert len(seen) < 25


def test_fixed_ends_are_fixed_in_live_pictures():
    axes = Steady()
    for last in (2.0, 1000.0):
        assert ends(axes.scales(plot(curve(last), x=Axis(limits=(0.0, 10.0))))[0]) == (0.0, 10.0)


# -------------------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("value", "step", "written"),
    [
        (0.0, 0.0, "0"),
        (-0.0, 0.05, "0"),
        (10_000.0, 2000.0, "10,000"),
        (10_000.0, 0.0, "10,000"),
        (12_300.0, 0.0, "12,300"),
        (999_999.0, 0.0, "999,999"),
        (0.05, 0.05, "0.05"),
        (0.1, 0.05, "0.10"),
        (-3.0, 1.0, "−3"),
        (-0.001, 0.05, "0.00"),
        (0.0005, 0.0005, "0.0005"),
        (2e-4, 0.0, "2·10⁻⁴"),
        (1e-6, 0.0, "10⁻⁶"),
        (1e6, 0.0, "10⁶"),
        (-2.5e7, 0.0, "−2.5·10⁷"),
        (10_200_000.0, 100_000.0, "1.02·10⁷"),
        (9.999e6, 0.0, "10⁷"),
        (3e-5, 1e-5, "3·10⁻⁵"),
        (0.123456, 0.0, "0.1235"),
        (math.inf, 0.0, "inf"),
        (math.nan, 1.0, "nan"),
    ],
)
def test_numbers_are_written_as_people_read_them(value, step, written):
    assert number(value, step) == written


@given(
    st.floats(-1e9, 1e9).filter(lambda low: low == 0 or abs(low) > 1e-9),
    st.floats(-9, 9).map(lambda power: 10.0**power),
)
def test_ticks_are_few_inside_and_all_different(low, span):
    if span < 1e-6 * abs(low):
        return  # an axis at the end of what numbers can tell apart
    x, _ = scales(plot(x=Axis(limits=(low, low + span))))
    assert 2 <= len(x.ticks) <= 6
    assert all(low - 1e-6 * span <= tick <= low + span * (1 + 1e-6) for tick in x.ticks)
    assert len(set(x.labels)) == len(x.labels)
    gaps = np.diff(x.ticks)
    assert gaps == pytest.approx(gaps[0], rel=1e-2)


@pytest.mark.parametrize(
    ("limits", "labels"),
    [
        ((1.0, 1000.0), ["1", "10", "100", "1,000"]),
        ((1e-4, 1e6), ["10⁻⁴", "0.01", "1", "100", "10,000", "10⁶"]),
        ((1.0, 50.0), ["1", "2", "5", "10", "20", "50"]),
        ((2.0, 3.0), ["2.0", "2.2", "2.4", "2.6", "2.8", "3.0"]),
    ],
)
def test_ticks_of_a_logarithmic_axis(limits, labels):
    x, _ = scales(plot(x=Axis(limits=limits, log=True)))
    assert x.labels == labels
    assert all(a < b for a, b in itertools.pairwise(x.ticks))


def test_ticks_may_be_fixed():
    x, _ = scales(plot(curve(9.0), x=Axis(ticks=(1.0, 5.0, 10_000.0))))
    assert (x.ticks, x.labels) == ([1.0, 5.0, 10_000.0], ["1", "5", "10,000"])

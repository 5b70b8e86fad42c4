"""The page's half of the panel, as far as it can be tried without a page: its module and parts.

What a person sees and presses is tried in tests/browser.
"""

from __future__ import annotations

import itertools
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lecturekit import live
from lecturekit.live.controls import controls_of
from lecturekit.live.panel import PanelWidget, module
from lecturekit.live.run import Run
from lecturekit.plots.encode import encode
from lecturekit.plots.marks import Axis, Field, Images, Line, Plot
from tests.live.toy import Settings
from tests.page import NODE, evaluate

HERE = Path(live.__file__).parent
SCRIPTS = "\n".join(path.read_text(encoding="utf-8") for path in sorted(HERE.glob("*.js")))


def test_it_is_one_module_without_a_slip_in_it(tmp_path):
    """Parsed, not run: a mistake in it would leave an empty output, in silence."""
    (tmp_path / "panel.mjs").write_text(module(), encoding="utf-8")
    done = subprocess.run(
        [NODE, "--check", str(tmp_path / "panel.mjs")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_all_scripts_are_in_it():
    text = module()
    for path in HERE.glob("*.js"):
        assert path.read_text(encoding="utf-8") in text
    assert len(re.findall("export default", text)) == 1


def test_nothing_is_fetched_from_elsewhere():
    assert not re.search(r"\bimport\b\s*[({'\"]|https?://|\bfetch\(", module())
    assert not re.search(r"url\(|@import", PanelWidget._css)


def test_it_asks_only_for_traits_that_there_are():
    traits = {name for name in PanelWidget.class_trait_names() if not name.startswith("_")}
    assert set(re.findall(r'model\.get\("(\w+)"\)', SCRIPTS)) <= traits
    assert set(re.findall(r'"change:(\w+)"', SCRIPTS)) <= traits


def test_it_asks_only_for_a_state_that_the_kernel_tells():
    told = set(live.panel.Panel(Run(iter(()))).widget.state)
    assert set(re.findall(r"\bstate\.(\w+)", SCRIPTS)) <= told


def test_its_orders_are_orders_of_a_run():
    orders = set(re.findall(r'order: "(\w+)"', SCRIPTS)) | {
        "play",
        "pause",
        "step",
        "stop",
        "reset",
    }
    assert orders <= set(Run(iter(()))._orders._methods)


# ------------------------------------------------------------------------------------- the room

Shapes = list[float]


def cut(*rooms: tuple[Shapes, float, float]) -> list[dict]:
    """The boxes of pictures of some shapes in rooms of a width and a height."""
    return evaluate("rooms.map(([shapes, w, h]) => bestCut(shapes, w, h))", rooms=rooms)


def assert_fair(shapes: Shapes, width: float, height: float, found: dict) -> None:
    boxes = np.array(found["boxes"])
    assert len(boxes) == len(shapes)
    assert found["height"] <= height + 1e-6
    assert (boxes > -1e-6).all()
    assert (boxes[:, 0] + boxes[:, 2] <= width + 1e-6).all()
    assert (boxes[:, 1] + boxes[:, 3] <= found["height"] + 1e-6).all()
    for (l1, t1, w1, h1), (l2, t2, w2, h2) in itertools.combinations(boxes, 2):
        apart = l1 + w1 <= l2 + 1e-6 or l2 + w2 <= l1 + 1e-6
        assert apart or t1 + h1 <= t2 + 1e-6 or t2 + h2 <= t1 + 1e-6


@settings(max_examples=10)
@given(
    st.lists(
        st.tuples(
            st.lists(st.floats(0.5, 8.0), min_size=1, max_size=5),
            st.floats(500, 2000),
            st.floats(300, 1200),
        ),
        min_size=10,
        max_size=10,
    )
)
def test_pictures_share_a_room_without_overlap(rooms):
    for (shapes, width, height), found in zip(rooms, cut(*rooms), strict=True):
        assert_fair(shapes, width, height, found)


@pytest.mark.parametrize("shapes", [[1.55], [1.55, 1.0], [1.55, 1.0, 1.0], [1.55, 1.0, 4.0, 1.0]])
def test_pictures_fill_most_of_a_small_screen_and_keep_about_their_shape(shapes):
    """1280 × 720 with the side bar open leaves some 960 × 480."""
    (found,) = cut((shapes, 960, 480))
    assert_fair(shapes, 960, 480, found)
    boxes = np.array(found["boxes"])
    assert (boxes[:, 2] * boxes[:, 3]).sum() > 0.6 * 960 * 480
    stretched = boxes[:, 2] / boxes[:, 3] / shapes
    assert (np.abs(np.log(stretched)) < np.log(1.5)).all()


def test_a_narrow_page_puts_them_above_each_other_and_a_wide_one_beside():
    narrow, wide = (
        np.array(each["boxes"]) for each in cut(([1.5] * 2, 500, 900), ([1.5] * 2, 1500, 500))
    )
    assert narrow[0, 1] < narrow[1, 1]
    assert wide[0, 1] == wide[1, 1]


def test_pictures_tell_the_shape_that_they_would_like():
    pictures = [
        Plot("T", [], Axis("x"), Axis("y"), shape=1.8),
        Plot("T", [], Axis("x", (0.0, 4.0)), Axis("y", (0.0, 1.0)), equal=True),
        Images("T", np.ones((10, 5, 5)), columns=10),
        Images("T", np.ones((10, 5, 5)), columns=1),
    ]
    told = [[encode(each).what, encode(each).how] for each in pictures]
    wide, flat, row, column = evaluate(
        "told.map(([what, how]) => preferredShape({what: JSON.parse(what), how: JSON.parse(how)}))",
        told=told,
    )
    assert wide == 1.8
    assert flat == pytest.approx(3.0)  # a title, a legend and numbers stand above and below it
    assert row == 8  # never flatter
    assert column == 0.5  # nor slimmer


def test_a_colour_bar_gets_room():
    square = Plot("T", [], Axis("x", (0.0, 1.0)), Axis("y", (0.0, 1.0)), equal=True)
    field = Plot("T", [Field([[1.0]], (0, 1, 0, 1), "u")], square.x, square.y, equal=True)
    told = [[encode(each).what, encode(each).how] for each in (square, field)]
    without, with_bar = evaluate(
        "told.map(([what, how]) => preferredShape({what: JSON.parse(what), how: JSON.parse(how)}))",
        told=told,
    )
    assert with_bar > 1.1 * without


# -------------------------------------------------------------------------------------- sliders


def test_a_slider_stands_where_the_setting_is_and_says_what_it_will_be():
    sliders = [control.drawn() for control in controls_of([Settings()])]
    values = [0.05, 0.5, 8]
    back = evaluate(
        "sliders.map((each, i) => valueAt(each, placeOf(each, values[i])))",
        sliders=sliders,
        values=values,
    )
    assert back == pytest.approx(values, rel=1e-2)
    ends = evaluate(
        "sliders.map((s) => s.log ? [valueAt(s, 0), valueAt(s, STEPS)] : [s.low, s.high])",
        sliders=sliders,
    )
    assert ends == [[s["low"], s["high"]] for s in sliders]


def test_a_whole_number_stays_whole_in_the_page():
    k = {"low": 1, "high": 1000, "log": True, "whole": True}
    values = evaluate("[0, 50, 100, 399, 400].map((place) => valueAt(k, place))", k=k)
    assert values == [int(value) for value in values]
    assert (values[0], values[-1]) == (1, 1000)


@pytest.mark.parametrize("value", [0, -1, "nan"])
def test_a_value_that_has_no_place_on_the_slider_does_no_harm(value):
    rate = controls_of([Settings()])[0].drawn()
    place, words = evaluate("[placeOf(rate, value), readable(value, rate)]", rate=rate, value=value)
    assert place == 0
    assert words == str(value)


# ------------------------------------------------------------------- messages and what is kept

PANEL = """(() => {
    const panel = Object.create(Panel.prototype);
    Object.assign(panel, {
        pictures: [], film: { every: 1, seen: 0, moments: [] }, visible: false,
        place: () => ({ frame: -1 }), arrange() {}, model: { get: () => panel.kept },
    });
    for (const [kind, picture] of events) {
        const bytes = new DataView(Uint8Array.from(picture.data).buffer);
        if (kind === "kept") { panel.kept = [{ ...picture, data: bytes }]; panel.takeAll(); }
        else panel.take(picture, bytes);
    }
    const [place] = panel.pictures;
    const arrays = Object.keys(place.arrays ?? {}).length;
    return [panel.frame ?? null, place.frame, place.what?.marks.length, arrays];
})()"""


def curves(n: int) -> Plot:
    return Plot("T", [Line([0.0, 1.0], [0.0, 1.0]) for _ in range(n)], Axis("x"), Axis("y"))


def arrived(*events: tuple[str, int, int, bool]) -> list[int]:
    """The frame, the marks and the arrays that a page has after these pictures of n lines."""
    told = []
    for kind, frame, n, described in events:
        encoded = encode(curves(n))
        picture = {"frame": frame, "how": encoded.how, "data": list(encoded.data), "view": 0}
        told.append((kind, picture | ({"what": encoded.what} if described else {})))
    return evaluate(PANEL, events=told)


@pytest.mark.parametrize(
    ("events", "shown"),
    [
        # kept pictures come asynchronously in Jupyter, so that messages overtake them
        ([("kept", 1, 3, True), ("message", 2, 5, True), ("message", 3, 5, False)], [3, 5, 5]),
        ([("message", 2, 5, True), ("kept", 1, 3, True), ("message", 3, 5, False)], [3, 5, 5]),
        ([("message", 2, 5, True), ("kept", 1, 3, True)], [2, 5, 5]),
        ([("message", 2, 5, True), ("message", 4, 5, False), ("kept", 3, 0, True)], [4, 5, 5]),
        ([("message", 2, 5, True), ("kept", 3, 0, True)], [3, 0, 0]),
        ([("message", 2, 5, True), ("kept", 3, 0, True), ("message", 4, 5, False)], [4, 5, 5]),
        # a page that came later knows nothing yet; it asks for everything when it begins to look
        ([("message", 7, 5, False)], [-1, None, 0]),
        ([("kept", 6, 3, True), ("message", 7, 5, False)], [6, 3, 3]),
    ],
)
def test_description_and_numbers_always_belong_together(events, shown):
    newest, *rest = arrived(*events)
    assert rest == shown
    assert newest in (None, shown[0])


def test_a_kept_picture_that_comes_late_takes_nothing_back_of_what_was_drawn():
    """Of another view: else the kernel would believe that the page is far behind."""
    late = encode(curves(1))
    view = {"how": late.how, "data": list(late.data), "what": late.what}
    events = [("message", view | {"view": 1, "frame": 9}), ("kept", view | {"frame": 2})]
    assert evaluate(PANEL, events=events)[:2] == [9, 2]

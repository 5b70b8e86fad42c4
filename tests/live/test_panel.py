"""The kernel's half of the panel: what the page keeps and says, and what stays in a cell."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from typing import Any

import numpy as np
import pytest
import torch
from ipywidgets.widgets.widget import _instances

from lecturekit import live, plots
from lecturekit.live import panel as module
from lecturekit.live.controls import controls_of
from lecturekit.live.panel import Panel
from lecturekit.live.registry import Place
from lecturekit.live.run import DivergenceError, Run
from lecturekit.training import Step, Steps
from tests.live.panels import panelled, say, sent
from tests.live.probes import Probe, begin, until
from tests.live.toy import Line, Settings, Shape, train

# ----------------------------------------------------------------------------- what the page keeps


def test_it_tells_name_sliders_progress_and_what_can_be_done():
    run, panel = panelled()
    state = panel.widget.state
    assert (state["name"], state["words"], state["status"]) == (
        "Toy",
        "not started · paused",
        "paused",
    )
    assert state["values"] == [0.05, 0.5, 8]
    assert [each["label"] for each in panel.widget.controls] == [
        "learning rate α",
        "momentum",
        "batch size",
    ]
    run.step()
    state = panel.widget.state
    assert (state["update"], state["total"]) == (1, 10**6)
    assert state["words"] == "update 1 of 1,000,000 · paused"
    json.dumps([state, panel.widget.controls], allow_nan=False)


def test_the_pictures_are_there_from_the_first_and_follow_what_holds_still():
    run, panel = panelled()
    first = panel.widget.pictures
    assert [json.loads(each["what"])["title"] for each in first] == [
        [["Loss", 0]],
        [["Weights", 0]],
    ]
    run.step()
    second = panel.widget.pictures
    assert [a["what"] == b["what"] for a, b in zip(first, second, strict=True)] == [True, True]
    assert [a["data"] == b["data"] for a, b in zip(first, second, strict=True)] == [False, False]


def test_pictures_have_words_that_change_when_they_hold_still():
    run, panel = panelled()
    assert panel.widget.state["alts"] == [
        "error against update. loss: empty.",
        "1 image of 1 × 3 pixels.",
    ]
    run.step()
    assert "loss: from" in panel.widget.state["alts"][0]


@pytest.mark.parametrize("order", ["play", "step", "stop", "reset"])
def test_what_can_be_done_in_which_state(order):
    run, panel = panelled()
    able = {
        "paused": {"play", "step", "stop", "reset"},
        "playing": {"play", "step", "stop", "reset"},
        "finishing": {"play", "stop"},
        "finished": {"reset"},
        "stopped": {"reset"},
        "failed": {"reset"},
    }
    for status, orders in able.items():
        run._enter(status)
        assert (order in panel.widget.state["can"]) == (order in orders)


def test_without_a_function_that_begins_anew_there_is_no_reset():
    run, panel = panelled(train(Line(), Settings()))
    assert "reset" not in panel.widget.state["can"]
    assert panel.widget.state["resettable"] is False
    say(panel, order="reset")  # a page that asks all the same does no harm
    assert run.status == "paused"


def test_a_setting_that_is_no_number_is_shown_in_words():
    run, panel = panelled()
    run.controls[0]._settings.learning_rate = float("nan")
    panel.show()
    assert panel.widget.state["values"][0] == "nan"
    json.dumps(panel.widget.state, allow_nan=False)


def test_an_error_stands_in_the_panel_with_its_traceback_until_reset():
    broken = [True]

    def steps() -> Steps:
        if broken[0]:
            raise KeyError("no data")
        yield Step(1, 1, {})

    run, panel = panelled(steps)
    assert panel.widget.state["error"] is None
    with pytest.raises(KeyError):
        run.step()
    assert panel.widget.state["error"]["kind"] == "KeyError"
    assert "Traceback" in panel.widget.state["error"]["text"]
    broken[0] = False
    run.reset()
    assert panel.widget.state["error"] is None


def test_a_divergence_is_a_sentence_and_the_pictures_show_the_model_that_was_kept():
    model, settings = Line(), Settings(learning_rate=1e12)
    view = live.View(plots.image_grid, lambda: model.w.reshape(1, 1, 3), "Weights", signed=True)
    run, panel = panelled(begin(model, settings), [view])
    with pytest.raises(DivergenceError):
        asyncio.run(run.finish())
    error = panel.widget.state["error"]
    assert "training diverged between update 0 and 10" in error["text"]
    assert "Traceback" not in error["text"]
    assert torch.equal(model.w, torch.zeros(3))
    assert np.frombuffer(panel.widget.pictures[0]["data"], "u1")[:3].tolist() == [127] * 3


def test_a_kernel_that_hears_buttons_late_says_so():
    run, panel = panelled(buttons_wait=True)
    run._enter("finishing")
    assert "hears buttons only after the cell" in panel.widget.state["words"]
    run, panel = panelled()
    run._enter("finishing")
    assert "hears buttons" not in panel.widget.state["words"]


# ------------------------------------------------------------------------------ what the page says


def test_orders_reach_the_run():
    async def lecture() -> None:
        run, panel = panelled()
        say(panel, order="play")
        await until(lambda: run.update > 10)
        say(panel, order="pause")
        await until(lambda: run.status == "paused")
        held = run.update
        say(panel, order="step")
        await until(lambda: run.update == held + 1)
        say(panel, order="reset")
        await until(lambda: run.update == 0)
        say(panel, order="stop")
        await until(lambda: run.status == "stopped")
        assert panel.widget.state["status"] == "stopped"

    asyncio.run(lecture())


def test_a_slider_sets_its_field_and_the_pictures_follow():
    async def lecture() -> None:
        probe = Probe()
        run, panel = panelled(views=[probe])
        asked = probe.asked
        say(panel, set=2, value=3)
        await until(lambda: probe.asked > asked)
        assert run.controls[2].value == 3
        assert panel.widget.state["values"] == [0.05, 0.5, 3]
        say(panel, order="defaults")
        await until(lambda: run.controls[2].value == 8)
        await until(lambda: panel.widget.state["values"][2] == 8)

    asyncio.run(lecture())


@pytest.mark.parametrize("again", [True, False])
def test_a_choice_begins_the_run_anew_where_it_can(again):
    """Else, as in pictures that train nothing, they follow it like a slider."""

    async def lecture() -> None:
        shape, probe = Shape(), Probe()
        steps = begin(Line()) if again else train(Line(), Settings())
        run = Run(steps, [probe], controls=controls_of([shape])).step()
        panel = Panel(run)
        run.watch(panel)
        asked = probe.asked
        say(panel, set=0, value="two_moons")
        await until(lambda: probe.asked > asked)
        assert shape.name == "two_moons"
        assert (run.update, run.error) == (0 if again else 1, None)

    asyncio.run(lecture())


@pytest.mark.parametrize(
    "message", [{}, {"order": 3}, {"order": "explode"}, {"see": 1, "drawn": 2}, {"snapshot": True}]
)
def test_other_messages_are_passed_over(message):
    run, panel = panelled()
    say(panel, [b"png"], **message)
    assert run.status == "paused"
    assert not panel.ready()


def test_pictures_are_handed_over_as_svg(monkeypatch):
    _, panel = panelled()
    messages = sent(panel, monkeypatch)
    panel.save()
    assert [message for message, _ in messages] == [
        {"saved": "Loss.svg", "type": "image/svg+xml"},
        {"saved": "Weights.svg", "type": "image/svg+xml"},
    ]
    assert all(b"<svg" in data for _, (data,) in messages)


# ---------------------------------------------------------------------- in a cell, and out of it


class Output:
    """What was displayed, and under it how often it was updated."""

    def __init__(self) -> None:
        self.shown: list[Any] = []
        self.updates: list[Any] = []

    def display(self, what: Any, display_id: bool = False) -> Output | None:
        self.shown.append(what)
        return self if display_id else None

    def update(self, what: Any) -> None:
        self.updates.append(what)


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Output:
    """The output of cell after cell; `cells` names the present one."""
    output = Output()
    monkeypatch.setattr(module, "display", output.display)
    monkeypatch.setattr(module, "notebook_shell", lambda: None)
    monkeypatch.setattr(module, "present_place", lambda shell: Place("a", "request 1"))
    return output


def test_it_appears_once_in_a_cell_and_again_in_another(output, monkeypatch):
    _, panel = panelled()
    panel.appear()
    panel.appear()  # `live.play(…)` as the cell's value
    assert output.shown[0] is panel.widget
    assert isinstance(output.shown[1], module.HTML)
    assert len(output.shown) == 2
    monkeypatch.setattr(module, "present_place", lambda shell: Place("b", "request 2"))
    panel.appear()
    assert output.shown[2:] == [panel.widget]


def test_what_a_page_shows_is_kept_for_those_without_a_kernel(output):
    model = Line()
    view = live.View(plots.image_grid, lambda: model.w.reshape(1, 1, 3), "W", alt='"<weights>"')
    run, panel = panelled(begin(model), [view])
    run.name = "Toy <1>"
    panel.appear()
    assert "run this cell" in output.shown[1].data
    say(panel, [memoryview(b"png")], snapshot=True)
    (kept,) = output.updates
    assert 'alt="Toy &lt;1&gt; &quot;&lt;weights&gt;&quot;"' in kept.data
    assert "data:image/png;base64,cG5n" in kept.data


def test_a_waiting_cell_shows_the_panel_and_in_the_end_the_still(output):
    run, panel = panelled()
    still = run.still()
    panel.join()
    assert output.shown == [panel.widget]
    panel.keep(still)
    assert output.updates == [still]
    panel.keep(still)  # a cell that did not have to wait
    assert output.shown == [panel.widget, still]


def test_where_there_is_nothing_to_keep_nothing_stays(output):
    _, panel = panelled()
    panel.keep(None)
    assert output.shown == []
    panel.join()
    panel.keep(None)
    assert output.updates[0].data == ""


def test_closing_closes_every_widget_and_lets_go_of_the_run():
    before = len(_instances)
    run, panel = panelled()
    assert len(_instances) > before
    widget = panel.widget
    run.close()
    assert widget.comm is None
    assert len(_instances) == before
    gone = [weakref.ref(each) for each in (run, panel, widget)]
    del run, panel, widget
    gc.collect()
    assert [ref() for ref in gone] == [None, None, None]


def test_its_plain_text_says_where_it_can_be_seen():
    _, panel = panelled()
    expected = "Live panel of the run “Toy”; to be seen where a kernel is running."
    assert repr(panel.widget) == expected

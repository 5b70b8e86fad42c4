"""Frames while a run plays: words once, numbers always, and never more than the page can draw."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import torch

from lecturekit import live, plots
from lecturekit.live.panel import UNDER_WAY
from tests.live.panels import panelled, say, sent
from tests.live.probes import Probe, begin, until
from tests.live.toy import Line


def test_descriptions_are_sent_once_and_again_when_a_page_begins_to_look(monkeypatch):
    run, panel = panelled()
    messages = sent(panel, monkeypatch)
    run._enter("playing")
    for _ in range(3):
        run.redraw()
    # what is kept comes another way, which messages may overtake: they stand for themselves
    assert ["what" in message for message, _ in messages] == [True, True] + [False] * 4
    say(panel, see="a page", drawn=-1)
    run.redraw()
    run.redraw()
    assert ["what" in message for message, _ in messages[6:]] == [True, True, False, False]
    assert [message["view"] for message, _ in messages] == [0, 1] * 5
    numbers = [message["frame"] for message, _ in messages]
    kept = [picture["frame"] for picture in panel.widget.pictures]
    assert [*kept, *numbers] == list(range(1, 13))


def test_a_new_description_is_sent_with_its_frame(monkeypatch):
    titles = ["one"]
    view = live.View(lambda: plots.image_grid(torch.zeros(1, 2, 2), titles[-1]))
    run, panel = panelled(views=[view])
    messages = sent(panel, monkeypatch)
    run._enter("playing")
    run.redraw()
    titles.append("two")
    run.redraw()
    run.redraw()
    assert ["what" in message for message, _ in messages] == [True, True, False]
    assert json.loads(messages[1][0]["what"])["title"] == [["two", 0]]


def test_frames_hold_the_pictures_numbers(monkeypatch):
    model = Line()
    view = live.View(plots.scatter, {"w": lambda: model.w[None, :2]}, "T", extent=(-9, 9, -9, 9))
    run, panel = panelled(begin(model), [view])
    run.step()
    messages = sent(panel, monkeypatch)
    run._enter("playing")
    run.redraw()
    ((message, (data,)),) = messages
    ((mark, name, kind, offset, length),) = json.loads(message["how"])["arrays"]
    assert (mark, name) == (0, "xy")
    numbers = np.frombuffer(data, kind, length, offset)
    np.testing.assert_array_equal(numbers, model.w[:2].detach().numpy())


def test_axes_hold_still_from_frame_to_frame(monkeypatch):
    run, panel = panelled(views=[live.Curves("Norm", ["norm"], ylabel="|w|")])
    messages, ends = sent(panel, monkeypatch), set()
    for _ in range(200):
        run._advance()
        run._enter("playing")
        run.redraw()
    for message, _ in messages:
        ends.add(tuple(json.loads(message["how"])["x"][:2]))
    assert len(messages) == 200
    assert len(ends) < 40


def test_nobody_who_looks_gets_no_frames(monkeypatch):
    _, panel = panelled()
    assert not panel.ready()
    say(panel, see="a page", drawn=-1)
    assert panel.ready()
    say(panel, unsee="a page")
    assert not panel.ready()
    say(panel, unsee="a page that never looked")


def test_a_page_that_draws_slowly_gets_fewer_frames_and_never_a_queue(monkeypatch):
    run, panel = panelled()
    messages = sent(panel, monkeypatch)
    say(panel, see="slow", drawn=-1)
    run._enter("playing")

    def offered(times: int) -> int:
        before = len(messages)
        for _ in range(times):
            if panel.ready():
                run.redraw()
        return len(messages) - before

    most = (UNDER_WAY + 1) * len(run.views)
    assert 0 < offered(100) <= most
    assert offered(100) == 0  # it has drawn none of them
    say(panel, see="slow", drawn=messages[-1][0]["frame"])
    assert 0 < offered(100) <= most
    say(panel, see="slow", drawn=messages[-1][0]["frame"] - most + 1)
    assert 0 <= offered(100) <= 2 * len(run.views)


def test_a_page_that_was_closed_without_a_word_does_not_hold_up_another(monkeypatch):
    run, panel = panelled()
    messages = sent(panel, monkeypatch)
    say(panel, see="gone", drawn=-1)
    say(panel, see="here", drawn=-1)
    run._enter("playing")
    for _ in range(50):
        assert panel.ready()
        run.redraw()
        say(panel, see="here", drawn=messages[-1][0]["frame"])
    assert len(messages) == 100


def test_a_page_that_begins_to_look_is_shown_the_present_at_once():
    async def lecture() -> None:
        probe = Probe()
        run, panel = panelled(views=[probe])
        asked = probe.asked
        say(panel, see="a page", drawn=-1)
        await until(lambda: probe.asked > asked)
        run.stop()

    asyncio.run(lecture())

"""`play`, `explore` and `finish` as plain Python has them."""

from __future__ import annotations

import asyncio

import pytest
import torch

from lecturekit import live
from lecturekit.live.registry import REGISTRY
from lecturekit.training import Step, Steps
from tests.live.probes import Probe, begin, trained, until, watched
from tests.live.toy import Line, Settings


def test_in_plain_python_a_run_waits_for_finish():
    model = Line()
    run = live.play(begin(model), [Probe()], Settings())
    assert (run.status, run.update) == ("paused", 0)
    asyncio.run(run.finish())
    assert torch.equal(model.w, trained())


def test_on_a_loop_it_plays_by_itself_or_starts_paused():
    async def lecture() -> None:
        run = live.play(begin(Line(), total=10**6))
        held = live.play(begin(Line(), total=10**6), playing=False)
        await until(lambda: run.update > 10)
        assert (held.status, held.update) == ("paused", 0)
        run.stop()

    asyncio.run(lecture())


def test_two_that_play_pause_one_another():
    async def lecture() -> None:
        first = live.play(begin(Line(), total=10**6), name="first of two")
        second = live.play(begin(Line(), total=10**6), name="second of two")
        assert (first.status, second.status) == ("paused", "playing")
        assert "“second of two” is playing" in first.summary()
        second.stop()

    asyncio.run(lecture())


def test_a_newer_run_of_the_same_name_takes_the_place():
    first = live.play(begin(Line()), name="the same name")
    live.play(begin(Line()), name="the same name")
    assert first.status == "stopped"


def test_sliders_for_settings_and_pace():
    settings = Settings()
    run = live.play(iter(()), controls={"SGD": settings}, pace=50.0)
    assert [(control.group, control.label) for control in run.controls] == [
        ("SGD", "learning rate α"),
        ("SGD", "momentum"),
        ("SGD", "batch size"),
        ("", "updates/s, at most"),
    ]
    run.controls[-1].set(20.0)
    assert run.pace.updates_per_second == 20.0
    several = live.play(iter(()), controls=[Settings(), Settings()])
    assert len(several.controls) == 6


def test_exploring_trains_nothing_and_leaves_a_still_picture():
    probe = Probe()
    run = live.explore([probe], Settings(), name="Bandwidths")
    watcher = watched(run)
    asyncio.run(run.finish())
    assert run.update == 0
    assert watcher.kept[0].note == "Bandwidths"


def test_pictures_follow_the_sliders_while_exploring():
    async def lecture() -> None:
        settings, seen = Settings(), []
        view = Probe(cost=lambda: seen.append(settings.learning_rate))
        run = live.explore([view], settings)
        watched(run)
        run.controls[0].set(0.5)
        run.touched()
        await until(lambda: seen == [0.5])

    asyncio.run(lecture())


def test_what_nobody_needs_to_watch_is_trained_and_forgotten():
    model, before = Line(), len(REGISTRY)
    asyncio.run(live.finish(begin(model), "warm-up"))
    assert torch.equal(model.w, trained())
    assert len(REGISTRY) == before


def test_what_goes_wrong_there_is_raised_and_forgotten():
    def steps() -> Steps:
        yield Step(1, 2, {})
        raise KeyError("no such data")

    before = len(REGISTRY)
    with pytest.raises(KeyError, match="no such data"):
        asyncio.run(live.finish(steps))
    assert len(REGISTRY) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3,), "expected steps to be an iterator or a function, got 3"),
        (([Step(1, 1, {})],), r"expected steps to be an iterator or a function, got \[Step"),
        ((lambda: iter([]), ["curve"]), r"expected views\[0\] to be a View, got 'curve'"),
        ((lambda: iter([]), [], [3]), "expected settings"),
        ((lambda: iter([]), [], Settings), "expected settings"),
        ((lambda: iter([]), [], {"SGD": 3}), "expected settings"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        live.play(*arguments)


def test_so_it_is_by_explore():
    with pytest.raises(ValueError, match="expected settings"):
        live.explore([], [3])
    with pytest.raises(ValueError, match="expected views"):
        live.explore([3], Settings())


@pytest.mark.parametrize("pace", [0, -1.0, float("nan")])
def test_a_pace_that_is_none_is_refused(pace):
    with pytest.raises(ValueError, match=r"expected pace .*> 0, got"):
        live.play(iter(()), pace=pace)


def test_what_is_refused_leaves_no_run_behind():
    before = len(REGISTRY)
    for arguments in ((3,), (iter(()), [3]), (iter(()), [], [3])):
        with pytest.raises(ValueError, match="expected"):
            live.play(*arguments)
    assert len(REGISTRY) == before

"""When which view is drawn: cheap ones often, dear ones seldom, none held up by another."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from lecturekit.live.run import Run
from lecturekit.live.timetable import HURRIED, INTERVAL, SHARE, Timetable
from lecturekit.training import Step, Steps
from tests.live.probes import Probe, until, watched


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only updates and pictures move."""
    now = [0.0]
    for module in ("drawing", "run", "timetable", "pace"):
        monkeypatch.setattr(f"lecturekit.live.{module}.perf_counter", lambda: now[0])
    return now


def drawings(
    clock: list[float], costs: list[float], seconds: float, hurried: bool = False
) -> Counter[int]:
    """How often each view is drawn in a time in which somebody asks every millisecond."""
    timetable, count = Timetable(len(costs)), Counter[int]()
    end = clock[0] + seconds
    while clock[0] < end:
        clock[0] += 0.001
        for view in timetable.due():
            clock[0] += costs[view]
            timetable.drawn(view, costs[view], hurried=hurried)
            count[view] += 1
    return count


def test_all_are_due_at_first_and_when_somebody_moves_a_slider(clock):
    timetable = Timetable(3)
    assert timetable.due() == [0, 1, 2]
    for view in range(3):
        timetable.drawn(view, 0.001)
    assert timetable.due() == []
    timetable.hurry()
    assert timetable.due() == [0, 1, 2]


def test_those_come_first_that_have_waited_longest(clock):
    timetable = Timetable(3)
    for view in (2, 0, 1):
        timetable.drawn(view, 0.001)
        clock[0] += 0.01
    clock[0] += 1.0
    assert timetable.due() == [2, 0, 1]


def test_a_cheap_view_is_drawn_some_twenty_times_a_second(clock):
    count = drawings(clock, [0.001], 10.0)
    assert count[0] == pytest.approx(10 / INTERVAL, rel=0.05)
    assert 19 < 1 / INTERVAL < 25


def test_a_dear_view_does_not_hold_up_the_cheap_ones(clock):
    alone = drawings(clock, [0.001], 60.0)[0]
    with_dear = drawings(clock, [0.001, 0.5], 60.0)
    assert with_dear[0] > 0.75 * alone
    assert with_dear[1] >= 10


@pytest.mark.parametrize("costs", [[0.2], [0.1, 0.3], [0.2, 0.2, 0.2], [0.5] * 4])
def test_all_together_take_no_more_than_their_share(clock, costs):
    count = drawings(clock, costs, 300.0)
    assert min(count.values()) >= 1
    drawing = sum(costs[view] * n for view, n in count.items())
    assert drawing == pytest.approx(SHARE * 300.0, rel=0.25)


def test_finish_draws_less_often(clock):
    assert drawings(clock, [0.001], 10.0, hurried=True)[0] == pytest.approx(10 / HURRIED, rel=0.1)


@pytest.mark.parametrize("finished", [False, True])
def test_a_run_gives_most_of_its_time_to_training(clock, monkeypatch, finished):
    """With pictures that take 1 s each; 40 s of training."""
    monkeypatch.setattr("lecturekit.live.run.pause_after", lambda worked, share: 0.0)

    def costly() -> None:
        clock[0] += 1.0

    def steps() -> Steps:
        for index in range(1, 4001):
            clock[0] += 0.01
            yield Step(index, 4000, {})

    async def lecture() -> int:
        run = Run(steps, [Probe(cost=costly)])
        watcher = watched(run)
        if finished:
            await run.finish()
        else:
            run.play()
            await until(lambda: run.status == "finished")
        return len(watcher.drawn)

    frames = asyncio.run(lecture())
    in_still = 1 if finished else 0
    assert clock[0] == pytest.approx(40.0 + frames + in_still)
    assert 15 <= frames <= 22  # a third of the time, and the first and last picture

"""A run without a notebook: playing as a task, and whatever a person may order."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
import torch

from lecturekit.live.controls import controls_of
from lecturekit.live.pace import Pace
from lecturekit.live.run import Run
from lecturekit.training import Step, Steps
from tests.live.probes import Probe, begin, trained, until, watched
from tests.live.toy import Line, Settings, Shape, train

# ------------------------------------------------------------------------------- plain Python


def test_in_plain_python_finish_does_all_the_work():
    model, probe = Line(), Probe()
    run = Run(begin(model), [probe])
    assert run.play() is run
    assert (run.status, run.update) == ("paused", 0)
    asyncio.run(run.finish())
    assert torch.equal(model.w, trained())
    assert probe.observed == list(range(1, 201))
    assert probe.asked == 0  # nobody watches
    assert run.status == "finished"
    assert len(run.history["loss"][0]) == 200


def test_an_iterator_can_be_played_but_not_reset():
    run = Run(train(Line(), Settings(), total=3))
    assert not run.can_reset
    with pytest.raises(ValueError, match="it was given an iterator"):
        run.reset()
    asyncio.run(run.finish())
    assert run.update == 3


def test_what_the_trainer_does_after_its_last_step_is_done():
    done = []

    def steps() -> Steps:
        yield Step(1, 1, {})
        done.append("averaged")

    run = Run(steps)
    asyncio.run(run.finish())
    assert (run.status, done) == ("finished", ["averaged"])


def test_a_trainer_may_end_before_its_total():
    run = Run(lambda: iter([Step(1, 9, {}), Step(2, 9, {})]))
    asyncio.run(run.finish())
    assert (run.status, run.update, run.total) == ("finished", 2, 9)


def test_steps_can_be_taken_one_by_one_without_a_loop():
    phases: list[str] = []

    def slow_motion() -> Steps:
        for index, phase in enumerate(("positive phase", "negative phase", "update"), start=1):
            phases.append(phase)
            yield Step(index, 3, {})

    run = Run(slow_motion)
    for seen in range(1, 4):
        run.step()
        assert len(phases) == seen
    assert run.status == "finished"
    assert run.step().update == 3  # for good


# ------------------------------------------------------------------------------------ a loop


def test_it_plays_on_the_loop_and_finish_takes_the_rest_bit_for_bit():
    model = Line()

    async def lecture() -> Run:
        run = Run(begin(model, total=1000), [Probe()])
        watcher = watched(run)
        run.play()
        assert (run.status, run.update) == ("playing", 0)
        await until(lambda: run.update > 50)
        assert run.update < 1000
        await run.finish()
        await asyncio.sleep(0.01)  # the task wakes up and ends quietly
        assert run._task is not None
        assert run._task.done()
        assert run._task.exception() is None
        assert {"playing", "finishing"} <= set(watcher.states)
        assert watcher.states[-1] == "finished"
        assert len(watcher.kept) == 1
        return run

    run = asyncio.run(lecture())
    assert (run.status, run.update) == ("finished", 1000)
    assert torch.equal(model.w, trained(total=1000))


def test_whoever_takes_the_steps_the_result_is_the_same():
    """Step button, task and finish, by turns."""
    model = Line()

    async def lecture() -> None:
        run = Run(begin(model, total=600), [Probe()])
        watched(run)
        run.step().step().play()
        await until(lambda: run.update > 20)
        run.pause()
        run.step().play()
        await until(lambda: run.update > 60)
        run.step()
        await run.finish()

    asyncio.run(lecture())
    assert torch.equal(model.w, trained(total=600))


def test_pictures_leave_the_global_generator_alone():
    run = Run(begin(Line()), [Probe()])
    before = torch.random.get_rng_state()
    watched(run)
    run.redraw()
    run.still()
    assert run.views[0].asked == 2
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_setting_changed_mid_run_changes_the_next_update():
    model, settings = Line(), Settings()
    run = Run(begin(model, settings)).step().step()
    before = model.w.detach().clone()
    settings.learning_rate = settings.momentum = 0.0
    run.step()
    assert torch.equal(model.w, before)
    settings.learning_rate = 0.1
    run.step()
    assert not torch.equal(model.w, before)


def test_pause_play_step_stop():
    async def lecture() -> None:
        run = Run(begin(Line(), total=10**6))
        run.play()
        await until(lambda: run.update > 10)
        run.pause()
        held = run.update
        await asyncio.sleep(0.05)
        assert (run.status, run.update) == ("paused", held)
        run.step()
        assert (run.status, run.update) == ("paused", held + 1)
        run.play()
        await until(lambda: run.update > held + 10)
        run.step()
        assert run.status == "paused"
        run.play().stop()
        held = run.update
        await run.finish()
        assert run.update == held
        assert run.summary() == f"stopped by hand at update {held:,} of 1,000,000"
        assert run.play().step().update == held  # for good

    asyncio.run(lecture())


def test_two_that_press_play_at_once_start_one_task():
    async def lecture() -> None:
        run = Run(begin(Line(), total=10**6)).play()
        task = run._task
        run.pause().play()  # before the task has woken up
        assert run._task is task
        await until(lambda: run.update > 10)
        run.stop()

    asyncio.run(lecture())


def test_reset_begins_anew_and_repeats_bit_for_bit():
    model, probe = Line(), Probe()
    run = Run(begin(model), [probe]).step()
    first = model.w.detach().clone()
    asyncio.run(run.finish())
    run.reset()
    assert (run.status, run.update, run.history, probe.resets) == ("paused", 0, {}, 1)
    assert torch.equal(model.w, torch.zeros(3))
    run.step()
    assert torch.equal(model.w, first)
    asyncio.run(run.finish())
    assert torch.equal(model.w, trained())


def test_reset_while_playing_plays_on():
    async def lecture() -> None:
        run = Run(begin(Line(), total=10**6)).play()
        await until(lambda: run.update > 100)
        run.reset()
        assert (run.status, run.update) == ("playing", 0)
        await until(lambda: run.update > 10)
        run.pause().reset()
        assert (run.status, run.update) == ("paused", 0)  # but not if it was held by hand
        run.stop()

    asyncio.run(lecture())


def test_an_abandoned_trainer_is_told():
    """Its `finally` must run when the run is stopped, reset or replaced, and not some day."""
    ended = []

    def steps() -> Steps:
        try:
            for index in range(1, 10):
                yield Step(index, 9, {})
        finally:
            ended.append(True)

    Run(steps).step().stop()
    Run(steps).step().reset()
    Run(steps).step().close()
    assert len(ended) == 3


# ---------------------------------------------------------------------------------- pictures


def test_a_watcher_sees_first_and_last_state_of_all_views():
    model = Line()

    async def lecture() -> None:
        run = Run(begin(model, total=300), [Probe(), Probe()])
        watcher = watched(run)
        await run.finish()
        assert watcher.drawn[-2:] == [0, 1]
        assert watcher.kept[0] is not None
        assert len(watcher.kept[0].pictures) == 2

    asyncio.run(lecture())


def test_nobody_who_looks_costs_no_pictures():
    async def lecture() -> None:
        run = Run(begin(Line(), total=10**6), [Probe()])
        watcher = watched(run, ready=False)
        run.play()
        await until(lambda: run.update > 200)
        assert watcher.drawn == []
        watcher.is_ready = True
        await until(lambda: watcher.drawn != [])
        run.stop()

    asyncio.run(lecture())


def test_what_is_touched_is_drawn_at_once_also_in_a_paused_run():
    async def lecture() -> None:
        run = Run(begin(Line()), [Probe(), Probe()])
        watcher = watched(run)
        run.touched()
        await until(lambda: watcher.drawn == [0, 1])
        run.play()
        run.touched()  # the loop draws by itself
        assert watcher.drawn == [0, 1]
        run.stop()

    asyncio.run(lecture())


def test_settings_are_put_back():
    settings = Settings()
    run = Run(begin(Line(), settings), controls=controls_of([settings]))
    settings.learning_rate, settings.batch_size = 0.9, 3
    run.put_settings_back()
    assert settings == Settings()


def test_a_choice_that_is_put_back_begins_the_run_anew():
    shape = Shape()
    run = Run(begin(Line()), controls=controls_of([shape])).step()
    shape.size = 2.0
    run.put_settings_back()
    assert (run.update, shape) == (1, Shape())  # a slider is for the next update
    shape.name = "two_moons"
    run.put_settings_back()
    assert (run.update, shape) == (0, Shape())
    once = Run(train(Line(), Settings()), controls=controls_of([shape])).step()
    shape.name = "two_moons"
    once.put_settings_back()
    assert (once.update, shape) == (1, Shape())  # an iterator can only go on


# -------------------------------------------------------------------------------------- pace


def test_a_run_keeps_its_pace_and_finish_does_not(monkeypatch):
    """100 updates in a second of a clock that only the loop's waiting moves."""
    clock = [0.0]
    monkeypatch.setattr("lecturekit.live.run.perf_counter", lambda: clock[0])
    monkeypatch.setattr("lecturekit.live.run.pause_after", lambda worked, share: 0.0)

    def ticking() -> Iterator[Step]:
        for index in range(1, 2001):
            clock[0] += 1e-4
            yield Step(index, 2000, {})

    async def lecture() -> None:
        run = Run(ticking, pace=Pace(100.0)).play()
        for _ in range(1000):
            clock[0] += 0.001
            await asyncio.sleep(0)
        assert 95 <= run.update <= 112  # at the start it may catch up with a tenth of a second
        run.pace.updates_per_second = 1000.0
        held = run.update
        for _ in range(100):
            clock[0] += 0.001
            await asyncio.sleep(0)
        assert 80 <= run.update - held <= 125
        await run.finish()
        assert run.update == 2000

    asyncio.run(lecture())


# ---------------------------------------------------------------------------------- in words


def test_how_far_it_came_in_words():
    run = Run(begin(Line()), name="toy")
    assert repr(run) == "<Run toy: not started · paused>"
    assert repr(run.step()) == "<Run toy: update 1 of 200 · paused>"
    assert Run(begin(Line())).stop().summary() == "stopped before the start"
    assert run.still().note == "toy: update 1 of 200 · paused"
    asyncio.run(run.finish())
    assert run.summary() == "update 200 of 200 · finished"


def test_what_trains_nothing_says_nothing_of_updates():
    run = Run(iter(()), name="Bandwidths")
    asyncio.run(run.finish())
    assert (run.summary(), run.still().note) == ("", "Bandwidths")


def test_as_a_cells_value_it_shows_itself_where_somebody_watches():
    run = Run(begin(Line()))
    assert run._ipython_display_() is None
    watcher = watched(run)
    run._ipython_display_()
    assert watcher.appeared == 1


def test_orders_may_come_from_any_thread():
    async def lecture() -> None:
        begun, fresh = [], begin(Line(), total=10**6)

        def anew() -> Steps:
            begun.append(True)
            return fresh()

        run = Run(anew).play()

        async def press(order: str) -> None:
            thread = threading.Thread(target=run.ask, args=[order])
            thread.start()
            await asyncio.to_thread(thread.join)

        await until(lambda: run.update > 10)
        await press("pause")
        await until(lambda: run.status == "paused")
        held = run.update
        await press("step")
        await until(lambda: run.update == held + 1)
        await press("play")
        await until(lambda: run.update > held + 20)
        await press("reset")
        await until(lambda: len(begun) == 2)
        await press("stop")
        await until(lambda: run.status == "stopped")

    asyncio.run(lecture())


def test_orders_reach_a_run_that_never_played():
    async def lecture() -> None:
        run = Run(begin(Line()))
        watcher = watched(run)
        run.ask("step")
        run.ask("save")
        await until(lambda: run.update == 1)
        assert watcher.saved == 1

    asyncio.run(lecture())

"""A run without a notebook: playing as a task, orders, errors, interrupts."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Sequence
from typing import Any

import pytest
import torch

from lecturekit import live, training
from lecturekit.live import View
from lecturekit.live.run import Pace, Run
from lecturekit.live.stage import Place, Stage
from lecturekit.plots import Panels, Picture
from lecturekit.training import DivergenceError, Step, Steps
from tests.live.toy import Line, Settings, train


class Watcher:
    """An audience that notes what it is shown."""

    def __init__(self) -> None:
        self.states: list[str] = []
        self.frames = 0
        self.kept: list[Panels] = []
        self.gone = False

    def show(self, run: Run, pictures: Sequence[bytes] | None) -> None:
        self.states.append(run.status)
        self.frames += pictures is not None

    def keep(self, still: Panels) -> None:
        self.kept.append(still)

    def leave(self) -> None:
        self.gone = True


class Probe(View):
    """A view that counts, or fails where it is told to."""

    def __init__(self, fail_in: str = ""):
        super().__init__("Probe", alt="counts")
        self.observed: list[int] = []
        self.drawn = self.restarted = 0
        self._fail_in = fail_in

    def observe(self, step: Step) -> None:
        self.observed.append(step.index)
        if self._fail_in == "observe":
            raise ZeroDivisionError("in observe")

    def restart(self) -> None:
        self.restarted += 1

    def picture(self) -> bytes:
        self.drawn += 1
        if self._fail_in == "picture" and self.observed:
            raise ZeroDivisionError("in picture")
        torch.rand(3)  # must not change what is trained
        assert not torch.is_grad_enabled()
        return b""

    def still(self) -> Picture:
        if self._fail_in == "still":
            raise ZeroDivisionError("in still")
        return Picture(self.title, self.alt, b"", 1)


def begin(model: Line, settings: Settings | None = None, total: int = 200) -> Any:
    """A function that begins training anew."""

    def fresh() -> Steps:
        torch.nn.init.zeros_(model.w)
        return train(model, settings or Settings(), total=total)

    return fresh


def trained(settings: Settings | None = None, total: int = 200) -> torch.Tensor:
    """What a plain loop over the trainer ends with."""
    model = Line()
    training.finish(train(model, settings or Settings(), total=total))
    return model.w


async def until(condition: Any) -> None:
    """Let the loop run until the condition holds."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.001)


# ------------------------------------------------------------------------------- plain Python


def test_in_plain_python_finish_does_all_the_work():
    model, probe = Line(), Probe()
    run = live.play(begin(model), [probe])
    assert (run.status, run.update) == ("paused", 0)
    assert run.finish() is run
    assert torch.equal(model.w, trained())
    assert probe.observed == list(range(1, 201))
    assert probe.drawn == 0  # nobody watches
    assert run.status == "finished"
    assert len(run.history["loss"][0]) == 200


def test_an_iterator_can_be_played_but_not_reset():
    run = live.play(train(Line(), Settings(), total=3))
    with pytest.raises(ValueError, match="it was given an iterator"):
        run.reset()
    assert run.finish().update == 3


def test_what_the_trainer_does_after_its_last_step_is_done():
    done = []

    def steps() -> Steps:
        yield Step(1, 1, {})
        done.append("averaged")

    assert live.play(steps).finish().status == "finished"
    assert done == ["averaged"]


def test_a_trainer_may_end_before_its_total():
    run = live.play(lambda: iter([Step(1, 9, {}), Step(2, 9, {})])).finish()
    assert (run.status, run.update, run.total) == ("finished", 2, 9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3,), "expected a function that returns steps"),
        ((lambda: iter([]), ["curve"]), "expected views such as"),
        ((lambda: iter([]), [], [3]), "expected settings"),
        ((lambda: iter([]), [], Settings), "expected settings"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        live.play(*arguments)


# ------------------------------------------------------------------------------------ a loop


def test_it_plays_on_the_loop_and_finish_takes_the_rest_bit_for_bit():
    model, watcher = Line(), Watcher()

    async def lecture() -> Run:
        run = Run(begin(model, total=1000), [Probe()])
        run.watch(watcher)
        run.play()
        assert (run.status, run.update) == ("playing", 0)
        await until(lambda: run.update > 50)
        assert run.update < 1000
        run.finish()
        await asyncio.sleep(0.01)  # the task wakes up and ends quietly
        assert run._task is not None
        assert run._task.done()
        assert run._task.exception() is None
        return run

    run = asyncio.run(lecture())
    assert (run.status, run.update) == ("finished", 1000)
    assert torch.equal(model.w, trained(total=1000))
    assert watcher.states[-1] == "finished"
    assert "playing" in watcher.states
    assert len(watcher.kept) == 1


def test_pictures_leave_the_global_generator_alone():
    run = Run(begin(Line()), [Probe()])
    before = torch.random.get_rng_state()
    run.watch(Watcher())
    run.still()
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
        assert run.finish().update == held
        assert run.summary() == f"stopped by hand at update {held:,} of 1,000,000"
        assert run.play().step().update == held  # for good

    asyncio.run(lecture())


def test_reset_begins_anew_and_repeats_bit_for_bit():
    model, probe = Line(), Probe()
    run = Run(begin(model), [probe]).step()
    first = model.w.detach().clone()
    run.finish().reset()
    assert (run.status, run.update, run.history, probe.restarted) == ("paused", 0, {}, 1)
    assert torch.equal(model.w, torch.zeros(3))
    run.step()
    assert torch.equal(model.w, first)
    assert torch.equal(run.finish() and model.w, trained())


def test_reset_while_playing_plays_on():
    async def lecture() -> None:
        run = Run(begin(Line(), total=10**6)).play()
        await until(lambda: run.update > 100)
        run.reset()
        assert (run.status, run.update) == ("playing", 0)
        await until(lambda: run.update > 10)
        run.stop()

    asyncio.run(lecture())


def test_orders_may_come_from_any_thread():
    async def lecture() -> None:
        run = Run(begin(Line(), total=10**6)).play()

        async def press(order: Any) -> None:
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
        await until(lambda: run.update < held + 20)
        await press("stop")
        await until(lambda: run.status == "stopped")

    asyncio.run(lecture())


def test_stop_pressed_while_finish_hurries_is_obeyed():
    async def lecture() -> None:
        def steps() -> Steps:
            for index in range(1, 10**6):
                if index == 1000:
                    thread = threading.Thread(target=run.ask, args=["stop"])
                    thread.start()
                    thread.join()
                yield Step(index, 10**6, {})

        run = Run(steps)
        run.play().finish()
        assert run.status == "stopped"
        assert 1000 <= run.update < 10**6 - 1

    asyncio.run(lecture())


def test_a_run_keeps_its_pace_and_finish_does_not(monkeypatch):
    """100 updates in a second of a clock that only the loop's waiting moves."""
    clock = [0.0]
    monkeypatch.setattr("lecturekit.live.run.perf_counter", lambda: clock[0])

    async def lecture() -> None:
        run = Run(begin(Line(), total=10**4), pace=Pace(100.0)).play()
        for _ in range(1000):
            clock[0] += 0.001
            await asyncio.sleep(0.0015)
        assert 95 <= run.update <= 112  # at the start it may catch up with a tenth of a second
        run.pace.updates_per_second = 1000.0
        held = run.update
        for _ in range(100):
            clock[0] += 0.001
            await asyncio.sleep(0.0015)
        assert 80 <= run.update - held <= 115
        assert run.finish().update == 10**4

    asyncio.run(lecture())


@pytest.mark.parametrize("pace", [0, -1.0, float("nan")])
def test_a_pace_that_is_none_is_refused(pace):
    with pytest.raises(ValueError, match="expected a pace > 0"):
        live.play(iter(()), pace=pace)


def test_orders_reach_a_run_that_never_played():
    async def lecture() -> None:
        run = Run(begin(Line()))
        run.watch(Watcher())
        run.ask("step")
        await until(lambda: run.update == 1)

    asyncio.run(lecture())


def test_exploring_trains_nothing_and_leaves_a_still_picture():
    probe = Probe()
    run = live.explore([probe], Settings(), name="Bandwidths")
    run.watch(watcher := Watcher())
    assert run.finish().update == 0
    assert watcher.kept[0].note == "Bandwidths"


def test_drawing_takes_no_more_than_its_share(monkeypatch):
    """With pictures that take 1 s each, and a clock that only they and the updates move."""
    clock = [0.0]
    monkeypatch.setattr("lecturekit.live.run.perf_counter", lambda: clock[0])

    class Slow(Probe):
        def picture(self) -> bytes:
            clock[0] += 1.0
            return b""

    def steps() -> Steps:
        for index in range(1, 4001):
            clock[0] += 0.01
            yield Step(index, 4000, {})

    async def lecture() -> Watcher:
        run, watcher = Run(steps, [Slow()]), Watcher()
        run.watch(watcher)
        monkeypatch.setattr("lecturekit.live.run.BREATH", 0.0)
        run.play()
        await until(lambda: run.status == "finished")
        return watcher

    watcher = asyncio.run(lecture())
    assert clock[0] == pytest.approx(40.0 + watcher.frames)
    assert 15 <= watcher.frames <= 22  # a third of the time, and the first and last picture


# ------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize("where", ["observe", "picture"])
def test_an_error_in_a_view_is_shown_and_raised_again(where):
    watcher = Watcher()

    async def lecture() -> Run:
        run = Run(begin(Line(), total=10**6), [Probe(where)])
        run.watch(watcher)
        run.play()
        await until(lambda: run.status == "failed")
        return run

    run = asyncio.run(lecture())
    assert "ZeroDivisionError" in run.explain()
    assert "Traceback" in run.explain()
    assert watcher.states[-1] == "failed"
    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match=f"in {where}"):
            run.finish()


def test_an_error_in_the_last_pictures_is_raised_by_finish_and_told():
    watcher, run = Watcher(), Run(begin(Line(), total=3), [Probe("still")])
    run.watch(watcher)
    with pytest.raises(ZeroDivisionError, match="in still"):
        run.finish()
    assert (run.update, watcher.states[-1], watcher.kept) == (3, "failed", [])
    assert "Traceback" in run.explain()


def test_an_error_in_the_trainer_is_raised_by_finish_and_gone_after_reset():
    faulty = [True]

    def steps() -> Steps:
        yield Step(1, 2, {})
        if faulty[0]:
            raise KeyError("no such data")
        yield Step(2, 2, {})

    run = Run(steps)
    with pytest.raises(KeyError, match="no such data"):
        run.finish()
    assert (run.status, run.update) == ("failed", 1)
    faulty[0] = False
    assert run.reset().finish().update == 2


def test_a_divergence_stops_with_the_last_finite_model():
    model, settings, watcher = Line(), Settings(momentum=0.0), Watcher()
    run = Run(begin(model, settings, total=2000), [Probe()])
    run.watch(watcher)
    for _ in range(25):
        run.step()
    settings.learning_rate = 1e6
    frames = watcher.frames
    with pytest.raises(DivergenceError, match=r"learning_rate=1000000\.0"):
        run.finish()
    assert model.w.isfinite().all()
    assert run.status == "failed"
    assert "Traceback" not in run.explain()
    assert "training diverged between update" in run.explain()
    assert watcher.frames > frames  # the views show the model that was kept


# --------------------------------------------------------------------------------- interrupts


def interrupting(model: Line, at: int, times: int = 1) -> Any:
    """Training that is interrupted in the middle of update `at`."""

    def steps() -> Steps:
        for step in begin(model)():
            if step.index == at:
                for _ in range(times):
                    signal.raise_signal(signal.SIGINT)
            yield step

    return steps


def test_an_interrupt_waits_for_the_end_of_the_update_and_the_run_goes_on():
    model = Line()
    run = Run(interrupting(model, at=7))
    with pytest.raises(KeyboardInterrupt):
        run.finish()
    assert (run.status, run.update, run.reason) == ("paused", 7, "interrupted")
    assert model.w.isfinite().all()
    run.finish()
    assert torch.equal(model.w, trained())


def test_a_second_interrupt_gets_through_at_once():
    run = Run(interrupting(Line(), at=7, times=2))
    with pytest.raises(KeyboardInterrupt):
        run.finish()
    assert (run.status, run.update) == ("stopped", 6)
    assert run.finish().update == 6
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_while_playing_pauses():
    async def lecture() -> None:
        run = Run(interrupting(Line(), at=7)).play()
        await until(lambda: run.status != "playing")
        assert (run.status, run.update, run.reason) == ("paused", 7, "interrupted")

    asyncio.run(lecture())


# ---------------------------------------------------------------------------------- the stage


def staged(stage: Stage, name: str = "", cell: str | None = None, execution: str = "") -> Run:
    """A run that entered the stage, watched."""
    run = Run(begin(Line(), total=10**6), name=name)
    run.watch(Watcher())
    stage.enter(run, Place(cell, execution))
    return run


def test_one_run_plays_at_a_time():
    async def lecture() -> None:
        stage = Stage()
        first, second = staged(stage, "PCD"), staged(stage, "FPCD")
        first.play()
        second.play()
        assert (first.status, second.status) == ("paused", "playing")
        assert "“FPCD” is playing" in first.summary()
        first.play()
        assert (first.status, second.status) == ("playing", "paused")
        first.stop()

    asyncio.run(lecture())


def test_a_cell_run_again_replaces_its_runs_but_one_execution_may_start_several():
    stage = Stage()
    first, second = staged(stage, cell="a", execution="1"), staged(stage, cell="a", execution="1")
    other = staged(stage, cell="b", execution="2")
    watchers = [run.audience for run in (first, second, other)]
    staged(stage, cell="a", execution="3")
    assert [watcher.gone for watcher in watchers] == [True, True, False]
    assert (first.status, second.status, other.status) == ("stopped", "stopped", "paused")


def test_a_newer_run_of_the_same_name_replaces_the_older_one_and_ends_its_task():
    async def lecture() -> None:
        stage = Stage()
        older = staged(stage, "PCD", cell="a").play()
        await until(lambda: older.update > 10)
        unrelated = staged(stage, "CD-1", cell="b")
        staged(stage, "PCD", cell="c").play().stop()
        await until(lambda: older._task.done())
        assert (older.status, older.audience) == ("stopped", None)
        assert unrelated.status == "paused"

    asyncio.run(lecture())


def test_where_no_cell_is_known_nothing_is_replaced():
    stage = Stage()
    first = staged(stage)
    staged(stage)
    assert first.status == "paused"


def test_slow_motion_starts_paused_and_takes_one_phase_at_a_time():
    phases: list[str] = []

    def slow_motion() -> Steps:
        for index, phase in enumerate(("positive phase", "negative phase", "update"), start=1):
            phases.append(phase)
            yield Step(index, 3, {})

    async def lecture() -> None:
        run = live.play(slow_motion, playing=False)
        await asyncio.sleep(0.02)
        assert (run.status, phases) == ("paused", [])
        for seen in range(1, 4):
            run.step()
            assert len(phases) == seen
        assert run.status == "finished"

    asyncio.run(lecture())


def test_the_same_run_is_quiet_as_a_cells_value():
    run = Run(begin(Line()), name="toy")
    assert run._ipython_display_() is None
    assert repr(run) == "<Run toy: not started · paused>"
    assert repr(run.step()) == "<Run toy: update 1 of 200 · paused>"

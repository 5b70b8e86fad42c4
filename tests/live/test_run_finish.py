"""A cell that waits for the end: buttons and sliders act meanwhile, and it always ends."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest
import torch

from lecturekit.live.controls import controls_of
from lecturekit.live.run import Run
from lecturekit.training import Step, Steps
from tests.live.probes import Probe, begin, trained, until, watched
from tests.live.toy import Line, Settings

NAN = float("nan")


def finishing(run: Run) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(run.finish())


def endless(after: int, act: Callable[[], None]) -> Callable[[], Steps]:
    """Steps without end, for a person who does something at one of them."""

    def steps() -> Steps:
        for index in range(1, 10**7):
            if index == after:
                act()
            yield Step(index, 10**7, {})

    return steps


@pytest.mark.parametrize("played", [False, True])
def test_stop_pressed_meanwhile_is_obeyed(played):
    """From another thread, as JupyterLab sends it, in the midst of a slice."""

    def press() -> None:
        thread = threading.Thread(target=run.ask, args=["stop"])
        thread.start()
        thread.join()

    async def lecture() -> None:
        if played:
            run.play()
        await asyncio.wait_for(run.finish(), 60)

    run = Run(endless(1000, press))
    asyncio.run(lecture())
    assert run.status == "stopped"
    assert 1000 <= run.update < 10**7 - 1


def test_the_loop_breathes_meanwhile():
    """Whatever else is to be done on it, such as the order of a button, is done."""

    async def lecture() -> None:
        run = Run(endless(10**9, lambda: None))
        cell = finishing(run)
        await until(lambda: run.update > 100)
        assert run.status == "finishing"
        run.stop()
        await cell

    asyncio.run(lecture())


def test_a_share_of_a_core_is_kept_and_ends_with_the_same_bits(monkeypatch):
    alone, shared = Line(), Line()
    asyncio.run(Run(begin(alone, total=2000)).finish())
    monkeypatch.setenv("LECTUREKIT_SHARE", "0.2")
    wall, processor = time.perf_counter(), time.process_time()
    asyncio.run(Run(begin(shared, total=2000)).finish())
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    assert processor / wall < 0.3
    assert torch.equal(alone.w, shared.w)


def test_paused_meanwhile_it_waits_and_goes_on_bit_for_bit():
    model = Line()

    async def lecture() -> None:
        run = Run(begin(model, total=1500), [Probe()])
        watcher = watched(run)
        cell = finishing(run)
        await until(lambda: run.update > 50)
        run.pause()
        held = run.update
        await asyncio.sleep(0.1)
        assert (run.status, run.update, cell.done()) == ("paused", held, False)
        run.step()
        assert run.update == held + 1
        run.play()
        assert run.status == "finishing"
        await cell
        assert run.status == "finished"
        assert len(watcher.kept) == 1

    asyncio.run(lecture())
    assert torch.equal(model.w, trained(total=1500))


def test_reset_meanwhile_begins_anew_and_is_finished():
    model = Line()

    async def lecture() -> None:
        run = Run(begin(model, total=1500))
        cell = finishing(run)
        await until(lambda: run.update > 50)
        run.reset()
        assert (run.status, run.update) == ("finishing", 0)
        await cell
        assert run.update == 1500

    asyncio.run(lecture())
    assert torch.equal(model.w, trained(total=1500))


def test_a_run_that_was_stopped_by_hand_stays_where_it_is():
    run = Run(begin(Line()), [Probe()]).step()
    watcher = watched(run)
    asyncio.run(run.stop().finish())
    assert run.update == 1
    assert watcher.kept[0].note == "stopped by hand at update 1 of 200"


def test_to_finish_twice_is_to_show_it_twice():
    run = Run(begin(Line()), [Probe()])
    watcher = watched(run)
    asyncio.run(run.finish())
    asyncio.run(run.finish())
    assert (run.update, len(watcher.kept)) == (200, 2)


def test_a_long_wait_shows_the_panel_in_the_waiting_cell_too(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("lecturekit.live.run.perf_counter", lambda: clock[0])

    def steps(seconds: float) -> Callable[[], Steps]:
        def ticking() -> Steps:
            for index in range(1, 11):
                clock[0] += seconds / 10
                yield Step(index, 10, {})

        return ticking

    for seconds, joined in ((0.1, 0), (9.0, 1)):
        run = Run(steps(seconds), [Probe()])
        watcher = watched(run)
        asyncio.run(run.finish())
        assert watcher.joined == joined
        assert [still is not None for still in watcher.kept] == [True]


def test_where_the_wait_ends_badly_nothing_stays_of_the_panel(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("lecturekit.live.run.perf_counter", lambda: clock[0])

    def steps() -> Steps:
        for index in range(1, 10):
            clock[0] += 1.0
            yield Step(index, 9, {})
            if index == 5:
                raise KeyError("no such data")

    run = Run(steps, [Probe()])
    watcher = watched(run)
    with pytest.raises(KeyError):
        asyncio.run(run.finish())
    assert (watcher.joined, watcher.kept) == (1, [None])


def test_a_run_without_pictures_leaves_none():
    run = Run(begin(Line()))
    watcher = watched(run)
    asyncio.run(run.finish())
    assert watcher.kept == [None]


def test_a_run_replaced_meanwhile_lets_the_cell_go():
    async def lecture() -> None:
        run = Run(endless(10**9, lambda: None), [Probe()])
        watcher = watched(run)
        cell = finishing(run)
        await until(lambda: run.update > 100)
        run.close()
        await asyncio.wait_for(cell, 10)
        assert (run.status, watcher.gone) == ("stopped", True)

    asyncio.run(lecture())


# --------------------------------------------------------------- settings that no trainer can use


def tuned(settings: Settings, total: int = 10**6) -> tuple[Run, Line]:
    model = Line()
    return Run(begin(model, settings, total), controls=controls_of([settings])), model


WORDS = r"learning rate α \(learning_rate\) must be a finite number ≥ 0, got nan"


def test_a_setting_that_is_none_pauses_a_playing_run_with_words_until_it_is_repaired():
    async def lecture() -> None:
        settings = Settings()
        run, model = tuned(settings)
        run.play()
        await until(lambda: run.update > 10)
        settings.learning_rate = NAN
        await until(lambda: run.status == "paused")
        assert run.reason.startswith("learning rate α (learning_rate) must be a finite number")
        held = run.update
        run.play()
        await until(lambda: run.status == "paused")
        assert run.update == held  # not one update with it
        settings.learning_rate = 0.05
        run.play()
        await until(lambda: run.update > held + 10)
        run.stop()
        assert model.w.isfinite().all()

    asyncio.run(lecture())


@pytest.mark.parametrize("value", [NAN, float("inf"), -1.0, "0.1", None])
def test_finish_with_such_a_setting_says_so_and_never_hangs(value):
    settings = Settings()
    run, _ = tuned(settings, total=200)
    watcher = watched(run)
    settings.learning_rate = value
    with pytest.raises(ValueError, match=r"learning rate α \(learning_rate\) must be a finite"):
        asyncio.run(asyncio.wait_for(run.finish(), 10))
    assert (run.status, run.update) == ("paused", 0)
    assert "must be a finite number" in run.summary()
    assert watcher.states[-1] == "paused"
    settings.learning_rate = 0.05
    asyncio.run(run.finish())
    assert run.status == "finished"


def test_a_setting_spoilt_while_finish_works_ends_the_wait():
    async def lecture() -> None:
        settings = Settings()
        run, _ = tuned(settings)
        cell = finishing(run)
        await until(lambda: run.update > 10)
        settings.learning_rate = NAN
        with pytest.raises(ValueError, match=WORDS):
            await asyncio.wait_for(cell, 10)
        held = run.update
        assert run.status == "paused"
        settings.learning_rate = 0.05
        run.play()
        assert run.status == "playing"  # no cell waits for it any more
        await until(lambda: run.update > held)
        run.stop()

    asyncio.run(lecture())


def test_a_single_step_with_such_a_setting_is_refused_and_does_no_harm():
    settings = Settings()
    run, model = tuned(settings)
    run.step()
    before = model.w.detach().clone()
    settings.learning_rate = NAN
    with pytest.raises(ValueError, match=WORDS):
        run.step()
    assert (run.status, run.update) == ("paused", 1)
    assert torch.equal(model.w, before)
    settings.learning_rate = 0.05
    assert run.step().update == 2

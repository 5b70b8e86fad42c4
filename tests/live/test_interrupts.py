"""Interrupts wait for the end of an update, and leave a run that can go on."""

from __future__ import annotations

import asyncio
import signal
import threading
import traceback
from collections.abc import Callable

import pytest
import torch

from lecturekit.live.interrupts import Interrupted, interrupts_held
from lecturekit.live.run import Run
from lecturekit.training import Steps
from tests.live.probes import Probe, begin, trained, until, watched
from tests.live.toy import Line


def interrupting(model: Line, at: int, times: int = 1) -> Callable[[], Steps]:
    """Training that is interrupted in the middle of update `at`."""

    def steps() -> Steps:
        for step in begin(model)():
            if step.index == at:
                for _ in range(times):
                    signal.raise_signal(signal.SIGINT)
            yield step

    return steps


def test_an_interrupt_is_noted_and_a_second_one_raised():
    before = signal.getsignal(signal.SIGINT)
    with interrupts_held() as interrupted:
        assert not interrupted()
        signal.raise_signal(signal.SIGINT)
        assert interrupted()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_get_no_signals_and_hold_none():
    seen: list[bool] = []

    def work() -> None:
        with interrupts_held() as interrupted:
            seen.append(interrupted())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]


def test_finish_is_interrupted_after_the_update_and_the_run_goes_on():
    model = Line()
    run = Run(interrupting(model, at=7), [Probe()], name="PCD")
    watcher = watched(run)
    with pytest.raises(
        Interrupted, match=r"PCD: update 7 of 200 · paused \(interrupted\)\. Play it"
    ):
        asyncio.run(run.finish())
    assert (run.status, run.update, run.reason) == ("paused", 7, "interrupted")
    assert watcher.states[-1] == "paused"
    assert model.w.isfinite().all()
    asyncio.run(run.finish())
    assert torch.equal(model.w, trained())


def test_a_kernel_interrupts_by_cancelling_the_cell():
    model = Line()

    async def lecture() -> None:
        run = Run(begin(model, total=2000))
        cell = asyncio.get_running_loop().create_task(_caught(run))
        await until(lambda: run.update > 20)
        cell.cancel()
        with pytest.raises(RuntimeError, match=r"^interrupted: The run: update"):
            await cell
        assert (run.status, run.reason) == ("paused", "interrupted")
        await asyncio.sleep(0.03)
        await run.finish()

    asyncio.run(lecture())
    assert torch.equal(model.w, trained(total=2000))


def test_a_wait_for_a_paused_run_can_be_interrupted_too():
    async def lecture() -> None:
        run = Run(begin(Line(), total=10**6))
        cell = asyncio.get_running_loop().create_task(_caught(run))
        await until(lambda: run.update > 20)
        run.pause()
        await asyncio.sleep(0.05)
        cell.cancel()
        with pytest.raises(RuntimeError, match="interrupted"):
            await cell
        assert run.status == "paused"
        run.play()  # no cell waits any more: it plays
        assert run.status == "playing"
        run.stop()

    asyncio.run(lecture())


async def _caught(run: Run) -> None:
    """As IPython catches what a cell raises; out of a task, it would end the loop."""
    try:
        await run.finish()
    except KeyboardInterrupt as error:
        raise RuntimeError(f"interrupted: {error}") from None


def test_a_second_interrupt_gets_through_at_once():
    run = Run(interrupting(Line(), at=7, times=2))
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(run.finish())
    assert (run.status, run.update) == ("stopped", 6)
    asyncio.run(run.finish())
    assert run.update == 6
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_while_playing_pauses():
    async def lecture() -> None:
        run = Run(interrupting(Line(), at=7)).play()
        await until(lambda: run.status != "playing")
        assert (run.status, run.update, run.reason) == ("paused", 7, "interrupted")

    asyncio.run(lecture())


def test_an_interrupt_in_a_single_step_waits_for_its_end():
    run = Run(interrupting(Line(), at=1))
    run.step()
    assert (run.status, run.update) == ("paused", 1)


def test_a_notebook_shows_it_in_one_line():
    assert Interrupted("Play on.")._render_traceback_() == ["Interrupted. Play on."]
    assert traceback.format_exception_only(Interrupted("x"))

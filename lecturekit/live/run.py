"""A run of training steps that is watched, paused, tuned and finished while it happens."""

from __future__ import annotations

import asyncio
import contextlib
import math
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Literal, Protocol

import torch

from lecturekit import plots
from lecturekit.live.history import History, Points
from lecturekit.live.interrupts import interrupts_held
from lecturekit.live.views import View
from lecturekit.training import DivergenceError, Step, Steps, tunable

Order = Literal["play", "pause", "step", "stop", "reset", "redraw"]
Status = Literal["playing", "paused", "finishing", "finished", "stopped", "failed"]

SLICE = 0.02  # seconds of training between two breaths of the kernel's loop
BREATH = 0.001  # seconds in which the kernel answers: cells, buttons, sliders
REDRAW = 0.1  # seconds between two pictures while playing
REDRAW_FINISHING = 0.5  # ... while finish() hurries
SHARE, SHARE_FINISHING = 1 / 3, 1 / 20  # of the time, at most, for pictures


@dataclass
class Pace:
    """How fast a run may play; `finish` does not wait."""

    updates_per_second: float = tunable(100.0, 1.0, 1000.0, scale="log", label="updates/s, at most")


class Audience(Protocol):
    """Who watches a run: in a notebook, its panel."""

    def show(self, run: Run, pictures: Sequence[bytes] | None) -> None:
        """Show the state, and new pictures if there are any."""

    def keep(self, still: plots.Panels) -> None:
        """Show the last pictures, and leave them in the present cell, where they need no kernel."""

    def leave(self) -> None:
        """The run is gone."""


class Run:
    """A run of training steps. Made by `play`.

    In a notebook a task on the kernel's event loop takes steps in slices of some 20 ms, whenever
    no cell is executed. `finish` takes what is left at once, from the same iterator: the final
    parameters are the same whoever took which step. Without an event loop, in plain Python,
    nothing plays by itself and `finish` does all the work.

    Attributes:
        status: "playing", "paused", "finishing", "finished", "stopped" or "failed".
        reason: why it is in this state, where that is not plain.
        update: the last update taken.
        total: how many there will be; 0 before the first.
        pace: how fast it may play; None is as fast as it can.
        rate: updates per second while playing.
        error: what made it fail.
    """

    def __init__(
        self,
        steps: Steps | Callable[[], Steps],
        views: Sequence[View] = (),
        name: str = "",
        pace: Pace | None = None,
    ) -> None:
        self.name, self.views, self.pace = name, tuple(views), pace
        self.status: Status = "paused"
        self.reason = ""
        self.update = self.total = 0
        self.rate = 0.0
        self.error: BaseException | None = None
        self.audience: Audience | None = None
        self.before_play: Callable[[Run], None] = lambda run: None
        self._begin = steps if callable(steps) else None
        self._steps = iter(steps() if callable(steps) else steps)
        self._history = History()
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._orders: deque[str] = deque()
        self._next_at = 0.0
        self._drawn_at, self._drawing_took = perf_counter(), 0.0
        self._rated_at, self._rated_update = perf_counter(), 0

    def __repr__(self) -> str:
        return f"<Run {self.name + ': ' if self.name else ''}{self.summary()}>"

    # Several outputs of a cell would show the same: panel, still picture, and this.
    def _ipython_display_(self) -> None:
        """Show nothing as a cell's value: the panel and `finish` have shown it."""

    # ------------------------------------------------------------------------- what it tells

    @property
    def history(self) -> dict[str, Points]:
        """Metric → (updates, values), thinned out evenly when there are thousands."""
        return self._history.as_dict()

    @property
    def can_reset(self) -> bool:
        """Whether it was given a function that begins anew."""
        return self._begin is not None

    def summary(self) -> str:
        """How far it came, in words that do not depend on the speed of the machine."""
        if self.status == "finished" and not self.total:
            return ""  # there was nothing to train
        progress = f"update {self.update:,} of {self.total:,}" if self.total else "not started"
        if self.status == "stopped":
            return f"stopped by hand at {progress}" if self.total else "stopped before the start"
        return f"{progress} · {self.status}" + (f" ({self.reason})" if self.reason else "")

    # ------------------------------------------------------------------------ what it can do

    def play(self) -> Run:
        """Take steps by itself, as long as no cell is executed. Needs a running event loop."""
        self._find_loop()
        if self.status == "paused" and self._loop is not None:
            self.before_play(self)
            self._rated_at, self._rated_update = perf_counter(), self.update
            self._enter("playing")
            if self._task is None or self._task.done():
                self._task = self._loop.create_task(self._perform())
        return self

    def pause(self, reason: str = "") -> Run:
        """Hold on after the present update."""
        if self.status == "playing":
            self._enter("paused", reason)
            self.redraw()
        return self

    def step(self) -> Run:
        """Take one step, and pause."""
        self._take_one()
        return self._raise_error()

    def stop(self) -> Run:
        """End here: `finish` will not train on."""
        if self.status in ("playing", "paused", "finishing"):
            self._end("stopped")
            self.redraw()
        return self

    def reset(self) -> Run:
        """Begin anew; goes on playing if it was playing.

        Raises:
            ValueError: it was given an iterator, which cannot begin anew.
        """
        if self._begin is None:
            raise ValueError(
                "expected play() to be given a function that returns steps, for a reset; "
                "it was given an iterator, which can only go on"
            )
        was_playing = self.status == "playing"
        self._end("paused")
        self.update = self.total = 0
        self.error = None
        self._history = History()
        for view in self.views:
            view.restart()
        try:
            self._steps = iter(self._begin())
        except Exception as error:
            self._fail(error)
        self.redraw()
        return self.play() if was_playing else self

    def finish(self) -> Run:
        """Take all steps that are left, and leave a still picture in the cell's output.

        A run that was stopped by hand stays where it is.

        Raises:
            Exception: whatever made the run or one of its views fail.
            KeyboardInterrupt: by hand, between two updates: the model is usable and the run
                paused, to be finished or played on.
        """
        if self.status in ("playing", "paused"):
            self._drain()
        self._raise_error()
        if self.audience is not None:
            try:
                self.audience.keep(self.still())
            except Exception as error:
                self._fail(error)
                raise
        return self

    def still(self) -> plots.Panels:
        """All views as they are now, as one static picture."""
        with _hands_off():
            pictures = [view.still() for view in self.views]
        return plots.panels(pictures, ": ".join(filter(None, (self.name, self.summary()))))

    def retire(self) -> None:
        """Give way to a newer run: stop, and close the panel."""
        self._end("stopped" if self.status in ("playing", "paused") else self.status)
        if self.audience is not None:
            self.audience.leave()
            self.audience = None

    # --------------------------------------------------------------------- those who watch it

    def ask(self, order: Order) -> None:
        """Leave an order that the loop carries out; callbacks of widgets may be on any thread."""
        self._orders.append(order)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._obey)

    def _find_loop(self) -> None:
        with contextlib.suppress(RuntimeError):  # plain Python: finish() will do the work
            self._loop = asyncio.get_running_loop()

    def _obey(self) -> None:
        methods = {
            "play": self.play,
            "pause": self.pause,
            "step": self._take_one,
            "stop": self.stop,
            "reset": self.reset,
            "redraw": self.redraw,
        }
        while self._orders:
            methods[self._orders.popleft()]()

    def watch(self, audience: Audience) -> None:
        """Let somebody watch, and show the present state."""
        self.audience = audience
        self._find_loop()  # orders arrive also where nothing has played yet
        self._enter(self.status)
        self.redraw()

    # ------------------------------------------------------------------------------ the work

    async def _perform(self) -> None:
        while self.status == "playing":
            with interrupts_held() as interrupted:
                self._advance_in_time(SLICE, interrupted)
                self._redraw_if_due(REDRAW, SHARE)
            if interrupted():
                self.pause("interrupted")
            await asyncio.sleep(BREATH)

    def _drain(self) -> None:
        self._enter("finishing")  # the task ends when it wakes up
        with interrupts_held() as interrupted:
            while self.status == "finishing" and not interrupted():
                self._advance_for(SLICE, interrupted)
                if "stop" in self._orders:
                    self.stop()
                self._redraw_if_due(REDRAW_FINISHING, SHARE_FINISHING)
        self._orders.clear()  # the other buttons have no meaning meanwhile
        if interrupted():
            if self.status == "finishing":
                self._enter("paused", "interrupted")
                self.redraw()
            raise KeyboardInterrupt(self.summary())

    def _take_one(self) -> None:
        if self.status == "playing":
            self._enter("paused")
        if self.status == "paused":
            with interrupts_held():
                self._advance()
                self.redraw()

    def _advance_in_time(self, seconds: float, interrupted: Callable[[], bool]) -> None:
        """The updates of a slice, no more of them than the pace allows."""
        if self.pace is None:
            return self._advance_for(seconds, interrupted)
        now = start = perf_counter()
        self._next_at = max(self._next_at, start - REDRAW)  # a long cell is not caught up with
        while self.status == "playing" and self._next_at <= now < start + seconds:
            self._next_at += 1 / self.pace.updates_per_second
            self._advance()
            now = math.inf if interrupted() else perf_counter()

    def _advance_for(self, seconds: float, interrupted: Callable[[], bool]) -> None:
        deadline, status = perf_counter() + seconds, self.status
        while self.status == status and perf_counter() < deadline and not interrupted():
            self._advance()

    def _advance(self) -> None:
        """One update; after the last one also what the trainer does at its end."""
        try:
            for step in self._steps:
                self._note(step)
                if step.index < step.total:
                    return
            hurried = self.status == "finishing"
            self._end("finished")
            if not hurried:  # finish() draws the last pictures itself
                self.redraw()
        except Exception as error:
            self._fail(error)
        except KeyboardInterrupt:  # the second one: the trainer was torn out of an update
            self._end("stopped")
            raise

    def _note(self, step: Step) -> None:
        self.update, self.total = step.index, step.total
        self._history.observe(step)
        for view in self.views:
            view.observe(step)

    def _enter(self, status: Status, reason: str = "") -> None:
        self.status, self.reason = status, reason
        if self.audience is not None:
            self.audience.show(self, None)

    def _end(self, status: Status) -> None:
        close = getattr(self._steps, "close", None)
        if close is not None:
            close()
        self._enter(status)

    def _fail(self, error: BaseException) -> None:
        self.error = error
        self._end("failed")
        if isinstance(error, DivergenceError):  # the model is back at its last finite state
            self.redraw()

    def _raise_error(self) -> Run:
        if self.error is not None:
            raise self.error
        return self

    # -------------------------------------------------------------------------- the pictures

    def redraw(self) -> None:
        """Show the present state to whoever watches."""
        if self.audience is None:
            return
        started = perf_counter()
        self._measure_rate(started)
        try:
            with _hands_off():
                self.audience.show(self, [view.picture() for view in self.views])
        except Exception as error:
            if self.error is None:
                self._fail(error)
        self._drawn_at = perf_counter()
        self._drawing_took = self._drawn_at - started

    def _redraw_if_due(self, interval: float, share: float) -> None:
        pause = max(interval - self._drawing_took, self._drawing_took * (1 / share - 1))
        if self.audience is not None and perf_counter() - self._drawn_at >= pause:
            self.redraw()

    def _measure_rate(self, now: float) -> None:
        """Once a second: faster, nobody could read it."""
        elapsed = now - self._rated_at
        if elapsed >= 1.0 or (elapsed > 0.0 and not self.rate):
            self.rate = max(self.update - self._rated_update, 0) / elapsed
            self._rated_at, self._rated_update = now, self.update

    def explain(self) -> str:
        """The error in words: a divergence in a sentence, anything else with its traceback."""
        if self.error is None or isinstance(self.error, DivergenceError):
            return str(self.error or "")
        return "".join(traceback.format_exception(self.error)).strip()


@contextlib.contextmanager
def _hands_off() -> Iterator[None]:
    """Views must not change what is trained: no gradients, and the global generator put back."""
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        yield

"""A run of training steps that is watched, paused, tuned and finished while it happens."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterable, Sequence
from time import perf_counter
from typing import Literal

from lecturekit import plots
from lecturekit.door import door
from lecturekit.live.controls import Control
from lecturekit.live.drawing import Drawing
from lecturekit.live.history import History, Points
from lecturekit.live.interrupts import Interrupted, interrupts_held
from lecturekit.live.listener import Listener
from lecturekit.live.orders import Orders
from lecturekit.live.pace import LONGEST, Pace, Rate, pause_after, share_of_a_core
from lecturekit.live.views import View
from lecturekit.training import DivergenceError, Step, Steps
from lecturekit.training.steps import as_step, checked_steps

Status = Literal["playing", "paused", "finishing", "finished", "stopped", "failed"]

SLICE = 0.02  # seconds of training between two breaths of the kernel's loop
TOLD = 0.1  # seconds between two lines of progress


Order = Literal["play", "pause", "step", "stop", "reset", "defaults", "redraw", "save"]


def _begun(steps: Steps | Callable[[], Steps]) -> Steps:
    if not callable(steps):
        return iter(steps)
    return checked_steps("steps", steps())


@door
class Run:
    """A run of training steps. Made by `play`.

    In a notebook a task on the kernel's event loop takes steps in slices of some 20 ms, whenever
    no cell is executed. `await run.finish()` takes what is left, from the same iterator: the final
    parameters are the same whoever took which step. Without an event loop, in plain Python,
    nothing plays by itself; there it is `asyncio.run(run.finish())`.

    Attributes:
        status: "playing", "paused", "finishing", "finished", "stopped" or "failed".
        reason: why it is in this state, where that is not plain.
        update: the last update taken.
        total: how many there will be; 0 before the first.
        views: what it shows.
        controls: what a person may change.
        pace: how fast it may play; None is as fast as it can.
        rate: how fast it goes.
        error: what made it fail.
    """

    def __init__(
        self,
        steps: Steps | Callable[[], Steps],
        views: Sequence[View] = (),
        name: str = "",
        pace: Pace | None = None,
        controls: Sequence[Control] = (),
    ) -> None:
        self.name, self.views, self.pace, self.controls = name, tuple(views), pace, list(controls)
        self.status: Status = "paused"
        self.reason = ""
        self.update = self.total = 0
        self.rate = Rate()
        self._share = share_of_a_core()
        self.error: BaseException | None = None
        self.listener: Listener | None = None
        self.before_play: Callable[[Run], None] = lambda run: None
        self._begin = steps if callable(steps) else None
        self._steps = _begun(steps)
        self._history = History()
        self._drawing = Drawing(self.views)
        self._told_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._awaited = False  # a cell waits for the end
        self._orders = Orders(
            {
                "play": self.play,
                "pause": self.pause,
                "step": self._take_one,
                "stop": self.stop,
                "reset": self.reset,
                "defaults": self.put_settings_back,
                "redraw": self.redraw,
                "save": self._save,
            }
        )

    def __repr__(self) -> str:
        return f"<Run {self.name + ': ' if self.name else ''}{self.summary()}>"

    def _ipython_display_(self) -> None:
        """As a cell's value: the panel, such as after its tab was closed without saving."""
        if self.listener is not None:
            self.listener.appear()

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

    def progress(self) -> str:
        """The summary, with speed and time left while it is under way."""
        under_way = self.status in ("playing", "finishing")
        speed = self.rate.in_words(self.total - self.update) if under_way else ""
        return " · ".join(filter(None, (self.summary(), speed)))

    def explain(self) -> str:
        """The error in words: a divergence in a sentence, anything else with its traceback."""
        if self.error is None or isinstance(self.error, DivergenceError):
            return str(self.error or "")
        return "".join(traceback.format_exception(self.error)).strip()

    def pictures(self) -> list[plots.Picture]:
        """All views as they are now."""
        return self._drawing.pictures()

    def still(self) -> plots.Panels:
        """All views as they are now, as one static picture."""
        return plots.panels(self.pictures(), ": ".join(filter(None, (self.name, self.summary()))))

    # ------------------------------------------------------------------------ what it can do

    def play(self) -> Run:
        """Take steps by itself, as long as no cell is executed. Needs a running event loop."""
        loop = self._orders.find_loop()
        if self.status == "paused" and loop is not None:
            self.before_play(self)
            self.rate.begin(self.update)
            self._enter("finishing" if self._awaited else "playing")
            if not self._awaited and (self._task is None or self._task.done()):
                self._task = loop.create_task(self._perform())
        return self

    def pause(self, reason: str = "") -> Run:
        """Hold on after the present update. A cell that waits for the end goes on waiting."""
        if self.status in ("playing", "finishing"):
            self._enter("paused", reason)
            self.redraw()
        return self

    def step(self) -> Run:
        """Take one step, and pause.

        Raises:
            ValueError: a setting that no trainer can use.
        """
        self._take_one()
        self._raise_error()
        if wrong := self._wrong_setting():
            raise ValueError(wrong)
        return self

    def stop(self) -> Run:
        """End here: `finish` will not train on."""
        if self.status in ("playing", "paused", "finishing"):
            self._end("stopped")
            self.redraw()
        return self

    def reset(self) -> Run:
        """Begin anew, and play, unless it was paused by hand.

        Raises:
            ValueError: it was given an iterator, which cannot begin anew.
        """
        if self._begin is None:
            raise ValueError(
                "expected play() to be given a function that returns steps, for a reset; "
                "it was given an iterator, which can only go on"
            )
        held = self.status == "paused"
        self._end("paused")
        self.update = self.total = 0
        self.error = None
        self._history = History()
        for view in self.views:
            view.reset()
        try:
            self._steps = _begun(self._begin)
        except Exception as error:
            self._fail(error)
        self.redraw()
        return self if held else self.play()

    def put_settings_back(self) -> None:
        """All settings to what they were at first; a run that was begun with others begins anew."""
        anew = [control for control in self.controls if control.begins_anew and control.moved]
        for control in self.controls:
            control.put_back()
        if anew and self.can_reset:
            self.reset()
        self.touched()

    def touched(self) -> None:
        """Somebody changed a setting: pictures follow at once. May be called on any thread."""
        self._drawing.hurry()
        if self.status not in ("playing", "finishing"):  # these draw by themselves
            self.ask("redraw")

    async def finish(self) -> None:
        """Take all steps that are left, and leave a still picture in the cell's output.

        Buttons and sliders act meanwhile: the cell waits, and lets the kernel's loop breathe
        between slices of training. A run that was stopped by hand stays where it is.

        Raises:
            Exception: whatever made the run or one of its views fail.
            ValueError: a setting that no trainer can use.
            Interrupted: a KeyboardInterrupt, by hand, between two updates: the model is usable
                and the run paused, to be finished or played on.
        """
        self._orders.find_loop()
        if self.status in ("playing", "paused"):
            await self._drain()
        self._raise_error()
        if self.listener is not None:
            try:
                self.listener.keep(self.still() if self.views else None)
            except Exception as error:
                self._fail(error)
                raise

    def close(self) -> None:
        """Give way to a newer run: stop, and close the panel."""
        self._end("stopped" if self.status in ("playing", "paused", "finishing") else self.status)
        if self.listener is not None:
            self.listener.close()
            self.listener = None

    # --------------------------------------------------------------------- those who watch it

    def ask(self, order: Order) -> None:
        """Leave an order that the loop carries out. May be called on any thread.

        Raises:
            ValueError: there is no such order.
        """
        self._orders.leave(order)

    def watch(self, listener: Listener) -> None:
        """Let somebody watch, and show the present state."""
        self.listener = listener
        self._orders.find_loop()  # orders arrive also where nothing has played yet
        listener.show()

    # ------------------------------------------------------------------------------ the work

    async def _perform(self) -> None:
        while self.status == "playing":
            if wrong := self._wrong_setting():
                self.pause(wrong)
                return
            begun = perf_counter()
            if self._slice(self.pace):
                self.pause("interrupted")
            await self._breathe(begun)

    async def _drain(self) -> None:
        """All steps that are left; the task that played ends by itself when it wakes up."""
        if wrong := self._wrong_setting():
            self._enter("paused", wrong)
            raise ValueError(wrong)
        self._awaited, begun = True, perf_counter()
        joined = False
        self.rate.begin(self.update)
        self._enter("finishing")
        try:
            while self.status in ("finishing", "paused"):
                if self.listener is not None and not joined and perf_counter() - begun > 0.3:
                    self.listener.join()
                    joined = True
                await self._slice_of_the_rest()
        except asyncio.CancelledError:  # how a kernel interrupts a cell that waits
            self._interrupted()
        finally:
            self._awaited = False
            if joined and self.status != "finished" and self.listener is not None:
                self.listener.keep(None)

    async def _slice_of_the_rest(self) -> None:
        if self.status == "paused":
            return await asyncio.sleep(LONGEST)
        begun = perf_counter()
        if wrong := self._wrong_setting():
            self._enter("paused", wrong)
            raise ValueError(wrong)
        if self._slice():
            self._interrupted()
        await self._breathe(begun)

    def _slice(self, pace: Pace | None = None) -> bool:
        """Train for some 20 ms, and draw what is due; whether somebody interrupted."""
        deadline, status = perf_counter() + SLICE, self.status
        with interrupts_held() as interrupted:
            while self.status == status and (now := perf_counter()) < deadline:
                if interrupted() or (pace and not pace.allows(now)):
                    break
                self._advance()
            self._draw_due()
        return interrupted()

    async def _breathe(self, begun: float) -> None:
        """Leave the kernel to all else, for as long as the work since then allows."""
        await asyncio.sleep(pause_after(perf_counter() - begun, self._share))

    def _interrupted(self) -> None:
        if self.status in ("finishing", "paused"):
            self._enter("paused", "interrupted")
            self.redraw()
        raise Interrupted(f"{self.name or 'The run'}: {self.summary()}. Play it on, or finish it.")

    def _take_one(self) -> None:
        wrong = self._wrong_setting()
        if self.status in ("playing", "paused", "finishing"):
            self._enter("paused", wrong)
        if self.status == "paused" and not wrong:
            with interrupts_held():
                self._advance()
                self.redraw()

    def _advance(self) -> None:
        """One update; after the last one also what the trainer does at its end."""
        try:
            for step in map(as_step, self._steps):
                self._note(step)
                if step.index < step.total:
                    return
            self._end("finished")
            self.redraw()
        except Exception as error:
            self._fail(error)
        except KeyboardInterrupt:  # the second one: the trainer was torn out of an update
            self._end("stopped")
            raise

    def _note(self, step: Step) -> None:
        first = not self.total
        self.update, self.total = step.index, step.total
        self._history.observe(step)
        announced = getattr(self._begin, "metrics", None)
        for view in self.views:
            if first and announced is not None:
                view.expect([*step.metrics, *announced])
            view.observe(step)
        if self.listener is not None:
            self.listener.took()

    def _wrong_setting(self) -> str:
        return next(filter(None, (control.complaint() for control in self.controls)), "")

    def _enter(self, status: Status, reason: str = "") -> None:
        self.status, self.reason = status, reason
        if self.listener is not None:
            self.listener.show()

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

    def _raise_error(self) -> None:
        if self.error is not None:
            raise self.error

    # -------------------------------------------------------------------------- the pictures

    def redraw(self) -> None:
        """Show the present state of all views to whoever watches."""
        self._draw(range(len(self.views)))

    def _draw_due(self) -> None:
        if self.listener is None:
            return
        now = perf_counter()
        if now - self._told_at >= TOLD:
            self._told_at = now
            self.rate.look(self.update)
            self.listener.show()
        if self.listener.ready():
            self._draw(self._drawing.due())

    def _draw(self, views: Iterable[int]) -> None:
        if self.listener is None:
            return
        try:
            self._drawing.draw(views, self.listener, hurried=self.status == "finishing")
        except Exception as error:
            if self.error is None:
                self._fail(error)

    def _save(self) -> None:
        if self.listener is not None:
            self.listener.save()

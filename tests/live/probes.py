"""Listeners and views that note what happens to them, and trainings to try them on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import torch

from lecturekit import plots, training
from lecturekit.live import View
from lecturekit.plots import Panels, Picture
from lecturekit.training import Step, Steps
from tests.live.toy import Line, Settings, train


class Watcher:
    """A listener that notes what it is shown."""

    def __init__(self, run: object = None, ready: bool = True) -> None:
        self.run, self.is_ready = run, ready
        self.states: list[str] = []  # the run's, whenever it said so
        self.drawn: list[int] = []  # views, in the order in which they were drawn
        self.pictures: list[Picture] = []
        self.kept: list[Panels | None] = []
        self.appeared = self.joined = self.saved = self.took_updates = 0
        self.gone = False

    def appear(self) -> None:
        self.appeared += 1

    def ready(self) -> bool:
        return self.is_ready

    def took(self) -> None:
        self.took_updates += 1

    def show(self) -> None:
        self.states.append(self.run.status)  # type: ignore[attr-defined]

    def draw(self, view: int, picture: Picture) -> None:
        self.drawn.append(view)
        self.pictures.append(picture)

    def join(self) -> None:
        self.joined += 1

    def keep(self, still: Panels | None) -> None:
        self.kept.append(still)

    def save(self) -> None:
        self.saved += 1

    def close(self) -> None:
        self.gone = True


def watched(run: object, ready: bool = True) -> Watcher:
    """A watcher of the run."""
    watcher = Watcher(run, ready)
    run.watch(watcher)  # type: ignore[attr-defined]
    return watcher


class Probe(View):
    """A view that counts, or fails where it is told to."""

    def __init__(self, fail_in: str = "", cost: Callable[[], None] = lambda: None):
        super().__init__(plots.curves, {}, "Probe", xlabel="x", ylabel="y")
        self.observed: list[int] = []
        self.asked = self.resets = 0
        self._fail_in, self._cost = fail_in, cost

    def observe(self, step: Step) -> None:
        self.observed.append(step.index)
        if self._fail_in == "observe":
            raise ZeroDivisionError("in observe")

    def reset(self) -> None:
        self.resets += 1
        self.observed.clear()

    def picture(self) -> Picture:
        self.asked += 1
        self._cost()
        if self._fail_in == "picture" and self.observed:
            raise ZeroDivisionError("in picture")
        torch.rand(3)  # must not change what is trained
        assert not torch.is_grad_enabled()
        return super().picture()


def begin(model: Line, settings: Settings | None = None, total: int = 200) -> Callable[[], Steps]:
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


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until the condition holds."""
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)

"""The kernel's half of `make bench-live`: notes what the pictures of a run cost, and when.

Imported by cells that the benchmark inserts into the notebooks.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any

import psutil

from lecturekit.live import Run


class Probe:
    """Notes of one run, from the moment it is made."""

    def __init__(self, run: Run) -> None:
        self.run, self.listener = run, run.listener
        self.computed: list[float] = []  # process seconds for each picture: what the view computes
        self.drawn: list[float] = []  # ... and what it costs to encode and send it
        self.heard: list[int] = []  # the last frame sent when a slider's value arrived
        for view in run.views:
            view.picture = self._timed(view.picture, self.computed)  # type: ignore[method-assign]
        self.listener.draw = self._timed(self.listener.draw, self.drawn)
        for control in run.controls:
            control.set = self._noting(control.set)  # type: ignore[method-assign]

    def look(self) -> None:
        """Print how far the run is, and all notes since the last look."""
        told = {
            "status": self.run.status,
            "update": self.run.update,
            "time": time.perf_counter(),
            "computed": list(self.computed),
            "drawn": list(self.drawn),
            "heard": list(self.heard),
            "views": len(self.run.views),
            "paced": self.run.pace is not None,
        }
        for notes in (self.computed, self.drawn, self.heard):
            notes.clear()
        print(json.dumps(told))

    def cover(self) -> None:
        """Nobody watches any more: the same steps without a view."""
        self.run.listener = None

    def uncover(self) -> None:
        self.run.listener = self.listener

    def _timed(self, function: Callable[..., Any], notes: list[float]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            begun = time.process_time()
            try:
                return function(*args, **options)
            finally:
                notes.append(time.process_time() - begun)

        return call

    def _noting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(value: Any) -> None:
            function(value)
            self.heard.append(self.listener._frame)

        return call


def memory() -> float:
    """Of this kernel, in MiB."""
    return float(psutil.Process(os.getpid()).memory_info().rss / 2**20)

"""The pictures of a run, each drawn as often as its cost allows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from time import perf_counter

import torch

from lecturekit import plots
from lecturekit.door import watched
from lecturekit.live.listener import Listener
from lecturekit.live.timetable import Timetable
from lecturekit.live.views import View


class Drawing:
    """Draws the views of a run for whoever watches it."""

    def __init__(self, views: Sequence[View]) -> None:
        self._views, self._timetable = views, Timetable(len(views))

    def pictures(self) -> list[plots.Picture]:
        """All views as they are now."""
        with _hands_off():
            return [view.picture() for view in self._views]

    def hurry(self) -> None:
        """All views are due at once."""
        self._timetable.hurry()

    def due(self) -> list[int]:
        """The views whose time has come."""
        return self._timetable.due()

    def draw(self, views: Iterable[int], listener: Listener, *, hurried: bool) -> None:
        """Draw these now.

        Raises:
            Exception: whatever a view raises; those after it are not drawn.
        """
        for view in views:
            begun = perf_counter()
            with _hands_off():
                listener.draw(view, self._views[view].picture())
            self._timetable.drawn(view, perf_counter() - begun, hurried=hurried)


@contextlib.contextmanager
def _hands_off() -> Iterator[None]:
    """Views must not change what is trained: no gradients, and the global generator put back."""
    with watched(), torch.no_grad(), torch.random.fork_rng(devices=[]):
        yield

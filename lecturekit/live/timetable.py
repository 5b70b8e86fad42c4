"""When which view is drawn again: the cheap ones often, the dear ones no more than their share."""

from __future__ import annotations

from time import perf_counter

INTERVAL = 0.045  # seconds between two pictures of a cheap view: a little over twenty a second
HURRIED = 0.4  # ... while finish() hurries
SHARE = 0.3  # of the time, for all views together


class Timetable:
    """Each view has its own times, so that one that computes long does not hold up the others."""

    def __init__(self, n_views: int) -> None:
        self._due = [0.0] * n_views
        self._share = max(SHARE / max(n_views, 1), 0.04)

    def due(self) -> list[int]:
        """The views whose time has come, those first that have waited longest."""
        now = perf_counter()
        return sorted((k for k, at in enumerate(self._due) if at <= now), key=self._due.__getitem__)

    def drawn(self, view: int, seconds: float, *, hurried: bool = False) -> None:
        """Note what a picture has cost; the dearer, the longer from its beginning to the next."""
        interval = max(HURRIED if hurried else INTERVAL, seconds / self._share)
        self._due[view] = perf_counter() - seconds + interval

    def hurry(self) -> None:
        """All at once: somebody moved a slider, or began to look."""
        self._due = [0.0] * len(self._due)

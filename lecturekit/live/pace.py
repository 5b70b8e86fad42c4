"""How fast a run goes: held back where nobody could follow, and measured."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from time import perf_counter

from lecturekit.training import tunable

CATCH_UP = 0.1  # seconds of updates that a paced run may be behind; a long cell is not made up for
SHORTEST, LONGEST = 0.001, 0.02  # seconds that a run gives the kernel for all else
SHARE = "LECTUREKIT_SHARE"  # the variable in which a server's administrator bounds each run
MEASURED = 1.0  # seconds between two measurements: faster, nobody could read them


@dataclass
class Pace:
    """How fast a run may play; `finish` does not wait."""

    updates_per_second: float = tunable(100.0, 1.0, 1000.0, scale="log", label="updates/s, at most")
    _next_at: float = field(default=0.0, repr=False)

    def allows(self, now: float) -> bool:
        """Whether the next update may be taken now; if so it counts as taken."""
        self._next_at = max(self._next_at, now - CATCH_UP)
        if now < self._next_at:
            return False
        self._next_at += 1 / self.updates_per_second
        return True


def share_of_a_core() -> float:
    """How much of a processor core a run may take: LECTUREKIT_SHARE, else all of it.

    Raises:
        ValueError: it is no number above 0 and up to 1.
    """
    told = os.environ.get(SHARE) or "1"
    try:
        share = float(told)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise ValueError(f"expected {SHARE} to be a number above 0 and up to 1, got {told!r}")
    return share


def pause_after(worked: float, share: float = 1.0) -> float:
    """Seconds to leave the kernel to cells, buttons and sliders after some of work.

    A twentieth of it, or what a share of less than a core asks for. An order passes several
    threads, each of which needs its turn; after a long update the least of pauses would be over
    before, and the next update begin.
    """
    return max(min(max(worked / 20, SHORTEST), LONGEST), worked * (1 / share - 1))


class Rate:
    """Updates per second, over the last second or so."""

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, update: int) -> None:
        """Forget what was before."""
        self.per_second = 0.0
        self._update, self._at = update, perf_counter()

    def look(self, update: int) -> None:
        """Note how far the run is now."""
        elapsed = perf_counter() - self._at
        if elapsed >= MEASURED or (not self.per_second and elapsed > 0.2):
            self.per_second = max(update - self._update, 0) / elapsed
            self._update, self._at = update, perf_counter()

    def in_words(self, updates_left: int) -> str:
        """Such as `310/s · 0:28 left`; nothing before it is known."""
        if not self.per_second:
            return ""
        seconds = round(updates_left / self.per_second)
        shown = f"{self.per_second:,.0f}" if self.per_second >= 10 else f"{self.per_second:.1f}"
        return f"{shown}/s · {seconds // 60}:{seconds % 60:02d} left"

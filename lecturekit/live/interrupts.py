"""Interrupts that wait for the end of an update.

A KeyboardInterrupt inside a generator ends the generator, and inside an update leaves a model
that is half updated. Held back until between two updates, it leaves a run that can go on.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupts_held() -> Iterator[Callable[[], bool]]:
    """Note an interrupt instead of raising it; a second one is raised at once.

    Yields:
        A function that tells whether an interrupt came.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False  # only the main thread gets signals
        return
    came = False

    def note(signum: int, frame: FrameType | None) -> None:
        nonlocal came
        if came:
            raise KeyboardInterrupt
        came = True

    previous = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: came
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if previous is None else previous)


class Interrupted(KeyboardInterrupt):
    """An interrupt that left everything in order: a notebook shows it in one line."""

    def _render_traceback_(self) -> list[str]:
        return [f"Interrupted. {self}"]

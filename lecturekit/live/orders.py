"""Orders from buttons and keys, on their way to the loop that carries them out."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping


class Orders:
    """Names of orders from any thread, obeyed one after the other on the kernel's event loop.

    JupyterLab sends what a person does to a thread of its own where the kernel has one, else to
    the loop itself. Either way the callback must only leave a note.
    """

    def __init__(self, methods: Mapping[str, Callable[[], object]]) -> None:
        self._methods = dict(methods)
        self._waiting: deque[str] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The running loop as it was last found; plain Python has none."""
        return self._loop

    def find_loop(self) -> asyncio.AbstractEventLoop | None:
        """Look which loop is running here."""
        with contextlib.suppress(RuntimeError):
            self._loop = asyncio.get_running_loop()
        if self._loop is not None and self._loop.is_closed():  # one of plain Python's
            self._loop = None
        return self._loop

    def leave(self, order: str) -> None:
        """Leave an order. May be called on any thread."""
        if order in self._methods and order not in self._waiting:
            self._waiting.append(order)
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self.obey)

    def obey(self) -> None:
        """Carry out what was left."""
        while self._waiting:
            self._methods[self._waiting.popleft()]()

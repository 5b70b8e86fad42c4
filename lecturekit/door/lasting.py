"""Calls that go on after they have returned, such as a trainer's: what came in is looked at again.

Data are held, not copied. Who writes into them while a run is under way, `data.mul_(255)`, meets
the same rules as who calls it with such data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from torch import Tensor


class Lasting:
    """The result of a call that goes on. The door tells it what has come in."""

    _held: tuple[Held, ...] = ()

    def look_again_at(self, tensors: Iterable[Tensor], check: Callable[[], object]) -> None:
        """Remember tensors, and what refuses those that do not fit."""
        self._held += (Held(tensors, check),)

    def look_again(self) -> None:
        """Refuse what the tensors have become, if they have been written into.

        Raises:
            ValueError: as at the call.
        """
        for each in self._held:
            each.look_again()


class Held:
    """Tensors, looked at again once they have been written into."""

    def __init__(self, tensors: Iterable[Tensor], check: Callable[[], object]) -> None:
        # inference tensors have no versions
        self._tensors = [each for each in tensors if not each.is_inference()]
        self._check, self._versions = check, self._now()

    def look_again(self) -> None:
        now = self._now()
        if now != self._versions:
            self._check()
            self._versions = now

    def _now(self) -> list[int]:
        return [each._version for each in self._tensors]

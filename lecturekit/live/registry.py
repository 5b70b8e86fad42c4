"""Which runs there are: one plays at a time, and a newer one takes an older one's place."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from lecturekit.live.run import Run


@dataclass(frozen=True)
class Place:
    """Where a run was started.

    Attributes:
        cell: what tells the notebook's cell from others: its name where the frontend has one for
            it, else what is written in it.
        execution: the request that executed the cell.
    """

    cell: str | None = None
    execution: str | None = None


class Registry:
    """Keeps the runs of this kernel out of each other's way."""

    def __init__(self) -> None:
        self._entries: list[tuple[Run, Place]] = []
        self._playing: Run | None = None

    def add(self, run: Run, place: Place) -> None:
        """Take the place of older runs of the same name, or of the same cell executed before."""
        staying = []
        for older, elsewhere in self._entries:
            same_name = bool(run.name) and older.name == run.name
            same_cell = place.cell is not None and elsewhere.cell == place.cell
            if same_name or (same_cell and elsewhere.execution != place.execution):
                older.close()
                self._playing = None if self._playing is older else self._playing
            else:
                staying.append((older, elsewhere))
        self._entries = [*staying, (run, place)]
        run.before_play = self._pause_others

    def remove(self, run: Run) -> None:
        """Close a run that nobody will ask for again."""
        run.close()
        self._entries = [entry for entry in self._entries if entry[0] is not run]

    def place_of(self, run: Run) -> Place:
        """Where a run was started."""
        return next((place for entry, place in self._entries if entry is run), Place())

    def __len__(self) -> int:
        return len(self._entries)

    def _pause_others(self, run: Run) -> None:
        """Two that play would halve each other's speed."""
        if self._playing is not None and self._playing is not run:
            other = f"“{run.name}”" if run.name else "another run"
            self._playing.pause(f"{other} is playing")
        self._playing = run


REGISTRY = Registry()


def notebook_shell() -> Any | None:
    """IPython's shell if this process is a notebook's kernel, without importing IPython."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if getattr(shell, "kernel", None) is not None else None


def present_place(shell: Any) -> Place:
    """The cell that is being executed, from the header of the request, or from its text."""
    parent = shell.get_parent() or {}
    written = parent.get("content", {}).get("code")
    return Place(
        cell=parent.get("metadata", {}).get("cellId") or written,
        execution=parent.get("header", {}).get("msg_id"),
    )

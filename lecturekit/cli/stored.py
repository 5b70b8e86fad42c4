"""The outputs that are stored in a notebook's source, beside those of a fresh run."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from nbformat import NotebookNode

COMPARED = "# NBVAL_CHECK_OUTPUT"  # with which a cell begins whose output is stored
STALE = 0.02  # a reading has three digits; processors differ in the last, and training in more
ROUNDING = 1e-4  # readings of this size, such as the difference of an identity's sides, are noise

_READINGS = re.compile(r"  \[([^\[\]]*)\]$", re.MULTILINE)
_NUMBER = re.compile(r"[-−]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|nan|[-−]?inf")
_SESSION = re.compile(r"^lecturekit .* · torch .*$", re.MULTILINE)


class Difference(NamedTuple):
    """One output that is not what is stored.

    Attributes:
        cell: its place in the notebook, from 0.
        stored, now: the lines that differ.
        stale: whether only readings differ, which training on another processor may do too.
    """

    cell: int
    stored: str
    now: str
    stale: bool

    def __str__(self) -> str:
        kind = "a stored reading is stale" if self.stale else "another output than the stored one"
        return f"cell {self.cell}: {kind}\n  stored {self.stored}\n  now    {self.now}"


def differences(source: NotebookNode, executed: NotebookNode) -> list[Difference]:
    """What the compared cells of an executed notebook say other than their source has stored.

    Readings, the numbers in brackets at the end of a line, may move by `STALE` of their size.

    Args:
        source: the notebook as it is committed.
        executed: the same after a run; cells that were put in between do not matter.
    """
    after = [cell for cell in executed.cells if COMPARED in cell.source]
    before = [(place, cell) for place, cell in enumerate(source.cells) if COMPARED in cell.source]
    found = []
    for (place, stored), now in zip(before, after, strict=True):
        if now.execution_count is not None:  # else a cell before it failed
            found += _of_cell(place, text(stored), text(now))
    return found


def text(cell: NotebookNode) -> str:
    """What a cell printed, without the line that names the machine."""
    return _SESSION.sub("lecturekit", "".join(output.get("text", "") for output in cell.outputs))


def broken(executed: NotebookNode) -> list[str]:
    """The lines with ✗ of identities and claims."""
    printed = "\n".join(text(cell) for cell in executed.cells if cell.cell_type == "code")
    return [line for line in printed.splitlines() if line.startswith("✗ ")]


def _of_cell(place: int, stored: str, now: str) -> list[Difference]:
    before, after = stored.splitlines(), now.splitlines()
    if len(before) != len(after):
        return [Difference(place, stored.strip(), now.strip(), stale=False)]
    found = []
    for old, new in zip(before, after, strict=True):
        if _READINGS.sub("", old) != _READINGS.sub("", new):
            found.append(Difference(place, old, new, stale=False))
        elif not _close(old, new):
            found.append(Difference(place, old, new, stale=True))
    return found


def _close(old: str, new: str) -> bool:
    """Whether the readings of two lines are the same but for rounding."""
    before, after = (_READINGS.search(line) for line in (old, new))
    if before is None or after is None:
        return before is after
    names = [_NUMBER.sub("", match[1]) for match in (before, after)]
    numbers = [[_as_number(n) for n in _NUMBER.findall(match[1])] for match in (before, after)]
    if names[0] != names[1] or len(numbers[0]) != len(numbers[1]):
        return False
    return all(_alike(a, b) for a, b in zip(*numbers, strict=True))


def _alike(a: float, b: float) -> bool:
    if not math.isfinite(a) or not math.isfinite(b):
        return str(a) == str(b)
    size = max(abs(a), abs(b))
    return size < ROUNDING or abs(a - b) <= STALE * size


def _as_number(word: str) -> float:
    return float(word.replace("−", "-"))

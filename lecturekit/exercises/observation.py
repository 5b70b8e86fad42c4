"""What a function did when it was called, in the same words from this process and the worker."""

from __future__ import annotations

import contextlib
import copy
import io
import os
import traceback
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Function


@dataclass(frozen=True)
class Foreign:
    """A returned object that is neither a tensor nor a number, nor a tuple of them."""

    type_name: str


class Frame(NamedTuple):
    """A line of the student's own code in a traceback."""

    filename: str
    line: int


@dataclass(frozen=True)
class Observation:
    """What a function did with one case's arguments.

    Attributes:
        value: what it returned, detached and on the CPU: a tensor, a number, a `Foreign`, or a
            tuple of these. None also when it did not return.
        error: the name of the exception that it raised, or "" if it returned.
        error_text: the text of that exception.
        frame: the student's line that raised it, where there is one.
        ended: why the worker had to end it or ended itself ("time", "memory", "crash"), or "".
        changed: the places of the arguments that it changed.
        steady: whether a second call with the same arguments gave the same.
        printed: what it printed.
    """

    value: Any = None
    error: str = ""
    error_text: str = ""
    frame: Frame | None = None
    ended: str = ""
    changed: tuple[int, ...] = ()
    steady: bool = True
    printed: str = ""

    @property
    def returned(self) -> bool:
        return not (self.error or self.ended)


def observe(function: Function, arguments: Arguments) -> Observation:
    """Call `function` twice on copies of `arguments`, and say what it did.

    The second call finds out whether the result follows from the arguments alone.
    """
    given = copy.deepcopy(arguments)
    try:
        value = _plain(function(*given))
        with contextlib.redirect_stdout(io.StringIO()):  # it has said so once already
            again = _plain(function(*copy.deepcopy(arguments)))
    except (Exception, SystemExit) as error:  # exit() too: in a notebook it would end the kernel
        return Observation(
            error=type(error).__name__, error_text=str(error), frame=_own_frame(function, error)
        )
    changed = (i for i, pair in enumerate(zip(given, arguments, strict=True)) if not same(*pair))
    return Observation(value=value, changed=tuple(changed), steady=same(value, again))


def same(left: Any, right: Any) -> bool:
    """Whether two arguments, or two returned values, are identical; NaN equals NaN."""
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        alike = left.shape == right.shape and left.dtype == right.dtype
        return alike and torch.allclose(left, right, rtol=0, atol=0, equal_nan=True)
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right or (left != left and right != right))


def _plain(value: Any) -> Any:
    """Only what can travel between processes and be compared."""
    if isinstance(value, Tensor):
        return value.detach().as_subclass(Tensor).to("cpu", copy=True)
    if isinstance(value, tuple | list):
        return tuple(_plain(part) for part in value)
    if value is None or value is ... or isinstance(value, bool | int | float):
        return value
    return Foreign(f"{type(value).__module__}.{type(value).__qualname__}")


def _own_frame(function: Function, error: BaseException) -> Frame | None:
    """The innermost line in the file of `function`, or in another cell of its notebook."""
    own_file = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [
        Frame(summary.filename, summary.lineno or 0)
        for summary in traceback.extract_tb(error.__traceback__)
        # the worker has no file for a notebook's cell
        if summary.filename == own_file or not os.path.exists(summary.filename)
    ]
    return frames[-1] if frames else None

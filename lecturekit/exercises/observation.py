"""What a function did when it was called, in words that can travel between processes."""

from __future__ import annotations

import copy
import os
import random
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Function

TEXT_LIMIT = 2000  # characters of an exception's text; the rest is dropped
PARTS_LIMIT = 1000  # of a returned tuple
DEPTH_LIMIT = 5  # of tuples in tuples
RECALLS = 12  # of a function that draws numbers of its own, until two results differ


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
        ended: why its process had to be ended or ended itself ("time", "memory", "crash"), or "".
        changed: the places of the arguments that it changed.
        steady: whether further calls with the same arguments gave the same.
        gradients: the derivatives of a weighted sum of all that it returned, for the tensors of
            the arguments that a live run trains through; None where there is none.
        printed: what it printed.
    """

    value: Any = None
    error: str = ""
    error_text: str = ""
    frame: Frame | None = None
    ended: str = ""
    changed: tuple[int, ...] = ()
    steady: bool = True
    gradients: tuple[Tensor | None, ...] | str = ()
    printed: str = ""

    @property
    def returned(self) -> bool:
        return not (self.error or self.ended)


def observe(
    function: Function,
    arguments: Arguments,
    through: tuple[int, ...] = (),
    hush: Callable[[], None] = lambda: None,
) -> Observation:
    """Call `function` on copies of `arguments` twice or more, and say what it did.

    The second call finds out whether the result follows from the arguments alone; one that draws
    from a global generator gets a few more, so that no luck hides it. `hush` is called after the
    first. `through` are the places of the arguments by which it is differentiated.
    """
    given = copy.deepcopy(arguments)
    before = _generators()
    try:
        value = _plain(function(*given))
    except BaseException as raised:
        return _failed(function, raised)
    hush()  # it has printed so once already
    draws = _generators() != before
    steady = all(_again(function, arguments, value) for _ in range(RECALLS if draws else 1))
    changed = (i for i, pair in enumerate(zip(given, arguments, strict=True)) if not same(*pair))
    gradients = gradients_of(function, arguments, through) if through and steady else ()
    return Observation(value=value, changed=tuple(changed), steady=steady, gradients=gradients)


def _failed(function: Function, error: BaseException) -> Observation:
    return Observation(
        error=_safely(lambda: type(error).__name__, "an exception"),
        error_text=_safely(lambda: str(error)[:TEXT_LIMIT], ""),
        frame=_safely(lambda: _own_frame(function, error), None),
    )


def _again(function: Function, arguments: Arguments, value: Any) -> bool:
    """Whether one more call gives the same."""
    try:
        return same(value, _plain(function(*copy.deepcopy(arguments))))
    except BaseException:
        return False


def _generators() -> tuple[Any, ...]:
    """The states of the generators that a function might draw from on its own."""
    numpy_state = np.random.get_state()
    return (
        torch.get_rng_state().numpy().tobytes(),
        random.getstate(),
        (numpy_state[1].tobytes(), numpy_state[2]),  # type: ignore[index]
    )


def gradients_of(
    function: Function, arguments: Arguments, through: tuple[int, ...]
) -> tuple[Tensor | None, ...] | str:
    """Derivatives of a weighted sum of the results, or the words in which they were refused."""
    given = copy.deepcopy(arguments)
    leaves = [leaf.requires_grad_() for place in through for leaf in _tensors(given[place])]
    try:
        with torch.enable_grad():
            returned = [part for part in _tensors(function(*given)) if part.requires_grad]
            if not returned:
                return (None,) * len(leaves)
            total = torch.stack(
                [
                    (part * torch.linspace(1, 2, part.numel()).to(part).view_as(part)).sum()
                    for part in returned
                ]
            ).sum()
            found = torch.autograd.grad(total, leaves, allow_unused=True)
    except BaseException as raised:
        failed = _failed(function, raised)
        return f"{failed.error}: {failed.error_text}"
    return tuple(None if g is None else g.detach() for g in found)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _tensors(part)


def same(left: Any, right: Any) -> bool:
    """Whether two arguments, or two returned values, are identical; NaN equals NaN."""
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        if left.shape != right.shape or left.dtype != right.dtype:
            return False
        return bool(((left == right) | ((left != left) & (right != right))).all())
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if type(left) is not type(right):
        return False
    return bool(left == right or (left != left and right != right))


def _safely(say: Callable[[], Any], otherwise: Any) -> Any:
    """What `say` says; a student's class may refuse to be named or printed."""
    try:
        return say()
    except BaseException:
        return otherwise


def _plain(value: Any, depth: int = 0) -> Any:
    """Only what can travel between processes and be compared."""
    if isinstance(value, Tensor):
        return _safely(lambda: _plain_tensor(value), Foreign("a tensor that cannot be read"))
    if isinstance(value, tuple | list):
        if len(value) > PARTS_LIMIT or depth == DEPTH_LIMIT:
            what = "nested without end" if depth else f"of {len(value)} parts"
            return Foreign(f"a {type(value).__name__} {what}")
        return tuple(_plain(part, depth + 1) for part in value)
    if value is None or value is ... or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _safely(lambda: int.__int__(value), Foreign("int"))
    if isinstance(value, float):  # numpy's, and others' own
        return _safely(lambda: float.__float__(value), Foreign("float"))
    return Foreign(
        _safely(
            lambda: f"an object of type {type(value).__module__}.{type(value).__qualname__}"[:100],
            "an object without a type's name",
        )
    )


def _plain_tensor(value: Tensor) -> Tensor | Foreign:
    """A copy with nothing of the student's own about it."""
    kinds = {
        "a nested tensor": value.is_nested,
        "a quantised tensor": value.is_quantized,
        "a meta tensor, which holds no numbers": value.is_meta,
        f"a tensor in the layout {value.layout}": value.layout != torch.strided,
    }
    for what, so in kinds.items():
        if so:
            return Foreign(what)
    plain = value.detach().as_subclass(Tensor)
    return plain.resolve_conj().resolve_neg().to("cpu", copy=True).contiguous()


def _own_frame(function: Function, error: BaseException) -> Frame | None:
    """The innermost line in the file of `function`, or in another cell of its notebook."""
    own_file = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [
        Frame(summary.filename, summary.lineno or 0)
        for summary in traceback.extract_tb(error.__traceback__)
        # the process that runs it has no file for a notebook's cell
        if summary.filename == own_file or not os.path.exists(summary.filename)
    ]
    return frames[-1] if frames else None

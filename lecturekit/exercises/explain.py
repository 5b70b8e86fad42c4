"""Saying what is wrong: what came, what was expected, and what it usually means."""

from __future__ import annotations

import linecache
import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from lecturekit.exercises.compare import leaves, leaves_close, structure
from lecturekit.exercises.exercise import Arguments, Exercise
from lecturekit.exercises.observation import Foreign, Observation
from lecturekit.exercises.worker import MEMORY_LIMIT

PRINTED_LINES = 15  # of what a function printed, the first ones are shown

UNSTEADY = (
    "Two calls with the same arguments gave different results: use nothing but the arguments, and "
    "the random numbers that are handed in."
)

Excerpts = tuple[tuple[str, str], ...]

# --------------------------------------------------------------------- the form of what returned


def malformed(exercise: Exercise, value: Any, exact: Any) -> str | None:
    """What is wrong with a returned value's structure, type, shape or dtype, or that it has NaN."""
    if value is None:
        return "The function returned nothing: is there a `return` on every way through it?"
    if structure(value) != structure(exact):
        return f"Expected {_layout(exercise, exact)}; got {kind(value)}."
    for meaning, got, wanted in zip(exercise.returns, leaves(value), leaves(exact), strict=True):
        if complaint := _malformed_leaf(got, wanted):
            expected, came = complaint
            return f"Expected {expected}, {meaning}; got {came}."
    return None


def _malformed_leaf(got: Any, wanted: Tensor) -> tuple[str, str] | None:
    """What was expected and what came, or None where the form is right."""
    if isinstance(got, float) and wanted.shape == ():
        got = torch.tensor(got, dtype=wanted.dtype)
    if not isinstance(got, Tensor):
        return f"a tensor of shape {tuple(wanted.shape)}", kind(got)
    if got.shape != wanted.shape:
        return f"a tensor of shape {tuple(wanted.shape)}", f"{tuple(got.shape)}"
    if got.dtype != wanted.dtype:
        # float64 cases find what would go wrong on a GPU too: a tensor made without regard to W
        return (
            f"a tensor of dtype {wanted.dtype}, as the arguments have it",
            f"{got.dtype} (a comparison gives torch.bool, to be converted by .to(W.dtype); a new "
            "tensor is float32 unless it is made with dtype=W.dtype, device=W.device)",
        )
    bad = ~got.isfinite() & wanted.isfinite()
    if bad.any():
        found = "NaN" if got.isnan().any() else "an infinite number"
        return (
            "finite numbers",
            f"{found} in {int(bad.sum())} of {got.numel()} entries (the logarithm of 0, exp of a "
            "large number, or a division by 0)",
        )
    return None


def _layout(exercise: Exercise, exact: Any) -> str:
    """The expected return value in words, nested as it is."""
    meanings = iter(exercise.returns)

    def layout(part: Any) -> str:
        if isinstance(part, tuple):
            return f"({', '.join(map(layout, part))})"
        return next(meanings)

    if isinstance(exact, tuple):
        return f"{len(exercise.returns)} tensors, {layout(exact)}"
    return f"a tensor of shape {tuple(exact.shape)}, {layout(exact)}"


def kind(value: Any) -> str:
    """A value in a few words."""
    if isinstance(value, Foreign):
        return f"an object of type {value.type_name}"
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, tuple):
        return f"({', '.join(map(kind, value))})"
    return f"{type(value).__name__} {value!r:.40}"


# ----------------------------------------------------------------------------- the wrong numbers


def difference(exercise: Exercise, value: Any, exact: Any) -> str:
    """Where an answer of the right form is farthest from the exact one."""
    triples = zip(exercise.returns, leaves(value), leaves(exact), strict=True)
    meaning, got, wanted = next(
        triple for triple in triples if not leaves_close(*triple[1:], exercise.tolerance)
    )
    got = torch.as_tensor(got, dtype=wanted.dtype)
    worst = (got - wanted).abs().argmax()
    place = [int(index) for index in torch.unravel_index(worst, wanted.shape)]
    entry = f"entry {place} of {meaning}" if place else meaning
    return (
        f"In the case below, {entry} should be {wanted.flatten()[worst]:.6g} and is "
        f"{got.flatten()[worst]:.6g}; the result's `arguments` and `expected` hold this case."
    )


def score(right: list[bool]) -> str:
    """How many cases are right, to stand after another sentence."""
    return f" {sum(right)} of {len(right)} cases are right."


def pattern(observations: list[Observation], expected: list[Any]) -> str:
    """That all numbers are off by the same factor, or by the same amount, where it is so."""
    got, wanted = (_numbers(values) for values in ([s.value for s in observations], expected))
    if got is None or wanted is None or got.shape != wanted.shape:
        return ""
    factor, shift = (got @ wanted) / (wanted @ wanted), (got - wanted).mean()
    if factor.abs() > 1e-6 and leaves_close(factor * wanted, got):
        return f" Every number is {factor:.6g} times the right one."
    if shift.abs() > 1e-6 and leaves_close(wanted + shift, got):
        return f" Every number is too {'high' if shift > 0 else 'low'} by {shift.abs():.6g}."
    return ""


def _numbers(values: list[Any]) -> Tensor | None:
    """All numbers of all cases in one row, or None where there is something else or NaN."""
    parts = [leaf for value in values for leaf in leaves(value)]
    if not all(isinstance(part, Tensor | float) for part in parts):
        return None
    row = torch.cat([torch.as_tensor(part).double().flatten() for part in parts])
    return row if row.isfinite().all() else None


def changes(exercise: Exercise, seen: Observation) -> str:
    """That the function changed its arguments."""
    names = " and ".join(f"`{exercise.parameters[place]}`" for place in seen.changed)
    return (
        f"the function changes its argument {names} in place. A live run hands it the model's own "
        "parameters and data, so compute new tensors: `x = x + d` in place of `x += d`."
    )


# ---------------------------------------------------------------------------------- the failures


def failure(exercise: Exercise, seen: Observation) -> str:
    """An exception, or the end of the worker, in a sentence or two."""
    if seen.ended == "time":
        return (
            f"The function was stopped after {exercise.time_limit:g} s, and the cases are small: "
            "is there a loop that never ends?"
        )
    if seen.ended == "memory":
        return (
            f"The function was stopped when it held more than {MEMORY_LIMIT / 1024**3:g} GB: does "
            "it grow a list without end, or enumerate more states than it needs?"
        )
    if seen.ended == "crash":
        return (
            "The function ended the Python process that it ran in: by os._exit, or by a crash of "
            "compiled code, as after endless recursion."
        )
    error = ": ".join([seen.error, *seen.error_text.splitlines()[:1]])
    advice = next((says for sign, says in _ADVICE if re.search(sign, error)), "")
    return f"It raised {error.rstrip('.')}. {advice}".rstrip()


_ADVICE = (
    (
        "(?i)ellipsis",
        "Does it call a function that is still a stub?",
    ),
    (
        "shapes cannot be multiplied|size mismatch|inconsistent tensor size",
        "A matrix product needs equal inner sizes; the docstring has the shapes.",
    ),
    (
        "must match the size|not broadcastable|expanded size",
        "Shapes are aligned from the right; the docstring has them.",
    ),
    (
        "NameError|UnboundLocalError",
        "Is the name spelled as in the signature, and has the cell that defines it been run?",
    ),
    ("RecursionError", "The function calls itself without end."),
    ("SystemExit", "A function hands back its result by `return`; exit() ends Python."),
    ("ImportError|ModuleNotFoundError", "The solution needs torch only."),
    ("dtype|expected scalar type", "Make new tensors with dtype=W.dtype: the cases are float64."),
    (
        "MemoryError|allocate memory|not enough memory",
        "The cases are small: does it enumerate more states than it needs?",
    ),
    (
        "has no attribute|not callable|unsupported operand",
        "The arguments are tensors, or what else the docstring says.",
    ),
    ("IndexError|out of (range|bounds)", "Compare the index with the shapes in the docstring."),
)


def excerpts(exercise: Exercise, seen: Observation, arguments: Arguments | None = None) -> Excerpts:
    """What is shown as it is: the line that failed, the arguments of the case, what was printed."""
    shown: list[tuple[str, str]] = []
    if seen.frame and (line := linecache.getline(*seen.frame).strip()):
        shown.append((f"Line {seen.frame.line} of your code", line))
    if arguments is not None:
        named = zip(exercise.parameters, arguments, strict=True)
        shown.append(("The case", "\n".join(f"{name}: {_size(value)}" for name, value in named)))
    if seen.printed.strip():
        shown.append(("Your function printed", _beginning(seen.printed.rstrip().splitlines())))
    return tuple(shown)


def _size(argument: Any) -> str:
    if isinstance(argument, Tensor):
        return f"shape {tuple(argument.shape)}"
    if isinstance(argument, tuple):
        return ", ".join(map(_size, argument))
    return f"{argument:.6g}"


def _beginning(lines: Sequence[str]) -> str:
    more = ["…"] if len(lines) > PRINTED_LINES else []
    return "\n".join([*lines[:PRINTED_LINES], *more])

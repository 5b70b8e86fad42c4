"""The decision: an answer is compared with the exact one on random small cases, nothing else.

Names, style and private attributes play no part. What a wrong answer does on the cases is compared
with what the exercise's typical wrong answers do there, so that a misconception can be named.
"""

from __future__ import annotations

import dis
import inspect
import linecache
import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Function, Misconception
from lecturekit.exercises.result import Outcome, Result
from lecturekit.exercises.worker import (
    MEMORY_LIMIT,
    Foreign,
    Observation,
    UnsendableError,
    Worker,
    observe,
    same,
)

CASES_SEED = 0  # the same answer gets the same verdict every time
ROUNDING = 1e-9  # of the largest entry; the cases are in float64


def judge(exercise: Exercise, function: Function, worker: Worker) -> Result:
    """Run `function` on the exercise's cases in the worker, and say what came of it."""
    refusal = _refusal(exercise, function)
    if refusal:
        return _result(exercise, Outcome.BROKEN, refusal)
    if _untouched(function):
        return _not_attempted(exercise)
    cases = exercise.cases(torch.Generator().manual_seed(CASES_SEED))
    try:
        observations = worker.run(function, cases, exercise.time_limit)
    except UnsendableError as error:
        return _result(exercise, Outcome.BROKEN, f"{_capital(str(error))}")
    return verdict(exercise, function, cases, observations)


def verdict(
    exercise: Exercise, function: Function, cases: list[Arguments], observations: list[Observation]
) -> Result:
    """The result that follows from what `function` was observed to do on the cases."""
    if any(seen.value is ... or seen.error == "NotImplementedError" for seen in observations):
        return _not_attempted(exercise)
    expected = [observe(exercise.exact, arguments).value for arguments in cases]
    for place, (seen, exact) in enumerate(zip(observations, expected, strict=False)):
        if not _right(exercise, seen, exact):
            outcome, message = _what_is_wrong(exercise, cases, observations, expected, place)
            return _result(
                exercise,
                outcome,
                message,
                excerpts=_excerpts(seen),
                arguments=cases[place],
                expected=exact,
            )
    message = f"It agrees with the exact answer on all {len(cases)} cases."
    return _result(
        exercise, Outcome.CORRECT, message, function=function, excerpts=_excerpts(observations[0])
    )


# ----------------------------------------------------------------------- before anything is run


def _refusal(exercise: Exercise, function: Any) -> str | None:
    if not callable(function):
        return (
            f"Expected the function itself, got {_kind(function)}: write "
            f'check("{exercise.number}", {exercise.stub_name}), without calling it.'
        )
    try:
        signature = inspect.signature(function)
    except ValueError:  # some built-in functions have none
        return None
    try:
        signature.bind(*exercise.parameters)
    except TypeError:
        wanted, theirs = ", ".join(exercise.parameters), ", ".join(signature.parameters)
        return f"Expected a function of ({wanted}), in this order; yours takes ({theirs})."
    return None


def _untouched(function: Function) -> bool:
    """Whether this is still the stub, found out without a worker.

    A function whose byte code has no operation but to return a constant does nothing else, so it
    may be called here; a notebook with all its stubs unanswered then runs without the worker.
    """
    code = getattr(function, "__code__", None)
    returns_a_constant = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
    if code is None or {step.opname for step in dis.get_instructions(code)} - returns_a_constant:
        return False
    return function(*[None] * code.co_argcount) in (..., None)


# -------------------------------------------------------------------------- what a case tells us


def _right(exercise: Exercise, seen: Observation, exact: Any) -> bool:
    return (
        seen.returned
        and _form(exercise, seen.value, exact) is None
        and _close(seen.value, exact, exercise.tolerance)
        and seen.steady
        and not seen.changed
    )


def _what_is_wrong(
    exercise: Exercise,
    cases: list[Arguments],
    observations: list[Observation],
    expected: list[Any],
    place: int,
) -> tuple[Outcome, str]:
    """The most telling thing to say about an answer that went wrong on the case at `place`."""
    seen, exact = observations[place], expected[place]
    misconception = _recognise(exercise, cases, observations)
    if misconception:
        return Outcome.NOT_YET, misconception.message
    if not seen.returned:
        return Outcome.BROKEN, _failure(exercise, seen)
    if malformed := _form(exercise, seen.value, exact):
        return Outcome.BROKEN, malformed
    if not seen.steady:
        return Outcome.NOT_YET, (
            "Two calls with the same arguments gave different results: use nothing but the "
            "arguments, and the random numbers that are handed in."
        )
    if _close(seen.value, exact, exercise.tolerance):
        return Outcome.NOT_YET, "The numbers are right, but " + _changes(exercise, seen)
    right = sum(map(lambda *pair: _right(exercise, *pair), observations, expected))
    message = f"{_difference(exercise, seen.value, exact)} {right} of {len(cases)} cases are right."
    return Outcome.NOT_YET, message + (" Also, " + _changes(exercise, seen) if seen.changed else "")


def _recognise(
    exercise: Exercise, cases: list[Arguments], observations: list[Observation]
) -> Misconception | None:
    """The typical wrong answer that does the same on every case: the same values, or no value."""
    if len(observations) < len(cases) or not any(seen.returned for seen in observations):
        return None
    for misconception in exercise.wrong:
        wrong = (observe(misconception.function, arguments) for arguments in cases)
        if all(
            ours.returned == theirs.returned
            and (not ours.returned or _close(theirs.value, ours.value))
            for ours, theirs in zip(wrong, observations, strict=True)
        ):
            return misconception
    return None


# ------------------------------------------------------------------------------ comparing values


def _leaves(value: Any) -> tuple[Any, ...]:
    """The tensors of nested tuples, in order."""
    if isinstance(value, tuple) and not isinstance(value, Foreign):
        return tuple(leaf for part in value for leaf in _leaves(part))
    return (value,)


def _structure(value: Any) -> Any:
    """Nested tuples with the leaves left out."""
    if isinstance(value, tuple) and not isinstance(value, Foreign):
        return tuple(_structure(part) for part in value)
    return None


def _close(value: Any, other: Any, tolerance: float = 0.0) -> bool:
    """Whether two returned values agree but for `tolerance` and rounding, NaN with NaN."""
    if _structure(value) != _structure(other):
        return False
    return all(
        _close_leaves(*pair, tolerance) for pair in zip(_leaves(value), _leaves(other), strict=True)
    )


def _close_leaves(value: Any, other: Any, tolerance: float) -> bool:
    if not (_is_number(value) and _is_number(other)):
        return same(value, other)
    left, right = torch.as_tensor(value).double(), torch.as_tensor(other).double()
    if left.shape != right.shape:
        return False
    size = max([1.0, *right[right.isfinite()].abs().flatten().tolist()])
    return torch.allclose(left, right, rtol=0, atol=tolerance + ROUNDING * size, equal_nan=True)


def _is_number(value: Any) -> bool:
    if isinstance(value, Tensor):
        return not value.is_complex()
    return isinstance(value, int | float)


# ------------------------------------------------------------------------------- saying what is


def _form(exercise: Exercise, value: Any, exact: Any) -> str | None:
    """What is wrong with the form of a returned value: its structure, type, shape, or NaN."""
    if value is None:
        return "The function returned nothing: is there a `return` on every way through it?"
    if _structure(value) != _structure(exact):
        return f"Expected {_layout(exercise, exact)}; got {_kind(value)}."
    for meaning, got, wanted in zip(exercise.returns, _leaves(value), _leaves(exact), strict=True):
        if complaint := _leaf_form(got, wanted):
            return f"Expected {complaint[0]}, {meaning}; got {complaint[1]}."
    return None


def _leaf_form(got: Any, wanted: Tensor) -> tuple[str, str] | None:
    """What was expected and what came, or None where the form is right."""
    if isinstance(got, float) and wanted.shape == ():
        got = torch.tensor(got, dtype=wanted.dtype)
    if not isinstance(got, Tensor):
        return f"a tensor of shape {_shape(wanted)}", _kind(got)
    if got.shape != wanted.shape:
        return f"a tensor of shape {_shape(wanted)}", f"shape {_shape(got)}"
    if got.dtype != wanted.dtype:
        return (
            f"a tensor of {wanted.dtype}, the dtype of the arguments",
            f"{got.dtype} (a comparison gives torch.bool, and a new tensor is float32 unless it "
            "is made with dtype=W.dtype, device=W.device)",
        )
    bad = ~got.isfinite() & wanted.isfinite()
    if bad.any():
        found = "NaN" if got.isnan().any() else "an infinite number"
        return (
            "finite numbers",
            f"{found} in {int(bad.sum())} of {got.numel()} entries (a logarithm of 0, an exp of a "
            "large number, or a division by 0)",
        )
    return None


def _layout(exercise: Exercise, exact: Any) -> str:
    meanings = ", ".join(exercise.returns)
    count = len(exercise.returns)
    if not isinstance(exact, tuple):
        return f"a tensor of shape {_shape(exact)}, {meanings}"
    remaining = iter(exercise.returns)

    def named(part: Any) -> str:
        if isinstance(part, tuple):
            return f"({', '.join(named(each) for each in part)})"
        return next(remaining)

    return f"{count} tensors as {named(exact)}"


def _kind(value: Any) -> str:
    """A returned value in words."""
    if isinstance(value, Foreign):
        return f"an object of type {value.type_name}"
    if isinstance(value, Tensor):
        return f"a tensor of shape {_shape(value)}"
    if isinstance(value, tuple):
        return f"({', '.join(map(_kind, value))})"
    return f"{type(value).__name__} {value!r:.40}"


def _shape(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))


def _changes(exercise: Exercise, seen: Observation) -> str:
    names = " and ".join(f"`{exercise.parameters[place]}`" for place in seen.changed)
    return (
        f"the function changes its argument {names} in place. A live run hands it the model's own "
        "parameters and data, so compute new tensors: `x = x + d` in place of `x += d`."
    )


def _difference(exercise: Exercise, value: Any, exact: Any) -> str:
    """Where an answer is farthest from the exact one."""
    leaves = zip(exercise.returns, _leaves(value), _leaves(exact), strict=True)
    for meaning, got, wanted in leaves:
        if not _close_leaves(got, wanted, exercise.tolerance):
            got = torch.as_tensor(got, dtype=wanted.dtype)
            worst = int((got - wanted).abs().flatten().argmax())
            place = [int(i) for i in torch.unravel_index(torch.tensor(worst), wanted.shape)]
            where = f"entry {place} " if place else ""
            return (
                f"In {meaning}, {where}should be {wanted.flatten()[worst].item():.6g} and is "
                f"{got.flatten()[worst].item():.6g}. The result's `arguments` and `expected` hold "
                "this case, to try the function on."
            )
    raise AssertionError("called only for values that differ")


def _failure(exercise: Exercise, seen: Observation) -> str:
    """One sentence on an exception or on the end of the worker."""
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
            "The function ended the Python process that it ran in (os._exit, or a crash of "
            "compiled code, as after endless recursion)."
        )
    error = f"{seen.error}: {seen.error_text.splitlines()[0] if seen.error_text else ''}"
    return f"It raised {error.rstrip(': ')}.{_explanation(error)}"


_EXPLANATIONS = (
    (r"shapes cannot be multiplied|size mismatch|inconsistent tensor size",
     "A matrix product needs equal inner sizes; W is (n_visible, n_hidden), and v has one row per "
     "example."),
    (r"must match the size|not broadcastable|expanded size",
     "Shapes are aligned from the right: print the shapes of both sides."),
    (r"NameError|UnboundLocalError",
     "Is the name spelled as in the signature, and is the cell that defines it run?"),
    (r"RecursionError", "The function calls itself without end."),
    (r"SystemExit", "A function hands back its result with `return`; exit() ends Python."),
    (r"ModuleNotFoundError|ImportError", "The solution needs torch only."),
    (r"same dtype|expected scalar type|dtype",
     "Make new tensors with dtype=W.dtype: the cases are in float64."),
    (r"MemoryError|can't allocate memory|not enough memory",
     "The cases are small: does it enumerate more states than it needs?"),
    (r"has no attribute|not callable|unsupported operand",
     "The arguments are tensors, and tuples of tensors where the docstring says so."),
    (r"IndexError|out of (range|bounds)", "Compare the index with the shapes in the docstring."),
)  # fmt: skip


def _explanation(error: str) -> str:
    for pattern, explanation in _EXPLANATIONS:
        if re.search(pattern, error):
            return " " + explanation
    return ""


def _excerpts(seen: Observation) -> tuple[tuple[str, str], ...]:
    excerpts: Sequence[tuple[str, str]] = ()
    if seen.frame:
        line = linecache.getline(*seen.frame).strip()
        excerpts = [(f"Line {seen.frame.line} of your code", line)] if line else []
    if seen.printed.strip():
        excerpts = [*excerpts, ("Your function printed", seen.printed.rstrip())]
    return tuple(excerpts)


def _not_attempted(exercise: Exercise) -> Result:
    message = (
        f"Write the body of `{exercise.stub_name}` and run both cells again; "
        f'hint("{exercise.number}") helps. Until then the reference is used.'
    )
    return _result(exercise, Outcome.NOT_ATTEMPTED, message)


def _result(
    exercise: Exercise,
    outcome: Outcome,
    message: str,
    *,
    function: Function | None = None,
    **details: Any,
) -> Result:
    return Result(
        exercise.number, exercise.title, outcome, message, function or exercise.reference, **details
    )


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]

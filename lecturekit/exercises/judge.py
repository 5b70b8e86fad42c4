"""From a student's function to a result: refuse what can't be run, run the rest, decide."""

from __future__ import annotations

import dis
import functools
import inspect
import linecache
from collections.abc import Iterator
from types import CodeType
from typing import Any

from lecturekit.exercises import explain, verdict
from lecturekit.exercises.exercise import Exercise, Function
from lecturekit.exercises.result import Outcome, Result
from lecturekit.exercises.worker import UnsendableError, Worker

PATIENCE = 60.0  # seconds for a verdict, which takes a tenth of one as a rule


def judge(exercise: Exercise, function: Function, worker: Worker) -> Result:
    """Run `function` on the exercise's cases in the worker, and say what came of it."""
    if refusal := _refusal(exercise, function):
        return _result(exercise, verdict.Verdict(Outcome.BROKEN, refusal))
    if _untouched(exercise, function):
        return _result(exercise, verdict.Verdict(Outcome.NOT_ATTEMPTED, ""))
    through = tuple(exercise.parameters.index(name) for name in exercise.through)
    cases = functools.partial(verdict.cases, exercise)
    try:
        seen = worker.run(function, cases, exercise.time_limit, through)
    except UnsendableError as error:
        return _result(exercise, verdict.Verdict(Outcome.BROKEN, str(error)))
    decide = functools.partial(verdict.decide, exercise, seen, frozenset(_words(function)))
    return _result(exercise, worker.call(decide, PATIENCE), function)


def _result(exercise: Exercise, found: verdict.Verdict, function: Any = None) -> Result:
    """The verdict for the notebook, with the student's line that failed, which is known here."""
    message, excerpts = found.message, found.excerpts
    if found.outcome is Outcome.NOT_ATTEMPTED:
        message = (
            f"Write the body of `{exercise.stub_name}`, run its cell, and check again; "
            f'hint("{exercise.number}") helps. Until then the reference is used.'
        )
    frame = found.shown.frame if found.shown else None
    if frame and (line := linecache.getline(*frame).strip()[: explain.LINE_LIMIT]):
        excerpts = ((f"Line {frame.line} of your code", line), *excerpts)
    theirs = verdict.in_float64(function) if found.in_float64 else function
    return Result(
        exercise.number,
        exercise.title,
        found.outcome,
        message,
        theirs if found.outcome is Outcome.CORRECT else exercise.reference,
        excerpts,
        found.arguments,
        found.expected,
    )


# ----------------------------------------------------------------------- before anything is run


def _refusal(exercise: Exercise, function: Any) -> str | None:
    """Why this can't be called as the exercise's function, or None."""
    if not callable(function):
        return (
            f"Expected the function itself, got {explain.kind(function)}: write "
            f'check("{exercise.number}", {exercise.stub_name}), without calling it.'
        )
    try:
        signature = inspect.signature(function)
    except Exception:  # some built-in functions have none, some objects refuse to be asked
        return None
    try:
        signature.bind(*exercise.parameters)
    except TypeError:
        wanted, theirs = ", ".join(exercise.parameters), ", ".join(signature.parameters)
        return f"Expected a function of ({wanted}), in this order; yours takes ({theirs})."
    return None


def _untouched(exercise: Exercise, function: Function) -> bool:
    """Whether this is still the stub, found out without a worker.

    A function whose byte code has no operation but to return a constant does nothing else, so it
    may be called here; a notebook with all its stubs unanswered then runs without the worker.
    """
    code = getattr(function, "__code__", None)
    returns_a_constant = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
    if not isinstance(code, CodeType):
        return False
    if {step.opname for step in dis.get_instructions(code)} - returns_a_constant:
        return False
    return function(*exercise.parameters) in (..., None)


def _words(function: Function) -> Iterator[str]:
    """The names that a function uses, and those within it."""
    codes = [getattr(function, "__code__", None)]
    while codes:
        code = codes.pop()
        if isinstance(code, CodeType):
            yield from code.co_names
            codes += [each for each in code.co_consts if isinstance(each, CodeType)]

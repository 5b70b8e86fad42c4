"""The decision: an answer is compared with the exact one on random small cases, nothing else.

Names, style and private attributes play no part. What a wrong answer does on the cases is compared
with what the exercise's typical wrong answers do there, so that a misconception can be named.
"""

from __future__ import annotations

import dis
import inspect
from typing import Any

import torch

from lecturekit.exercises import explain
from lecturekit.exercises.compare import close
from lecturekit.exercises.exercise import Arguments, Exercise, Function, Misconception
from lecturekit.exercises.observation import Observation, observe
from lecturekit.exercises.result import Outcome, Result
from lecturekit.exercises.worker import UnsendableError, Worker

CASES_SEED = 0  # the same answer gets the same verdict every time


def judge(exercise: Exercise, function: Function, worker: Worker) -> Result:
    """Run `function` on the exercise's cases in the worker, and say what came of it."""
    if refusal := _refusal(exercise, function):
        return _result(exercise, Outcome.BROKEN, refusal)
    if _untouched(exercise, function):
        return _not_attempted(exercise)
    cases = exercise.cases(torch.Generator().manual_seed(CASES_SEED))
    try:
        observations = worker.run(function, cases, exercise.time_limit)
    except UnsendableError as error:
        return _result(exercise, Outcome.BROKEN, str(error))
    return verdict(exercise, function, cases, observations)


def verdict(
    exercise: Exercise, function: Function, cases: list[Arguments], observations: list[Observation]
) -> Result:
    """The result that follows from what `function` was observed to do on the cases.

    There are fewer observations than cases where one of them ended the worker.
    """
    if any(seen.value is ... or seen.error == "NotImplementedError" for seen in observations):
        return _not_attempted(exercise)
    expected = [exercise.exact(*arguments) for arguments in cases]
    right = [_is_right(exercise, *pair) for pair in zip(observations, expected, strict=False)]
    if all(right):
        message = f"It agrees with the exact answer on all {len(cases)} cases."
        printed = explain.excerpts(exercise, observations[0])
        return _result(exercise, Outcome.CORRECT, message, function=function, excerpts=printed)
    place = right.index(False)
    misconception = _recognise(exercise, cases, observations)
    if misconception:
        outcome, message = Outcome.NOT_YET, misconception.message
    else:
        outcome, message = _first_fault(exercise, observations[place], expected[place])
        if outcome is Outcome.NOT_YET:
            message += explain.score(right) + explain.pattern(observations, expected)
    return _result(
        exercise,
        outcome,
        message,
        excerpts=explain.excerpts(exercise, observations[place], cases[place]),
        arguments=cases[place],
        expected=expected[place],
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
    except ValueError:  # some built-in functions have none
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
    if code is None or {step.opname for step in dis.get_instructions(code)} - returns_a_constant:
        return False
    return function(*exercise.parameters) in (..., None)


# ------------------------------------------------------------------------------------ the cases


def _is_right(exercise: Exercise, seen: Observation, exact: Any) -> bool:
    return (
        seen.returned
        and explain.malformed(exercise, seen.value, exact) is None
        and close(seen.value, exact, exercise.tolerance)
        and seen.steady
        and not seen.changed
    )


def _recognise(
    exercise: Exercise, cases: list[Arguments], observations: list[Observation]
) -> Misconception | None:
    """The typical wrong answer that does the same on every case: the same values, or no value."""
    if len(observations) < len(cases) or not any(seen.returned for seen in observations):
        return None
    for misconception in exercise.wrong:
        typical = (observe(misconception.function, arguments) for arguments in cases)
        if all(
            wrong.returned == seen.returned and close(seen.value, wrong.value)
            for wrong, seen in zip(typical, observations, strict=True)
        ):
            return misconception
    return None


def _first_fault(exercise: Exercise, seen: Observation, exact: Any) -> tuple[Outcome, str]:
    """What went wrong on a case, where no misconception explains it."""
    if not seen.returned:
        return Outcome.BROKEN, explain.failure(exercise, seen)
    if malformed := explain.malformed(exercise, seen.value, exact):
        return Outcome.BROKEN, malformed
    if not seen.steady:
        return Outcome.NOT_YET, explain.UNSTEADY
    if close(seen.value, exact, exercise.tolerance):
        return Outcome.NOT_YET, f"The numbers are right, but {explain.changes(exercise, seen)}"
    message = explain.difference(exercise, seen.value, exact)
    if seen.changed:
        message += f" Besides, {explain.changes(exercise, seen)}"
    return Outcome.NOT_YET, message


# ---------------------------------------------------------------------------------- the results


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

"""The decision: what a function was observed to do, against the exact answer, and nothing else.

Names, style and private attributes play no part. It is made in a process apart, like the function's
own run, so that nothing a student's cell has changed in the notebook's Python reaches it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from lecturekit.exercises import explain
from lecturekit.exercises.compare import close, leaves
from lecturekit.exercises.diagnose import Diagnosis, diagnose
from lecturekit.exercises.exercise import Arguments, Exercise, Function
from lecturekit.exercises.observation import Observation, gradients_of
from lecturekit.exercises.result import Outcome

CASES_SEED = 0  # the same answer gets the same verdict every time
LIVE_PRECISION = 1e-3  # of float32, through everything that a function may do


@dataclass(frozen=True)
class Verdict:
    """What came of an answer: the outcome, what to do about it, and the case that shows it."""

    outcome: Outcome
    message: str
    excerpts: explain.Excerpts = ()
    arguments: Arguments | None = None
    expected: Any = None
    shown: Observation | None = field(default=None, repr=False)  # of that case
    in_float64: bool = False  # right, but for a live run only in float64


def cases(exercise: Exercise, seed: int = CASES_SEED) -> list[Arguments]:
    """All cases: in float64, by which an answer is judged, then as a live run has them, if any."""
    exact = exercise.cases(seed)
    return [*exact, *(map(_in_float32, exact) if exercise.live else ())]


def decide(
    exercise: Exercise,
    observations: list[Observation],
    words: frozenset[str] = frozenset(),
    seed: int = CASES_SEED,
) -> Verdict:
    """The verdict that follows from what a function was observed to do on `cases`.

    There are fewer observations than cases where one of them ended the process. `words` are the
    names that the function uses, to say what cuts a gradient off.
    """
    of_cases = exercise.cases(seed)
    seen = observations[: len(of_cases)]
    if any(each.error == "NotImplementedError" for each in seen):
        return Verdict(Outcome.NOT_ATTEMPTED, "")
    if any(each.value is ... for each in seen):
        return Verdict(
            Outcome.NOT_YET,
            "The function still ends in `return ...`, whatever stands above: return your result "
            "there.",
        )
    if not all(each.steady for each in seen):
        return Verdict(Outcome.NOT_YET, explain.UNSTEADY)
    expected = [exercise.right(*arguments) for arguments in of_cases]
    right = [_is_right(exercise, *pair) for pair in zip(seen, expected, strict=False)]
    if all(right) and len(seen) == len(of_cases):
        return _once_right(exercise, of_cases, observations, expected, words)
    return _not_right(exercise, of_cases, seen, expected, right, words)


def _is_right(exercise: Exercise, seen: Observation, exact: Any) -> bool:
    return (
        seen.returned
        and explain.malformed(exercise, seen.value, exact) is None
        and close(seen.value, exact)
        and not seen.changed
    )


# -------------------------------------------------------------------------- where numbers are right


def _once_right(
    exercise: Exercise,
    of_cases: list[Arguments],
    observations: list[Observation],
    expected: list[Any],
    words: frozenset[str],
) -> Verdict:
    """Correct, if it is what a live run needs: gradients, and the precision that it computes in."""
    n = len(of_cases)
    through = tuple(exercise.parameters.index(name) for name in exercise.through)
    for arguments, seen, exact in zip(of_cases, observations, expected, strict=False):
        if through:
            wanted = gradients_of(exercise.reference, arguments, through)
            assert not isinstance(wanted, str)
            if fault := explain.no_gradient(exercise, seen, wanted, words):
                return _faulty(exercise, Outcome.NOT_YET, fault, arguments, seen, exact)
    in_float32 = zip(observations[n:], expected, strict=False)
    doubled = not all(_drives_a_live_run(*pair) for pair in in_float32)
    said = f"It agrees with the exact answer on all {n} cases."
    if doubled:
        said += (
            " In float32, in which a live run computes, it does not; so the live run calls it in "
            "float64, which is slower."
        )
    return Verdict(Outcome.CORRECT, said, explain.printed(observations[0]), in_float64=doubled)


def _drives_a_live_run(seen: Observation, exact: Any) -> bool:
    """Whether an answer that is right in float64 is right in float32 as well, and stays in it."""
    return (
        seen.returned
        and all(getattr(got, "dtype", torch.float32) == torch.float32 for got in leaves(seen.value))
        and close(seen.value, exact, LIVE_PRECISION)
    )


def _in_float32(value: Any) -> Any:
    return converted(value, torch.float64, torch.float32)


def in_float64(function: Function) -> Function:
    """A function of float32 tensors that is computed in float64, where any device has it."""

    @functools.wraps(function)
    def wider(*arguments: Any) -> Any:
        device = next(leaf.device for leaf in leaves(arguments) if isinstance(leaf, Tensor))
        result = function(*converted(arguments, torch.float32, torch.float64, "cpu"))
        return converted(result, torch.float64, torch.float32, device)

    return wider


def converted(value: Any, before: torch.dtype, after: torch.dtype, device: Any = None) -> Any:
    """Tensors in nested tuples from one dtype to another, and on another device."""
    if isinstance(value, tuple | list):
        parts = [converted(part, before, after, device) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, Tensor):
        return value.to(device=device, dtype=after if value.dtype == before else value.dtype)
    return value


# ---------------------------------------------------------------------------- where they are wrong


def _not_right(
    exercise: Exercise,
    of_cases: list[Arguments],
    seen: list[Observation],
    expected: list[Any],
    right: list[bool],
    words: frozenset[str],
) -> Verdict:
    place = _to_show(of_cases, seen, right)
    shown, exact = seen[place], expected[place]
    only_changed = len(seen) == len(of_cases) and all(map(_numbers_right, seen, expected))
    if found := None if only_changed else _diagnosed(exercise, of_cases, seen):
        message = found.says + _besides(exercise, seen, words)
        return _faulty(exercise, Outcome.NOT_YET, message, of_cases[place], shown, exact)
    outcome, message = _fault(exercise, seen, expected, right, place, words)
    return _faulty(exercise, outcome, message, of_cases[place], shown, exact)


def _diagnosed(
    exercise: Exercise, of_cases: list[Arguments], seen: list[Observation]
) -> Diagnosis | None:
    """Better no name for a slip than no verdict."""
    try:
        return diagnose(exercise, of_cases, seen)
    except Exception:
        return None


def _to_show(of_cases: list[Arguments], seen: list[Observation], right: list[bool]) -> int:
    """The case that went wrong with the fewest numbers; the one made to be followed by hand, if
    that one did. Where it raised on some, one of these."""
    wrong = [place for place, fine in enumerate(right) if not fine]
    raised = [place for place in wrong if not seen[place].returned]
    by_hand = len(of_cases) - 1
    fewest = min(raised or wrong, key=lambda place: _count(of_cases[place]))
    return by_hand if by_hand in (raised or wrong) else fewest


def _count(arguments: Arguments) -> int:
    return sum(leaf.numel() for leaf in leaves(arguments) if isinstance(leaf, Tensor))


def _numbers_right(seen: Observation, exact: Any) -> bool:
    return seen.returned and close(seen.value, exact)


def _besides(exercise: Exercise, seen: list[Observation], words: frozenset[str]) -> str:
    changing = next((each for each in seen if each.changed), None)
    said = f" Besides, {explain.changes(exercise, changing)}" if changing else ""
    if exercise.through and all(explain.is_cut_off(each) for each in seen):
        said += f" Besides, {explain.cut_off(exercise, words)}"
    return said


def _fault(
    exercise: Exercise,
    seen: list[Observation],
    expected: list[Any],
    right: list[bool],
    place: int,
    words: frozenset[str],
) -> tuple[Outcome, str]:
    """What went wrong, where no slip explains it."""
    shown, exact = seen[place], expected[place]
    others = f"Right on {sum(right)} of {len(expected)} cases. " if any(right) else ""
    if not shown.returned:
        return Outcome.BROKEN, others + explain.failure(exercise, shown)
    if complaint := explain.malformed(exercise, shown.value, exact):
        return Outcome.BROKEN, others + complaint
    if shown.changed and close(shown.value, exact):
        return Outcome.NOT_YET, f"The numbers are right, but {explain.changes(exercise, shown)}"
    message = explain.difference(exercise, shown.value, exact)
    if all(
        each.returned and explain.malformed(exercise, each.value, wanted) is None
        for each, wanted in zip(seen, expected, strict=True)
    ):
        message = f"{message} {explain.narrowed(exercise, seen, expected, right)}".rstrip()
    return Outcome.NOT_YET, message + _besides(exercise, seen, words)


def _faulty(
    exercise: Exercise,
    outcome: Outcome,
    message: str,
    arguments: Arguments,
    seen: Observation,
    exact: Any,
) -> Verdict:
    excerpts = (*explain.case(exercise, arguments, seen, exact), *explain.printed(seen))
    return Verdict(outcome, message, excerpts, arguments, exact, seen)

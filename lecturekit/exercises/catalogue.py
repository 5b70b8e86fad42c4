"""What a notebook calls: check, hint, solution, and the list of a section's exercises."""

from __future__ import annotations

import importlib
from collections import Counter

from lecturekit.exercises.closing import closed
from lecturekit.exercises.exercise import Exercise, Function
from lecturekit.exercises.judge import judge
from lecturekit.exercises.result import Note, Outcome, Result
from lecturekit.exercises.worker import Worker
from lecturekit.sections import SECTIONS

STEMS = {str(section.number): section.stem for section in SECTIONS}

LATEST: dict[str, Outcome] = {}
"""By the number of an exercise the latest verdict of this kernel."""

_worker = Worker()
_hints_given: Counter[str] = Counter()


def catalogue(section: str) -> tuple[Exercise, ...]:
    """The exercises of a section, in the notebook's order.

    Args:
        section: a stem, such as "rbm".

    Raises:
        ValueError: there are no exercises for it.
    """
    if section not in STEMS.values():
        raise ValueError(f"expected a section among {', '.join(STEMS.values())}, got {section!r}")
    # only here, so that one section's exercises never depend on another's
    exercises: tuple[Exercise, ...] = importlib.import_module(
        f"lecturekit.exercises.{section}"
    ).EXERCISES
    return exercises


def check(number: str, function: Function) -> Result:
    """Judge a student's function by comparing it with an exact answer on random small cases.

    It runs in a process of its own, so an endless loop or a crash costs the notebook nothing but
    the time limit.

    Args:
        number: of the exercise, such as "1.2".
        function: the student's, not called.

    Returns:
        The outcome (not attempted, correct, not yet, broken), what to do about it, and the function
        to go on with: the student's own once it is correct, until then the reference.

    Raises:
        ValueError: there is no such exercise.
    """
    result = judge(_find(number), function, _worker)
    LATEST[number] = result.outcome
    return result


def hint(number: str) -> Note:
    """The next hint of an exercise: one more at each call, the last one over again in the end.

    Raises:
        ValueError: there is no such exercise.
    """
    exercise = _find(number)
    count = len(exercise.hints)
    given = _hints_given[number] = min(_hints_given[number] + 1, count)
    text = f"**Hint {given} of {count}.** {exercise.hints[given - 1]}"
    return Note(text if given < count else f'{text}\n\nAfter this there is `solution("{number}")`.')


def solution(number: str, key: str | None = None) -> Note:
    """The derivation of an exercise's answer, and the reference's source.

    Args:
        number: of the exercise.
        key: opens solutions that are closed; a lecturer who hands out homework has it.

    Raises:
        ValueError: there is no such exercise.
    """
    exercise = _find(number)
    if why := closed(number, key):
        return Note(why)
    return Note(
        f"**Solution {number}: {exercise.title}**\n\n{exercise.derivation.strip()}\n\n"
        f"```python\n{exercise.source}```"
    )


def _find(number: str) -> Exercise:
    section = STEMS.get(str(number).partition(".")[0])
    exercises = catalogue(section) if section else ()
    for exercise in exercises:
        if exercise.number == number:
            return exercise
    known = ", ".join(each.number for each in exercises) or f"sections {', '.join(STEMS)}"
    raise ValueError(f"expected the number of an exercise as text, among {known}, got {number!r}")

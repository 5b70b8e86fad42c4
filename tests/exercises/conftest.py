"""Judging without a worker, for functions that do no harm."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lecturekit.exercises import verdict
from lecturekit.exercises.exercise import Exercise, Function
from lecturekit.exercises.judge import _result, _words
from lecturekit.exercises.observation import observe
from lecturekit.exercises.result import Result

Judge = Callable[..., Result]


@pytest.fixture
def judge_here() -> Judge:
    """The verdict on a function, run in the tests' own process."""

    def judge(exercise: Exercise, function: Function, seed: int = verdict.CASES_SEED) -> Result:
        through = tuple(exercise.parameters.index(name) for name in exercise.through)
        cases = verdict.cases(exercise, seed)
        seen = [observe(function, arguments, through) for arguments in cases]
        words = frozenset(_words(function))
        return _result(exercise, verdict.decide(exercise, seen, words, seed), function)

    return judge

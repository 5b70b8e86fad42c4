"""Judging without a worker, for functions that do no harm."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from lecturekit.exercises.exercise import Exercise, Function
from lecturekit.exercises.judge import CASES_SEED, verdict
from lecturekit.exercises.observation import observe
from lecturekit.exercises.result import Result

Judge = Callable[..., Result]


@pytest.fixture
def judge_here() -> Judge:
    """The verdict on a function, run in the tests' own process."""

    def judge(exercise: Exercise, function: Function, seed: int = CASES_SEED) -> Result:
        cases = exercise.cases(torch.Generator().manual_seed(seed))
        observations = [observe(function, arguments) for arguments in cases]
        return verdict(exercise, function, cases, observations)

    return judge

"""What holds for every exercise, whichever section it belongs to."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from lecturekit.exercises import catalogue
from lecturekit.exercises.compare import close, leaves
from lecturekit.exercises.exercise import IMPORTS, Exercise, Misconception
from lecturekit.exercises.judge import judge
from lecturekit.exercises.worker import Worker
from lecturekit.sections import SECTIONS

EXERCISES = [exercise for section in SECTIONS for exercise in catalogue(section.stem)]
WRONG = [
    pytest.param(exercise, wrong, id=f"{exercise.number}-{place}")
    for exercise in EXERCISES
    for place, wrong in enumerate(exercise.wrong)
]

each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.number)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def defined(source: str, name: str):
    """The function that a notebook has after running `source` below its imports."""
    cell: dict = {}
    exec(IMPORTS + source, cell)
    return cell[name]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.stem)
def test_numbers_follow_each_other(section):
    numbers = [exercise.number for exercise in catalogue(section.stem)]
    assert numbers == [f"{section.number}.{place}" for place in range(1, len(numbers) + 1)]


@each_exercise
def test_the_reference_agrees_with_the_exact_answer_on_many_seeds(exercise: Exercise):
    for seed in range(30):
        for arguments in exercise.cases(seeded(seed)):
            answer, exact = exercise.reference(*arguments), exercise.exact(*arguments)
            assert close(answer, exact, exercise.tolerance), f"seed {seed}: {answer} ≠ {exact}"
            assert len(leaves(exact)) == len(exercise.returns)


@each_exercise
def test_the_cases_are_in_float64_and_begin_with_sizes_that_differ(exercise: Exercise):
    """So that the shape in a message is telling, and a transpose does not go unnoticed."""
    cases = exercise.cases(seeded(0))
    tensors = [leaf for leaf in leaves(tuple(cases)) if isinstance(leaf, Tensor)]
    assert {tensor.dtype for tensor in tensors} <= {torch.float64, torch.int64, torch.bool}
    shapes = {leaf.shape for leaf in leaves(cases[0]) if isinstance(leaf, Tensor)}
    rows_alone = all(len(shape) < 2 for shape in shapes)
    assert rows_alone or len({size for shape in shapes for size in shape}) > 1
    square = {shape for shape in shapes if len(shape) > 1 and shape[0] == shape[1]}
    assert all(len(set(shape)) == len(shape) for shape in shapes - square)


@each_exercise
def test_the_reference_can_stand_in_place_of_the_stub(exercise: Exercise, judge_here):
    pasted = defined(exercise.source, exercise.stub_name)
    result = judge_here(exercise, pasted)
    assert result.outcome == "correct"
    assert result.function is pasted


@each_exercise
def test_the_stub_is_not_attempted_and_needs_no_worker(exercise: Exercise, monkeypatch):
    monkeypatch.setattr(Worker, "run", lambda *_: pytest.fail("a stub started the worker"))
    stub = defined(exercise.stub, exercise.stub_name)
    assert stub.__doc__ == exercise.reference.__doc__
    result = judge(exercise, stub, Worker())
    assert result.outcome == "not attempted"
    assert result.function is exercise.reference


@pytest.mark.parametrize(("exercise", "wrong"), WRONG)
@pytest.mark.parametrize("seed", range(2))
def test_a_wrong_answer_gets_its_message(
    exercise: Exercise, wrong: Misconception, seed: int, judge_here
):
    """On every seed, so that none coincides with the right answer or with another wrong one."""
    result = judge_here(exercise, wrong.function, seed)
    assert (result.outcome, result.message) == ("not yet", wrong.message)
    assert result.function is exercise.reference


@each_exercise
def test_hints_lead_to_the_solution(exercise: Exercise):
    assert len(exercise.hints) >= 2
    assert len(set(exercise.hints)) == len(exercise.hints)
    assert exercise.derivation.strip()
    assert exercise.derivation.count("$$") % 2 == 0
    assert exercise.derivation.replace("$$", "").count("$") % 2 == 0

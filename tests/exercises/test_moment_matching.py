"""Section 3's exercises: references against exact answers and the package, wrong answers named."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from lecturekit import evaluation, exercises, moment_matching
from lecturekit.exercises.compare import close, leaves
from lecturekit.exercises.exercise import IMPORTS, Exercise, Misconception
from lecturekit.exercises.judge import judge
from lecturekit.exercises.moment_matching import tiny
from lecturekit.exercises.worker import Worker

EXERCISES = exercises.catalogue("moment_matching")
BY_NAME = {exercise.stub_name: exercise.reference for exercise in EXERCISES}
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


# ------------------------------------------------------------------------------- the references


@each_exercise
def test_the_reference_agrees_with_the_exact_answer_on_many_seeds(exercise: Exercise):
    for seed in range(30):
        for arguments in exercise.cases(seeded(seed)):
            answer, exact = exercise.reference(*arguments), exercise.exact(*arguments)
            assert close(answer, exact, exercise.tolerance), f"seed {seed}: {answer} ≠ {exact}"
            assert len(leaves(exact)) == len(exercise.returns)


@each_exercise
def test_the_cases_are_in_float64_and_the_first_has_different_numbers_of_rows(exercise: Exercise):
    cases = exercise.cases(seeded(0))
    tensors = [leaf for leaf in leaves(tuple(cases)) if isinstance(leaf, Tensor)]
    assert all(t.dtype == torch.float64 for t in tensors if t.is_floating_point())
    matrices = [t for t in leaves(cases[0]) if isinstance(t, Tensor) and t.dim() == 2]
    assert len({len(t) for t in matrices}) > 1


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


# ---------------------------------------------------------------------------- the wrong answers


@pytest.mark.parametrize(("exercise", "wrong"), WRONG)
@pytest.mark.parametrize("seed", range(2))
def test_a_wrong_answer_gets_its_message(
    exercise: Exercise, wrong: Misconception, seed: int, judge_here
):
    """On every seed, so that none coincides with the right answer or with another wrong one."""
    result = judge_here(exercise, wrong.function, seed)
    assert (result.outcome, result.message) == ("not yet", wrong.message)
    assert result.function is exercise.reference


# --------------------------------------------------------------- typical wrong lines, as written


def test_detaching_in_the_wrong_place_is_recognised_as_students_write_it(judge_here):
    """With autograd, and not by the formulas that the catalogue's wrong answers are made of."""
    source = next(e.source for e in EXERCISES if e.stub_name == "generator_gradient")
    messages = set()
    for right, wrong in [
        ("mean_kernel(x, x)", "mean_kernel(x.detach(), x.detach())"),
        ("mean_kernel(x, x)", "mean_kernel(x, x.detach())"),
        ("2 * mean_kernel(x, y)", "2 * mean_kernel(x.detach(), y)"),
        ("mmd2.sqrt()", "-mmd2.sqrt()"),
        ("mmd2.sqrt()", "mmd2"),
    ]:
        assert right in source
        answer = defined(source.replace(right, wrong), "generator_gradient")
        result = judge_here(next(e for e in EXERCISES if e.number == "3.6"), answer)
        assert result.outcome == "not yet"
        assert result.message in [w.message for w in result_of("3.6").wrong]
        messages.add(result.message)
    assert len(messages) == 5


def result_of(number: str) -> Exercise:
    return next(exercise for exercise in EXERCISES if exercise.number == number)


# ------------------------------------------------------------------------- against the package


@pytest.mark.parametrize("seed", range(5))
def test_kernel_estimators_step_and_gradient_are_those_of_the_package(seed: int):
    g = seeded(seed)
    x, y = tiny.normal(9, 3, generator=g), 1 + tiny.normal(7, 3, generator=g)
    kernel = moment_matching.Gaussian(1.7)
    matrices = [BY_NAME["gaussian_kernel"](a, b, 1.7) for a, b in ((x, x), (x, y), (y, y))]
    for ours, (a, b) in zip(matrices, ((x, x), (x, y), (y, y)), strict=True):
        torch.testing.assert_close(ours, kernel(a, b))
    torch.testing.assert_close(
        BY_NAME["biased_mmd2"](*matrices), moment_matching.mmd2(x, y, kernel)
    )
    torch.testing.assert_close(
        BY_NAME["unbiased_mmd2"](*matrices), moment_matching.mmd2(x, y, kernel, unbiased=True)
    )
    moved = BY_NAME["flow_step"](x, y, 1.7, 0.4)
    torch.testing.assert_close(moved, x + 0.4 * moment_matching.velocity(x, y, kernel))

    W, b = (
        p.requires_grad_() for p in (tiny.normal(2, 3, generator=g), tiny.normal(3, generator=g))
    )
    z = tiny.normal(6, 2, generator=g)
    loss = moment_matching.mmd2(z @ W + b, y, kernel).sqrt()
    expected = torch.autograd.grad(loss, (W, b))
    torch.testing.assert_close(BY_NAME["generator_gradient"](W, b, z, y, 1.7), expected)


def test_p_value_is_that_of_the_package_up_to_chance():
    x, y = tiny.normal(8, 2, generator=seeded(1)), 0.6 + tiny.normal(6, 2, generator=seeded(2))
    kernel, n = moment_matching.Gaussian(1.0), 1000
    z = torch.cat([x, y])
    orders = torch.stack([torch.randperm(14, generator=seeded(seed)) for seed in range(n)])
    ours = BY_NAME["permutation_p_value"](kernel(z, z), 8, orders).item()
    theirs = moment_matching.two_sample_test(
        x, y, kernel, n_permutations=n, generator=seeded(3)
    ).p_value
    assert abs(ours - theirs) < 5 * math.sqrt(2 * ours * (1 - ours) / n)


def test_parzen_estimate_is_that_of_evaluation():
    samples, validation, test = (tiny.normal(30, 4, generator=seeded(s)) for s in range(3))
    widths = torch.tensor([0.2, 0.4, 0.8, 1.6]).double()
    expected = evaluation.parzen_log_likelihood(samples, validation, test, widths=widths.tolist())
    found = BY_NAME["parzen_estimate"](samples, validation, test, widths)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.item() == pytest.approx(theirs)

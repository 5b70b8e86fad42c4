"""Section 6's exercises: references against exact answers and the package, wrong answers named."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from lecturekit import unit
from lecturekit.exercises.compare import close, leaves
from lecturekit.exercises.exercise import IMPORTS, Exercise, Misconception
from lecturekit.exercises.judge import judge
from lecturekit.exercises.unit import EXERCISES, tiny
from lecturekit.exercises.worker import Worker

BY_NAME = {exercise.stub_name: exercise.reference for exercise in EXERCISES}
BY_NUMBER = {exercise.number: exercise for exercise in EXERCISES}
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


@each_exercise
def test_the_reference_agrees_with_the_exact_answer_on_many_seeds(exercise: Exercise):
    for seed in range(30):
        for arguments in exercise.cases(seeded(seed)):
            answer, exact = exercise.reference(*arguments), exercise.exact(*arguments)
            assert close(answer, exact, exercise.tolerance), f"seed {seed}: {answer} ≠ {exact}"
            assert len(leaves(exact)) == len(exercise.returns)


@each_exercise
def test_the_cases_are_in_float64_and_begin_with_sizes_that_all_differ(exercise: Exercise):
    cases = exercise.cases(seeded(0))
    tensors = [leaf for leaf in leaves(tuple(cases)) if isinstance(leaf, Tensor)]
    assert all(tensor.dtype == torch.float64 for tensor in tensors)
    shape = max((leaf.shape for leaf in leaves(cases[0])), key=len)
    assert len(set(shape)) == len(shape)


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
    assert judge(exercise, stub, Worker()).outcome == "not attempted"


@pytest.mark.parametrize(("exercise", "wrong"), WRONG)
@pytest.mark.parametrize("seed", range(2))
def test_a_wrong_answer_gets_its_message(
    exercise: Exercise, wrong: Misconception, seed: int, judge_here
):
    """On every seed, so that none coincides with the right answer or with another wrong one."""
    result = judge_here(exercise, wrong.function, seed)
    assert (result.outcome, result.message) == ("not yet", wrong.message)
    assert result.function is exercise.reference


# ------------------------------------------------------------------------ against the package


def test_the_divergence_is_that_of_the_package():
    mean, log_variance = (tiny.normal(6, 3, generator=seeded(s)) for s in (1, 2))
    ours = unit.gaussian_kl(mean, log_variance)
    torch.testing.assert_close(BY_NAME["gaussian_kl"](mean, log_variance), ours)


def test_the_bound_is_that_of_the_package():
    """Row by row, since the package's Gaussians have one covariance for all rows."""
    x, mean, log_variance, W = BY_NUMBER["6.2"].cases(seeded(3))[0]
    model = unit.LinearGaussian(W, torch.zeros_like(x[0]), 1.0)
    theirs = BY_NAME["variational_bound"](x, mean, log_variance, W)
    for row in range(len(x)):
        q = unit.Gaussian(mean[row : row + 1], log_variance[row].exp().diag())
        torch.testing.assert_close(model.bound(x[row : row + 1], q), theirs[row : row + 1])


def test_the_losses_are_those_of_the_package(monkeypatch):
    """The package's streams and terms with the exercise's linear nets and noise."""
    x1, x2, E1, E2, G1, G2, *noises, weights = BY_NUMBER["6.6"].cases(seeded(4))[0]
    n_pixels, n_latent = E1.shape
    nets = {"E1": E1, "E2": E2, "G1": G1, "G2": G2}
    model = SimpleNamespace(**{name: _Linear(M) for name, M in nets.items()}, D1=_score, D2=_score)
    given = iter([noises[0], torch.zeros_like(noises[0]), noises[1], torch.zeros_like(noises[1])])
    monkeypatch.setattr(Tensor, "normal_", lambda noise, **_: noise.copy_(next(given)))
    made = unit.streams(model, x1, x2, generator=seeded(0))
    terms, _ = unit.autoencoder_terms(model, x1, x2, made, "least squares")
    settings = unit.Settings(
        kl_weight=weights[0] * n_latent,
        reconstruction_weight=weights[1] * n_pixels,
        cycle_kl_weight=weights[2] * n_latent,
        cycle_weight=weights[3] * n_pixels,
    )
    losses = unit.weighted(terms, settings)
    theirs = BY_NAME["unit_losses"](x1, x2, E1, E2, G1, G2, *noises, weights)
    torch.testing.assert_close((losses.vae, losses.cc), theirs)


class _Linear:
    def __init__(self, weight: Tensor):
        self.weight = weight

    def __call__(self, rows: Tensor) -> Tensor:
        return rows @ self.weight


def _score(rows: Tensor) -> Tensor:
    return rows.sum(dim=1)


def test_numbers_follow_each_other():
    assert [each.number for each in EXERCISES] == [f"6.{k}" for k in range(1, len(EXERCISES) + 1)]
    assert len({each.stub_name for each in EXERCISES}) == len(EXERCISES)


@each_exercise
def test_hints_lead_to_the_solution(exercise: Exercise):
    assert len({*exercise.hints}) == 3
    assert "$$" in exercise.derivation
    assert exercise.derivation.count("$$") % 2 == 0
    assert exercise.derivation.replace("$$", "").count("$") % 2 == 0

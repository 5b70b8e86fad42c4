"""Section 2's exercises: references against exact answers and the package, wrong answers named."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from lecturekit import deep_energy as de
from lecturekit import exercises
from lecturekit.exercises.compare import close, leaves
from lecturekit.exercises.exercise import IMPORTS, Exercise, Misconception
from lecturekit.exercises.judge import judge
from lecturekit.exercises.worker import Worker

EXERCISES = exercises.catalogue("deep_energy")
BY_NAME = {exercise.stub_name: exercise.reference for exercise in EXERCISES}
WRONG = [
    pytest.param(exercise, wrong, id=f"{exercise.number}-{place}")
    for exercise in EXERCISES
    for place, wrong in enumerate(exercise.wrong)
]

each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.number)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=seeded(seed), dtype=torch.float64)


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
def test_the_cases_are_in_float64_and_begin_with_sizes_that_all_differ(exercise: Exercise):
    cases = exercise.cases(seeded(0))
    tensors = [leaf for leaf in leaves(tuple(cases)) if isinstance(leaf, Tensor)]
    numbers = [tensor for tensor in tensors if tensor.dtype != torch.int64]  # states are whole
    assert all(tensor.dtype == torch.float64 for tensor in numbers)
    for tensor in (leaf for leaf in leaves(cases[0]) if isinstance(leaf, Tensor)):
        square = exercise.number in ("2.3", "2.6") and tensor.shape[:1] == tensor.shape[1:]
        assert square or len({*tensor.shape}) == tensor.dim()


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


def test_a_student_who_adds_both_losses_is_told_why(judge_here):
    """The mistake as one makes it in code, not as the formula that recognises it."""

    def one_backward(W, A, x, z):
        W, A = W.clone().requires_grad_(), A.clone().requires_grad_()
        energy = lambda x: (x * x).sum(1) - nn.functional.softplus(x @ W.T).sum(1)  # noqa: E731
        chi = z @ A.T
        (energy(x).mean() - energy(chi.detach()).mean() + energy(chi).mean()).backward()
        return W.grad, A.grad

    result = judge_here(EXERCISES[3], one_backward)
    assert result.outcome == "not yet"
    assert "Adding the two losses" in result.message


def test_a_student_who_detaches_in_the_wrong_place_is_told_where(judge_here):
    def detached(W, A, x, z):
        W, A = W.clone().requires_grad_(), A.clone().requires_grad_()
        energy = lambda x: (x * x).sum(1) - nn.functional.softplus(x @ W.T).sum(1)  # noqa: E731
        chi = (z @ A.T).detach()
        (g_W,) = torch.autograd.grad(energy(x).mean() - energy(chi).mean(), W)
        (g_A,) = torch.autograd.grad(
            energy(chi).mean(), A, allow_unused=True, materialize_grads=True
        )
        return g_W, g_A

    result = judge_here(EXERCISES[3], detached)
    assert "The generator gets no gradient" in result.message


def test_a_student_who_forgets_the_diagonal_is_told_about_it(judge_here):
    def with_itself(x):
        nearest = torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist").min(1).values
        return 1.0 + x.shape[1] * nearest.log().mean()

    result = judge_here(EXERCISES[6], with_itself)
    assert "its own nearest neighbour" in result.message


# ------------------------------------------------------------------------- against the package


def test_the_energy_is_that_of_the_package():
    energy = de.DeepEnergy(nn.Linear(3, 4), 3, 4, 5, sigma=0.8, generator=seeded(0)).double()
    nn.init.normal_(energy.b, generator=seeded(1))
    x = normal(6, 3)
    layer = energy.experts
    answer = BY_NAME["expert_energy"](
        x, energy.features(x), layer.weight, layer.bias, energy.b, energy.sigma
    )
    torch.testing.assert_close(answer, energy(x))


def test_entropies_are_those_of_the_package():
    x = normal(40, 3)
    torch.testing.assert_close(
        BY_NAME["neighbour_entropy"](x), de.nearest_neighbour_entropy(x, k=1)
    )
    wanted = de.gaussian_entropies(x.std(dim=0, unbiased=False)).sum()
    torch.testing.assert_close(BY_NAME["activation_entropy"](x), wanted)


def test_a_students_entropy_can_drive_a_generator():
    x = normal(30, 2).requires_grad_()
    (push,) = torch.autograd.grad(BY_NAME["neighbour_entropy"](x), x)
    (wanted,) = torch.autograd.grad(de.nearest_neighbour_entropy(x, k=1), x)
    torch.testing.assert_close(push, wanted)


def test_a_langevin_step_is_that_of_the_package():
    class Quadratic(nn.Module):
        def forward(self, x):
            return 0.5 * ((x @ precision) * x).sum(1)

    x, precision = normal(6, 2), torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=torch.float64)
    noise = torch.empty_like(x).normal_(generator=seeded(5))
    answer = BY_NAME["langevin"](x, precision, 0.05, noise[None])
    moved = de.langevin_step(Quadratic(), x, 0.05, generator=seeded(5))
    torch.testing.assert_close(answer, moved)


def test_the_generators_gradient_vanishes_at_the_gaussian_that_the_energy_asks_for():
    """E(x) = ½ xᵀΛx asks for N(0, Λ⁻¹); with latent points of mean 0 and covariance I exactly."""
    z = normal(50, 2)
    z = z - z.mean(0)
    z = z @ torch.linalg.inv(torch.linalg.cholesky(z.T @ z / 50)).T
    precision = torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=torch.float64)
    A, m = torch.linalg.cholesky(torch.linalg.inv(precision)), torch.zeros(2).double()
    g_A, g_m = BY_NAME["generator_gradient"](A, m, z, (z @ A.T) @ precision)
    torch.testing.assert_close(g_A, torch.zeros(2, 2).double())
    torch.testing.assert_close(g_m, m)

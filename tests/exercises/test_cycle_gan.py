"""Section 5's exercises: references against exact answers and the package, wrong answers named."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from lecturekit import adversarial, cycle_gan
from lecturekit.cycle_gan import exact
from lecturekit.exercises.compare import close, leaves
from lecturekit.exercises.cycle_gan import EXERCISES, tiny
from lecturekit.exercises.exercise import IMPORTS, Exercise, Misconception
from lecturekit.exercises.judge import judge
from lecturekit.exercises.worker import Worker

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


@each_exercise
def test_the_reference_agrees_with_the_exact_answer_on_many_seeds(exercise: Exercise):
    for seed in range(30):
        for arguments in exercise.cases(seeded(seed)):
            answer, right = exercise.reference(*arguments), exercise.exact(*arguments)
            assert close(answer, right, exercise.tolerance), f"seed {seed}: {answer} ≠ {right}"
            assert len(leaves(right)) == len(exercise.returns)


@each_exercise
def test_the_cases_are_in_float64_and_begin_with_sizes_that_all_differ(exercise: Exercise):
    cases = exercise.cases(seeded(0))
    numbers = [leaf for leaf in leaves(tuple(cases)) if isinstance(leaf, Tensor)]
    assert all(leaf.dtype in (torch.float64, torch.bool, torch.int64) for leaf in numbers)
    if exercise.number != "5.6":  # its parameters are square
        shape = max((leaf.shape for leaf in leaves(cases[0]) if isinstance(leaf, Tensor)), key=len)
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


# ------------------------------------------------------- what students write when they go wrong


def test_backward_without_detach_is_recognised(judge_here):
    """The misconceptions are written by hand; these are the training loops that lead to them."""

    def careless(A, w, x, y):
        A, w = A.clone().requires_grad_(), w.clone().requires_grad_()
        fake = x @ A
        logsigmoid = torch.nn.functional.logsigmoid
        (-logsigmoid(y @ w).mean() - logsigmoid(-(fake @ w)).mean()).backward(retain_graph=True)
        g_w = w.grad.clone()
        (-logsigmoid(fake @ w).mean()).backward()
        return A.grad, g_w

    assert "detach is missing" in judge_here(EXERCISES[1], careless).message


def test_gradients_left_by_the_generators_pass_are_recognised(judge_here):
    def careless(A, w, x, y):
        A, w = A.clone().requires_grad_(), w.clone().requires_grad_()
        fake = x @ A
        logsigmoid = torch.nn.functional.logsigmoid
        (-logsigmoid(y @ w).mean() - logsigmoid(-(fake.detach() @ w)).mean()).backward()
        (-logsigmoid(fake @ w).mean()).backward()
        return A.grad, w.grad

    assert "w.grad" in judge_here(EXERCISES[1], careless).message


# ------------------------------------------------------------------------ against the package


def test_the_optimal_discriminator_is_the_package_s():
    p, q = tiny.distribution(6, seeded(1)), tiny.distribution(6, seeded(2))
    D, value = BY_NAME["optimal_discriminator"](p, q)
    assert torch.allclose(D, exact.optimal_discriminator(p, q))
    assert torch.allclose(value, -exact.discriminator_value(p, q, D, "saturating"))


def test_cycle_loss_and_exchange_are_the_package_s():
    G, F = tiny.affine(2, 3, seeded(1)), tiny.affine(3, 2, seeded(2))
    x, y = tiny.normal(4, 2, generator=seeded(3)), tiny.normal(5, 3, generator=seeded(4))
    assert torch.equal(BY_NAME["cycle_loss"](G, F, x, y), cycle_gan.cycle_loss(G, F, x, y))
    kept, fresh = tiny.normal(2, 5, 3, generator=seeded(5))
    swap = torch.tensor([True, False, False, True, True])
    theirs = BY_NAME["exchange"](kept, fresh, swap)
    assert all(map(torch.equal, theirs, adversarial.exchange(kept, fresh, swap)))


def test_the_full_update_is_the_package_s():
    class Linear(torch.nn.Module):
        def __init__(self, weight):
            super().__init__()
            self.weight = torch.nn.Parameter(weight.clone())

        def forward(self, x):
            return x @ self.weight

    arguments = EXERCISES[-1].cases(seeded(6))[0]
    *parameters, x, y, weight = arguments
    model = cycle_gan.CycleGAN(*map(Linear, parameters))
    terms, fake_y, fake_x = cycle_gan.generator_terms(model, x, y, "least squares")
    (terms.adversarial + weight * terms.cycle).backward()
    cycle_gan.discriminator_terms(model, x, y, fake_x, fake_y, "least squares").backward()
    package = [net.weight.grad for net in (model.G, model.F, model.D_X, model.D_Y)]
    assert all(map(torch.allclose, BY_NAME["cycle_gan_gradients"](*arguments), package))


# ------------------------------------------------------------------- how exercises are written


def test_numbers_follow_each_other():
    assert [each.number for each in EXERCISES] == [f"5.{k}" for k in range(1, len(EXERCISES) + 1)]
    assert len({each.stub_name for each in EXERCISES}) == len(EXERCISES)


@each_exercise
def test_hints_lead_to_the_solution(exercise: Exercise):
    assert len({*exercise.hints}) == 3
    assert exercise.derivation.count("$$") % 2 == 0
    assert exercise.derivation.replace("$$", "").count("$") % 2 == 0

"""Section 4's exercises: references against exact answers and the package, wrong answers named."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from lecturekit import denoising
from lecturekit.data.densities import GaussianMixture
from lecturekit.exercises.compare import close, leaves
from lecturekit.exercises.denoising import EXERCISES, tiny
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


def test_the_gaussian_denoiser_is_the_exact_one_of_the_package():
    mean, std, sigma = torch.tensor([1.0, -2.0]).double(), 0.7, 0.5
    density = GaussianMixture(mean[None], std)
    x_noisy = tiny.normal(6, 2, generator=seeded(1))
    theirs = BY_NAME["gaussian_denoiser"](
        x_noisy, mean, torch.full((2,), std).double(), torch.tensor(sigma)
    )
    assert torch.allclose(theirs, denoising.exact_denoiser(density, sigma)(x_noisy).mean)


def test_the_corruption_has_the_log_probability_of_the_package():
    x_noisy, x = tiny.bits(2, 5, 7, generator=seeded(2))
    theirs = BY_NAME["salt_and_pepper_log_prob"](x_noisy, x, torch.tensor(0.3).double())
    assert torch.allclose(theirs, denoising.SaltAndPepper(0.3).log_prob(x_noisy, x))


def test_the_optimal_denoiser_and_its_score_are_those_of_very_narrow_gaussians():
    x_noisy, data, sigma = tiny.points_with_noise(5, 4, 2, seeded(3))
    narrow = GaussianMixture(data, 1e-5)
    denoised = BY_NAME["optimal_denoiser"](x_noisy, data, sigma)
    exact = denoising.exact_denoiser(narrow, sigma.item())(x_noisy).mean
    assert torch.allclose(denoised, exact, atol=1e-6)
    score = BY_NAME["score_from_denoiser"](x_noisy, data, sigma)
    assert torch.allclose(score, narrow.smoothed(sigma.item()).score(x_noisy), atol=1e-6)


def test_the_chain_visits_the_data_evenly():
    """Within 5 standard errors; chains are independent, and each is looked at once, at its end."""
    data, n = torch.tensor([[0.0], [1.0], [2.5]], dtype=torch.float64), 3000
    start, generator = data[:1].expand(n, 1), seeded(4)
    noise = tiny.normal(40, n, 1, generator=generator)
    uniforms = tiny.uniform(40, n, generator=generator)
    states = BY_NAME["denoising_chain"](start, data, torch.tensor(1.0).double(), noise, uniforms)
    share = (states[-1] == data.T).double().mean(dim=0)
    assert ((share - 1 / 3).abs() < 5 * (2 / 9 / n) ** 0.5).all()


def test_the_walkback_gradient_is_that_of_the_package():
    """With the package's walk of fixed length, its random numbers recorded and handed in."""
    (w, b), x = tiny.normal(2, generator=seeded(5)), tiny.normal(7, generator=seeded(6))
    drawn = seeded(7)
    noise, eps = [], []
    for _ in range(3):  # the package draws corruption, coin, sample
        noise.append(tiny.normal(7, 1, generator=drawn)[:, 0])
        torch.rand(7, generator=drawn)
        eps.append(tiny.normal(7, 1, generator=drawn)[:, 0])
    heads, sigma = torch.ones(3, 7).double(), torch.tensor(0.4).double()
    walk = torch.stack(noise), torch.stack(eps), heads
    answer = torch.stack(BY_NAME["walkback_gradient"](w, b, x, sigma, *walk))

    slope, offset = w.clone().requires_grad_(), b.clone().requires_grad_()

    def denoise(x_noisy):
        mean = slope * x_noisy + offset
        return denoising.GaussianReconstruction(mean, torch.ones_like(mean))

    objective = denoising.FixedWalkback(3).log_likelihood(
        denoise, denoising.GaussianNoise(0.4), x[:, None], generator=seeded(7)
    )
    theirs = torch.autograd.grad(objective, [slope, offset])
    assert torch.allclose(answer, torch.stack(theirs))


# ------------------------------------------------------------------- how exercises are written


def test_numbers_follow_each_other():
    assert [each.number for each in EXERCISES] == [f"4.{k}" for k in range(1, len(EXERCISES) + 1)]
    assert len({each.stub_name for each in EXERCISES}) == len(EXERCISES)


@each_exercise
def test_hints_lead_to_the_solution(exercise: Exercise):
    assert len({*exercise.hints}) == 3
    assert exercise.derivation.count("$$") % 2 == 0
    assert exercise.derivation.replace("$$", "").count("$") % 2 == 0

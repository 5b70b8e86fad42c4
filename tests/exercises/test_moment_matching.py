"""Section 3's exercises: references against the package, and what students write."""

from __future__ import annotations

import math

import pytest
import torch

from lecturekit import evaluation, exercises, moment_matching
from lecturekit.exercises.exercise import IMPORTS, Exercise
from lecturekit.exercises.tiny import Maker

EXERCISES = exercises.catalogue("moment_matching")
BY_NAME = {exercise.stub_name: exercise.reference for exercise in EXERCISES}


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def defined(source: str, name: str):
    """The function that a notebook has after running `source` below its imports."""
    cell: dict = {}
    exec(IMPORTS + source, cell)
    return cell[name]


# --------------------------------------------------------------- typical wrong lines, as written


def test_detaching_in_the_wrong_place_is_recognised_as_students_write_it(judge_here):
    """With autograd, and not by the formulas that the catalogue's answers are made of."""
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
        assert result.message.startswith((*result_of("3.6").slips.values(),))
        messages.add(result.message)
    assert len(messages) == 5


def result_of(number: str) -> Exercise:
    return next(exercise for exercise in EXERCISES if exercise.number == number)


# ------------------------------------------------------------------------- against the package


@pytest.mark.parametrize("seed", range(5))
def test_kernel_estimators_step_and_gradient_are_those_of_the_package(seed: int):
    g = seeded(seed)
    x, y = Maker(g).normal(9, 3), 1 + Maker(g).normal(7, 3)
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

    W, b = (p.requires_grad_() for p in (Maker(g).normal(2, 3), Maker(g).normal(3)))
    z = Maker(g).normal(6, 2)
    loss = moment_matching.mmd2(z @ W + b, y, kernel).sqrt()
    expected = torch.autograd.grad(loss, (W, b))
    torch.testing.assert_close(BY_NAME["generator_gradient"](W, b, z, y, 1.7), expected)


def test_p_value_is_that_of_the_package_up_to_chance():
    x, y = Maker(seeded(1)).normal(8, 2), 0.6 + Maker(seeded(2)).normal(6, 2)
    kernel, n = moment_matching.Gaussian(1.0), 1000
    z = torch.cat([x, y])
    orders = torch.stack([torch.randperm(14, generator=seeded(seed)) for seed in range(n)])
    ours = BY_NAME["permutation_p_value"](kernel(z, z), 8, orders).item()
    theirs = moment_matching.two_sample_test(
        x, y, kernel, n_permutations=n, generator=seeded(3)
    ).p_value
    assert abs(ours - theirs) < 5 * math.sqrt(2 * ours * (1 - ours) / n)


def test_parzen_estimate_is_that_of_evaluation():
    samples, validation, test = (Maker(seeded(s)).normal(30, 4) for s in range(3))
    widths = torch.tensor([0.2, 0.4, 0.8, 1.6]).double()
    expected = evaluation.parzen_log_likelihood(samples, validation, test, widths=widths.tolist())
    found = BY_NAME["parzen_estimate"](samples, validation, test, widths)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.item() == pytest.approx(theirs)

"""What functions among the arguments give, and what a loop of one's own hands to a step."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lecturekit import cycle_gan, deep_energy, denoising, evaluation, plots, rbm, training, unit
from tests.door.calls import bits, cyclegan, denoiser, machine, pairs, plane, reals, seeded


def net() -> nn.Linear:
    return nn.Linear(2, 1)


def step_twice() -> None:
    own = net()
    descent, loss = training.Descent(own), own(torch.ones(3, 2)).square().mean()
    for _ in range(2):
        descent.step(loss, 1e-3)


def begin() -> training.Steps:
    return rbm.train(
        machine(),
        bits(5, 4),
        rbm.Settings(updates=2),
        negative_phase=rbm.ContrastiveDivergence(),
        generator=seeded(),
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (step_twice, "expected loss to be computed anew for each step, got one that a step has"),
        (
            lambda: training.Descent(own := net()).step(own.weight.sum(), 1e-3),
            "expected loss to be computed from all 2 parameters, got one that 1 do not enter",
        ),
        (
            lambda: training.Descent(net()).follow([torch.zeros(2, 1), torch.zeros(1)], 1e-3),
            r"expected gradient\[0\] of shape \(1, 2\), got \(2, 1\)",
        ),
        (
            lambda: unit.kl_to_prior(reals(4, 2).requires_grad_(), lambda m, v: torch.ones(4)),
            "expected kl to return a number that has a gradient, got one that is detached",
        ),
        (
            lambda: cycle_gan.generator_terms(
                cyclegan(),
                reals(4, 2),
                reals(4, 2),
                "least squares",
                cycle=lambda G, F, x, y: torch.tensor(1.0),
            ),
            "expected cycle to return a number that has a gradient",
        ),
        (
            lambda: deep_energy.kl_from(lambda x: x.sum(1) * 0, lambda x: x.sum(1) * 0, plane()),
            "expected log_density to have an integral of 1 over the plane, got 100",
        ),
        (
            lambda: denoising.train(
                denoiser(),
                reals(9, 2),
                denoising.Settings(updates=2),
                corruption=denoising.SaltAndPepper(),
                generator=seeded(),
            ),
            r"expected data in \[0, 1\], got values from -",
        ),
        (
            lambda: denoising.run_chain(
                denoiser(), denoising.Masking(), reals(9, 2), 3, generator=seeded()
            ),
            r"expected start in \[0, 1\], got values from -",
        ),
        (
            lambda: denoising.Walkers(
                denoiser(), denoising.Masking(), reals(9, 2), generator=seeded()
            ),
            r"expected start in \[0, 1\], got values from -",
        ),
        (
            lambda: training.measure(begin(), 1, nats=lambda step: 1.0),
            "expected measurement nats to be a function of no arguments",
        ),
        (
            lambda: next(training.measure(begin(), 1, nats=lambda: 1j)),  # type: ignore[arg-type]
            "expected measurement nats to return a number, got 1j",
        ),
        (
            lambda: plots.scatter({"a": lambda x: x}, "T"),
            r"expected clouds\['a'\] to be a function of no arguments",
        ),
        (
            lambda: rbm.exact_log_likelihood(machine(), bits(5, 4).to_sparse()),
            r"expected v to be dense, got torch.sparse_coo; pass v.to_dense\(\)",
        ),
        (
            lambda: evaluation.translation_report(lambda x: x, lambda y: y, pairs(4)),
            "expected pairs of more than 5 test images, for their coverage, got 4",
        ),
        (lambda: deep_energy.Plane(device="meta"), "expected device to be a device"),
    ],
)
def test_it_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "take",
    [
        lambda steps: training.guard(steps, machine(), training.Schedule()),
        lambda steps: training.measure(steps, 1),
        lambda steps: training.clocked(steps),
        lambda steps: training.side_by_side({"a": steps}),
    ],
)
def test_steps_that_are_none_are_refused_by_all_who_take_them(take):
    with pytest.raises(ValueError, match=r"expected steps to yield Step\(.*\), got 1"):
        next(take(iter([1, 2])))


def test_a_folder_is_no_file_for_a_run(tmp_path):
    begin_ = training.repeatable(
        rbm.train,
        machine(),
        bits(5, 4),
        rbm.Settings(updates=2),
        negative_phase=rbm.ContrastiveDivergence(),
        generator=seeded(),
    )
    with pytest.raises(ValueError, match="expected file to be a file, got the folder"):
        begin_.kept(tmp_path)
    file = tmp_path / "run.safetensors"  # any name will do
    training.finish(begin_.kept(file)())
    training.finish(begin_.kept(file)())

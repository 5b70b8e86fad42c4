"""What is not finite: refused when a person hands it in; a run that is watched says it itself."""

from __future__ import annotations

import asyncio
import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lecturekit import (
    cycle_gan,
    data,
    deep_energy,
    denoising,
    live,
    moment_matching,
    networks,
    plots,
    rbm,
    training,
    unit,
)
from lecturekit.door import watched
from lecturekit.live.run import Run
from tests.door.calls import bits, cyclegan, denoiser, energy, gmmn, machine, plane, reals, seeded
from tests.live.probes import watched as shown


def spoiled(model: Any, value: float = math.nan) -> Any:
    parameter = next(model.parameters())
    with torch.no_grad():
        parameter.view(-1)[0] = value
    return model


CALLS: dict[str, Callable[[], object]] = {
    "log Z": lambda: rbm.exact_log_partition(spoiled(machine())),
    "log P": lambda: rbm.exact_log_likelihood(spoiled(machine(), math.inf), bits(5, 4)),
    "free energy": lambda: spoiled(machine()).free_energy(bits(5, 4)),
    "annealing": lambda: rbm.ais_log_partition(spoiled(machine()), generator=seeded()),
    "bracket": lambda: rbm.likelihood_bracket(spoiled(machine()), bits(5, 4), generator=seeded()),
    "distribution": lambda: rbm.exact_visible_distribution(spoiled(machine())),
    "energy": lambda: deep_energy.log_partition(spoiled(energy()), plane()),
    "energy of the model": lambda: spoiled(energy())(reals(5, 2)),
    "chain": lambda: denoising.run_chain(
        spoiled(denoiser()), denoising.GaussianNoise(0.1), reals(5, 2), 3, generator=seeded()
    ),
    "GMMN": lambda: spoiled(gmmn())(reals(5, 2)),
    "translation": lambda: cycle_gan.cycle_loss(
        spoiled(cyclegan()).G, cyclegan().F, reals(5, 2), reals(5, 2)
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_model_that_is_not_finite_is_refused_by_name(name):
    with pytest.raises(ValueError, match=r"expected .* finite, got 1 NaN or infinite among"):
        CALLS[name]()


def test_averages_that_a_model_remembers_are_looked_at_too():
    net = networks.mlp([2, 4, 2], batch_norm=True, generator=seeded())
    next(net.buffers()).fill_(math.nan)
    with pytest.raises(ValueError, match="running_mean finite, got 4 NaN"):
        deep_energy.score(net, reals(5, 2))


def test_a_model_that_has_diverged_can_begin_anew():
    model = spoiled(machine()).initialise(seeded())
    assert rbm.exact_log_partition(model).isfinite()
    net = networks.initialise(
        spoiled(networks.mlp([2, 3], generator=seeded())), torch.Generator().manual_seed(0)
    )
    assert all(part.isfinite().all() for part in net.parameters())


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_moves_nothing(value):
    net = nn.Linear(2, 1)
    before = copy.deepcopy(net.state_dict())
    descent = training.Descent(net)
    with pytest.raises(ValueError, match=r"expected loss finite, got (nan|-?inf)"):
        descent.step(net(torch.ones(3, 2)).mean() * value, 1e-3)
    assert all(torch.equal(before[name], now) for name, now in net.state_dict().items())


def test_a_slope_that_is_not_finite_moves_nothing_either():
    net = nn.Linear(2, 1, bias=False)
    before = net.weight.detach().clone()
    with pytest.raises(ValueError, match="expected loss with a finite gradient"):
        training.Descent(net).step((net.weight * 0).abs().sqrt().sum(), 1e-3)
    assert torch.equal(net.weight, before)


def test_numbers_that_overflow_give_no_result():
    words = "expected mmd2 with arguments that it can compute with, got NaN"
    with pytest.raises(ValueError, match=words):
        moment_matching.mmd2(reals(5, 2) * 1e30, reals(5, 2), moment_matching.Gaussian(1.0))
    with pytest.raises(ValueError, match=r"expected cycle_loss with .*a function that returns NaN"):
        cycle_gan.cycle_loss(lambda x: x * math.nan, lambda y: y, reals(4, 2), reals(4, 2))


def test_what_holds_tensors_is_looked_at_though_it_is_no_model():
    ring = data.densities.ring()
    ring.means[0] = math.nan
    with pytest.raises(ValueError, match=r"expected density\.means finite, got 2 NaN"):
        denoising.exact_denoiser(ring, 0.3)


def test_a_function_that_returns_nan_is_named():
    with pytest.raises(ValueError, match="expected energy to return numbers, got NaN from it"):
        deep_energy.log_partition(lambda x: x.sum(1) * math.nan, plane())
    with pytest.raises(ValueError, match="expected kl to return numbers, got NaN from it"):
        unit.kl_to_prior(reals(4, 2), lambda mean, v: mean.sum(1) * math.nan)
    model = cyclegan()
    x = reals(4, 2)
    with pytest.raises(ValueError, match="expected cycle to return numbers, got NaN from it"):
        cycle_gan.generator_terms(
            model, x, x, "least squares", cycle=lambda G, F, x, y: x.sum() * math.nan
        )


def test_a_trainer_names_it_too_with_the_model_as_it_was():
    model = energy()
    before = model.experts.weight.clone()
    net = networks.mlp([2, 4, 2], batch_norm=True, generator=seeded())
    phase = deep_energy.GeneratorPhase(deep_energy.Generator(net, 2))
    phase.entropy = lambda G, x: x.sum() * math.nan
    with pytest.raises(ValueError, match="entropy to return numbers, got NaN"):
        training.finish(
            deep_energy.train(
                model,
                reals(9, 2),
                deep_energy.Settings(updates=2, batch_size=4),
                negative_phase=phase,
                generator=seeded(),
            )
        )
    assert torch.equal(model.experts.weight, before)


NOTHING = [math.nan, math.inf]
PICTURES: dict[str, Callable[[], plots.Picture]] = {
    "histogram": lambda: plots.histogram({"a": NOTHING}, "T", xlabel="x"),
    "scatter": lambda: plots.scatter({"a": torch.full((3, 2), math.nan)}, "T"),
    "curves": lambda: plots.curves({"a": ([1, 2], NOTHING)}, "T", xlabel="x", ylabel="y"),
    "curves, logarithmic": lambda: plots.curves(
        {"a": ([1, 2], [-1, 0])}, "T", xlabel="x", ylabel="y", yscale="log"
    ),
    "bars": lambda: plots.bars({"a": NOTHING}, "T", categories=["x", "y"], xlabel="x", ylabel="y"),
    "density": lambda: plots.density(
        lambda x: x.sum(1) * math.nan, "T", extent=(-1.0, 1.0, -1.0, 1.0)
    ),
    "heatmap": lambda: plots.heatmap(
        np.full((2, 2), math.nan), "T", xlabel="x", ylabel="y", unit="u"
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_but_gaps_is_no_picture_unless_a_run_shows_it(name):
    with pytest.raises(ValueError, match="with a finite number, got"):
        PICTURES[name]()
    with watched():
        PICTURES[name]().still()


def test_a_run_that_diverges_ends_by_its_guard_and_not_by_what_is_measured_or_shown():
    model, settings = machine(), training.Schedule(updates=8)

    def steps() -> training.Steps:
        for index in range(1, 9):
            if index == 3:
                model.W.data.fill_(math.nan)
            yield training.Step(index, 8, {})

    def begin() -> training.Steps:
        return training.measure(
            training.guard(steps(), model, settings, every=6),
            1,
            nats=lambda: rbm.exact_log_partition(model),
        )

    view = live.View(plots.histogram, {"F": lambda: model.free_energy(bits(5, 4))}, "T", xlabel="F")
    run = Run(begin, [view])
    shown(run)
    for _ in range(4):
        run.step()
    run.redraw()
    assert run.status == "paused"
    with pytest.raises(training.DivergenceError, match="back at update 0"):
        asyncio.run(run.finish())
    assert model.W.isfinite().all()


def test_an_update_that_fails_of_what_has_diverged_before_is_a_divergence():
    model, settings = machine(), training.Schedule(updates=8)

    def steps() -> training.Steps:
        for index in range(1, 9):
            rbm.exact_log_partition(model)  # a call of one's own, which refuses NaN
            model.W.data.fill_(math.nan)
            yield training.Step(index, 8, {})

    with pytest.raises(training.DivergenceError, match="between update 0 and 2"):
        training.finish(training.guard(steps(), model, settings))
    assert model.W.isfinite().all()


def test_rows_that_are_all_equal_have_no_entropy_and_no_bandwidth():
    rows = torch.ones(10, 2)
    for twice in (rows, torch.cat([rows, reals(10, 2)])):
        with pytest.raises(ValueError, match="expected x with rows that differ, got"):
            deep_energy.nearest_neighbour_entropy(twice)
    with pytest.raises(ValueError, match=r"expected x with a median distance .*choose sigma"):
        moment_matching.median_heuristic(rows)
    with watched():  # a generator that has collapsed
        assert deep_energy.nearest_neighbour_entropy(rows).isfinite()


def test_settings_are_in_their_limits_when_they_are_used():
    schedule = training.Schedule(10, constant_share=2.0)
    with pytest.raises(ValueError, match=r"Schedule\.constant_share must be .* from 0 to 1, got 2"):
        schedule.decay(5)
    phase = rbm.PersistentCD(5)
    phase.k = 0
    with pytest.raises(ValueError, match=r"PersistentCD\.k must be"):
        phase.initialise(bits(5, 4), generator=seeded())

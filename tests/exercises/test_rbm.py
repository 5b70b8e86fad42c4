"""Section 1's exercises: references against the package, and what students write."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from lecturekit import exercises, rbm
from lecturekit.exercises.rbm import enumeration
from lecturekit.exercises.tiny import Maker

EXERCISES = exercises.catalogue("rbm")
BY_NAME = {exercise.stub_name: exercise.reference for exercise in EXERCISES}


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# ------------------------------------------------------------ against the package, and in theory


def model_of(theta: enumeration.Theta) -> rbm.RBM:
    n_visible, n_hidden = theta[0].shape
    model = rbm.RBM(n_visible, n_hidden, generator=seeded(0), dtype=torch.float64)
    for parameter, value in zip(parameters(model), theta, strict=True):
        parameter.copy_(value)
    return model


def parameters(model: rbm.RBM) -> enumeration.Theta:
    return model.W.data, model.b.data, model.c.data


def assert_equal(answer, expected):
    """Up to rounding of numbers around 10⁶; a gradient's smallest change here is 0.3 / 48."""
    torch.testing.assert_close(answer, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_free_energy_and_log_partition_are_those_of_the_package(seed: int):
    theta = enumeration.parameters(Maker(seeded(seed)), 6, 4)
    v = Maker(seeded(seed)).bits(10, 6)
    model = model_of(theta)
    torch.testing.assert_close(BY_NAME["free_energy"](*theta, v), model.free_energy(v))
    torch.testing.assert_close(
        BY_NAME["log_partition"](*theta).item(), float(rbm.exact_log_partition(model))
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_gradient_is_that_of_the_package(seed: int):
    theta = enumeration.parameters(Maker(seeded(seed)), 5, 3)
    v_data = Maker(seeded(seed)).bits(7, 5)
    v_model = Maker(seeded(seed + 100)).bits(4, 5)
    model = model_of(theta)
    gradient = rbm.energy_gradient(model.clamp(v_model)) - rbm.energy_gradient(model.clamp(v_data))
    torch.testing.assert_close(
        BY_NAME["cd_gradient"](*theta, v_data, v_model), (gradient.W, gradient.b, gradient.c)
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_updates_are_those_of_the_package(seed: int):
    """With inputs so large that every unit is certain, whatever random numbers it is compared with.

    So both make the same move, and the whole update can be compared without a look at how the
    package draws its random numbers.
    """
    generator = seeded(seed)
    theta = enumeration.parameters(Maker(generator), 5, 3, scale=1e6)
    fast = enumeration.parameters(Maker(generator), 5, 3, scale=1e6)
    particles = Maker(generator).bits(6, 5)
    v_data = Maker(generator).bits(8, 5)
    u_hidden = Maker(generator).uniform(6, 3)
    u_visible = Maker(generator).uniform(6, 5)

    slow_model, chain = model_of(theta), rbm.PersistentCD(n_particles=6)
    chain.particles = particles.clone()
    rbm.update(slow_model, v_data, chain, learning_rate=0.3, generator=generator)
    answer = BY_NAME["pcd_update"](*theta, particles, v_data, 0.3, u_hidden, u_visible)
    assert_equal(answer, (*parameters(slow_model), chain.particles))

    fast_model = model_of(theta)
    fast_chain = rbm.FastPersistentCD(n_particles=6, fast_learning_rate=0.7, decay=0.9)
    fast_chain.particles, fast_chain.fast = particles.clone(), rbm.Theta(*fast).clone()
    rbm.update(fast_model, v_data, fast_chain, learning_rate=0.3, generator=generator)
    answer = BY_NAME["fpcd_update"](
        theta, fast, particles, v_data, 0.3, 0.7, 0.9, u_hidden, u_visible
    )
    assert_equal(answer, (parameters(fast_model), tuple(fast_chain.fast), fast_chain.particles))


def test_a_gibbs_step_samples_the_conditionals_of_the_package():
    """Share of ones among 20,000 uniform numbers per unit, within 5 standard errors."""
    theta = enumeration.parameters(Maker(seeded(1)), 4, 3)
    model, n = model_of(theta), 20_000
    v = Maker(seeded(2)).bits(1, 4).expand(n, 4)
    u_hidden, u_visible = (Maker(seeded(units)).uniform(n, units) for units in (3, 4))
    h, _ = BY_NAME["gibbs_step"](*theta, v, u_hidden, u_visible)
    share, p = h.mean(dim=0), model.hidden_probabilities(v[:1])[0].detach()
    assert ((share - p).abs() <= 5 * (p * (1 - p) / n).sqrt()).all()


def test_the_exact_gradient_is_the_slope_of_the_exact_log_weight():
    """Autograd through the enumeration against central differences: the judge itself is judged."""
    theta = enumeration.parameters(Maker(seeded(3)), 3, 2)
    v_data, v_model = (Maker(seeded(s)).bits(4, 3) for s in (4, 5))

    def contrast(theta: enumeration.Theta) -> float:
        weights = (enumeration.log_weight(*theta, v).mean().item() for v in (v_data, v_model))
        return next(weights) - next(weights)

    gradient = enumeration.log_likelihood_gradient(theta, v_data, v_model)
    for which, part in enumerate(theta):
        for index in itertools.product(*map(range, part.shape)):
            sides = []
            for step in (1e-5, -1e-5):
                shifted = [p.clone() for p in theta]
                shifted[which][index] += step
                sides.append(contrast(tuple(shifted)))
            slope = (sides[0] - sides[1]) / 2e-5
            assert math.isclose(gradient[which][index], slope, rel_tol=1e-6, abs_tol=1e-8)


def test_annealed_importance_sampling_is_unbiased_for_z():
    """The mean of 200 estimates of Z with 50 chains each, within 5 standard errors of Z."""
    ais, generator = BY_NAME["ais_log_partition"], seeded(6)
    theta = enumeration.parameters(Maker(generator), 3, 2)
    betas = torch.linspace(0, 1, 4, dtype=torch.float64)
    ratios = []
    for _ in range(200):
        v = Maker(generator).bits(50, 3)
        u_hidden, u_visible = (Maker(generator).uniform(4, 50, n) for n in (2, 3))
        estimate = ais(*theta, betas, v, u_hidden, u_visible)
        ratios.append((estimate - enumeration.log_total_weight(*theta)).exp())
    ratio = torch.stack(ratios)
    assert (ratio.mean() - 1).abs() <= 5 * ratio.std() / len(ratio) ** 0.5

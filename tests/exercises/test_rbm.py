"""Section 1's exercises: references against the package, and what students write."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from lecturekit import exercises, rbm
from lecturekit.exercises.rbm import tiny

EXERCISES = exercises.catalogue("rbm")
BY_NAME = {exercise.stub_name: exercise.reference for exercise in EXERCISES}


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# ------------------------------------------------------------ against the package, and in theory


def model_of(theta: tiny.Theta) -> rbm.RBM:
    n_visible, n_hidden = theta[0].shape
    model = rbm.RBM(n_visible, n_hidden, generator=seeded(0), dtype=torch.float64)
    for parameter, value in zip(parameters(model), theta, strict=True):
        parameter.copy_(value)
    return model


def parameters(model: rbm.RBM) -> tiny.Theta:
    return model.W.data, model.b.data, model.c.data


def assert_equal(answer, expected):
    """Up to rounding of numbers around 10⁶; a gradient's smallest change here is 0.3 / 48."""
    torch.testing.assert_close(answer, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_free_energy_and_log_partition_are_those_of_the_package(seed: int):
    theta = tiny.random_parameters(6, 4, seeded(seed))
    v = tiny.random_bits(10, 6, generator=seeded(seed))
    model = model_of(theta)
    torch.testing.assert_close(BY_NAME["free_energy"](*theta, v), model.free_energy(v))
    torch.testing.assert_close(
        BY_NAME["log_partition"](*theta).item(), float(rbm.exact_log_partition(model))
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_gradient_is_that_of_the_package(seed: int):
    theta = tiny.random_parameters(5, 3, seeded(seed))
    v_data = tiny.random_bits(7, 5, generator=seeded(seed))
    v_model = tiny.random_bits(4, 5, generator=seeded(seed + 100))
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
    theta = tiny.random_parameters(5, 3, generator, scale=1e6)
    fast = tiny.random_parameters(5, 3, generator, scale=1e6)
    particles = tiny.random_bits(6, 5, generator=generator)
    v_data = tiny.random_bits(8, 5, generator=generator)
    u_hidden = tiny.uniforms(6, 3, generator=generator)
    u_visible = tiny.uniforms(6, 5, generator=generator)

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
    theta = tiny.random_parameters(4, 3, seeded(1))
    model, n = model_of(theta), 20_000
    v = tiny.random_bits(1, 4, generator=seeded(2)).expand(n, 4)
    u_hidden, u_visible = (tiny.uniforms(n, units, generator=seeded(units)) for units in (3, 4))
    h, _ = BY_NAME["gibbs_step"](*theta, v, u_hidden, u_visible)
    share, p = h.mean(dim=0), model.hidden_probabilities(v[:1])[0].detach()
    assert ((share - p).abs() <= 5 * (p * (1 - p) / n).sqrt()).all()


def test_the_exact_gradient_is_the_slope_of_the_exact_log_weight():
    """tiny's autograd against central differences, so that the judge itself is judged."""
    theta = tiny.random_parameters(3, 2, seeded(3))
    v_data, v_model = (tiny.random_bits(4, 3, generator=seeded(s)) for s in (4, 5))

    def contrast(theta: tiny.Theta) -> float:
        weights = (tiny.log_weight(*theta, v).mean().item() for v in (v_data, v_model))
        return next(weights) - next(weights)

    gradient = tiny.log_likelihood_gradient(theta, v_data, v_model)
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
    theta = tiny.random_parameters(3, 2, generator)
    betas = torch.linspace(0, 1, 4, dtype=torch.float64)
    ratios = []
    for _ in range(200):
        v = tiny.random_bits(50, 3, generator=generator)
        u_hidden, u_visible = (tiny.uniforms(4, 50, n, generator=generator) for n in (2, 3))
        estimate = ais(*theta, betas, v, u_hidden, u_visible)
        ratios.append((estimate - tiny.log_total_weight(*theta)).exp())
    ratio = torch.stack(ratios)
    assert (ratio.mean() - 1).abs() <= 5 * ratio.std() / len(ratio) ** 0.5

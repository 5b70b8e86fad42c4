"""The chain of a denoiser, at one noise level and down a ladder of them."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from lecturekit.data import densities
from lecturekit.denoising import (
    GaussianNoise,
    GaussianReconstruction,
    NoiseLevels,
    Walkers,
    accompany,
    annealed_chain,
    chain,
    exact_denoiser,
    half_steps,
    run_chain,
)


class Recorder:
    """A denoiser that always answers N(x′ + 1, 0.5²), and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, x_noisy):
        self.asked.append(x_noisy)
        return GaussianReconstruction(x_noisy + 1, torch.full_like(x_noisy, 0.5))


def test_the_chain_alternates_corruption_of_x_and_reconstruction_from_x_noisy(generator):
    recorder, start = Recorder(), torch.zeros(3, 2)
    run = run_chain(recorder, GaussianNoise(0.1), start, 4, generator=generator)
    assert run.clean.shape == run.noisy.shape == (5, 3, 2)
    assert torch.equal(run.clean[0], start)
    for t, asked in enumerate(recorder.asked):
        assert torch.equal(asked, run.noisy[t])
    noise = run.noisy - run.clean
    assert 0 < noise.abs().max() < 0.5  # five deviations: the corruption is of X_t itself


def test_with_use_mean_the_next_state_is_the_mean(generator):
    run = run_chain(
        Recorder(), GaussianNoise(0.1), torch.zeros(3, 2), 4, use_mean=True, generator=generator
    )
    assert torch.equal(run.clean[1:], run.noisy[:-1] + 1)


def test_run_chain_collects_what_chain_yields(generator):
    denoise, noise, start = (
        exact_denoiser(densities.ring(), 0.5),
        GaussianNoise(0.5),
        torch.zeros(2, 2),
    )
    state = generator.get_state()
    collected = run_chain(denoise, noise, start, 3, generator=generator)
    generator.set_state(state)
    pairs = list(itertools.islice(chain(denoise, noise, start, generator=generator), 4))
    assert torch.equal(collected.clean, torch.stack([pair.clean for pair in pairs]))


def test_a_change_of_the_noise_takes_effect_at_the_next_step(generator):
    noise = GaussianNoise(1e-6)
    pairs = chain(Recorder(), noise, torch.zeros(100, 2), generator=generator)
    quiet = next(pairs)
    assert (quiet.noisy - quiet.clean).abs().max() < 1e-4
    noise.sigma = 10.0
    loud = next(pairs)
    assert (loud.noisy - loud.clean).std() > 5


def test_with_the_true_posterior_data_stay_data(generator):
    density, n = densities.ring(n_modes=4, std=0.2), 4000
    start = density.sample(n, generator=generator)
    run = run_chain(
        exact_denoiser(density, 1.5), GaussianNoise(1.5), start, 30, generator=generator
    )
    radius_squared = run.clean[-1].square().sum(dim=1)
    expected = 2.0**2 + 2 * 0.2**2
    error = radius_squared.std() / math.sqrt(n)
    assert (radius_squared.mean() - expected).abs() < 4 * error
    share_right = (run.clean[-1][:, 0] > 1).float().mean()
    assert (share_right - 0.25).abs() < 4 * math.sqrt(0.25 * 0.75 / n)


def test_the_annealed_chain_turns_noise_into_data(generator):
    density, n = densities.ring(n_modes=4, std=0.2), 4000
    sigmas = NoiseLevels(0.05, 20.0).ladder(30)
    run = annealed_chain(
        lambda sigma: exact_denoiser(density, sigma), sigmas, torch.zeros(n, 2), generator=generator
    )
    assert run.clean.shape == run.noisy.shape == (31, n, 2)
    end = run.clean[-1]
    share_right = (end[:, 0] > 1).float().mean()
    assert (share_right - 0.25).abs() < 4 * math.sqrt(0.25 * 0.75 / n)
    radius_squared = end.square().sum(dim=1)
    error = radius_squared.std() / math.sqrt(n)
    assert (radius_squared.mean() - (2.0**2 + 2 * 0.2**2)).abs() < 4 * error


def test_noise_levels_fall_evenly_in_the_logarithm(generator):
    levels = NoiseLevels(0.1, 10.0)
    assert levels.ladder(3) == pytest.approx([10.0, 1.0, 0.1])
    drawn = levels.draw(400, generator=generator)
    assert drawn.shape == (400, 1)
    assert 0.1 <= drawn.min() < drawn.max() <= 10.0
    below_one = (drawn < 1).float().mean()
    assert abs(below_one - 0.5) < 4 * 0.5 / math.sqrt(400)


def test_what_makes_no_chain_is_refused(generator):
    noise, plane = GaussianNoise(), torch.zeros(3, 2)
    with pytest.raises(ValueError, match=r"expected start of shape \(n_chains, n_dims\), got"):
        chain(Recorder(), noise, torch.zeros(3), generator=generator)
    with pytest.raises(ValueError, match=r"expected n_steps in \[0, 100000\], got -1"):
        run_chain(Recorder(), noise, plane, -1, generator=generator)
    with pytest.raises(ValueError, match="falling order"):
        annealed_chain(lambda sigma: Recorder(), [0.1, 1.0], plane, generator=generator)


def test_noise_levels_that_are_none_are_refused():
    with pytest.raises(ValueError, match=r"expected 0 < low < high, got 1\.0 and 0\.1"):
        NoiseLevels(1.0, 0.1)
    with pytest.raises(ValueError, match="expected n ≥ 2, got 1"):
        NoiseLevels(0.1, 1.0).ladder(1)


def test_walkers_take_the_same_steps_as_the_chain(generator):
    density, noise = densities.ring(), GaussianNoise(0.5)
    denoise, start = exact_denoiser(density, 0.5), density.sample(4, generator=generator)
    run = run_chain(denoise, noise, start, 3, generator=torch.Generator().manual_seed(1))
    walkers = Walkers(denoise, noise, start, generator=torch.Generator().manual_seed(1))
    for t in range(3):
        walkers.half_step()
        assert walkers.corrupted
        assert torch.equal(walkers.noisy, run.noisy[t])
        walkers.half_step()
        assert not walkers.corrupted
        assert torch.equal(walkers.clean, run.clean[t + 1])
    walkers.initialise(generator)
    assert torch.equal(walkers.clean, start)
    assert walkers.noisy is None


def test_crowds_walk_half_a_step_at_a_time_or_with_every_update(generator):
    crowds = [Walkers(Recorder(), GaussianNoise(), torch.zeros(2, 2), generator=generator)]
    states = [crowds[0].corrupted for _ in half_steps(crowds, 4)]
    assert states == [True, False, True, False]
    before = crowds[0].clean
    assert [step.index for step in accompany(half_steps([], 3), crowds)] == [1, 2, 3]
    assert not crowds[0].corrupted
    assert (crowds[0].clean - before).mean() > 2  # three steps of Recorder's +1

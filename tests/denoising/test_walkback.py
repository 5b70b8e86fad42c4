"""Simple training and the forms of walkback: which X′ they learn from, and what they ascend."""

from __future__ import annotations

import math

import pytest
import torch

from lecturekit.denoising import (
    FixedWalkback,
    GaussianNoise,
    GaussianReconstruction,
    PersistentWalkback,
    Simple,
    Walkback,
    step_weights,
)

NOISE = GaussianNoise(0.1)


class Witness:
    """P(X | X′ = x′) = N(w·x′, 0.1²), which remembers the X′ it saw and the X it was scored on."""

    def __init__(self):
        self.w = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
        self.seen, self.targets = [], []

    def __call__(self, x_noisy):
        self.seen.append(x_noisy)
        witness = self

        class Scored(GaussianReconstruction):
            def log_prob(self, x):
                witness.targets.append(x)
                return super().log_prob(x)

        return Scored(self.w * x_noisy, torch.full_like(x_noisy, 0.1))


def minibatch(n: int = 50) -> torch.Tensor:
    return torch.arange(1, n + 1, dtype=torch.float64)[:, None]  # tells every row by its value


SCHEMES = [
    Simple(),
    Walkback(0.6),
    Walkback(0.6, alike=True),
    FixedWalkback(3),
    PersistentWalkback(0.6),
]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_gradient_ends_at_the_corrupted_points(scheme, generator):
    """As if the X′ were data: a gradient through the walk would have factors of w on the way."""
    scheme.initialise()
    witness, x = Witness(), minibatch()
    for _ in range(3):  # persistent walkers have come some way by then
        witness.seen.clear(), witness.targets.clear()
        value = scheme.log_likelihood(witness, NOISE, x, generator=generator)
    (gradient,) = torch.autograd.grad(value, witness.w)
    counts = torch.zeros(len(x), dtype=torch.float64)
    for targets in witness.targets:
        counts[targets[:, 0].long() - 1] += 1
    expected = torch.zeros((), dtype=torch.float64)
    for x_noisy, targets in zip(witness.seen, witness.targets, strict=True):
        slope = ((targets - 2.0 * x_noisy) / 0.1**2 * x_noisy)[:, 0]
        each = counts[targets[:, 0].long() - 1]
        if isinstance(scheme, PersistentWalkback) or getattr(scheme, "alike", False):
            each = counts.sum() / len(x)
        expected += (slope / each).sum() / len(x)
    assert gradient.item() == pytest.approx(expected.item())


def test_simple_training_corrupts_each_x_once(generator):
    witness, scheme = Witness(), Simple()
    scheme.log_likelihood(witness, NOISE, minibatch(), generator=generator)
    assert len(witness.seen) == 1
    assert scheme.evaluations == 50
    assert (witness.seen[0] - minibatch()).abs().max() < 1.0  # ten deviations


def test_walkback_scores_the_clean_x_however_far_the_walk_went(generator):
    witness = Witness()
    Walkback(0.8).log_likelihood(witness, NOISE, minibatch(), generator=generator)
    assert len(witness.seen) > 3
    for step, (x_noisy, targets) in enumerate(zip(witness.seen, witness.targets, strict=True)):
        ratio = x_noisy / targets  # each reconstruction doubles x
        assert ((ratio / 2.0**step - 1).abs() < 0.8).all()


def test_the_coin_gives_walks_of_geometric_length(generator):
    scheme, n = Walkback(0.5), 4000
    scheme.log_likelihood(Witness(), NOISE, minibatch(n), generator=generator)
    assert abs(scheme.evaluations / n - 2.0) < 4 * math.sqrt(2.0 / n)  # variance p/(1−p)² = 2


def test_a_coin_that_never_says_go_on_is_simple_training(generator):
    state, values = generator.get_state(), []
    for scheme in (Simple(), Walkback(0.0), FixedWalkback(1), PersistentWalkback(0.0)):
        generator.set_state(state)
        scheme.initialise()
        values.append(scheme.log_likelihood(Witness(), NOISE, minibatch(), generator=generator))
    assert len({value.item() for value in values}) == 1


def test_fixed_walkback_takes_its_steps_with_every_x(generator):
    witness, scheme = Witness(), FixedWalkback(4)
    scheme.log_likelihood(witness, NOISE, minibatch(), generator=generator)
    assert [len(x_noisy) for x_noisy in witness.seen] == [50] * 4
    assert scheme.evaluations == 200


def test_persistent_walkers_go_on_with_their_own_target_or_start_again(generator):
    witness, scheme, x = Witness(), PersistentWalkback(0.5), minibatch(2000)
    for _ in range(12):
        scheme.log_likelihood(witness, NOISE, x, generator=generator)
    assert scheme.evaluations == 12 * 2000
    steps = (witness.seen[-1] / witness.targets[-1]).abs().log2().round().clamp(min=0)
    for length in range(4):  # steps taken: geometric, as in Walkback
        p = 0.5 ** (length + 1)
        share = (steps == length).double().mean().item()
        assert abs(share - p) < 4.5 * math.sqrt(p * (1 - p) / 2000)


def test_begin_sends_the_persistent_walkers_home(generator):
    witness, scheme, x = Witness(), PersistentWalkback(0.9), minibatch()
    for _ in range(3):
        scheme.log_likelihood(witness, NOISE, x, generator=generator)
    scheme.initialise()
    scheme.log_likelihood(witness, NOISE, x, generator=generator)
    assert (witness.seen[-1] - x).abs().max() < 1.0
    assert scheme.evaluations == 50


@pytest.mark.parametrize("scheme", [Walkback, PersistentWalkback])
def test_a_coin_that_never_stops_is_refused(scheme):
    with pytest.raises(ValueError, match=r"probability must be a finite number from 0 to 0\.98"):
        scheme(1.0)


def test_a_walk_of_no_steps_is_refused():
    with pytest.raises(ValueError, match="n_steps must be"):
        FixedWalkback(0)


@pytest.mark.parametrize("q", [0.0, 0.5, 0.9])
def test_the_weights_of_the_slide_add_up_and_fall_as_walks_end(q):
    omega, k = step_weights(q, 2000), torch.arange(1, 2001, dtype=torch.float64)
    assert omega.sum().item() == pytest.approx(1.0)
    ends = (1 - q) * q ** (k - 1) / k  # walks of k points give their last one 1/k
    assert torch.allclose(omega[:-1] - omega[1:], ends[:-1], atol=1e-15)


@pytest.mark.parametrize("alike", [False, True])
def test_the_k_th_point_weighs_what_the_formula_says(alike, generator):
    """The objective of a reconstruction that scores each X′ by its place in the walk."""
    q, n, place = 0.6, 20_000, 3

    class Scored(GaussianReconstruction):
        def log_prob(self, x):
            number = (self.mean[:, 0] / x[:, 0]).log2().round()  # 1 for the first X′
            return (number == place).to(x.dtype)

    def denoise(x_noisy):
        return Scored(2.0 * x_noisy, torch.full_like(x_noisy, 1e-5))

    scheme = Walkback(q, alike=alike)
    x = torch.ones(n, 1, dtype=torch.float64)
    found = scheme.log_likelihood(denoise, GaussianNoise(1e-5), x, generator=generator)
    expected = (1 - q) * q ** (place - 1) if alike else step_weights(q, place)[-1].item()
    assert abs(found.item() - expected) < 4 * math.sqrt(expected / n)


def test_weights_of_no_coin_are_refused():
    with pytest.raises(ValueError, match=r"expected probability in \[0, 1\), got 1\.0"):
        step_weights(1.0, 3)

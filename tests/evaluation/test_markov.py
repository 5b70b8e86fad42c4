"""Chain diagnostics against chains whose answers are known in closed form."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lecturekit.evaluation import (
    autocorrelation,
    effective_sample_size,
    kl_divergence,
    occupancy,
    spectral_gap,
)


def two_states(p: float, q: float) -> torch.Tensor:
    """Leaves state 0 with probability p and state 1 with q: λ₂ = 1 − p − q."""
    return torch.tensor([[1 - p, p], [q, 1 - q]], dtype=torch.float64)


def autoregression(rho: float, time: int, chains: int, generator: torch.Generator) -> torch.Tensor:
    """x_t = ρ x_{t−1} + √(1 − ρ²) ε_t, stationary, with autocorrelation ρ^t."""
    noise = torch.randn(time, chains, generator=generator, dtype=torch.float64)
    x = noise.clone()
    for t in range(1, time):
        x[t] = rho * x[t - 1] + math.sqrt(1 - rho**2) * noise[t]
    return x


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_spectral_gap_of_two_states(p, q):
    gap, stationary = 1 - abs(1 - p - q), torch.tensor([q, p]) / (p + q)
    T = two_states(p, q)
    assert spectral_gap(T) == pytest.approx(gap, abs=1e-9)
    assert spectral_gap(T, stationary.double()) == pytest.approx(gap, abs=1e-6)


def test_spectral_gap_of_chains_that_never_mix_or_mix_at_once():
    assert spectral_gap(torch.eye(3)) == pytest.approx(0, abs=1e-9)
    assert spectral_gap(torch.eye(2).flip(0)) == pytest.approx(0, abs=1e-9)  # goes round forever
    assert spectral_gap(torch.full((3, 3), 1 / 3)) == pytest.approx(1, abs=1e-6)
    assert spectral_gap(torch.ones(1, 1)) == 1


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_autocorrelation_of_an_autoregression(rho, generator):
    """Within 5 of Bartlett's standard errors, √((1 + ρ²) / (1 − ρ²) / n)."""
    series = autoregression(rho, 2000, 20, generator)
    error = math.sqrt((1 + rho**2) / (1 - rho**2) / series.numel())
    estimate = autocorrelation(series, 10)
    assert estimate[0] == 1
    expected = rho ** torch.arange(11.0, dtype=torch.float64)
    # Dividing by the length rather than by the number of pairs takes a share t / time off.
    assert ((estimate - expected * (1 - torch.arange(11) / 2000)).abs() <= 5 * error + 1e-9).all()


def test_autocorrelation_is_the_textbook_sum(generator):
    x = torch.randn(50, generator=generator, dtype=torch.float64).cumsum(0)
    centred = x - x.mean()
    expected = [(centred[t:] * centred[: 50 - t]).sum() / (centred**2).sum() for t in range(50)]
    torch.testing.assert_close(autocorrelation(x), torch.stack(expected))


def test_chains_stuck_in_different_modes_are_slow_not_constant():
    stuck = torch.tensor([[0.0, 1.0]]).expand(100, 2)
    assert autocorrelation(stuck, 1)[1] == pytest.approx(0.99)
    assert effective_sample_size(stuck) < 5
    assert autocorrelation(torch.ones(5)).tolist() == [1.0] * 5


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_effective_sample_size_of_an_autoregression(rho, generator):
    """N (1 − ρ) / (1 + ρ), within 15 %, the scatter of Geyer's cut-off at this length."""
    series = autoregression(rho, 4000, 10, generator)
    assert effective_sample_size(series) == pytest.approx(40_000 * (1 - rho) / (1 + rho), rel=0.15)


def test_occupancy_counts_nearest_patterns():
    patterns = torch.tensor([[0.0, 0, 0, 0], [1, 1, 1, 1]])
    samples = torch.tensor([[0.0, 0, 0, 1], [1, 1, 1, 0], [1, 1, 1, 1], [0, 0, 1, 1]])
    assert occupancy(samples, patterns).tolist() == [0.5, 0.5]  # the tie goes to the first


def test_kl_divergence_in_closed_form():
    p, q = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.25, 0.5, 0.25])
    assert kl_divergence(p, q).item() == pytest.approx(0.5 * math.log(2))
    assert kl_divergence(p, p).item() == 0
    assert kl_divergence(q, p).item() == math.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spectral_gap(torch.ones(2, 3)), r"transition of shape \(k, k\), got \(2, 3\)"),
        (
            lambda: spectral_gap(2 * torch.eye(2)),
            r"expected transition with rows ≥ 0 and of sum 1, got sums from 2 to 2",
        ),
        (lambda: spectral_gap(two_states(0.1, 0.3), torch.tensor([0.5, 0.5])), "reversible"),
        (lambda: spectral_gap(two_states(0.1, 0.3), torch.ones(3)), r"of shape \(2,\)"),
        (lambda: autocorrelation(torch.ones(3), 3), "max_lag from 0 to 2, got 3"),
        (
            lambda: autocorrelation(torch.ones(1)),
            r"series of shape \(n_steps ≥ 2,\) or .*, got \(1,\)",
        ),
        (
            lambda: occupancy(torch.ones(3, 2), torch.ones(3, 4)),
            r"patterns of shape \(m, 2\), got \(3, 4\)",
        ),
        (
            lambda: kl_divergence(torch.ones(2) / 2, torch.ones(3) / 3),
            r"expected q of shape \(2,\), got \(3,\)",
        ),
        (
            lambda: kl_divergence(torch.ones(2), torch.ones(2) / 2),
            "p ≥ 0 and of sum 1, got a sum of 2",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

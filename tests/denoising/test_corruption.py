"""Corruptions: the probabilities they claim are those they sample with."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lecturekit.denoising import GaussianNoise, Masking, SaltAndPepper
from lecturekit.training import tunables

REPLACING = [SaltAndPepper(0.3), Masking(0.3)]


def binary_rows(n_bits: int) -> torch.Tensor:
    return torch.tensor(list(itertools.product((0.0, 1.0), repeat=n_bits)), dtype=torch.float64)


@given(st.floats(0.05, 3.0), st.integers(1, 5))
def test_gaussian_noise_has_the_log_density_of_torchs_normal(sigma, n_dims):
    g = torch.Generator().manual_seed(n_dims)
    x, x_noisy = torch.randn(2, 4, n_dims, generator=g, dtype=torch.float64)
    expected = torch.distributions.Normal(x, sigma).log_prob(x_noisy).sum(dim=1)
    assert torch.allclose(GaussianNoise(sigma).log_prob(x_noisy, x), expected)


def test_gaussian_noise_has_mean_zero_and_deviation_sigma(generator):
    x = torch.full((20_000, 2), 5.0, dtype=torch.float64)
    noise = GaussianNoise(0.3).sample(x, generator=generator) - x
    error = 0.3 / math.sqrt(noise.numel())  # standard error of the mean
    assert noise.mean().abs() < 4 * error
    assert (noise.std() - 0.3).abs() < 4 * error / math.sqrt(2)


@pytest.mark.parametrize("corruption", REPLACING)
def test_probabilities_of_all_corrupted_binary_rows_sum_to_one(corruption):
    rows = binary_rows(4)
    for x in rows:
        log_p = corruption.log_prob(rows, x.expand_as(rows))
        assert log_p.exp().sum() == pytest.approx(1.0)


@pytest.mark.parametrize("corruption", REPLACING)
def test_probabilities_of_grey_pixels_sum_to_one_over_what_they_can_become(corruption):
    x = torch.full((3, 1), 0.4, dtype=torch.float64)
    x_noisy = torch.tensor([[0.0], [0.4], [1.0]], dtype=torch.float64)
    assert corruption.log_prob(x_noisy, x).exp().sum() == pytest.approx(1.0)


@pytest.mark.parametrize("corruption", REPLACING)
def test_samples_come_with_the_probabilities_that_are_claimed(corruption, generator):
    x = torch.tensor([0.0, 1.0, 0.4], dtype=torch.float64)
    n = 40_000
    sampled = corruption.sample(x.expand(n, 3), generator=generator)
    for column, value in itertools.product(range(3), (0.0, 0.4, 1.0)):
        pixel = torch.full((1, 1), x[column].item(), dtype=torch.float64)
        p = corruption.log_prob(torch.full_like(pixel, value), pixel).exp().item()
        share = (sampled[:, column] == value).double().mean().item()
        assert abs(share - p) <= 4.5 * math.sqrt(p * (1 - p) / n)  # standard errors


@pytest.mark.parametrize("corruption", REPLACING)
def test_what_cannot_happen_has_log_probability_minus_infinity(corruption):
    x, x_noisy = torch.zeros(1, 2), torch.tensor([[0.0, 0.7]])
    assert corruption.log_prob(x_noisy, x).tolist() == [-math.inf]


def test_without_noise_data_stay_as_they_are(generator):
    x = torch.rand(5, 3, generator=generator)
    assert torch.equal(SaltAndPepper(0.0).sample(x, generator=generator), x)
    assert torch.equal(Masking(1.0).sample(x, generator=generator), torch.zeros(5, 3))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GaussianNoise(0.0), "GaussianNoise.sigma must be a finite number ≥ 1e-06"),
        (lambda: GaussianNoise(math.nan), "expected sigma to be a finite number, got nan"),
        (lambda: SaltAndPepper(1.5), "SaltAndPepper.probability must be .* from 0 to 1"),
        (lambda: Masking(-0.1), "Masking.probability"),
    ],
)
def test_impossible_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("corruption", [GaussianNoise(0.3), *REPLACING])
def test_rows_of_different_shapes_are_refused(corruption):
    with pytest.raises(ValueError, match=r"expected x of shape \(3, 2\), got \(2, 2\)"):
        corruption.log_prob(torch.zeros(3, 2), torch.zeros(2, 2))


@pytest.mark.parametrize("corruption", [GaussianNoise(0.3), *REPLACING])
def test_the_noise_has_a_slider(corruption):
    assert len(tunables(corruption)) == 1

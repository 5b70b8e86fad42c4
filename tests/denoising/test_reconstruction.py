"""Reconstruction distributions, and the true posterior of a mixture of Gaussians."""

from __future__ import annotations

import math

import pytest
import torch

from lecturekit.data import densities
from lecturekit.data.densities import GaussianMixture
from lecturekit.denoising import (
    BernoulliReconstruction,
    GaussianNoise,
    GaussianReconstruction,
    MixtureReconstruction,
    exact_denoiser,
)


def test_the_gaussian_agrees_with_torchs(generator):
    mean, log_std, x = torch.randn(3, 6, 2, generator=generator)
    ours = GaussianReconstruction(mean, log_std.exp())
    peer = torch.distributions.Normal(mean, log_std.exp())
    assert torch.allclose(ours.log_prob(x), peer.log_prob(x).sum(dim=1), atol=1e-5)


def test_the_bernoulli_agrees_with_torchs(generator):
    logits = torch.randn(6, 5, generator=generator)
    x = (torch.rand(6, 5, generator=generator) < 0.5).float()
    peer = torch.distributions.Bernoulli(logits=logits)
    ours = BernoulliReconstruction(logits)
    assert torch.allclose(ours.log_prob(x), peer.log_prob(x).sum(dim=1), atol=1e-5)
    assert torch.allclose(ours.mean, peer.mean)


def test_samples_have_the_mean_that_is_claimed(generator):
    n = 20_000
    gaussian = GaussianReconstruction(torch.full((n, 1), 2.0), torch.full((n, 1), 0.5))
    bernoulli = BernoulliReconstruction(torch.full((n, 1), 1.0))
    for distribution, deviation in ((gaussian, 0.5), (bernoulli, 0.5)):
        off = distribution.sample(generator=generator).mean() - distribution.mean.mean()
        assert off.abs() < 4 * deviation / math.sqrt(n)
    assert set(bernoulli.sample(generator=generator).unique().tolist()) == {0.0, 1.0}


def test_samples_are_cut_off_from_the_graph(generator):
    mean = torch.zeros(3, 2, requires_grad=True)
    for distribution in (GaussianReconstruction(mean, mean.exp()), BernoulliReconstruction(mean)):
        assert not distribution.sample(generator=generator).requires_grad
        assert distribution.log_prob(torch.zeros(3, 2)).requires_grad


# -------------------------------------------------------------------------- the true posterior

SIGMA = 0.4


@pytest.fixture
def mixture() -> GaussianMixture:
    means = torch.tensor([[-1.0, 0.0], [1.0, 0.5]], dtype=torch.float64)
    return GaussianMixture(means, torch.tensor([0.3, 0.5]), torch.tensor([0.7, 0.3]))


def test_the_posterior_is_the_joint_over_the_smoothed_density(mixture, generator):
    x = mixture.sample(20, generator=generator)
    x_noisy = GaussianNoise(SIGMA).sample(x, generator=generator)
    bayes = (
        mixture.log_prob(x)
        + GaussianNoise(SIGMA).log_prob(x_noisy, x)
        - mixture.smoothed(SIGMA).log_prob(x_noisy)
    )
    assert torch.allclose(exact_denoiser(mixture, SIGMA)(x_noisy).log_prob(x), bayes)


def test_the_posterior_mean_is_tweedies(mixture, generator):
    x_noisy = mixture.smoothed(SIGMA).sample(20, generator=generator)
    tweedie = x_noisy + SIGMA**2 * mixture.smoothed(SIGMA).score(x_noisy)
    assert torch.allclose(exact_denoiser(mixture, SIGMA)(x_noisy).mean, tweedie)


def test_samples_of_the_posterior_have_its_mean(mixture, generator):
    n = 20_000
    posterior = exact_denoiser(mixture, SIGMA)(
        torch.tensor([[0.1, 0.2]], dtype=torch.float64).expand(n, 2)
    )
    samples = posterior.sample(generator=generator)
    error = samples.std(dim=0) / math.sqrt(n)
    assert ((samples.mean(dim=0) - posterior.mean[0]).abs() < 4 * error).all()


def test_the_posterior_of_a_crowded_curve_stays_finite():
    denoise = exact_denoiser(densities.spiral(), 0.01)
    assert denoise(torch.tensor([[50.0, -50.0]])).mean.isfinite().all()


def test_noise_of_no_size_is_refused(mixture):
    with pytest.raises(ValueError, match="expected sigma > 0, got 0"):
        exact_denoiser(mixture, 0)


def test_the_variance_of_a_mixture_is_that_of_its_samples(generator):
    weights = torch.tensor([[0.2, 0.8]]).repeat(100_000, 1)
    means = torch.tensor([[[-1.0, 0.0], [2.0, 1.0]]]).repeat(100_000, 1, 1)
    mixture = MixtureReconstruction(weights, means, torch.tensor([0.5, 1.5]))
    found = mixture.sample(generator=generator).var(dim=0)
    assert torch.allclose(mixture.variance[0], found, rtol=0.03)

"""The linear-Gaussian autoencoder, against torch's distributions, autograd and sampling."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from lecturekit import unit
from lecturekit.unit.exact import standard_normal


def model_and_data(generator, n_dims=4, n_latent=2, n=6):
    draw = dict(generator=generator, dtype=torch.float64)
    model = unit.LinearGaussian(
        torch.randn(n_dims, n_latent, **draw), torch.randn(n_dims, **draw), 0.7
    )
    return model, torch.randn(n, n_dims, **draw)  # fmt: skip


def some_q(generator, n, d):
    root = torch.randn(d, d, generator=generator, dtype=torch.float64)
    mean = torch.randn(n, d, generator=generator, dtype=torch.float64)
    return unit.Gaussian(mean, root @ root.T + 0.3 * torch.eye(d).double())


def test_the_bound_is_tight_at_the_posterior_and_nowhere_else(generator):
    model, x = model_and_data(generator)
    exact = model.log_likelihood(x)
    torch.testing.assert_close(model.bound(x, model.posterior(x)), exact)
    assert (model.bound(x, some_q(generator, 6, 2)) < exact).all()


@pytest.mark.parametrize("sizes", [(4, 2), (3, 3), (2, 4), (5, 1)])
def test_the_gap_is_the_kl_to_the_posterior(generator, sizes):
    model, x = model_and_data(generator, *sizes)
    q = some_q(generator, 6, sizes[1])
    gap = model.log_likelihood(x) - model.bound(x, q)
    torch.testing.assert_close(gap, unit.kl(q, model.posterior(x)))


def test_kl_is_torch_s(generator):
    q, p = some_q(generator, 5, 3), some_q(generator, 5, 3)
    theirs = kl_divergence(MultivariateNormal(q.mean, q.covariance), MultivariateNormal(*p))
    torch.testing.assert_close(unit.kl(q, p), theirs)


def test_the_expected_log_density_is_the_mean_over_samples(generator):
    """Within 5 standard errors of 40,000 draws."""
    model, x = model_and_data(generator, n=1)
    q = some_q(generator, 1, 2)
    noise = torch.randn(40_000, 2, generator=generator, dtype=torch.float64)
    z = q.mean + noise @ torch.linalg.cholesky(q.covariance).T
    noise_covariance = model.noise**2 * torch.eye(4, dtype=torch.float64)
    densities = MultivariateNormal(z @ model.W.T + model.b, noise_covariance).log_prob(x)
    error = densities.std() / len(densities) ** 0.5
    assert abs(densities.mean() - model.expected_log_density(x, q)) <= 5 * error


def test_the_kl_of_the_loss_is_that_of_these_gaussians(generator):
    mean = torch.randn(5, 3, generator=generator, dtype=torch.float64)
    q = unit.Gaussian(mean, torch.eye(3).double())
    torch.testing.assert_close(unit.kl_to_prior(mean) * 3, unit.kl(q, standard_normal(q)).mean())


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"expected b of shape \(3,\), got \(2,\)"):
        unit.LinearGaussian(torch.zeros(3, 2), torch.zeros(2), 1.0)
    with pytest.raises(ValueError, match="noise > 0"):
        unit.LinearGaussian(torch.zeros(3, 2), torch.zeros(3), 0.0)

"""Section 4's exercises: references against the package, and what students write."""

from __future__ import annotations

import torch

from lecturekit import denoising
from lecturekit.data.densities import GaussianMixture
from lecturekit.exercises.denoising import EXERCISES, finite
from lecturekit.exercises.tiny import Maker

BY_NAME = {exercise.stub_name: exercise.reference for exercise in EXERCISES}


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# ------------------------------------------------------------------------ against the package


def test_the_gaussian_denoiser_is_the_exact_one_of_the_package():
    mean, std, sigma = torch.tensor([1.0, -2.0]).double(), 0.7, 0.5
    density = GaussianMixture(mean[None], std)
    x_noisy = Maker(seeded(1)).normal(6, 2)
    theirs = BY_NAME["gaussian_denoiser"](
        x_noisy, mean, torch.full((2,), std).double(), torch.tensor(sigma)
    )
    assert torch.allclose(theirs, denoising.exact_denoiser(density, sigma)(x_noisy).mean)


def test_the_corruption_has_the_log_probability_of_the_package():
    x_noisy, x = Maker(seeded(2)).bits(2, 5, 7)
    theirs = BY_NAME["salt_and_pepper_log_prob"](x_noisy, x, torch.tensor(0.3).double())
    assert torch.allclose(theirs, denoising.SaltAndPepper(0.3).log_prob(x_noisy, x))


def test_the_optimal_denoiser_and_its_score_are_those_of_very_narrow_gaussians():
    x_noisy, data, sigma = finite.points_with_noise(Maker(seeded(3)), 5, 4, 2)
    narrow = GaussianMixture(data, 1e-5)
    denoised = BY_NAME["optimal_denoiser"](x_noisy, data, sigma)
    exact = denoising.exact_denoiser(narrow, sigma.item())(x_noisy).mean
    assert torch.allclose(denoised, exact, atol=1e-6)
    score = BY_NAME["score_from_denoiser"](x_noisy, data, sigma)
    assert torch.allclose(score, narrow.smoothed(sigma.item()).score(x_noisy), atol=1e-6)


def test_the_chain_visits_the_data_evenly():
    """Within 5 standard errors; chains are independent, and each is looked at once, at its end."""
    data, n = torch.tensor([[0.0], [1.0], [2.5]], dtype=torch.float64), 3000
    start, generator = data[:1].expand(n, 1), seeded(4)
    noise = Maker(generator).normal(40, n, 1)
    uniforms = Maker(generator).uniform(40, n)
    states = BY_NAME["denoising_chain"](start, data, torch.tensor(1.0).double(), noise, uniforms)
    share = (states[-1] == data.T).double().mean(dim=0)
    assert ((share - 1 / 3).abs() < 5 * (2 / 9 / n) ** 0.5).all()


def test_the_walkback_gradient_is_that_of_the_package():
    """With the package's walk of fixed length, its random numbers recorded and handed in."""
    (w, b), x = Maker(seeded(5)).normal(2), Maker(seeded(6)).normal(7)
    drawn = seeded(7)
    noise, eps = [], []
    for _ in range(3):  # the package draws corruption, coin, sample
        noise.append(Maker(drawn).normal(7, 1)[:, 0])
        torch.rand(7, generator=drawn)
        eps.append(Maker(drawn).normal(7, 1)[:, 0])
    heads, sigma = torch.ones(3, 7).double(), torch.tensor(0.4).double()
    walk = torch.stack(noise), torch.stack(eps), heads
    answer = torch.stack(BY_NAME["walkback_gradient"](w, b, x, sigma, *walk))

    slope, offset = w.clone().requires_grad_(), b.clone().requires_grad_()

    def denoise(x_noisy):
        mean = slope * x_noisy + offset
        return denoising.GaussianReconstruction(mean, torch.ones_like(mean))

    objective = denoising.FixedWalkback(3).log_likelihood(
        denoise, denoising.GaussianNoise(0.4), x[:, None], generator=seeded(7)
    )
    theirs = torch.autograd.grad(objective, [slope, offset])
    assert torch.allclose(answer, torch.stack(theirs))

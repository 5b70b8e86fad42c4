"""Training: the slide's loop, what it learns, and what it refuses."""

from __future__ import annotations

import copy
import math

import pytest
import torch

from lecturekit import data
from lecturekit.data import densities
from lecturekit.denoising import (
    BernoulliDenoiser,
    GaussianDenoiser,
    GaussianNoise,
    LevelDenoiser,
    NoiseLevels,
    SaltAndPepper,
    Settings,
    exact_denoiser,
    posterior_mean_by_quadrature,
    score,
    score_error,
    train,
    train_levels,
)
from lecturekit.training import finish, minibatches


def gaussian_data(generator):
    return torch.randn(500, 1, generator=generator) * 2.0


def fit(denoiser, x, corruption, *, generator, scheme=None, **settings):
    """Train to the end."""
    chosen = Settings(**settings)
    steps = train(denoiser, x, chosen, corruption=corruption, scheme=scheme, generator=generator)
    finish(steps)
    return denoiser


def test_a_denoiser_that_has_learned_nothing_leaves_points_where_they_are(generator):
    x_noisy = torch.randn(5, 2, generator=generator)
    assert torch.equal(GaussianDenoiser(2, generator=generator)(x_noisy).mean, x_noisy)


def test_an_untrained_level_denoiser_is_optimal_for_gaussian_data(generator):
    x_noisy = torch.randn(5, 1, generator=generator)
    reconstruction = LevelDenoiser(1, data_std=2.0, generator=generator).at(1.0)(x_noisy)
    assert torch.allclose(reconstruction.mean, 0.8 * x_noisy)
    assert torch.allclose(reconstruction.std, torch.tensor(math.sqrt(0.8)))


def test_the_slides_loop_is_what_train_does():
    x = densities.ring().sample(200, generator=torch.Generator().manual_seed(1))
    noise, settings = GaussianNoise(0.3), Settings(updates=5, batch_size=32, constant_share=1.0)
    ours, theirs = (
        GaussianDenoiser(2, generator=torch.Generator().manual_seed(2)) for _ in range(2)
    )
    finish(train(ours, x, settings, corruption=noise, generator=torch.Generator().manual_seed(3)))

    g = torch.Generator().manual_seed(3)
    batches = minibatches(x, 32, generator=g)
    optimiser = torch.optim.Adam(theirs.parameters(), lr=settings.learning_rate, maximize=True)
    for _ in range(5):
        clean = next(batches)
        x_noisy = noise.sample(clean, generator=g)
        optimiser.zero_grad()
        theirs(x_noisy).log_prob(clean).mean().backward()
        optimiser.step()
    for mine, its in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, its)  # Adam's sums are made in another order


def test_it_learns_the_score_of_the_smoothed_density(generator):
    density = densities.ring(n_modes=3, std=0.3)
    denoiser = GaussianDenoiser(2, (64, 64), std=1.0, feature_gain=3.0, generator=generator)
    x, noise = density.sample(5000, generator=generator), GaussianNoise(0.5)
    fit(denoiser, x, noise, generator=generator, updates=300, batch_size=512, learning_rate=1e-2)
    assert score_error(denoiser, density, 0.5, n=2000, generator=generator) < 0.05


def test_it_learns_how_sure_it_can_be(generator):
    denoiser = GaussianDenoiser(1, generator=generator)
    x, noise = gaussian_data(generator), GaussianNoise(1.0)
    fit(denoiser, x, noise, generator=generator, updates=300, learning_rate=1e-2)
    std = denoiser(torch.tensor([[0.0], [1.0]])).std
    assert torch.allclose(std, torch.tensor(math.sqrt(4 / 5)), atol=0.1)  # 500 data: ±.03


def test_image_denoisers_fill_in_missing_pixels(generator):
    x = data.bars_and_stripes(4)
    denoiser, noise = BernoulliDenoiser(16, (64,), generator=generator), SaltAndPepper(0.2)
    fit(denoiser, x, noise, generator=generator, updates=400, batch_size=100, learning_rate=1e-2)
    x_noisy = noise.sample(x.repeat(20, 1), generator=generator)
    repaired = denoiser(x_noisy).mean.round()
    errors_before = (x_noisy != x.repeat(20, 1)).float().mean()  # about .1
    errors_after = (repaired != x.repeat(20, 1)).float().mean()
    assert errors_after < 0.5 * errors_before  # .39, on several seeds


def test_one_denoiser_learns_all_levels(generator):
    density = densities.ring(n_modes=3, std=0.3)
    denoiser = LevelDenoiser(2, data_std=1.5, generator=generator)
    settings = Settings(updates=500, batch_size=512, learning_rate=1e-2)
    x = density.sample(5000, generator=generator)
    finish(train_levels(denoiser, x, settings, levels=NoiseLevels(0.1, 5.0), generator=generator))
    for sigma in (0.5, 1.0, 3.0):
        error = score_error(denoiser.at(sigma), density, sigma, n=2000, generator=generator)
        assert error < 0.15


def test_settings_and_noise_are_read_at_every_update(generator):
    denoiser = GaussianDenoiser(1, generator=generator)
    settings, noise = Settings(updates=10), GaussianNoise(0.1)
    steps = train(
        denoiser, gaussian_data(generator), settings, corruption=noise, generator=generator
    )
    next(steps)
    settings.learning_rate = 0.0
    before = copy.deepcopy(denoiser.state_dict())
    next(steps)
    assert all(torch.equal(before[name], now) for name, now in denoiser.state_dict().items())
    noise.sigma = 1000.0
    assert next(steps).metrics["log_likelihood"] < -100_000  # the identity, scored at std 1


@pytest.mark.parametrize(
    ("x", "settings", "message"),
    [
        (torch.zeros(5, 3), Settings(), r"expected data of shape \(n, 2\), got \(5, 3\)$"),
        (torch.zeros(5, 2, 2), Settings(), "flatten images"),
        (torch.full((5, 2), math.nan), Settings(), "expected data finite, got 10 NaN"),
        (torch.zeros(5, 2, dtype=torch.float64), Settings(), "float32"),
        (torch.zeros(0, 2), Settings(), r"got \(0, 2\)"),
    ],
)
def test_what_does_not_fit_is_refused_and_the_model_untouched(x, settings, message, generator):
    denoiser = GaussianDenoiser(2, generator=generator)
    before = copy.deepcopy(denoiser.state_dict())
    with pytest.raises(ValueError, match=message):
        train(denoiser, x, settings, corruption=GaussianNoise(), generator=generator)
    assert all(torch.equal(before[name], now) for name, now in denoiser.state_dict().items())


def test_pixels_outside_the_unit_interval_are_refused(generator):
    denoiser, x = BernoulliDenoiser(2, generator=generator), torch.tensor([[-1.0, 2.0]])
    with pytest.raises(ValueError, match=r"pixels in \[0, 1\], got values from -1 to 2"):
        train(denoiser, x, Settings(), corruption=SaltAndPepper(), generator=generator)


def test_denoisers_that_cannot_be_are_refused(generator):
    with pytest.raises(ValueError, match=r"expected std > 0, got 0\.0"):
        GaussianDenoiser(2, std=0.0, generator=generator)
    with pytest.raises(ValueError, match="data_std > 0"):
        LevelDenoiser(2, data_std=0.0, generator=generator)
    with pytest.raises(ValueError, match=r"expected sigma > 0, got 0\.0"):
        LevelDenoiser(2, data_std=1.0, generator=generator).at(0.0)


# ------------------------------------------------------------------------------------- scores


def test_the_score_of_the_optimal_denoiser_is_the_smoothed_one(generator):
    density = densities.grid(3).to(torch.float64)
    x_noisy = density.smoothed(0.4).sample(30, generator=generator)
    read_out = score(exact_denoiser(density, 0.4), x_noisy, 0.4)
    assert torch.allclose(read_out, density.smoothed(0.4).score(x_noisy))
    error = score_error(exact_denoiser(density, 0.4), density, 0.4, n=100, generator=generator)
    assert error < 1e-20
    with pytest.raises(ValueError, match=r"expected sigma > 0, got 0\.0"):
        score(exact_denoiser(density, 0.4), x_noisy, 0.0)


def test_a_denoiser_that_does_nothing_has_a_score_error_of_one(generator):
    idle = GaussianDenoiser(2, generator=generator)
    error = score_error(idle, densities.ring(), 0.3, n=100, generator=generator)
    assert error.item() == pytest.approx(1.0)


def test_bayes_rule_by_quadrature_gives_the_posterior_mean(generator):
    means = torch.tensor([[-1.0], [0.5]], dtype=torch.float64)
    density = densities.GaussianMixture(means, torch.tensor([0.3, 0.2]), torch.tensor([1.0, 2.0]))
    grid = torch.linspace(-6, 6, 4001, dtype=torch.float64)[:, None]
    x_noisy = torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]
    by_sum = posterior_mean_by_quadrature(density.log_prob, x_noisy, 0.6, grid)
    assert torch.allclose(by_sum, exact_denoiser(density, 0.6)(x_noisy).mean)

"""VAE-GAN: whose gradient goes where, and how near a shift and a blur are in pixels."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from lecturekit import data
from lecturekit.training import minibatches
from lecturekit.unit import vae_gan
from tests.unit.nets import images, seeded


def small(seed=0):
    return vae_gan.VAEGAN(8, n_latent=3, n_hidden=16, width=4, generator=seeded(seed))


def test_the_posterior_s_kl_and_samples(generator):
    mean, log_variance = torch.randn(2, 5, 3, generator=generator)
    q = vae_gan.Posterior(mean, log_variance)
    theirs = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(q.kl(), theirs.sum(1).mean())
    one = vae_gan.Posterior(torch.full((40_000, 1), 2.0), torch.full((40_000, 1), 0.6))
    z = one.sample(generator)  # within 5 standard errors
    assert abs(z.mean() - 2) <= 5 * (one.log_variance[0].exp() / 40_000).sqrt()
    assert abs(z.var() / one.log_variance[0].exp() - 1) <= 5 * (2 / 40_000) ** 0.5


@pytest.mark.parametrize("similarity", get_args(vae_gan.Similarity))
def test_each_net_follows_its_own_losses(similarity):
    """Adam's first step goes against the sign of the gradient, so the signs say whose it was."""
    model, x = small(), images(6)
    settings = vae_gan.BridgeSettings(updates=1, batch_size=6, similarity=similarity)
    before = [p.detach().clone() for p in model.parameters()]
    generator = seeded(4)
    x = next(minibatches(x, 6, generator=generator))
    terms = vae_gan.bridge_terms(model, x, settings, generator=generator)
    gamma, weight = (settings.reconstruction_weight, 1) if similarity == "features" else (1, 0)
    expected = [
        *_slopes(terms.prior + terms.similarity, model.encoder),
        *_slopes(gamma * terms.similarity + weight * terms.gan, model.decoder),
        *_slopes(terms.discriminator, model.discriminator),
    ]
    next(vae_gan.train_vae_gan(model, images(6), settings, generator=seeded(4)))
    for was, now, slope in zip(before, model.parameters(), expected, strict=True):
        clear = slope.abs() > 1e-4
        assert clear.any()
        assert torch.equal((was - now)[clear].sign(), slope[clear].sign())


def _slopes(loss, net):
    return torch.autograd.grad(loss, list(net.parameters()), retain_graph=True)


def test_the_terms_are_those_of_the_paper():
    """Both what was decoded from codes and what was decoded from the prior count, each once."""
    model, x = small(), images(5)
    settings = vae_gan.BridgeSettings(noise=0.5)
    terms = vae_gan.bridge_terms(model, x, settings, generator=seeded(1))
    generator, q = seeded(1), model.encode(x)
    decoded = model.decode(q.sample(generator))
    sampled = model.decode(torch.empty(5, 3).normal_(generator=generator))
    features = model.discriminator.features
    squares = (features(decoded) - features(x)).square().sum(1)
    torch.testing.assert_close(terms.similarity, squares.mean() / (2 * 0.25))
    real, *fakes = (torch.sigmoid(model.discriminator(each)) for each in (x, decoded, sampled))
    torch.testing.assert_close(terms.gan, -sum(fake.log().mean() for fake in fakes))
    telling = -real.log().mean() - sum((1 - fake).log().mean() for fake in fakes)
    torch.testing.assert_close(terms.discriminator, telling)
    assert not any(_slope_or_none(terms.discriminator, model.decoder))


def _slope_or_none(loss, net):
    slopes = torch.autograd.grad(loss, list(net.parameters()), retain_graph=True, allow_unused=True)
    return [slope for slope in slopes if slope is not None]


def test_gamma_weighs_the_decoder_s_reconstruction_and_nothing_else():
    terms = vae_gan.BridgeTerms(*torch.tensor([1.0, 2.0, 4.0, 8.0]))
    losses = vae_gan.bridge_losses(terms, vae_gan.BridgeSettings(reconstruction_weight=10.0))
    assert losses == vae_gan.BridgeLosses(3.0, 24.0, 8.0)
    pixels = vae_gan.BridgeSettings(reconstruction_weight=10.0, similarity="pixels")
    assert vae_gan.bridge_losses(terms, pixels) == vae_gan.BridgeLosses(3.0, 2.0, 8.0)


def test_scattering_moves_glyphs_and_changes_nothing_else():
    glyphs = data.digits().images[:20]
    canvas = vae_gan.scattered(glyphs, 12, generator=seeded(0))
    assert canvas.shape == (20, 1, 12, 12)
    for image, glyph in zip(canvas[:, 0], glyphs, strict=True):
        windows = [image[i : i + 8, j : j + 8] for i in range(5) for j in range(5)]
        assert any(torch.equal(window, glyph) for window in windows)
    torch.testing.assert_close(canvas.sum((1, 2, 3)), glyphs.sum((1, 2)))


def test_blur_is_the_mean_over_shifts():
    x = vae_gan.scattered(data.digits().images[:3], 16, generator=seeded(1))
    x = torch.nn.functional.pad(x, (2, 2, 2, 2))
    shifts = [x.roll((i, j), (2, 3)) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    torch.testing.assert_close(vae_gan.blurred(x, 1), torch.stack(shifts).mean(0))


def test_relative_error_is_0_for_equals_and_1_for_strangers():
    x = images(50)
    assert vae_gan.relative_error(lambda i: i, x, x) == 0
    other = vae_gan.relative_error(lambda i: i, x, x.roll(1, dims=0))
    torch.testing.assert_close(other, torch.tensor(1.0))


def test_a_blur_is_less_sharp():
    x = vae_gan.scattered(data.digits().images[:50], 12, generator=seeded(1))
    assert vae_gan.sharpness(vae_gan.blurred(x, 1)) < 0.8 * vae_gan.sharpness(x)


@pytest.mark.parametrize(
    ("options", "x", "message"),
    [
        ({"similarity": "words"}, images(3), "among pixels, features, got 'words'"),
        ({"noise": -1.0}, images(3), "noise"),
        ({}, images(3)[:, 0], r"got \(3, 8, 8\); give grey images a channel: images\[:, None\]"),
        ({}, images(3, side=12), r"images of 8 × 8 pixels, got \(1, 1, 12, 12\)"),
        ({}, 2 * images(3), r"images in \[0, 1\]"),
    ],
)
def test_refuses_what_does_not_fit(options, x, message):
    with pytest.raises(ValueError, match=message):
        vae_gan.train_vae_gan(small(), x, vae_gan.BridgeSettings(**options), generator=seeded(0))


def test_refuses_sides_that_the_discriminator_cannot_halve_twice():
    with pytest.raises(ValueError, match="side to be divisible by 4"):
        vae_gan.VAEGAN(10, generator=seeded(0))
    with pytest.raises(ValueError, match="no larger than 6, got 8 × 8"):
        vae_gan.scattered(torch.zeros(1, 8, 8), 6, generator=seeded(0))

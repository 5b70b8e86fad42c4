"""Every closed form of a Gaussian mixture against an independent way to the same number."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lecturekit.data import densities
from lecturekit.data.densities import GaussianMixture

READY_MADE = [
    densities.ring(),
    densities.grid(),
    densities.circle(),
    densities.two_moons(),
    densities.spiral(),
    densities.two_spirals(),
    densities.four_spin(),
]
NAMES = ["ring", "grid", "circle", "two_moons", "spiral", "two_spirals", "four_spin"]


def random_mixture(seed: int, n_components: int, n_dims: int) -> GaussianMixture:
    generator = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.rand(*shape, generator=generator, dtype=torch.float64)  # noqa: E731
    return GaussianMixture(
        4 * draw(n_components, n_dims) - 2, 0.2 + draw(n_components), 0.1 + draw(n_components)
    )


mixtures = st.builds(random_mixture, st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 4))


def points_around(mixture: GaussianMixture) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    return 3 * torch.randn(20, mixture.means.shape[1], generator=generator, dtype=torch.float64)


@given(mixtures)
def test_log_prob_is_that_of_torch(mixture):
    x = points_around(mixture)
    parts = torch.distributions.Independent(
        torch.distributions.Normal(mixture.means, mixture.stds[:, None]), 1
    )
    peer = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(mixture.weights), parts
    )
    torch.testing.assert_close(mixture.log_prob(x), peer.log_prob(x))


@given(mixtures)
def test_score_is_the_gradient_of_log_prob(mixture):
    x = points_around(mixture).requires_grad_()
    (gradient,) = torch.autograd.grad(mixture.log_prob(x).sum(), x)
    torch.testing.assert_close(mixture.score(x.detach()), gradient)


@pytest.mark.parametrize("density", READY_MADE, ids=NAMES)
@pytest.mark.parametrize("sigma", [0.0, 0.3])
def test_ready_made_densities_are_normalised(density, sigma):
    ticks = torch.linspace(-4, 4, 201, dtype=torch.float64)  # steps of .04 resolve the std of .05
    points = torch.cartesian_prod(ticks, ticks)
    log_prob = density.to(torch.float64).smoothed(sigma).log_prob(points)
    assert log_prob.exp().sum() * 0.04**2 == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("sigma", [0.1, 0.5])
def test_smoothed_is_the_convolution_with_a_gaussian(sigma):
    mixture = random_mixture(seed=1, n_components=3, n_dims=1)
    step = 0.01
    x = torch.arange(-6, 6, step, dtype=torch.float64)
    at = torch.linspace(-2, 2, 9, dtype=torch.float64)
    noise = (-0.5 * ((at[:, None] - x) / sigma) ** 2).exp() / (sigma * math.sqrt(2 * math.pi))
    convolved = noise @ mixture.log_prob(x[:, None]).exp() * step
    torch.testing.assert_close(mixture.smoothed(sigma).log_prob(at[:, None]).exp(), convolved)


def test_samples_have_the_mixtures_mean_and_covariance(generator):
    n = 40_000
    mixture = random_mixture(seed=3, n_components=3, n_dims=2)
    x = mixture.sample(n, generator=generator)
    mean = mixture.weights @ mixture.means
    centred = mixture.means - mean
    within = (mixture.weights @ mixture.stds**2) * torch.eye(2)
    covariance = within + (mixture.weights[:, None] * centred).T @ centred
    spread = covariance.diagonal()
    assert ((x.mean(dim=0) - mean).abs() < 5 * (spread / n).sqrt()).all()
    # a product of two coordinates has a standard deviation of at most √3 · σᵢσⱼ here
    limit = 5 * (3 * torch.outer(spread, spread) / n).sqrt()
    assert ((x.T.cov() - covariance).abs() < limit).all()


def test_samples_of_the_ring_come_from_every_mode_evenly(generator):
    n = 8_000
    density = densities.ring(8)
    x = density.sample(n, generator=generator)
    distances = torch.cdist(x, density.means)
    shares = distances.argmin(dim=1).bincount(minlength=8) / n
    assert (shares - 1 / 8).abs().max() < 5 * math.sqrt(1 / 8 * 7 / 8 / n)
    assert distances.min(dim=1).values.max() < 6 * 0.1


def on_spiral(t: torch.Tensor) -> torch.Tensor:
    return 2.5 * t[:, None] / (4 * math.pi) * torch.stack([t.cos(), t.sin()], dim=1)


def on_arm(t: torch.Tensor) -> torch.Tensor:
    return 2.5 * t[:, None] / (2.5 * math.pi) * torch.stack([t.cos(), t.sin()], dim=1)


@pytest.mark.parametrize(
    ("density", "ridge"),
    [
        (densities.circle(), lambda t: 2 * torch.stack([t.cos(), t.sin()], dim=1)),
        (
            densities.two_moons(),
            lambda t: 1.5 * torch.stack([t.cos() - 0.5, t.sin() - 0.25], dim=1),
        ),
        (
            densities.two_moons(),
            lambda t: 1.5 * torch.stack([0.5 - t.cos(), 0.25 - t.sin()], dim=1),
        ),
        (densities.spiral(), lambda t: on_spiral(t + 1.5 * math.pi)),
        (densities.two_spirals(), lambda t: on_arm(t + math.pi)),
        (densities.two_spirals(), lambda t: -on_arm(t + math.pi)),
    ],
    ids=["circle", "upper moon", "lower moon", "spiral", "one arm", "the other arm"],
)
def test_the_ridge_of_a_curve_is_even(density, ridge):
    t = torch.linspace(0.2 * math.pi, 0.8 * math.pi, 500)  # away from the ends of the curve
    assert density.log_prob(ridge(t)).std() < 0.02


@pytest.mark.parametrize("density", READY_MADE, ids=NAMES)
def test_the_score_of_a_ready_made_density_is_the_gradient_of_its_log_prob(density):
    source = torch.Generator().manual_seed(6)
    x = 2 * torch.randn(40, 2, generator=source, dtype=torch.float64)
    exact = density.to(torch.float64)
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(exact.log_prob(x).sum(), x)
    torch.testing.assert_close(exact.score(x.detach()), gradient)


@pytest.mark.parametrize("density", READY_MADE, ids=NAMES)
def test_samples_fall_into_squares_as_often_as_the_density_says(density):
    n, side = 20_000, 0.5  # squares of [−4, 4]², each of 25 × 25 cells
    ticks = -4 + side / 25 * (torch.arange(400, dtype=torch.float64) + 0.5)
    heights = density.to(torch.float64).log_prob(torch.cartesian_prod(ticks, ticks)).exp()
    chances = heights.reshape(16, 25, 16, 25).sum(dim=(1, 3)) * (side / 25) ** 2
    x = density.sample(n, generator=torch.Generator().manual_seed(7))
    places = ((x + 4) / side).long()
    counts = torch.bincount(16 * places[:, 0] + places[:, 1], minlength=256).reshape(16, 16)
    errors = (n * chances * (1 - chances)).sqrt()
    assert ((counts - n * chances).abs() <= 5 * errors + 1).all()


@pytest.mark.parametrize("n_arms", [3, 4])
def test_the_arms_of_a_pinwheel_are_one_arm_turned(n_arms):
    density, source = densities.four_spin(n_arms), torch.Generator().manual_seed(8)
    x = 2 * torch.randn(50, 2, generator=source)
    angle = 2 * math.pi / n_arms
    turn = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    torch.testing.assert_close(density.log_prob(x @ turn.T), density.log_prob(x), atol=2e-3, rtol=0)


def test_along_an_arm_of_a_pinwheel_the_density_falls_as_arms_widen_and_points_spread():
    density = densities.four_spin().to(torch.float64)
    r = torch.linspace(1.2, 2.0, 60, dtype=torch.float64)  # away from the ends
    ridge = density.log_prob(r[:, None] * torch.stack([r.cos(), r.sin()], dim=1))
    # even in log r, so 1/(r √(1 + r²)) along the curve, and a width ∝ r across it
    assert (ridge + 2 * r.log() + 0.5 * (1 + r**2).log()).std() < 0.02


def test_same_seed_same_samples_and_dtype_follows_the_means():
    density = densities.two_moons()
    first, second = (density.sample(9, generator=torch.Generator().manual_seed(1)) for _ in "ab")
    assert torch.equal(first, second)
    assert first.dtype == torch.float32
    double = density.to(torch.float64).sample(9, generator=torch.Generator().manual_seed(1))
    assert double.dtype == torch.float64


@pytest.mark.gpu
def test_on_the_gpu(generator):
    density = densities.spiral()
    x = density.sample(100, generator=generator)
    moved = density.to("cuda")
    torch.testing.assert_close(
        moved.log_prob(x.cuda()).cpu(), density.log_prob(x), rtol=1e-4, atol=1e-4
    )
    sample = moved.sample(10, generator=torch.Generator("cuda").manual_seed(0))
    assert sample.shape == (10, 2)
    assert sample.is_cuda


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: GaussianMixture(torch.zeros(3), 1.0),
            r"expected means of shape \(n, n_dims\), got \(3,\)",
        ),
        (lambda: GaussianMixture(torch.zeros(3, 1, dtype=torch.long), 1.0), "torch.int64"),
        (lambda: GaussianMixture(torch.zeros(3, 1), 0.0), r"expected stds > 0, got 0\.0"),
        (
            lambda: GaussianMixture(torch.zeros(3, 1), torch.ones(2)),
            r"stds of shape \(3,\), got \(2,\)",
        ),
        (
            lambda: GaussianMixture(torch.zeros(2, 1), 1.0, torch.tensor([1.0, -1.0])),
            "expected weights > 0, got values from -1 to 1",
        ),
        (
            lambda: densities.ring().log_prob(torch.zeros(2)),
            r"expected x of shape \(n, 2\), got \(2,\)",
        ),
        (lambda: densities.ring().score(torch.zeros(4, 3)), r"\(n, 2\), got \(4, 3\)"),
        (lambda: densities.ring().sample(0, generator=torch.Generator()), "n ≥ 1, got 0"),
        (lambda: densities.ring().smoothed(-0.1), r"expected sigma ≥ 0, got -0\.1"),
        (lambda: densities.circle(std=0.0), r"expected std > 0, got 0\.0"),
        (lambda: densities.two_spirals(turns=-1.0), r"expected turns > 0, got -1\.0"),
        (lambda: densities.four_spin(n_arms=0), "expected n_arms ≥ 1, got 0"),
    ],
)
def test_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make()

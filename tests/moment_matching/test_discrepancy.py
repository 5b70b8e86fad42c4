"""The MMD against double sums, closed forms, finite differences and a memory bound."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
import torch
from torch import Tensor

from lecturekit.data import densities
from lecturekit.moment_matching import (
    Gaussian,
    Kernel,
    Polynomial,
    RationalQuadratic,
    discrepancy,
    expected_kernel,
    mmd2,
    population_mmd2,
    population_witness,
    velocity,
    witness,
)

KERNELS = [Gaussian([0.5, 2.0]), RationalQuadratic(), Polynomial(3)]


def samples(generator: torch.Generator, n: int = 7, m: int = 5) -> tuple[Tensor, Tensor]:
    x = torch.randn(n, 3, generator=generator, dtype=torch.float64)
    return x, 1 + torch.randn(m, 3, generator=generator, dtype=torch.float64)


def by_pairs(x: Tensor, y: Tensor, kernel: Kernel, unbiased: bool) -> float:
    """The definition, pair by pair."""

    def mean(a: Tensor, b: Tensor, same: bool) -> float:
        values = [
            kernel(a[i : i + 1], b[j : j + 1]).item()
            for i in range(len(a))
            for j in range(len(b))
            if not (same and unbiased and i == j)
        ]
        return sum(values) / len(values)

    return mean(x, x, True) + mean(y, y, True) - 2 * mean(x, y, False)


@pytest.fixture(params=[4, 1 << 18], ids=["in blocks", "at once"])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discrepancy, "CPU_BLOCK", request.param * 2)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("unbiased", [False, True])
@pytest.mark.parametrize("kernel", KERNELS, ids=repr)
def test_mmd_is_the_double_sums(kernel: Kernel, unbiased: bool, generator: torch.Generator) -> None:
    x, y = samples(generator)
    found = mmd2(x, y, kernel, unbiased=unbiased)
    assert found.item() == pytest.approx(by_pairs(x, y, kernel, unbiased), rel=1e-9)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("unbiased", [False, True])
@pytest.mark.parametrize("kernel", KERNELS, ids=repr)
def test_gradients_are_those_of_finite_differences(
    kernel: Kernel, unbiased: bool, generator: torch.Generator
) -> None:
    x, y = (z.requires_grad_() for z in samples(generator))
    assert torch.autograd.gradcheck(
        lambda a, b: mmd2(a, b, kernel, unbiased=unbiased), (x, y), raise_exception=True
    )
    # one of the two alone, as in training
    assert torch.autograd.gradcheck(lambda a: mmd2(a, y.detach(), kernel, unbiased=unbiased), x)
    assert torch.autograd.gradcheck(lambda b: mmd2(x.detach(), b, kernel, unbiased=unbiased), y)


def test_no_gradient_is_formed_where_none_is_wanted(generator: torch.Generator) -> None:
    asked = []

    class Watched(Gaussian):
        def profile(self, s: Tensor, *, slopes: bool = False) -> tuple[Tensor, Tensor | None]:
            asked.append(slopes)
            return super().profile(s, slopes=slopes)

    x, y = samples(generator)
    mmd2(x, y, Watched(1.0))
    assert asked == [False, False, False]
    asked.clear()
    mmd2(x.requires_grad_(), y, Watched(1.0))
    assert asked == [True, False, True]  # within x, within y, between


def test_expectations_are_the_closed_forms(generator: torch.Generator) -> None:
    """The unbiased estimator's mean is the populations' MMD²; the biased one's lies above it by
    (1 − E k(x, x′))/N + (1 − E k(y, y′))/M."""
    p, q = (
        densities.ring(4, 1.0, 0.3).to(torch.float64),
        densities.ring(4, 1.2, 0.3).to(torch.float64),
    )
    kernel, n, m, repetitions = Gaussian([0.2, 1.0]), 12, 8, 1000
    draws = [
        (p.sample(n, generator=generator), q.sample(m, generator=generator))
        for _ in range(repetitions)
    ]
    exact = population_mmd2(p, q, kernel).item()
    own = [expected_kernel(r, r, kernel).item() for r in (p, q)]
    gap = (1 - own[0]) / n + (1 - own[1]) / m
    for unbiased, expected in ((True, exact), (False, exact + gap)):
        values = torch.stack([mmd2(x, y, kernel, unbiased=unbiased) for x, y in draws])
        error = values.std() / math.sqrt(repetitions)
        assert abs(values.mean() - expected) < 4 * error, unbiased
        assert gap > 10 * error  # else the test could not tell the two apart


def test_mmd_of_single_gaussians_is_the_textbook_formula() -> None:
    """E k(x, y) = (σ/(σ + s² + t²))^½ exp(−Δ²/(2(σ + s² + t²))) in one dimension."""

    def one(mean: float, std: float) -> densities.GaussianMixture:
        return densities.GaussianMixture(torch.tensor([[mean]]).double(), std)

    def smooth(delta: float, variance: float) -> float:
        return math.sqrt(2 / (2 + variance)) * math.exp(-(delta**2) / (2 * (2 + variance)))

    expected = smooth(0, 2 * 0.5**2) + smooth(0, 2 * 1.5**2) - 2 * smooth(3, 0.5**2 + 1.5**2)
    found = population_mmd2(one(0, 0.5), one(3, 1.5), Gaussian(2.0))
    assert found.item() == pytest.approx(expected)


def test_biased_is_never_negative_and_zero_for_equal_samples(generator: torch.Generator) -> None:
    x, y = samples(generator)
    assert mmd2(x, x[torch.randperm(len(x), generator=generator)], Gaussian(1.0)).abs() < 1e-12
    assert mmd2(x, y, Gaussian(1.0)) > 0
    for seed in range(20):
        a, b = torch.randn(2, 6, 2, generator=torch.Generator().manual_seed(seed)).double()
        assert mmd2(a, b, Gaussian([0.1, 10.0])) >= 0


def test_witness_is_the_difference_of_means_and_averages_to_the_mmd(
    generator: torch.Generator,
) -> None:
    x, y = samples(generator)
    kernel = Gaussian([0.5, 2.0])
    at = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(
        witness(at, x, y, kernel), kernel(at, x).mean(1) - kernel(at, y).mean(1)
    )
    averaged = witness(x, x, y, kernel).mean() - witness(y, x, y, kernel).mean()
    torch.testing.assert_close(averaged, mmd2(x, y, kernel))


def test_witness_tends_to_that_of_the_populations(generator: torch.Generator) -> None:
    p, q = densities.ring(3).to(torch.float64), densities.two_moons().to(torch.float64)
    kernel, n = Gaussian([0.3, 3.0]), 20_000
    at = torch.tensor([[0.0, 0.0], [2.0, 0.0], [-1.0, 1.0]], dtype=torch.float64)
    x, y = p.sample(n, generator=generator), q.sample(n, generator=generator)
    exact = population_witness(at, p, q, kernel)
    assert (witness(at, x, y, kernel) - exact).abs().max() < 4 / math.sqrt(2 * n)  # k ≤ 1


@pytest.mark.parametrize("kernel", KERNELS, ids=repr)
def test_velocity_is_minus_the_slope_of_the_witness(
    kernel: Kernel, generator: torch.Generator
) -> None:
    x, y = samples(generator)
    at = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(witness(at, x, y, kernel).sum(), at)
    torch.testing.assert_close(velocity(x, y, kernel), -slope)
    moving = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(mmd2(moving, y, kernel), moving)
    torch.testing.assert_close(velocity(x, y, kernel), -len(x) / 2 * gradient)


def test_float32_stays_near_float64(generator: torch.Generator) -> None:
    x, y = torch.rand(2, 3000, 20, generator=generator)
    kernel = Gaussian([0.5, 1, 2, 4])
    exact = mmd2(x.double(), y.double(), kernel, unbiased=True)
    assert abs(mmd2(x, y, kernel, unbiased=True) - exact) < 1e-6


LARGE = """
import torch
from lecturekit.moment_matching import Gaussian, mmd2
torch.set_num_threads(1)
x, y = torch.rand(2, 10_000, 8, generator=torch.Generator().manual_seed(0))
mmd2(x[:64].requires_grad_(), y[:64], Gaussian(1.0)).backward()
def peak():  # of this process alone: ru_maxrss begins with that of whoever started it
    lines = open("/proc/self/status").read().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
before = peak()
mmd2(x.requires_grad_(), y, Gaussian(1.0)).backward()
print(peak() - before, before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has /proc")
def test_ten_thousand_against_ten_thousand_fit_in_a_gigabyte() -> None:
    """With its gradient, in a process of its own; one kernel matrix alone would take 400 MB."""
    run = subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True, check=True)
    extra, before = map(int, run.stdout.split())
    assert extra < 100_000, "kilobytes beyond what torch itself takes"
    assert extra + before < 1_000_000


def test_unbiased_needs_two_rows() -> None:
    with pytest.raises(ValueError, match="rows ≥ 2"):
        mmd2(torch.zeros(1, 2), torch.zeros(5, 2), Gaussian(1.0), unbiased=True)
    assert mmd2(torch.zeros(1, 2), torch.zeros(5, 2), Gaussian(1.0)) == 0

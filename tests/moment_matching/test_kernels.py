"""Kernels against their formulas, a peer, and their own derivatives; what polynomials can't see."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.metrics import pairwise
from torch import Tensor

from lecturekit.moment_matching import (
    Gaussian,
    GaussianLadder,
    Kernel,
    Polynomial,
    RationalQuadratic,
    median_heuristic,
    mmd2,
)

KERNELS = [
    Gaussian(1.3),
    Gaussian([0.5, 1.0, 2.0, 7.0]),
    GaussianLadder(sigma=0.8, rungs=4),
    RationalQuadratic(1.3, alpha=[0.5, 2.0]),
    Polynomial(1, offset=0.0),
    Polynomial(3, offset=0.5),
]


def samples(
    generator: torch.Generator, n: int = 6, m: int = 5, d: int = 3
) -> tuple[Tensor, Tensor]:
    x = torch.randn(n, d, generator=generator, dtype=torch.float64)
    return x, 1 + torch.randn(m, d, generator=generator, dtype=torch.float64)


def test_sigma_is_a_squared_bandwidth_as_on_the_slide() -> None:
    k = Gaussian(10.0)(torch.zeros(1, 2), torch.tensor([[6.0, 8.0]]))
    assert k.item() == pytest.approx(math.exp(-100 / 20))


def test_values_agree_with_scikit_learn(generator: torch.Generator) -> None:
    x, y = samples(generator)
    # their γ multiplies the squared distance, or the inner product
    rbf = sum(pairwise.rbf_kernel(x, y, gamma=1 / (2 * s)) for s in (0.5, 1.0, 2.0, 7.0)) / 4
    polynomial = pairwise.polynomial_kernel(x, y, degree=3, gamma=1.0, coef0=0.5)
    torch.testing.assert_close(Gaussian([0.5, 1, 2, 7])(x, y), torch.as_tensor(rbf))
    torch.testing.assert_close(Polynomial(3, offset=0.5)(x, y), torch.as_tensor(polynomial))


def test_rational_quadratic_is_its_formula_and_tends_to_a_gaussian(
    generator: torch.Generator,
) -> None:
    x, y = samples(generator)
    squares = torch.cdist(x, y) ** 2
    expected = ((1 + squares / 2.6) ** -0.5 + (1 + squares / 10.4) ** -2.0) / 2
    torch.testing.assert_close(RationalQuadratic(2.6, alpha=[0.5, 2.0])(x, y), expected)
    narrow = RationalQuadratic(1.5, alpha=1e7)(x, y)
    torch.testing.assert_close(narrow, Gaussian(1.5)(x, y), rtol=0, atol=1e-5)


def test_halved_bandwidths_take_the_short_cut_and_give_the_same(generator: torch.Generator) -> None:
    x, y = samples(generator)
    for sigmas in ([8.0, 4.0, 2.0], [10.0, 5.0, 2.0], [3.0, 1.0]):
        expected = sum(Gaussian(sigma)(x, y) for sigma in sigmas) / len(sigmas)
        torch.testing.assert_close(Gaussian(sigmas)(x, y), expected)


@pytest.mark.parametrize("kernel", KERNELS, ids=repr)
def test_slopes_and_pulls_are_the_derivatives(kernel: Kernel, generator: torch.Generator) -> None:
    x, y = samples(generator)
    x.requires_grad_()
    s = kernel.pair(x, y).detach().requires_grad_()
    value, slope = kernel.profile(s, slopes=True)
    (expected,) = torch.autograd.grad(value.sum(), s)
    assert slope is not None
    torch.testing.assert_close(slope, expected)
    (pulled,) = torch.autograd.grad(kernel(x, y).sum(), x)
    torch.testing.assert_close(kernel.pull(slope.detach(), x, y), pulled)


@pytest.mark.parametrize("kernel", KERNELS, ids=repr)
def test_kernel_matrices_are_symmetric_and_positive(
    kernel: Kernel, generator: torch.Generator
) -> None:
    x, _ = samples(generator, n=12)
    matrix = kernel(x, x)
    torch.testing.assert_close(matrix, matrix.T)
    assert torch.linalg.eigvalsh(matrix).min() > -1e-9 * matrix.abs().max()


def test_far_from_the_origin_distances_keep_their_accuracy(generator: torch.Generator) -> None:
    x, y = (z.float() for z in samples(generator))
    near, far = Gaussian(1.0)(x, y), Gaussian(1.0)(x + 1000, y + 1000)
    torch.testing.assert_close(far, near, rtol=0, atol=1e-3)  # float32 near 1000: 6·10⁻⁵


def test_ladder_is_read_at_every_use(generator: torch.Generator) -> None:
    x, y = samples(generator)
    ladder = GaussianLadder(sigma=2.0)
    torch.testing.assert_close(ladder(x, y), Gaussian(2.0)(x, y))
    ladder.rungs = 3
    torch.testing.assert_close(ladder(x, y), Gaussian([8.0, 2.0, 0.5])(x, y))


def test_polynomials_see_moments_up_to_their_degree_only(generator: torch.Generator) -> None:
    """Fair ±1, and 0 with probability 2/3 else ±√3, share moments 1 to 3; the fourth is 1 and 3."""
    x = torch.tensor([[-1.0], [1.0]], dtype=torch.float64)
    y = torch.tensor([[0.0]] * 4 + [[3**0.5], [-(3**0.5)]], dtype=torch.float64)
    assert y.square().mean().item() == pytest.approx(1.0)
    for degree in (1, 2, 3):
        assert mmd2(x, y, Polynomial(degree)).item() == pytest.approx(0.0, abs=1e-12)
    assert mmd2(x, y, Polynomial(4)).item() > 1
    assert mmd2(x, y, Gaussian(1.0)).item() > 0.01


def test_median_heuristic_is_the_median_squared_distance() -> None:
    x = torch.tensor([[0.0], [1.0], [3.0]])  # distances 1, 2, 3
    assert median_heuristic(x) == 4.0
    assert median_heuristic(x[:2], x[2:]) == 4.0
    many = torch.randn(5000, 2, generator=torch.Generator().manual_seed(1))
    assert median_heuristic(many) == pytest.approx(4 * math.log(2), rel=0.1)  # of 2 χ²₂


@pytest.mark.parametrize("sigma", [0.0, -1.0, math.inf, math.nan, [], [1.0, 0.0]])
def test_bad_bandwidths_are_refused(sigma: float | list[float]) -> None:
    with pytest.raises(ValueError, match="expected sigma"):
        Gaussian(sigma)


def test_other_bad_kernels_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected alpha > 0, got -1\.0"):
        RationalQuadratic(alpha=-1.0)
    with pytest.raises(ValueError, match="expected degree ≥ 1, got 0"):
        Polynomial(0)
    with pytest.raises(ValueError, match=r"expected degree to be a whole number ≥ 1, got 1\.5"):
        Polynomial(1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="offset ≥ 0, got -1"):
        Polynomial(2, offset=-1.0)
    with pytest.raises(ValueError, match=r"rungs must be a whole number ≥ 1"):
        GaussianLadder(rungs=0)
    with pytest.raises(ValueError, match="a ratio above 1"):
        GaussianLadder(ratio=1.0)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (torch.zeros(3), torch.zeros(3, 1), r"expected x of shape \(n, n_features\), got \(3,\)"),
        (torch.zeros(3, 8, 8), torch.zeros(3, 64), "flatten images"),
        (torch.zeros(0, 2), torch.zeros(3, 2), "expected x of shape"),
        (torch.zeros(3, 2), torch.zeros(3, 3), r"expected y of shape \(m, 2\), got \(3, 3\)"),
        (
            torch.zeros(3, 2),
            torch.zeros(3, 2).double(),
            "expected y of the type of x, torch.float32",
        ),
        (torch.zeros(3, 2).long(), torch.zeros(3, 2).long(), "expected x of real numbers"),
    ],
)
def test_samples_that_cannot_be_compared_are_refused(x: Tensor, y: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Gaussian(1.0)(x, y)
    with pytest.raises(ValueError, match=message):
        mmd2(x, y, Gaussian(1.0))


def test_median_heuristic_refuses_what_has_no_scale() -> None:
    with pytest.raises(ValueError, match="at least two rows"):
        median_heuristic(torch.zeros(1, 2))
    with pytest.raises(ValueError, match="a median distance above 0, got 0"):
        median_heuristic(torch.zeros(5, 2))

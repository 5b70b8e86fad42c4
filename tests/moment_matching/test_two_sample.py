"""The permutation test: its statistic, its p-value by full enumeration, its level and its power."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from lecturekit.moment_matching import (
    Gaussian,
    discrepancy,
    mmd2,
    power_criterion,
    two_sample_test,
)

KERNEL = Gaussian([0.5, 2.0])


def normal(generator: torch.Generator, n: int, shift: float = 0.0) -> torch.Tensor:
    return shift + torch.randn(n, 2, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("block", [16, 1 << 18])
def test_statistic_and_null_are_mmds_of_dealt_rows(
    block: int, generator: torch.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discrepancy, "CPU_BLOCK", block)
    x, y = normal(generator, 5), normal(generator, 3, 1.0)
    found = two_sample_test(x, y, KERNEL, n_permutations=40, generator=generator)
    assert found.statistic == pytest.approx(mmd2(x, y, KERNEL, unbiased=True).item())
    z = torch.cat([x, y])
    possible = []
    for chosen in itertools.combinations(range(8), 5):
        rest = [i for i in range(8) if i not in chosen]
        possible.append(mmd2(z[list(chosen)], z[rest], KERNEL, unbiased=True).item())
    for value in found.null.tolist():
        assert min(abs(value - other) for other in possible) < 1e-12


def test_p_value_tends_to_that_of_all_dealings(generator: torch.Generator) -> None:
    x, y = normal(generator, 4), normal(generator, 4, 0.7)
    z = torch.cat([x, y])
    observed = mmd2(x, y, KERNEL, unbiased=True).item()
    dealings = list(itertools.combinations(range(8), 4))
    as_large = sum(
        mmd2(z[list(c)], z[[i for i in range(8) if i not in c]], KERNEL, unbiased=True).item()
        >= observed - 1e-12
        for c in dealings
    )
    exact, n = as_large / len(dealings), 4000
    found = two_sample_test(x, y, KERNEL, n_permutations=n, generator=generator).p_value
    assert abs(found - exact) < 4 * math.sqrt(exact * (1 - exact) / n) + 1 / n


def test_level_holds_and_a_shift_is_found(generator: torch.Generator) -> None:
    """At p ≤ 0.1: a tenth of the tests where there is no difference, nearly all where there is."""

    def share_rejected(shift: float, repetitions: int) -> float:
        p_values = [
            two_sample_test(
                normal(generator, 20), normal(generator, 25, shift), KERNEL,
                n_permutations=49, generator=generator,
            ).p_value
            for _ in range(repetitions)
        ]  # fmt: skip
        return sum(p <= 0.1 for p in p_values) / repetitions

    assert abs(share_rejected(0.0, 300) - 0.1) < 4 * math.sqrt(0.09 / 300)
    assert share_rejected(1.0, 30) > 0.8


def test_same_seed_same_result_and_p_is_never_zero() -> None:
    x, y = torch.zeros(10, 1), torch.ones(10, 1)
    first, second = (
        two_sample_test(x, y, KERNEL, n_permutations=30, generator=torch.Generator().manual_seed(3))
        for _ in range(2)
    )
    assert first.p_value == second.p_value == pytest.approx(1 / 31)
    assert torch.equal(first.null, second.null)


def test_power_criterion_is_the_statistic_over_its_standard_deviation(
    generator: torch.Generator,
) -> None:
    """MMD² of pairs i ≠ j, and σ₁ from how the statistic scatters over fresh samples."""
    n, repetitions = 150, 300
    draws = [(normal(generator, n), normal(generator, n, 0.8)) for _ in range(repetitions)]
    x, y = draws[0]
    H = KERNEL(x, x) + KERNEL(y, y) - KERNEL(x, y) - KERNEL(y, x)
    off_diagonal = (H.sum() - H.diagonal().sum()) / (n * (n - 1))
    criteria = torch.stack([power_criterion(a, b, KERNEL) for a, b in draws])
    values = torch.stack([mmd2(a, b, KERNEL, unbiased=True) for a, b in draws])
    sigma = math.sqrt(n) * values.std()  # known to a share of 1/√(2 · 299), 4 %
    assert abs(sigma / (off_diagonal / criteria[0]) - 1) < 0.3
    assert criteria.mean() == pytest.approx((values.mean() / sigma).item(), rel=0.2)


def test_the_criterion_grows_with_the_difference_and_can_be_climbed(
    generator: torch.Generator,
) -> None:
    x, y = normal(generator, 60), normal(generator, 60)
    y = y + torch.tensor([0.0, 2.0])  # only the second coordinate differs
    weights = torch.ones(2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda w: power_criterion(x * w, y * w, KERNEL), weights)
    nothing = power_criterion(x, normal(generator, 60), KERNEL)
    assert power_criterion(x, y, KERNEL) > nothing + 0.3
    with pytest.raises(ValueError, match=r"expected y of shape \(60, 2\), got \(59, 2\)"):
        power_criterion(x, y[1:], KERNEL)


def test_bad_input_is_refused(generator: torch.Generator) -> None:
    x = torch.zeros(5, 2)
    with pytest.raises(
        ValueError, match=r"expected x of shape \(N ≥ 2, n_features\), got \(1, 2\)"
    ):
        two_sample_test(x[:1], x, KERNEL, generator=generator)
    with pytest.raises(ValueError, match="n_permutations ≥ 1, got 0"):
        two_sample_test(x, x, KERNEL, n_permutations=0, generator=generator)
    with pytest.raises(ValueError, match=r"expected y of shape \(M ≥ 2, 2\), got \(5, 3\)"):
        two_sample_test(x, torch.zeros(5, 3), KERNEL, generator=generator)

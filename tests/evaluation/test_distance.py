"""The kernel distance: by hand, 0 on average for equal distributions, and its error."""

from __future__ import annotations

import math

import pytest
import torch

from lecturekit.evaluation import kernel_distance


def normal(n: int, shift: float, seed: int) -> torch.Tensor:
    return torch.randn(n, 3, generator=torch.Generator().manual_seed(seed)) + shift


def test_two_parts_by_hand():
    real, made = torch.tensor([[0.0], [1.0], [0.0], [2.0]]), torch.tensor([[1.0], [2.0], [1.0]] * 2)
    # first part: k(0, 1) = 1; k(1, 2) + k(1, 1) + k(2, 1) of three pairs; all six between
    first = 1 + (27 + 8 + 27) / 3 - 2 * (3 * 1 + 8 + 27 + 8) / 6
    second = 1 + (27 + 8 + 27) / 3 - 2 * (3 * 1 + 27 + 125 + 27) / 6
    value, error = kernel_distance(real, made, n_parts=2)
    assert value == pytest.approx((first + second) / 2)
    assert error == pytest.approx(abs(first - second) / 2)


def test_for_equal_distributions_it_is_0_within_its_error_as_often_as_it_should_be():
    """40 pairs of samples: |t| of 9 degrees of freedom is below 2.26 in 95 of 100, and centred."""
    found = [kernel_distance(normal(200, 0, i), normal(300, 0, 1000 + i)) for i in range(40)]
    t = torch.tensor([value / error for value, error in found])
    assert (t.abs() > 2.26).float().mean() < 0.05 + 4 * math.sqrt(0.05 * 0.95 / 40)
    assert abs(t.mean()) < 4 * 1.13 / math.sqrt(40)


def test_it_is_the_populations_distance_within_its_error():
    """For d = 3 the mean of a cubic kernel follows from moments; here from a million pairs."""
    value, error = kernel_distance(normal(4000, 0, 1), normal(4000, 0.5, 2))
    a, b, c, d = (
        normal(10**6, shift, seed) for shift, seed in ((0, 3), (0, 4), (0.5, 5), (0.5, 6))
    )

    def k(a, b):
        return ((a * b).sum(1) / 3 + 1) ** 3

    pairs = k(a, b) + k(c, d) - k(a, d) - k(b, c)
    expected, noise = pairs.mean().item(), pairs.std().item() / 1000
    assert abs(value - expected) < 4 * math.hypot(error, noise)
    assert value > 10 * error


@pytest.mark.parametrize(
    ("real", "made", "n_parts", "message"),
    [
        (torch.zeros(40, 3), torch.zeros(40, 2), 10, r"made of shape \(m, 3\), got \(40, 2\)"),
        (torch.zeros(40, 3), torch.zeros(19, 3), 10, "10 parts of 40 and 19 rows"),
        (torch.zeros(40, 3), torch.zeros(40, 3), 1, "n_parts ≥ 2"),
    ],
)
def test_refuses_features_that_do_not_fit(real, made, n_parts, message):
    with pytest.raises(ValueError, match=message):
        kernel_distance(real, made, n_parts)

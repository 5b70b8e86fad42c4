"""Parzen windows against sums in plain Python, known densities, and their own protocol."""

from __future__ import annotations

import math

import pytest
import torch

from lecturekit.evaluation import best_width, parzen_log_density, parzen_log_likelihood


def by_hand(sample_rows: list[list[float]], x: list[float], width: float) -> float:
    """log 1/n Σ_i Π_k N(x_k; s_ik, width²), term by term."""
    total = 0.0
    for row in sample_rows:
        density = 1.0
        for a, b in zip(row, x, strict=True):
            density *= math.exp(-((a - b) ** 2) / (2 * width**2)) / math.sqrt(2 * math.pi) / width
        total += density
    return math.log(total / len(sample_rows))


def test_log_density_agrees_with_the_sum_written_out(generator: torch.Generator) -> None:
    samples = torch.randn(7, 3, generator=generator, dtype=torch.float64)
    points = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    expected = [by_hand(samples.tolist(), point, 0.7) for point in points.tolist()]
    found = parzen_log_density(samples, points, width=0.7)
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))


def test_log_density_integrates_to_one(generator: torch.Generator) -> None:
    samples = torch.randn(20, 1, generator=generator, dtype=torch.float64)
    x = torch.linspace(-8, 8, 4001, dtype=torch.float64)
    density = parzen_log_density(samples, x[:, None], width=0.3).exp()
    assert torch.trapezoid(density, x).item() == pytest.approx(1.0, abs=1e-9)


def test_log_density_is_finite_and_right_far_from_all_samples() -> None:
    far = parzen_log_density(torch.zeros(5, 2), torch.tensor([[100.0, 0.0]]), width=0.1)
    expected = -(100.0**2) / (2 * 0.1**2) - math.log(2 * math.pi * 0.1**2)
    assert far.item() == pytest.approx(expected, rel=1e-6)


def test_narrow_windows_keep_their_accuracy_in_float32(generator: torch.Generator) -> None:
    samples = 10 + torch.rand(50, 64, generator=generator)  # norms far above the distances
    points = samples[:5] + 0.01 * torch.randn(5, 64, generator=generator)
    found = parzen_log_density(samples, points, width=0.01)
    expected = parzen_log_density(samples.double(), points.double(), width=0.01)
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=1e-3)


def test_blocks_do_not_change_the_result(
    generator: torch.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = torch.randn(30, 2, generator=generator)
    points = torch.randn(11, 2, generator=generator)
    whole = parzen_log_density(samples, points, width=0.5)
    width = best_width(samples, points)
    monkeypatch.setattr("lecturekit.evaluation.parzen.BLOCK", 60)  # two rows at a time
    torch.testing.assert_close(parzen_log_density(samples, points, width=0.5), whole)
    assert best_width(samples, points) == width


def test_width_is_the_best_for_validation_and_the_test_points_have_no_say(
    generator: torch.Generator,
) -> None:
    samples, validation = torch.randn(2, 200, 2, generator=generator)
    test = 0.1 * torch.randn(200, 2, generator=generator)
    widths = (0.05, 0.1, 0.2, 0.4, 0.8)
    means = [parzen_log_density(samples, validation, width=w).mean().item() for w in widths]
    best_for_test = [parzen_log_density(samples, test, width=w).mean().item() for w in widths]
    estimate = parzen_log_likelihood(samples, validation, test, widths=widths)
    assert estimate.width == widths[means.index(max(means))]
    assert estimate.width != widths[best_for_test.index(max(best_for_test))]


def test_log_likelihood_of_a_known_density_within_its_error(generator: torch.Generator) -> None:
    samples, validation, test = torch.randn(3, 1500, 1, generator=generator)
    estimate = parzen_log_likelihood(samples, validation, test)
    entropy = 0.5 * math.log(2 * math.pi * math.e)
    assert abs(estimate.log_likelihood + entropy) < 4 * estimate.standard_error
    spread = 1 / math.sqrt(2)  # of log N(x; 0, 1): that of x²/2
    assert estimate.standard_error == pytest.approx(spread / math.sqrt(1500), rel=0.2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samples": torch.zeros(3)}, r"expected samples of shape \(n, n_dims\), got \(3,\)"),
        ({"samples": torch.zeros(0, 2)}, "expected samples of shape"),
        ({"validation": torch.zeros(4, 3)}, r"expected validation of shape \(m, 2\), got \(4, 3\)"),
        ({"test": torch.zeros(4, 3)}, r"expected test of shape \(k ≥ 2, 2\), got \(4, 3\)"),
        ({"test": torch.zeros(1, 2)}, r"expected test of shape \(k ≥ 2, 2\), got \(1, 2\)"),
        ({"widths": ()}, "expected widths"),
        ({"widths": (0.1, 0.0)}, "expected widths"),
        ({"widths": (0.1, math.nan)}, "expected widths"),
    ],
)
def test_bad_input_is_refused(change: dict[str, object], message: str) -> None:
    good = {
        "samples": torch.zeros(5, 2),
        "validation": torch.zeros(4, 2),
        "test": torch.zeros(4, 2),
    }
    arguments = {**good, **change}
    with pytest.raises(ValueError, match=message):
        parzen_log_likelihood(**arguments)  # type: ignore[arg-type]

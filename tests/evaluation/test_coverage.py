"""Samples whose coverage is known."""

from __future__ import annotations

import math

import pytest
import torch

from lecturekit.data.densities import GaussianMixture, circle, grid, ring
from lecturekit.evaluation.coverage import mode_coverage, neighbour_coverage


@pytest.mark.parametrize("mixture", [ring(), grid()], ids=["ring", "grid"])
def test_samples_of_the_mixture_itself_cover_it(mixture, generator):
    found = mode_coverage(mixture.sample(4000, generator=generator), mixture)
    assert found.modes == len(mixture.means)
    wanted = 1 - math.exp(-4.5)  # of a round Gaussian in the plane, within 3 deviations
    assert found.good == pytest.approx(wanted, abs=4 * math.sqrt(wanted * (1 - wanted) / 4000))


def test_one_point_for_each_mode_is_all_that_coverage_asks_for():
    mixture = ring(5)
    assert mode_coverage(mixture.means, mixture) == (5, 1.0)
    assert mode_coverage(mixture.means[:3], mixture) == (3, 1.0)


def test_a_mode_needs_a_fifth_of_its_share():
    mixture = GaussianMixture(
        torch.tensor([[0.0, 0.0], [10.0, 0.0]]), 1.0, torch.tensor([0.5, 0.5])
    )
    at = lambda few: mixture.means[[0] * (100 - few) + [1] * few]  # noqa: E731
    assert mode_coverage(at(10), mixture).modes == 2
    assert mode_coverage(at(9), mixture).modes == 1


def test_distance_counts_in_the_deviations_of_each_mode():
    mixture = GaussianMixture(torch.tensor([[0.0], [10.0]]), torch.tensor([0.1, 2.0]))
    samples = torch.tensor([[0.29], [0.31], [4.5], [3.9]])
    found = mode_coverage(samples, mixture)
    assert found.good == 0.5  # .29 is near the first, 4.5 near the second
    assert found.modes == 2


def test_samples_nowhere_near_are_not_good():
    assert mode_coverage(torch.full((10, 2), 50.0), ring()) == (0, 0.0)


def test_good_holds_for_curves_too():
    curve = circle(radius=2.0, std=0.1)
    angle = torch.linspace(0, 6, 50)
    on = 2.25 * torch.stack([angle.cos(), angle.sin()], dim=1)
    assert mode_coverage(on, curve).good == 1.0
    assert mode_coverage(1.2 * on, curve).good == 0.0


@pytest.mark.parametrize("shape", [(5,), (5, 3), (0, 2)])
def test_samples_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"expected samples of shape"):
        mode_coverage(torch.zeros(shape), ring())


class TestNeighbourCoverage:
    def test_is_1_for_copies_and_about_1_minus_2_to_minus_k_for_good_ones(self, generator):
        real = torch.randn(600, 2, generator=generator)
        assert neighbour_coverage(real, real.clone()) == 1
        made = torch.randn(600, 2, generator=generator)
        assert neighbour_coverage(real, made, k=3).item() == pytest.approx(1 - 0.5**3, abs=0.05)

    def test_sees_a_collapse(self, generator):
        real = torch.randn(300, 2, generator=generator)
        assert neighbour_coverage(real, real[:1].expand(300, 2)) < 0.1

    def test_refuses(self):
        with pytest.raises(ValueError, match="k from 1 to 3"):
            neighbour_coverage(torch.zeros(4, 2), torch.zeros(4, 2), k=4)

"""Rotations as translators: the energy distance, the grid of losses, and its minima."""

from __future__ import annotations

import math

import pytest
import torch

from lecturekit.cycle_gan import rotations


def test_energy_distance_by_hand_and_0_for_equal_clouds():
    x, y = torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [5.0]])
    # 2 · (1 + 5 + 1 + 3)/4 − (0 + 2 + 2 + 0)/4 − (0 + 4 + 4 + 0)/4
    assert rotations.energy_distance(x, y).item() == pytest.approx(5 - 1 - 2)
    cloud = torch.randn(50, 2)
    assert rotations.energy_distance(cloud, cloud[torch.randperm(50)]).abs() < 1e-5


def test_rotated_turns_to_the_left():
    turned = rotations.rotated(torch.tensor([[1.0, 0.0], [0.0, 2.0]]), math.pi / 2)
    assert torch.allclose(turned, torch.tensor([[0.0, 1.0], [-2.0, 0.0]]), atol=1e-6)


class TestLosses:
    angles = torch.arange(24) * (2 * math.pi / 24)

    def losses(self, cloud):
        return rotations.rotation_losses(cloud, rotations.rotated(cloud, math.pi / 4), self.angles)

    def test_adversarial_and_cycle_are_0_at_the_truth(self):
        adversarial, cycle, _ = self.losses(torch.randn(20, 2))
        back, there = 21, 3  # −45° and 45°, in steps of 15°
        assert adversarial[back, there].abs() < 1e-5
        assert cycle[back, there].abs() < 1e-5
        assert cycle[back, there + 1] > 0.1

    def test_identity_is_how_far_f_moves_x_and_g_moves_y(self):
        x = torch.randn(20, 2)
        y = rotations.rotated(x, math.pi / 4)
        identity = self.losses(x).identity
        assert identity[0, 0] == 0
        expected = (rotations.rotated(x, self.angles[5]) - x).abs().mean()
        expected += (rotations.rotated(y, self.angles[2]) - y).abs().mean()
        assert torch.isclose(identity[5, 2], expected)

    def test_a_square_has_16_pairs_alone_4_with_the_cycle_and_1_that_moves_least(self):
        square = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
        turned = rotations.rotated(square, math.pi / 6)
        adversarial, cycle, identity = rotations.rotation_losses(square, turned, self.angles)
        assert len(rotations.lowest_minima(adversarial, 0.001)) == 16
        pairs = rotations.lowest_minima(adversarial + cycle, 0.001)
        assert len(pairs) == 4
        assert (pairs.sum(dim=1) % 24 == 0).all()  # a full turn there and back
        nearest = rotations.lowest_minima(adversarial + cycle + 0.01 * identity, 0.001)
        assert nearest.tolist() == [[22, 2]]  # −30° and 30°

    def test_a_cloud_without_symmetry_has_one(self):
        adversarial, cycle, _ = self.losses(torch.tensor([[1.0, 0.0], [0.0, 0.5], [-0.7, 0.1]]))
        for weight in (0.0, 1.0):
            minima = rotations.lowest_minima(adversarial + weight * cycle, 0.001)
            assert minima.tolist() == [[21, 3]]

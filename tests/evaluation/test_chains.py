"""Measures of chains of samples."""

from __future__ import annotations

import math

import pytest
import torch

from lecturekit.evaluation.chains import label_switches, nearest_distances


def test_switches_are_counted_per_hundred_steps():
    labels = torch.tensor([[0, 5], [0, 6], [1, 6]])  # each chain switches once in two steps
    assert label_switches(labels) == 50
    assert label_switches(labels[:, :1].expand(3, 4)[:2]) == 0


def test_the_nearest_point_counts():
    data = torch.tensor([[0.0, 0.0], [10.0, 0.0]])
    distances = nearest_distances(torch.tensor([[3.0, 4.0], [10.0, 1.0], [0.0, 0.0]]), data)
    assert distances.tolist() == pytest.approx([5.0, 1.0, 0.0])
    assert math.isclose(nearest_distances(data[:1], data[1:]).item(), 10.0)


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"n_steps ≥ 2, n_chains\), got \(1, 3\)"):
        label_switches(torch.zeros(1, 3))
    with pytest.raises(ValueError, match=r"expected data of shape \(m, 3\), got \(4, 2\)"):
        nearest_distances(torch.zeros(2, 3), torch.zeros(4, 2))

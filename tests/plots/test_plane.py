"""Parts of pictures in the plane: arrows, warped grids, rings, level lines."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lecturekit.plots.marks import Paths
from lecturekit.plots.plane import (
    arrow_field,
    arrows,
    dots,
    grid,
    level_lines,
    plane,
    rings,
    warped_grid,
)
from lecturekit.plots.scales import scales

EXTENT = (-3.0, 3.0, -2.0, 2.0)


def lines_of(paths: Paths) -> list[np.ndarray]:
    """The polylines of one mark, each (k, 2)."""
    gaps = np.flatnonzero(np.isnan(paths.xy[:, 0]))
    parts = [part[~np.isnan(part[:, 0])] for part in np.split(paths.xy, gaps)]
    return [part for part in parts if len(part)]


def test_a_grid_goes_row_by_row_from_the_bottom_left():
    points = grid((0.0, 2.0, -1.0, 1.0), 3)
    assert points.shape == (9, 2)
    assert points[:4].tolist() == [[0.0, -1.0], [1.0, -1.0], [2.0, -1.0], [0.0, 0.0]]


def test_the_plane_has_equal_units_and_the_ends_it_was_given():
    picture = plane([], "T", extent=EXTENT)
    x, y = scales(picture)
    assert picture.equal
    assert (x.low, x.high, y.low, y.high) == EXTENT
    assert plane([], "T").x.limits is None


def test_arrows_are_as_long_as_their_vectors_times_the_scale():
    vectors = torch.tensor([[0.3, 0.0], [0.0, -0.2]], requires_grad=True)
    made = arrows(torch.zeros(2, 2), vectors, scale=2.0)
    np.testing.assert_allclose(made.d, [[0.6, 0.0], [0.0, -0.4]], atol=1e-6)


def test_long_arrows_are_cut_and_keep_their_direction():
    vectors = torch.tensor([[30.0, 40.0], [0.0, 0.0], [0.3, 0.4]])
    made = arrows(torch.zeros(3, 2), vectors, longest=1.0)
    np.testing.assert_allclose(made.d, [[0.6, 0.8], [0.0, 0.0], [0.3, 0.4]], atol=1e-6)


@pytest.mark.parametrize("vectors", [torch.zeros(3, 2), torch.zeros(2, 3), torch.zeros(2)])
def test_vectors_that_do_not_belong_to_the_points_are_refused(vectors):
    with pytest.raises(ValueError, match=r"one shape \(n, 2\)"):
        arrows(torch.zeros(2, 2), vectors)


def test_a_field_of_arrows_stays_inside_and_none_reaches_the_next():
    field = arrow_field(lambda x: 100 * x, EXTENT, resolution=6)
    assert len(field.xy) == 36
    assert np.abs(field.xy).max(axis=0) == pytest.approx([2.5, 5 / 3])
    spacing = 4 / 6  # the smaller one, of y
    assert np.linalg.norm(field.d, axis=1).max() == pytest.approx(0.95 * spacing)


def test_a_warped_grid_is_the_image_of_a_straight_one():
    made = warped_grid(lambda z: z @ torch.tensor([[0.0, 1.0], [2.0, 0.0]]), reach=1, lines=3)
    first, second = (np.array(lines_of(paths)) for paths in made[:2])
    # lines of constant z₁ have x₂ = z₁ there, lines of constant z₂ have x₁ = 2 z₂
    np.testing.assert_allclose(first[:, :, 1], np.repeat([[-1], [0], [1]], 120, axis=1))
    np.testing.assert_allclose(second[:, :, 0], np.repeat([[-2], [0], [2]], 120, axis=1))
    assert made[0].color != made[1].color


def test_the_lines_through_0_are_thick():
    thin, _, *thick = warped_grid(lambda z: z, reach=1, lines=3)
    assert all(paths.width > thin.width for paths in thick)
    (z1_is_0,), (z2_is_0,) = (lines_of(paths) for paths in thick)
    assert np.abs(z1_is_0[:, 0]).max() == np.abs(z2_is_0[:, 1]).max() == 0.0
    assert len(warped_grid(lambda z: z, lines=4)) == 2  # none goes through 0


def test_rings_have_their_radius():
    one, two = lines_of(rings(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([0.5, 2.0])))
    np.testing.assert_allclose(np.linalg.norm(one - [1, 0], axis=1), 0.5)
    np.testing.assert_allclose(np.linalg.norm(two - [0, 1], axis=1), 2.0)
    assert len(lines_of(rings(torch.zeros(3, 2), 1.0))) == 3


def test_level_lines_lie_where_the_function_has_the_level():
    made = level_lines(lambda x: x[:, 0] + 2 * x[:, 1], EXTENT, levels=6)
    heights = [line @ [1.0, 2.0] for line in lines_of(made)]
    for height in heights:
        np.testing.assert_allclose(height, height[0], atol=1e-4)
    np.testing.assert_allclose([height[0] for height in heights], [-5, -3, -1, 1, 3, 5], atol=1e-4)


@pytest.mark.parametrize(
    "function", [lambda x: x[:, 0].log(), lambda x: x[:, 0] * float("nan"), lambda x: 0 * x[:, 0]]
)
def test_level_lines_of_what_is_not_finite_leave_it_out(function):
    made = level_lines(function, EXTENT)
    seen = made.xy[np.isfinite(made.xy).all(axis=1)]
    assert (seen[:, 0] >= 0).all()


def test_dots_are_the_points():
    points = torch.tensor([[0.0, 1.0], [2.0, -1.0]])
    (cloud,) = dots({"data": points})
    np.testing.assert_array_equal(cloud.xy, points.numpy())
    assert cloud.label == "data"

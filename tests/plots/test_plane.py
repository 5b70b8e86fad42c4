"""Pictures in the plane: what lands on the axes, in the units of the axes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

from lecturekit.plots import plane

EXTENT = (-3.0, 3.0, -2.0, 2.0)


@pytest.fixture
def axes():
    axes = Figure().add_subplot()
    plane.frame(axes, EXTENT)
    return axes


def shown_arrows(axes) -> np.ndarray:
    (quiver,) = [artist for artist in axes.collections if isinstance(artist, Quiver)]
    assert quiver.scale == 1.0
    assert quiver.scale_units == quiver.angles == "xy"
    return np.stack([quiver.U, quiver.V], axis=1)


def test_frame_has_equal_units_and_fixed_limits(axes):
    assert (*axes.get_xlim(), *axes.get_ylim()) == EXTENT
    assert axes.get_aspect() == 1.0


def test_arrows_are_as_long_as_their_vectors_times_the_scale(axes):
    vectors = torch.tensor([[0.3, 0.0], [0.0, -0.2]], requires_grad=True)
    plane.arrows(axes, torch.zeros(2, 2), vectors, scale=2.0)
    np.testing.assert_allclose(shown_arrows(axes), [[0.6, 0.0], [0.0, -0.4]], atol=1e-6)


def test_long_arrows_are_cut_and_keep_their_direction(axes):
    vectors = torch.tensor([[30.0, 40.0], [0.0, 0.0]])
    plane.arrows(axes, torch.zeros(2, 2), vectors)  # at most a sixth of the width of 6
    np.testing.assert_allclose(shown_arrows(axes), [[0.6, 0.8], [0.0, 0.0]], atol=1e-6)


@pytest.mark.parametrize("vectors", [torch.zeros(3, 2), torch.zeros(2, 3), torch.zeros(2)])
def test_vectors_that_do_not_belong_to_the_points_are_refused(axes, vectors):
    with pytest.raises(ValueError, match=r"one shape \(n, 2\)"):
        plane.arrows(axes, torch.zeros(2, 2), vectors)


def test_a_field_of_arrows_stays_inside(axes):
    plane.arrow_field(axes, lambda x: 100 * x, EXTENT, resolution=6)
    (quiver,) = axes.collections
    tips = quiver.get_offsets() + shown_arrows(axes)
    assert len(tips) == 36
    assert np.abs(quiver.get_offsets()).max(axis=0) == pytest.approx([2.5, 5 / 3])
    assert np.linalg.norm(shown_arrows(axes), axis=1).max() <= 1.0  # the spacing


def test_a_warped_grid_is_the_image_of_a_straight_one(axes):
    plane.warped_grid(axes, lambda z: z @ torch.tensor([[0.0, 1.0], [2.0, 0.0]]), reach=1, lines=3)
    first, second = (np.array(artist.get_segments()) for artist in axes.collections)
    # lines of constant z₁ have x₂ = z₁ there, lines of constant z₂ have x₁ = 2 z₂
    np.testing.assert_allclose(first[:, :, 1], np.repeat([[-1], [0], [1]], 120, axis=1))
    np.testing.assert_allclose(second[:, :, 0], np.repeat([[-2], [0], [2]], 120, axis=1))
    widths = axes.collections[0].get_linewidths()
    assert widths[1] > widths[0] == widths[2]


def test_rings_have_their_radius(axes):
    plane.rings(axes, torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([0.5, 2.0]))
    one, two = (np.array(line) for line in axes.collections[0].get_segments())
    np.testing.assert_allclose(np.linalg.norm(one - [1, 0], axis=1), 0.5)
    np.testing.assert_allclose(np.linalg.norm(two - [0, 1], axis=1), 2.0)


def test_level_lines_lie_where_the_function_has_the_level(axes):
    plane.level_lines(axes, lambda x: x.norm(dim=1), EXTENT, levels=[1.0])
    (path,) = axes.collections[0].get_paths()
    np.testing.assert_allclose(np.linalg.norm(path.vertices, axis=1), 1.0, atol=2e-3)


def test_dots_are_the_points(axes):
    points = torch.tensor([[0.0, 1.0], [2.0, -1.0]])
    plane.dots(axes, points, label="data")
    np.testing.assert_allclose(axes.collections[0].get_offsets(), points.numpy())

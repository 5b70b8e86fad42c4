"""What the drawings of section 3 put on the axes."""

from __future__ import annotations

import pytest
import torch
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

from lecturekit.plots.moment_matching import null_distribution, pulls, pushed_square

EXTENT = (-3.0, 3.0, -2.0, 2.0)


@pytest.fixture
def axes():
    return Figure().add_subplot()


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_null_distribution_counts_all_dealings_and_marks_quantile_and_observation(axes):
    null = torch.linspace(0, 1, 101)
    null_distribution(axes, null, 2.5)
    assert sum(bar.get_height() for bar in axes.patches) == 101
    quantile, observed = (line.get_xdata()[0] for line in axes.lines)
    assert quantile == pytest.approx(0.95)
    assert observed == 2.5
    assert legend(axes) == ["rows dealt out at random", "95% of these lie left", "observed"]


def test_pulls_shows_an_arrow_on_each_sample(axes):
    samples, data = torch.tensor([[0.0, 0.0], [1.0, 0.0]]), torch.ones(5, 2)
    pulls(axes, samples, data, torch.tensor([[0.0, 0.5], [0.25, 0.0]]), extent=EXTENT, scale=2.0)
    (arrows,) = (each for each in axes.collections if isinstance(each, Quiver))
    assert arrows.get_offsets().tolist() == samples.tolist()
    assert arrows.U.tolist() == [0.0, 0.5]
    assert arrows.V.tolist() == [1.0, 0.0]
    assert legend(axes) == ["data", "samples"]
    assert axes.get_xlim() == (-3.0, 3.0)


def test_pushed_square_draws_the_image_of_the_latent_square(axes):
    pushed_square(axes, lambda z: 2 * z, torch.zeros(3, 2), torch.ones(4, 2), extent=EXTENT)
    grids = [each for each in axes.collections if isinstance(each, LineCollection)]
    reach = max(abs(line).max() for grid in grids for line in grid.get_segments())
    assert reach == pytest.approx(2.0)  # the square reaches to ±1
    assert legend(axes) == ["data", "samples"]

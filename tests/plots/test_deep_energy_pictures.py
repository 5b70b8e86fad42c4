"""The pictures of section 2: dots where the samples are, arrows along their pushes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

from lecturekit.plots.deep_energy import generated_sheet, pushed_samples

EXTENT = (-2.0, 2.0, -2.0, 2.0)


@pytest.fixture
def axes():
    return Figure().add_subplot()


def test_every_sample_is_a_dot_and_the_first_few_have_an_arrow(axes):
    samples = torch.tensor([[0.0, 1.0], [1.0, 0.0], [-1.0, -1.0]])
    pushes = torch.tensor([[2.0, 0.0], [0.0, -2.0], [1.0, 1.0]])
    density = lambda x: (-x.square().sum(dim=1)).exp()  # noqa: E731
    pushed_samples(axes, density, samples, pushes, extent=EXTENT, scale=0.1, n_arrows=2)
    (field,) = axes.images
    values = field.get_array()
    assert values[35, 35] > values[0, 0]  # the middle against a corner
    (quiver,) = [artist for artist in axes.collections if isinstance(artist, Quiver)]
    np.testing.assert_allclose(np.stack([quiver.U, quiver.V], 1), [[0.2, 0], [0, -0.2]], atol=1e-6)
    (dots,) = [artist for artist in axes.collections if artist is not quiver]
    np.testing.assert_allclose(dots.get_offsets(), samples.numpy())


def test_the_sheet_lies_over_the_data(axes):
    data = torch.tensor([[0.5, 0.5]])
    generated_sheet(axes, lambda z: z / 2, data, extent=EXTENT)
    dots, one, other = axes.collections
    np.testing.assert_allclose(dots.get_offsets(), data.numpy())
    for lines in (one, other):
        assert np.abs(np.array(lines.get_segments())).max() == pytest.approx(1.0)  # [−2, 2] / 2

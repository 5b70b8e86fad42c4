"""Pictures of translations."""

from __future__ import annotations

import pytest
import torch

from lecturekit import plots
from lecturekit.adversarial import generator_loss
from lecturekit.plots.cycle_gan import angle_map, coloured_clouds, objectives, there_and_back

EXTENT = (-2.0, 2.0, -2.0, 2.0)


@pytest.mark.parametrize(("channels", "shape"), [(1, (12, 4, 4)), (3, (12, 3, 4, 4))])
def test_a_sheet_has_four_rows_in_order(channels, shape):
    images, truth = torch.zeros(3, channels, 4, 4), torch.ones(3, channels, 4, 4)
    sheet = there_and_back(lambda x: x + 0.5, lambda y: y - 0.25, images, truth)
    assert sheet.shape == shape
    assert sheet.flatten(1)[:, 0].tolist() == [0] * 3 + [0.5] * 3 + [0.25] * 3 + [1] * 3


def test_clouds_have_the_colours_of_their_origins():
    points, origins = torch.randn(20, 2), torch.arange(20) % 4
    drawn = {}

    def draw(axes):
        coloured_clouds(axes, points, origins, EXTENT, target=points)
        drawn.update({each.get_label(): each for each in axes.collections})

    plots.figure(draw, "clouds", alt="clouds")
    assert list(drawn) == ["target", "blob 1", "blob 2", "blob 3", "blob 4"]
    assert torch.allclose(torch.tensor(drawn["blob 2"].get_offsets()).float(), points[1::4])
    colours = {tuple(each.get_facecolor()[0]) for each in drawn.values()}
    assert len(colours) == 5


def test_losses_are_drawn_over_scores():
    lines = {}

    def saturating(scores):
        return torch.stack([generator_loss(score, "saturating") for score in scores])

    def draw(axes):
        objectives(axes, {"saturating": saturating})
        lines.update({line.get_label(): line for line in axes.lines})

    plots.figure(draw, "losses", alt="losses")
    scores, values = lines["saturating"].get_data()
    expected = torch.sigmoid(-torch.tensor(scores)).log()
    assert torch.allclose(torch.tensor(values), expected, atol=1e-5)


def test_rings_are_where_the_minima_are():
    drawn = {}

    def draw(axes):
        angle_map(axes, torch.rand(36, 36), torch.tensor([[0, 35], [18, 9]]))
        drawn["rings"] = axes.collections[0].get_offsets().tolist()

    plots.figure(draw, "angles", alt="angles")
    assert drawn["rings"] == [[350, 0], [90, 180]]  # G to the right, F upwards

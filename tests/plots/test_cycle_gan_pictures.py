"""Pictures of translations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lecturekit.adversarial import generator_loss
from lecturekit.cycle_gan import CycleGAN
from lecturekit.plots.cycle_gan import (
    TERMS,
    angle_map,
    cloud,
    compared,
    game,
    objectives,
    returned_cloud,
    there_and_back,
    translated_cloud,
    unpaired,
)
from lecturekit.plots.marks import Images, Line, Plot, Points, Words
from lecturekit.plots.words import as_plain

X = torch.randn(20, 2, generator=torch.Generator().manual_seed(0)).clamp(-1, 1)
ORIGINS = torch.arange(20) % 4


class Shift(nn.Module):
    """A translator that moves everything by the same amount."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = nn.Parameter(torch.tensor(by))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.by


MODEL = CycleGAN(Shift(0.5), Shift(-0.25), nn.Identity(), nn.Identity())


def firsts(sheet: Images) -> list[float]:
    """The upper left pixel of each image."""
    return sheet.images.reshape(len(sheet.images), -1)[:, 0].tolist()


def blobs(plot: Plot) -> list[Points]:
    """The clouds that are coloured by their origin."""
    return [mark for mark in plot.marks if isinstance(mark, Points) and mark.color != "faint"]


@pytest.mark.parametrize(("channels", "shape"), [(1, (12, 4, 4)), (3, (12, 3, 4, 4))])
def test_there_and_back_has_four_rows_in_order(channels, shape):
    images, truth = torch.zeros(3, channels, 4, 4), torch.ones(3, channels, 4, 4)
    sheet = there_and_back(lambda x: x + 0.5, lambda y: y - 0.25, images, truth, "Both ways")
    assert sheet.images.shape == shape
    assert firsts(sheet) == [0] * 3 + [0.5] * 3 + [0.25] * 3 + [1] * 3
    assert sheet.captions_beside
    assert sheet.captions == ("x", "G(x)", "F(G(x))", "truth")


def test_translators_are_compared_row_by_row():
    images, truth = torch.zeros(2, 1, 4, 4), torch.ones(2, 1, 4, 4)
    each = {"λ = 0": lambda x: x + 0.25, "λ = 20": lambda x: x + 0.75}
    sheet = compared(each, images, truth, "G(x)", source="x")
    assert firsts(sheet) == [0] * 2 + [0.25] * 2 + [0.75] * 2 + [1] * 2
    assert sheet.captions == ("x", "λ = 0", "λ = 20", "truth")


def test_a_truth_that_nobody_knows_has_no_row():
    x, y = torch.zeros(2, 3, 4, 4), torch.ones(2, 3, 4, 4)
    sheet = there_and_back(lambda x: x + 0.5, lambda y: y, x, None, "Both ways")
    assert sheet.captions == ("x", "G(x)", "F(G(x))")
    assert len(sheet.images) == 6
    sheet = compared({"ours": lambda y: y}, y, None, "F(y)", source="y")
    assert sheet.captions == ("y", "ours")
    assert len(sheet.images) == 4


@pytest.mark.parametrize(("picture", "moved"), [("there", 0.5), ("back", 0.25)])
def test_clouds_have_the_colours_and_shapes_of_their_origins(picture, moved):
    target = torch.full((5, 2), 2.0)
    plot = (
        translated_cloud(MODEL, X, ORIGINS, "G(x)", target=target)
        if picture == "there"
        else returned_cloud(MODEL, X, ORIGINS, "F(G(x))")
    )
    for rank, blob in enumerate(blobs(plot)):
        np.testing.assert_allclose(blob.xy, X[rank::4] + moved, rtol=1e-6)
    assert [blob.color for blob in blobs(plot)] == [0, 1, 2, 3]
    assert len({blob.shape for blob in blobs(plot)}) == 4
    behind = plot.marks[0]
    np.testing.assert_allclose(behind.xy, target if picture == "there" else X, rtol=1e-6)


def test_losses_are_drawn_over_scores():
    plot = objectives(["saturating", "least squares"], "Losses")
    drawn = {mark.label: mark for mark in plot.marks if isinstance(mark, Line)}
    assert list(drawn) == ["saturating", "least squares"]
    for name, line in drawn.items():
        expected = [generator_loss(torch.tensor(score), name) for score in line.x]
        np.testing.assert_allclose(line.y, expected, rtol=1e-5)


def test_rings_are_where_the_minima_are():
    loss = torch.ones(36, 36)
    loss[0, 35] = loss[18, 9] = 0.0  # rows are of F, columns of G
    plot = angle_map(loss, "Angles")
    (rings,) = [mark for mark in plot.marks if isinstance(mark, Points)]
    assert rings.xy.tolist() == [[350, 0], [90, 180]]  # G to the right, F upwards
    assert plot.x.label.startswith("angle of G")
    assert "2 equally deep minima" in plot.alt


def coloured(plot: Plot) -> dict[str, object]:
    """The colour of each word of a diagram; of a word that is there twice, that of the last."""
    return {mark.text: mark.color for mark in plot.marks if isinstance(mark, Words)}


@pytest.mark.parametrize("term", [0, 1, 2, 3, 4, None])
def test_the_game_lights_up_term_by_term(term):
    plot = game("The game", term)
    colours = coloured(plot)
    expected = [
        rank if term is None or rank == term - 1 else "ink" if rank < term else "soft"
        for rank in range(4)
    ]
    assert [colours[name] for name in TERMS] == expected
    for rank, name in enumerate(["D_Y", "D_X", "F(G(x))", "G(F(y))"]):
        assert colours[name] == expected[rank]
    said = [as_plain(name) in plot.alt for name in TERMS]
    assert said == [term is None or rank < term for rank in range(4)]


def test_unpaired_images_stand_between_braces():
    x, y = torch.zeros(4, 3, 8, 8), torch.ones(4, 3, 8, 8)
    sheet = unpaired(x, y, "Unpaired", columns=2)
    assert len(sheet.images) == 1
    picture = sheet.images[0]
    half = picture.shape[2] // 2
    assert (picture[:, :, :half] == 0).all(
        axis=0
    ).sum() == 4 * 24 * 24  # each image thrice as large
    assert (picture[:, :, half:] == 1).all(axis=0).sum() == 4 * 24 * 24
    left, right = picture[:, :, :26], picture[:, :, -26:]
    np.testing.assert_allclose(left, right[:, :, ::-1])  # a brace, and its mirror image
    assert left.std() > 0.01
    assert "nothing joins them" in sheet.alt


def test_a_cloud_names_what_is_behind_it():
    plot = cloud(X, ORIGINS, "G(x)", behind={"Y": X[:5]})
    assert plot.marks[0].label == "Y"
    assert [len(mark.xy) for mark in plot.marks] == [5, 5, 5, 5, 5]
    assert plot.alt.endswith("in grey 5 points: Y.")

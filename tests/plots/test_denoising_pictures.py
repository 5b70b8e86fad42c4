"""Pictures of denoisers in the plane."""

from __future__ import annotations

import pytest
import torch
from matplotlib.figure import Figure

from lecturekit.plots.denoising import arrow_fields, walking

EXTENT = (-1.0, 1.0, -1.0, 1.0)


@pytest.fixture
def axes():
    return Figure().add_subplot()


def legend(axes) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_fields_lie_over_each_other_in_two_colours(axes):
    arrow_fields(axes, {"exact": lambda x: -x, "learned": lambda x: x}, EXTENT, resolution=5)
    exact, learned = (each for each in axes.collections if hasattr(each, "U"))
    assert learned.U.tolist() == pytest.approx((-exact.U).tolist())
    assert (exact.U != 0).any()
    assert not torch.equal(
        torch.tensor(exact.get_facecolor()), torch.tensor(learned.get_facecolor())
    )
    assert legend(axes) == ["exact", "learned"]


def test_a_density_adds_level_lines(axes):
    fields = {"exact": lambda x: -x}
    arrow_fields(axes, fields, EXTENT, density=lambda x: -x.square().sum(1), resolution=3)
    assert len(axes.collections) == 2


def test_before_the_first_corruption_only_clean_states_are_shown(axes):
    walking(axes, torch.zeros(3, 2), None, EXTENT, corrupted=False, target=torch.ones(5, 2))
    assert legend(axes) == ["data", "clean X"]


def test_the_older_state_is_faint_and_paths_join_the_two(axes):
    clean, noisy = torch.zeros(3, 2), torch.ones(3, 2)
    walking(axes, clean, noisy, EXTENT, corrupted=True, target=torch.ones(5, 2), paths=2)
    data, lines, hollow, filled = axes.collections
    assert len(data.get_offsets()) == 5
    assert [segment.tolist() for segment in lines.get_segments()] == [[[0, 0], [1, 1]]] * 2
    assert hollow.get_alpha() > filled.get_alpha()
    assert hollow.get_offsets().tolist() == noisy.tolist()

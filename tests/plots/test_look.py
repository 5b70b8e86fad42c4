"""Colours and shapes: readable on both papers, and told apart by every eye."""

from __future__ import annotations

import itertools

import matplotlib as mpl
import numpy as np
import pytest

from lecturekit import plots
from lecturekit.plots import look
from tests.plots.examples import rgb

# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB.
EYES = {
    "typical": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}
DARK_PAPER = "#111111"  # JupyterLab's
PALETTES = {"light": look.PALETTE, "dark": look.PALETTE_ON_DARK}
ALIKE = 25.0  # CIELAB: two lines that differ by less are easily taken for each other


def linear(colour: str) -> np.ndarray:
    c = rgb(colour) / 255.0
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2."""
    a, b = (float(linear(c) @ [0.2126, 0.7152, 0.0722]) + 0.05 for c in (one, other))
    return max(a, b) / min(a, b)


def seen(colour: str, eye: str) -> np.ndarray:
    """CIELAB of a colour as an eye sees it."""
    light = np.clip(np.array(EYES[eye]) @ linear(colour), 0.0, 1.0)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ light / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def alike(one: str, other: str, eye: str) -> bool:
    return float(np.linalg.norm(seen(one, eye) - seen(other, eye))) < ALIKE


@pytest.mark.parametrize("paper", PALETTES)
@pytest.mark.parametrize("eye", EYES)
def test_curves_that_look_alike_have_other_markers(paper, eye):
    """Also where there are more curves than colours."""
    palette = PALETTES[paper]
    for one, other in itertools.combinations(range(2 * len(palette)), 2):
        colours = palette[one % len(palette)], palette[other % len(palette)]
        assert not alike(*colours, eye) or look.shape(one) != look.shape(other)


def test_to_some_eyes_some_curves_do_look_alike():
    """Or the test above would see nothing."""
    assert alike("#336699", "#336699", "typical")
    assert not alike(look.PALETTE[0], look.PALETTE[1], "typical")
    assert alike(look.PALETTE[1], look.PALETTE[4], "deuteranopia")


def test_text_and_lines_stand_out_from_both_papers():
    assert contrast(look.INK, look.FACE) > 15
    assert contrast(look.INK_ON_DARK, DARK_PAPER) > 15
    assert all(contrast(colour, look.FACE) > 2 for colour in look.PALETTE)
    assert all(contrast(colour, DARK_PAPER) > 7 for colour in look.PALETTE_ON_DARK)
    assert all(contrast(look.SOFT, paper) > 3 for paper in (look.FACE, DARK_PAPER))


def test_papers_have_as_many_colours_as_there_are_shapes():
    assert len({*look.PALETTE}) == len({*look.PALETTE_ON_DARK}) == len({*look.SHAPES}) == 6


def test_roles_are_places_of_the_palette_or_words():
    assert look.colour(0) == look.PALETTE[0]
    assert look.colour(7) == look.PALETTE[1]
    assert look.colour(None) == look.colour("ink") == look.INK
    assert (look.colour("soft"), look.colour("face")) == (look.SOFT, look.FACE)


def test_ramps_go_from_first_to_last_level():
    sequential, diverging = look.ramp(False).astype(int), look.ramp(True).astype(int)
    assert sequential.shape == diverging.shape == (look.LEVELS, 3)
    assert (np.diff(sequential[::8] @ [0.299, 0.587, 0.114]) > 0).all()  # lighter and lighter
    blue, white, red = diverging[[0, look.LEVELS // 2, -1]]
    assert blue[2] > blue[0]
    assert white.min() > 240
    assert red[0] > red[2]


def test_the_page_gets_the_same_table():
    table = look.table()
    assert table["light"]["palette"] == look.PALETTE
    assert bytes.fromhex(table["sequential"]) == look.ramp(False).tobytes()
    assert bytes.fromhex(table["diverging"]) == look.ramp(True).tobytes()
    assert table["shapes"] == look.SHAPES
    assert {*table["light"]} - {"face"} == {*table["dark"]}  # the paper is the page's own


def test_use_style_sets_matplotlibs_defaults():
    with mpl.rc_context():
        mpl.rcParams.update(mpl.rcParamsDefault)
        plots.use_style()
        assert mpl.rcParams["axes.facecolor"] == look.FACE
        assert mpl.rcParams["axes.prop_cycle"].by_key()["color"][0] == look.PALETTE[0]

"""Stills: every mark where it belongs, sharp, nothing cut off, and images pixel by pixel."""

from __future__ import annotations

from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.quiver import Quiver

from lecturekit.plots import look, still
from lecturekit.plots.marks import (
    Arrows,
    Axis,
    Bars,
    Field,
    Images,
    Line,
    Mark,
    Paths,
    Plot,
    Points,
    Rule,
    Words,
)
from lecturekit.plots.scales import Scale
from tests.plots.examples import LINE, MARKS, pixels, plot_of, rgb
from tests.plots.test_figures import FIGURES, X


def drawn(*marks: Mark, **options: object) -> Axes:
    """matplotlib's axes with these marks."""
    with mpl.rc_context(look.STYLE):
        return still._figure(plot_of(*marks, **options), 400).axes[0]


def test_every_mark_has_a_pen():
    assert set(still._PENS) == set(Mark.__subclasses__())


@pytest.mark.parametrize("kind", MARKS, ids=lambda kind: kind.__name__)
def test_every_mark_is_seen_in_its_colour(kind):
    mark = MARKS[kind]
    picture = pixels(plot_of(mark).still(300))
    assert not np.array_equal(picture.shape, (0, 0, 3))
    if kind is Field:
        colours = look.ramp(False)[[0, -1]]
    else:
        colours = [rgb(look.colour(plot_of(mark).colours()[0]))]
    for colour in colours:
        assert (picture == colour).all(axis=2).sum() > 10


@pytest.mark.parametrize("kind", [kind for kind in FIGURES if kind != "image_grid"])
def test_stills_are_sharp_and_nothing_touches_their_edge(kind):
    picture = pixels(FIGURES[kind](X).still(420))
    assert picture.shape[1] == still.SHARP * 420
    for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
        assert (edge == rgb(look.FACE)).all()  # its own face, on a page of whatever colour


@pytest.mark.parametrize("scale", [1.0, 1e-5, 1e5, -1234.5])
def test_nothing_is_cut_off_when_numbers_are_long(scale):
    field = Field(scale * np.arange(1.0, 5.0).reshape(2, 2), (0, 1, 0, 1), "density")
    marks = [field, Line([0.0, 1.0], [0.1 * scale, scale], "a curve with a long name")]
    picture = pixels(Plot("T", marks, Axis("x"), Axis("y")).still(300))
    for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
        assert (edge == rgb(look.FACE)).all()


@pytest.mark.parametrize("picture", [plot_of(*MARKS.values()), Images("T", np.eye(3)[None])])
def test_svg_is_valid(picture):
    root = ElementTree.fromstring(picture.still(200, "svg"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert float(root.get("width").removesuffix("pt")) == pytest.approx(200 * still.POINT, rel=0.1)


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="expected kind among png, svg, got 'jpg'"):
        plot_of(LINE).still(kind="jpg")


def test_drawing_leaves_matplotlibs_global_state_alone():
    before = dict(mpl.rcParams)
    plot_of(*MARKS.values()).still(200)
    assert dict(mpl.rcParams) == before


# ---------------------------------------------------------------------------------- each mark


def test_a_line_goes_through_its_points_with_gaps_and_a_band():
    axes = drawn(Line([1, 2, 3], [1.0, np.inf, 3.0], band=[0.5, 0.5, 1.0]))
    (line,) = axes.lines
    np.testing.assert_array_equal(line.get_xydata(), [[1, 1], [2, np.nan], [3, 3]])
    (band,) = axes.collections
    assert band.get_datalim(axes.transData).ymax == pytest.approx(4.0)
    assert line.get_color() == look.PALETTE[0]


def test_points_lie_where_they_are():
    axes = drawn(MARKS[Points], Points([(2.0, 2.0)], hollow=True))
    filled, hollow = (c for c in axes.collections if isinstance(c, PathCollection))
    np.testing.assert_array_equal(filled.get_offsets(), MARKS[Points].xy)
    assert len(filled.get_facecolor()) == 1
    assert len(hollow.get_facecolor()) == 0
    assert filled.get_sizes()[0] ** 0.5 / still.POINT == pytest.approx(5.0)


def test_arrows_reach_from_place_to_place():
    (quiver,) = (c for c in drawn(MARKS[Arrows]).collections if isinstance(c, Quiver))
    assert quiver.scale == 1.0
    assert quiver.scale_units == quiver.angles == "xy"
    np.testing.assert_array_equal(np.stack([quiver.U, quiver.V], 1), MARKS[Arrows].d)


def test_paths_are_broken_where_something_is_not_finite():
    broken = Paths([(0, 0), (1, 1), (np.nan, 0), (2, 2), (3, 3), (np.inf, 1), (1, 0), (0, 1)])
    (lines,) = (c for c in drawn(broken).collections if isinstance(c, LineCollection))
    ends = [segment.tolist() for segment in lines.get_segments()]
    assert ends == [[[0, 0], [1, 1]], [[2, 2], [3, 3]], [[1, 0], [0, 1]]]


def test_bars_stand_on_their_base():
    (bars,) = drawn(Bars([1.0, 2.0], [3.0, 0.5], 0.8, base=1.0)).containers
    assert [(bar.get_y(), bar.get_height()) for bar in bars] == [(1.0, 2.0), (1.0, -0.5)]


def test_levels_differ_in_their_dashes():
    axes = drawn(Rule(1.0), Rule(2.0, dash=1), Rule(3.0, axis="x", dash=2))
    assert axes.lines[0].get_ydata() == [1.0, 1.0]
    assert axes.lines[2].get_xdata() == [3.0, 3.0]
    assert len({str(line._dash_pattern) for line in axes.lines}) == 3


def test_words_stand_at_their_place_or_in_the_corner():
    at, corner = drawn(MARKS[Words], Words("note")).texts
    assert at.get_position() == (2.0, 2.0)
    assert corner.get_transform().transform(corner.get_position())[0] < 150
    assert (at.get_weight(), corner.get_weight()) == ("bold", "normal")


def test_a_field_has_its_row_0_at_the_bottom():
    axes = drawn(MARKS[Field], equal=True)
    (image,) = axes.images
    assert image.origin == "lower"
    assert image.get_extent() == [1.0, 4.0, 1.0, 3.0]
    assert axes.get_aspect() == 1.0


def test_a_matrix_has_its_row_0_on_top():
    picture = FIGURES["heatmap"](torch.tensor([0.0] * 5 + [1.0] * 5)).still(300)
    dark, light = look.ramp(False)[[0, -1]]
    rows = [np.flatnonzero((pixels(picture) == c).all(2).sum(1) > 200) for c in (dark, light)]
    assert rows[0].max() < rows[1].min()


def test_the_legend_names_each_once_and_covers_no_data():
    axes = drawn(LINE, Line([1], [1]), MARKS[Arrows], MARKS[Paths], MARKS[Rule])
    figure = axes.get_figure(root=True)
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["PCD", "score", "chains", "bound"]
    figure.draw_without_rendering()
    assert legend.get_window_extent().y0 >= axes.get_window_extent().y1
    assert legend.get_window_extent().x1 <= figure.bbox.x1
    assert not drawn(Line([1], [1])).get_figure(root=True).legends


def test_bare_pictures_have_no_axes():
    axes = drawn(Points([(1, 1)]), bare=True)
    assert not axes.axison


# ------------------------------------------------------------------------------------ markers


def test_markers_sit_near_places_that_stay_while_a_curve_grows():
    scale = Scale(0.0, 1000.0, False, [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0], [])
    short, long = (still.marked(np.arange(0.0, n), scale, 0) for n in (500, 900))
    assert long[: len(short)] == short
    assert len(long) == 5
    gaps = np.diff(long)
    assert np.abs(gaps - 200).max() <= 1


def test_curves_that_meet_have_their_markers_at_different_places():
    scale = Scale(0.0, 100.0, False, [0.0, 50.0, 100.0], [])
    places = [still.marked(np.arange(101.0), scale, role) for role in range(6)]
    assert len({place for each in places for place in each}) == 12


@pytest.mark.parametrize(("n", "places"), [(0, []), (1, [0])])
def test_a_short_curve_shows_its_marker_if_it_has_a_point(n, places):
    assert still.marked(np.arange(float(n)), Scale(0.0, 1.0, False, [0.0, 1.0], []), 0) == places


def test_a_logarithmic_axis_spreads_markers_as_it_spreads_numbers():
    x = np.geomspace(1.0, 1e4, 401)
    scale = Scale(1.0, 1e4, True, [1.0, 10.0, 100.0, 1e3, 1e4], [])
    assert np.diff(still.marked(x, scale, 0)).tolist() == [100, 100, 100]


# -------------------------------------------------------------------------------------- images


def mosaic(picture: Images, width: int) -> np.ndarray:
    return pixels(still._sheet(picture, width, "png"))


def test_a_mosaic_holds_every_pixel_enlarged_by_one_factor(generator):
    images = torch.rand(5, 4, 3, generator=generator)
    page, gap = mosaic(Images("T", images, columns=2), 50), still.SHARP * look.GAP
    zoom = (still.SHARP * 50 // 2 - gap) // 3
    assert page.shape == (3 * (4 * zoom + gap) + gap, 2 * (3 * zoom + gap) + gap, 3)
    for index, image in enumerate(images):
        top = gap + index // 2 * (4 * zoom + gap)
        left = gap + index % 2 * (3 * zoom + gap)
        tile = page[top : top + 4 * zoom : zoom, left : left + 3 * zoom : zoom, 0]
        assert np.array_equal(tile, (255 * image).round().byte().numpy())


def test_images_show_where_they_end():
    page = mosaic(Images("T", torch.tensor([[[0.0]], [[1.0]]])), 50)
    assert (page[0] == rgb(look.MOUNT)).all()
    assert (page[:, page.shape[1] // 2] == rgb(look.MOUNT)).all()


@pytest.mark.parametrize("captions", [["a", "b", "c", "d"], ["row one", "row_{two}"]])
def test_captions_stand_under_images_or_beside_rows(captions):
    images = torch.rand(4, 5, 5)
    plain = mosaic(Images("T", images, columns=2), 200)
    captioned = mosaic(Images("T", images, columns=2, captions=captions), 200)
    assert captioned.shape != plain.shape
    assert (captioned == rgb(look.INK)).all(axis=2).any()


def test_signed_images_are_white_at_zero():
    page = mosaic(Images("T", torch.tensor([[[-1.0, 0.0, 1.0]]]), signed=True), 50)
    middle = page[page.shape[0] // 2]
    assert any((middle == look.ramp(True)[127]).all(axis=1))
    assert any((middle == look.ramp(True)[0]).all(axis=1))


def test_an_svg_of_images_has_them_in_it():
    root = ElementTree.fromstring(still._sheet(Images("T", np.eye(3)[None]), 100, "svg"))
    assert root.find(".//{http://www.w3.org/2000/svg}image") is not None
    assert float(root.get("width").removesuffix("pt")) == pytest.approx(100 * still.POINT, rel=0.1)

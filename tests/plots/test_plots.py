"""Static figures: labelled, described, readable on any background, and refusing bad input."""

from __future__ import annotations

import io
from collections.abc import Callable
from html.parser import HTMLParser

import matplotlib as mpl
import numpy as np
import pytest
import torch
from PIL import Image

from lecturekit import plots
from lecturekit.plots import draw
from lecturekit.plots.canvas import Canvas
from lecturekit.plots.mosaic import GAP, mosaic
from lecturekit.plots.style import FACE, INK, PALETTE, STYLE

X = torch.arange(1.0, 11.0)
FIGURES: dict[str, Callable[..., plots.Picture]] = {
    "curves": lambda y, **o: plots.curves(
        {"PCD": (X, y, 0.1 * X)},
        "T",
        xlabel="update",
        ylabel="nats",
        references={"bound": 20.0},
        **o,
    ),
    "bars": lambda y, **o: plots.bars(
        {"P": y, "Q": X},
        "T",
        categories=list("abcdefghij"),
        xlabel="state",
        ylabel="probability",
        errors={"P": 0.1 * X},
        **o,
    ),
    "heatmap": lambda y, **o: plots.heatmap(
        y.reshape(2, 5), "T", xlabel="hidden", ylabel="visible", unit="w", annotate=True, **o
    ),
    "scatter": lambda y, **o: plots.scatter(
        {"data": y.reshape(5, 2), "x": X.reshape(5, 2)}, "T", **o
    ),
    "image_grid": lambda y, **o: plots.image_grid(y.reshape(1, 2, 5) / 20.0, "T", **o),
    "figure": lambda y, **o: plots.figure(lambda axes: axes.plot(y), "T", **{"alt": "words", **o}),
}


def pixels(picture: plots.Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGB"))


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    c = rgb(colour) / 255.0
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


class Images(HTMLParser):
    """The attributes of all images of a page."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.found.append(dict(attrs))


@pytest.mark.parametrize("kind", FIGURES)
def test_figures_follow_the_data_and_describe_themselves(kind):
    first, second = FIGURES[kind](X), FIGURES[kind](X.flip(0) + 3.0)
    assert not np.array_equal(pixels(first), pixels(second))
    assert len(first.alt) >= 5
    assert FIGURES[kind](X, alt="my words").alt == "my words"
    (image,) = Images(first._repr_mimebundle_()["text/html"]).found
    assert image["alt"] == first.alt
    assert first.title in first.html()


@pytest.mark.parametrize("kind", [kind for kind in FIGURES if kind != "image_grid"])
def test_figures_are_sharp_and_nothing_touches_their_edge(kind):
    picture = FIGURES[kind](X)
    image = pixels(picture)
    assert image.shape[1] == 2 * picture.width
    for edge in (image[0], image[-1], image[:, 0], image[:, -1]):
        assert (edge == rgb(FACE)).all()  # its own face, on a page of whatever colour


def test_text_and_lines_stand_out_from_the_face():
    def contrast(colour: str) -> float:
        return (luminance(FACE) + 0.05) / (luminance(colour) + 0.05)

    assert contrast(INK) > 15
    assert all(contrast(colour) > 1.9 for colour in PALETTE)
    assert len(set(PALETTE)) == 7


def test_use_style_sets_matplotlibs_defaults():
    with mpl.rc_context():
        mpl.rcParams.update(mpl.rcParamsDefault)
        plots.use_style()
        assert mpl.rcParams["axes.facecolor"] == FACE
        assert mpl.rcParams["axes.prop_cycle"].by_key()["color"][0] == PALETTE[0]


def test_drawing_leaves_matplotlibs_global_state_alone():
    before = dict(mpl.rcParams)
    FIGURES["curves"](X)
    assert dict(mpl.rcParams) == before


def test_title_and_words_are_escaped():
    picture = plots.figure(lambda axes: None, "a < b", alt='"<x>"')
    (image,) = Images(picture.html()).found
    assert image["alt"] == '"<x>"'
    assert "a &lt; b" in picture.html()


def test_panels_stand_beside_each_other_with_a_note():
    picture = plots.figure(lambda axes: None, "T", alt="words")
    panels = plots.panels([picture, picture], "<note>")
    assert len(Images(panels.html()).found) == 2
    assert "&lt;note&gt;" in panels.html()
    assert repr(panels) == "T [picture: words]\nT [picture: words]\n<note>"


def test_curves_in_words():
    picture = plots.curves({"CD-1": ([1, 2], [-9.0, -4.85])}, "T", xlabel="update", ylabel="nats")
    assert picture.alt == "Curves of nats against update. CD-1: from -9 to -4.85."


def test_few_bars_are_all_told_and_many_by_their_range():
    few = plots.bars({"P": [0.25, 0.75]}, "T", categories=["0", "1"], xlabel="x", ylabel="p")
    assert few.alt == "Bars of p. P: 0 0.25, 1 0.75."
    assert FIGURES["bars"](X).alt.startswith("Bars of probability. P: 10 bars from 1 to 10.")


def test_signed_colours_are_centred_at_zero():
    grey = mosaic(torch.tensor([[[0.0, -3.0, 1.0]]]), signed=True, width=3)[GAP, GAP : GAP + 3]
    white, blue, red = grey.astype(int)
    assert white.min() > 240
    assert blue[2] > blue[0]
    assert red[0] > red[2]


def test_a_mosaic_holds_every_pixel_enlarged_by_one_factor():
    images = torch.rand(5, 4, 3, generator=torch.Generator().manual_seed(0))
    page = mosaic(images, columns=2, width=100)
    zoom = (100 // 2 - GAP) // 3
    assert page.shape == (3 * (4 * zoom + GAP) + GAP, 2 * (3 * zoom + GAP) + GAP, 3)
    for index, image in enumerate(images):
        top = GAP + index // 2 * (4 * zoom + GAP)
        left = GAP + index % 2 * (3 * zoom + GAP)
        tile = page[top : top + 4 * zoom : zoom, left : left + 3 * zoom : zoom, 0]
        assert np.array_equal(tile, (255 * image).round().byte().numpy())


def test_colour_images_keep_their_colours():
    image = torch.tensor([1.0, 0.5, 0.0]).reshape(1, 3, 1, 1)
    assert mosaic(image, width=1)[GAP, GAP].tolist() == [255, 128, 0]


@pytest.mark.parametrize("captions", [["a", "b", "c", "d"], ["row one", "row two"]])
def test_captions_stand_under_images_or_beside_rows(captions):
    images = torch.rand(4, 5, 5)
    plain = mosaic(images, columns=2)
    captioned = mosaic(images, columns=2, captions=captions)
    assert captioned.shape != plain.shape
    assert (captioned == rgb(INK)).all(axis=2).any()


def test_a_canvas_wiped_forgets_all_it_held():
    canvas, matrix = Canvas((4.0, 3.0)), np.arange(6.0).reshape(2, 3)

    def crowded(axes):
        draw.heatmap(axes, matrix, xlabel="x", ylabel="y", unit="u", annotate=True)
        draw.lines(axes, {"a": ([0, 1], [0, 1])}, xlabel="x", ylabel="y", references={"r": 0.5})
        plots.landscape(axes, {"G": [2.0, 0.0]}, particles=[0, 1, 1], data=[0.5, 0.5], xlabel="s")
        labels = axes.get_legend_handles_labels()[1]
        assert sorted(labels) == ["G", "a", "data", "particles", "r"]

    for _ in range(3):
        canvas.paint(crowded)
    canvas.paint(lambda axes: None)
    axes = canvas._axes
    left = [*axes.lines, *axes.images, *axes.texts, *axes.collections, *axes.child_axes]
    assert left == []
    assert axes.get_legend() is None


@pytest.mark.parametrize("size", [(5.2, 4.4), (4.1, 3.6), (4.1, 4.1), (6.0, 3.0)])
def test_nothing_is_cut_off_also_when_labels_grow(size):
    extent = (-3.2, 3.2, -3.2, 3.2)
    canvas, values = Canvas(size), plots.grid(extent, 20).square().sum(1).reshape(20, 20)
    for scale in (1.0, 1e-4, 1e5):
        canvas.paint(
            lambda axes, scale=scale: (
                draw.field(axes, scale * values, extent=extent, unit="density"),
                axes.set(xlabel="x₁", ylabel="x₂"),
            )
        )
        with mpl.rc_context(STYLE):  # as it was drawn
            box = canvas._axes.get_tightbbox(canvas._canvas.get_renderer())
        page = canvas._figure.bbox
        assert page.x0 <= box.x0 < box.x1 <= page.x1
        assert page.y0 <= box.y0 < box.y1 <= page.y1


def test_particles_sit_on_the_first_landscape_and_share_their_level():
    canvas = Canvas((4.0, 3.0))
    seen = {}

    def draw_it(axes):
        profiles = {"G": torch.tensor([3.0, 1.0, 2.0]), "other": torch.tensor([0.0, 9.0, 0.0])}
        plots.landscape(axes, profiles, particles=[2, 1, 1], data=[0.2, 0.5, 0.3], xlabel="s")
        seen["at"] = axes.collections[0].get_offsets()
        seen["lines"] = [line.get_ydata().tolist() for line in axes.lines]

    canvas.paint(draw_it)
    x, y = np.asarray(seen["at"]).T
    assert seen["lines"] == [[2.0, 0.0, 1.0], [-1.0, 8.0, -1.0]]  # the first one's lowest is 0
    assert y[0] - y[1] == pytest.approx(1.0)
    assert y[1] == y[2]
    assert x[1] < 1 < x[2]
    assert x[0] == 2


def test_the_present_station_is_marked_and_energies_go_from_before_to_after():
    canvas = Canvas((4.0, 3.0))
    texts = []

    def draw_it(axes):
        plots.stations(axes, ["positive phase", "negative phase"], 1)
        weights = {text.get_text(): text.get_fontweight() for text in axes.texts}
        assert weights == {"positive phase": "normal", "negative phase": "bold"}
        plots.energy_change(axes, {"data": torch.tensor([[1.0, 3.0], [0.0, 1.0]]), "later": None})
        texts.extend(text.get_text() for text in axes.texts)

    canvas.paint(draw_it)
    assert "-1.50" in texts


def test_a_grid_goes_row_by_row_from_the_bottom_left():
    grid = plots.grid((0.0, 2.0, -1.0, 1.0), 3)
    assert grid.shape == (9, 2)
    assert grid[:4].tolist() == [[0.0, -1.0], [1.0, -1.0], [2.0, -1.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FIGURES["curves"](X[:3]), "x and y of one length for 'PCD', got 10 and 3"),
        (lambda: FIGURES["bars"](X[:3]), "expected 10 heights for 'P', one for each category"),
        (
            lambda: plots.heatmap(X, "T", xlabel="", ylabel="", unit=""),
            r"shape \(rows, columns\), got \(10,\)",
        ),
        (lambda: plots.image_grid(X, "T"), r"\(n, 3, height, width\), got \(10,\)"),
        (
            lambda: plots.image_grid(torch.rand(2, 3, 4, 4), "T", signed=True),
            r"shape \(n, height, width\), got \(2, 3, 4, 4\)",
        ),
        (
            lambda: plots.image_grid(torch.rand(4, 2, 2), "T", captions=["a"] * 3),
            "expected 4 captions, or 2 for the rows, got 3",
        ),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

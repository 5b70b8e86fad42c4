"""What every picture can do: show itself in a notebook, beside others, and go into a file."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from lecturekit import plots
from lecturekit.plots.marks import Images, Plot
from lecturekit.plots.picture import BESIDE, WIDTH
from tests.plots.examples import LINE, MARKS, pixels, plot_of


class Found(HTMLParser):
    """The attributes of all images of a page, and its text."""

    def __init__(self, page: str):
        super().__init__()
        self.images: list[dict[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.images.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_it_is_shown_under_its_title_with_a_text_alternative():
    picture = plot_of(LINE, title="Learning")
    page = Found(picture._repr_mimebundle_()["text/html"])
    (image,) = page.images
    assert image["alt"] == picture.alt
    assert image["width"] == str(WIDTH)
    assert image["src"].startswith("data:image/png;base64,")
    assert page.text == "Learning"
    assert picture._repr_mimebundle_()["text/plain"] == f"Learning [picture: {picture.alt}]"


@pytest.mark.parametrize("mark", MARKS.values(), ids=lambda mark: type(mark).__name__)
def test_every_picture_has_a_text_alternative(mark):
    (image,) = Found(plot_of(mark).html(200)).images
    assert image["alt"]


def test_title_and_words_are_escaped_and_formulas_set():
    page = plot_of(LINE, title="a < b_θ", words='"<x>"').html(200)
    (image,) = Found(page).images
    assert image["alt"] == '"<x>"'
    assert "a &lt; b<sub>θ</sub>" in page


def test_panels_stand_beside_each_other_with_a_note():
    picture = plot_of(LINE, words="words")
    row = plots.panels([picture, picture], "<note>")
    page = Found(row._repr_mimebundle_()["text/html"])
    assert [image["width"] for image in page.images] == [str(BESIDE)] * 2
    assert "<note>" in page.text
    assert "&lt;note&gt;" in row.html()
    assert repr(row) == "T [picture: words]\nT [picture: words]\n<note>"


def test_one_panel_alone_is_as_wide_as_a_picture():
    (image,) = Found(plots.panels([plot_of(LINE)]).html()).images
    assert image["width"] == str(WIDTH)


@pytest.mark.parametrize("picture", [plot_of(LINE), Images("T", np.eye(3)[None])])
def test_files_are_of_the_kind_that_their_name_says(tmp_path, picture: Plot | Images):
    picture.save(tmp_path / "picture.png", 200)
    picture.save(tmp_path / "picture.svg", 200)
    assert pixels((tmp_path / "picture.png").read_bytes()).any()
    root = ElementTree.parse(tmp_path / "picture.svg").getroot()
    assert root.tag.endswith("svg")
    assert Image.open(io.BytesIO((tmp_path / "picture.png").read_bytes())).format == "PNG"


def test_another_kind_of_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"path to end in \.png or \.svg, got .*bmp"):
        plot_of(LINE).save(tmp_path / "picture.bmp")

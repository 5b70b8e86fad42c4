"""The decks of a lecture as small as can be: their slides, their notes, their bytes."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from lecturekit import plots
from lecturekit.cli import decks
from lecturekit.live.film import Moment, Take, packed
from lecturekit.live.recorder import FILM
from lecturekit.plots.encode import encode

NOTEBOOK = "06_unit.ipynb"


def film() -> str:
    pictures = [plots.scatter({"x": [[k, 1.0]]}, "Points") for k in range(3)]
    moments = [Moment(f"update {k}", [encode(each)], [each.alt]) for k, each in enumerate(pictures)]
    return base64.b64encode(packed([Take("", moments)], name="Toy")).decode()


def marked(cell: nbformat.NotebookNode, kind: str = "", *tags: str) -> nbformat.NotebookNode:
    cell.metadata = {"tags": list(tags)} | ({"slideshow": {"slide_type": kind}} if kind else {})
    return cell


def write_lecture(path: Path) -> None:
    """An executed notebook with two runs, of which one is for home."""
    shown = {FILM: film(), "text/html": "<figure>a still</figure>", "text/plain": "Points"}
    run = [new_output("display_data", shown)]
    printed = [new_output("stream", name="stdout", text="✓ 1 < 2\n")]
    words = (
        "## 6.1 A part\n\nFor $x_1$, [here](#6.1-A-part) and [at home](#home):\n\n$$\\frac{a}{b}$$"
    )
    cells = [
        marked(new_markdown_cell("# 6 · UNIT"), "slide"),
        marked(new_markdown_cell("**Notes** · 5 min\n\nAsk for $x_2$."), "notes"),
        marked(new_markdown_cell("At home."), "skip"),
        marked(new_code_cell("home = live.play(steps)", outputs=run), "skip"),
        marked(new_markdown_cell(words), "slide"),
        marked(new_code_cell("claim = 1 < 2", outputs=printed)),
        marked(new_markdown_cell("Now it runs."), "subslide"),
        marked(new_code_cell("run = live.play(steps)", outputs=run), "", "code"),
        marked(new_markdown_cell("Where it ended:"), "subslide"),
        marked(new_code_cell("await run.finish()")),
        marked(new_markdown_cell("Later."), "fragment"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    executed = tmp_path_factory.mktemp("executed") / NOTEBOOK
    write_lecture(executed)
    folders = [tmp_path_factory.mktemp("slides") / "decks" for _ in range(2)]
    for folder in folders:
        assert decks.build({"unit": executed}, folder) == []
    return folders


@pytest.fixture
def slides(folders) -> list[str]:
    """The HTML of each slide."""
    page = (folders[0] / "06_unit.html").read_text(encoding="utf-8")
    return re.findall(r"<section style=[^>]*>\n(.*?)\n</section>", page, re.DOTALL)


def test_are_the_same_bytes_each_time(folders):
    first, second = (
        {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*")
            if path.is_file()
        }
        for folder in folders
    )
    assert first == second


def test_have_the_short_path_and_nothing_of_what_is_for_home(slides):
    titles = ["6 · UNIT", "6.1 A part", "Now it runs.", "Where it ended:"]
    assert len(slides) == len(titles)
    assert all(title in slide for title, slide in zip(titles, slides, strict=True))
    assert not any("At home." in slide for slide in slides)


def test_a_section_and_its_slides_stand_below_each_other(folders):
    page = (folders[0] / "06_unit.html").read_text(encoding="utf-8")
    assert page.count("<section>\n<section style=") == 2


def test_notes_stand_where_the_speaker_view_finds_them(slides):
    assert '<aside class="notes"><p><strong>Notes</strong> · 5 min</p>' in slides[0]
    assert "<math" in slides[0]


def test_formulas_are_typeset_and_no_dollar_is_left(slides):
    assert slides[1].count("<math") == 2
    assert "<mfrac>" in slides[1]
    assert "$" not in slides[1]


def test_a_link_leads_to_a_slide_or_is_none(slides):
    assert '<a href="#6.1-A-part">here</a>' in slides[1]
    assert 'id="6.1-A-part"' in slides[1]
    assert "and at home:" in slides[1]


def test_code_is_folded_unless_it_is_the_point(slides):
    assert slides[1].count('<details class="folded">') == 1
    assert "✓ 1 &lt; 2" in slides[1]
    assert "<details" not in slides[2]
    assert '<pre class="code">' in slides[2]


def test_a_recorded_run_is_on_its_slide_and_its_end_where_it_is_awaited(slides, folders):
    assert 'data-film="unit-2"' in slides[2]
    assert "<figure>a still</figure>" in slides[3]
    films = [path.name for path in (folders[0] / "films").iterdir()]
    assert films == ["unit-2.js"]  # the other one is for home
    assert film() in (folders[0] / "films" / "unit-2.js").read_text(encoding="utf-8")


def test_a_fragment_comes_later(slides):
    assert re.search(r'<div class="cell fragment">\n<p>Later.</p>', slides[3])


def test_the_first_page_leads_to_each_deck(folders):
    first = (folders[0] / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'<a href="([^"]*)">', first) == ["06_unit.html"]
    assert (folders[0] / "pictures" / "06_unit.png").is_file()


def test_reveal_js_and_its_licence_are_beside_them(folders):
    there = sorted(path.name for path in (folders[0] / "revealjs").iterdir())
    assert there == ["LICENSE", "notes.js", "reveal.css", "reveal.js"]


def test_what_is_no_deck_is_not_replaced_by_one(tmp_path):
    write_lecture(tmp_path / NOTEBOOK)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(ValueError, match="has no decks in it"):
        decks.build({"unit": tmp_path / NOTEBOOK}, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.tex").exists()


def test_a_formula_that_cannot_be_set_is_named_and_nothing_is_lost(tmp_path):
    write_lecture(tmp_path / NOTEBOOK)
    executed = {"unit": tmp_path / NOTEBOOK}
    decks.build(executed, tmp_path / "decks")
    notebook = nbformat.read(tmp_path / NOTEBOOK, as_version=4)
    notebook.cells[0].source = r"# 6 $\nonsense$"
    nbformat.write(notebook, tmp_path / NOTEBOOK)
    with pytest.raises(ValueError, match=r"in the formula \\nonsense"):
        decks.build(executed, tmp_path / "decks")
    assert (tmp_path / "decks" / "06_unit.html").is_file()

"""The whole book, of a chapter as small as can be: its pages, its links, its bytes."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import nbformat
import pytest

from lecturekit import plots
from lecturekit.cli import book
from lecturekit.cli.book.lecture import Chapter
from lecturekit.cli.book.reference import public
from lecturekit.live.film import Moment, Take, packed
from lecturekit.live.recorder import FILM
from lecturekit.plots.encode import encode
from lecturekit.sections import SECTIONS

# what myst-parser calls deprecated of Sphinx, it calls itself
pytestmark = pytest.mark.filterwarnings("ignore:.*Sphinx")
UNIT = next(section for section in SECTIONS if section.stem == "unit")
TITLE = '# 6 · UNIT: a shared code\n\n**Slides:** "UNIT"\n(2017).\n\n**Time:** an hour.'
CELLS = (
    nbformat.v4.new_markdown_cell(TITLE),
    nbformat.v4.new_code_cell("import lecturekit\nfrom lecturekit import live, unit"),
    nbformat.v4.new_markdown_cell(
        "## 6.1 A part\n\nFor $x_1$:\n\n$$\\frac{a}{b}$$\n\n"
        "> **The [score](glossary.md#Score) on the slide.** It is $a$."
    ),
    nbformat.v4.new_code_cell("model = unit.UNIT\nlecturekit.start('smoke')"),
    nbformat.v4.new_code_cell("run = live.play(steps)"),
    nbformat.v4.new_markdown_cell(
        "## Exercises\n\n### 6.1 · The price\n\nSee [above](#6.1-A-part), as Jupyter has it."
    ),
    nbformat.v4.new_code_cell('exercises.check("6.1", f)'),
)


def film() -> str:
    pictures = [plots.scatter({"x": [[k, 1.0]]}, "Points") for k in range(3)]
    moments = [Moment(f"update {k}", [encode(each)], [each.alt]) for k, each in enumerate(pictures)]
    return base64.b64encode(packed([Take("", moments)], name="Toy")).decode()


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    notebook = nbformat.v4.new_notebook(cells=[cell.copy() for cell in CELLS])
    data = {FILM: film(), "text/html": "<figure>a still</figure>", "text/plain": 'Points "x"\nmore'}
    notebook.cells[4]["outputs"] = [nbformat.v4.new_output("display_data", data)]
    path = tmp_path_factory.mktemp("executed") / UNIT.notebook
    nbformat.write(notebook, path)
    return path


class TestAChapter:
    @pytest.fixture
    def chapter(self, executed):
        return Chapter(UNIT, executed, public())

    def test_knows_its_title_slides_parts_and_exercises(self, chapter):
        assert chapter.title == "6 · UNIT: a shared code"
        assert chapter.slides == '"UNIT" (2017).'
        assert [part.title for part in chapter.parts] == ["6.1 A part", "Exercises"]
        assert list(chapter.exercises) == ["6.1"]
        assert [(box.title, part.title) for box, part in chapter.boxes] == [
            ("The score on the slide", "6.1 A part")
        ]

    def test_an_exercise_is_linked_to_where_its_words_begin(self, chapter):
        assert "(exercise-6-1)=\n### 6.1 · The price" in chapter.notebook.cells[5].source

    def test_notes_what_of_the_package_a_part_uses(self, chapter):
        assert chapter.parts[0].uses == [
            "lecturekit.unit.UNIT",
            "lecturekit.session.start",
            "lecturekit.live.play",
        ]

    def test_has_a_place_for_each_film_with_its_still_inside(self, chapter):
        assert chapter.films == {"unit-1": film()}
        [output] = chapter.notebook.cells[4].outputs
        assert 'data-film="unit-1"' in output.data["text/html"]
        assert 'aria-label="Points &quot;x&quot;"' in output.data["text/html"]
        assert "<figure>a still</figure>" in output.data["text/html"]


@pytest.fixture(scope="module")
def books(executed, tmp_path_factory) -> list[Path]:
    folders = [tmp_path_factory.mktemp("site") / "book" for _ in range(2)]
    for folder in folders:
        assert book.build({"unit": executed}, folder) == []
    return folders


class TestTheBook:
    def test_is_the_same_bytes_each_time(self, books):
        first, second = (
            {
                str(path.relative_to(book)): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in book.rglob("*")
                if path.is_file()
            }
            for book in books
        )
        assert first == second

    def test_has_pages_for_lecture_slides_exercises_and_reference(self, books):
        there = {str(path.relative_to(books[0])) for path in books[0].rglob("*.html")}
        assert {
            "index.html",
            "search.html",
            "slides.html",
            "exercises.html",
            "lectures/06_unit.html",
            "reference/unit.html",
        } <= there

    def test_formulas_are_typeset_and_no_dollar_is_left(self, books):
        page = (books[0] / "lectures" / "06_unit.html").read_text()
        assert page.count("<math") == 3
        assert "<mfrac>" in page
        assert "$" not in page.split("<article", 1)[1].split("</article", 1)[0]

    def test_lecture_and_reference_lead_to_each_other(self, books):
        lecture = (books[0] / "lectures" / "06_unit.html").read_text()
        assert "../reference/unit.html" in lecture
        assert "../exercises.html#exercises-unit" in lecture
        assert "../slides.html#slides-unit" in lecture
        reference = (books[0] / "reference" / "unit.html").read_text()
        assert "../lectures/06_unit.html#lecture-unit-part-1" in reference
        assert "lectures/06_unit.html#exercise-6-1" in (books[0] / "exercises.html").read_text()

    def test_pages_name_no_machine_and_no_date(self, books):
        for page in books[0].rglob("*.html"):
            text = page.read_text()
            assert str(Path.home()) + "/" not in text
            assert "/tmp/" not in text

    def test_only_what_belongs_to_it_is_there(self, books):
        assert (books[0] / "_static" / "films" / "unit-1.js").read_text().count(film()) == 1
        assert not (books[0] / "_sources").exists()
        assert not (books[0] / ".doctrees").exists()


def test_what_is_not_a_book_is_not_replaced_by_one(executed, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    for there in (tmp_path / "mine", tmp_path / "mine" / "thesis.tex"):
        with pytest.raises(ValueError, match="has no book in it"):
            book.build({"unit": executed}, there)
    assert (tmp_path / "mine" / "thesis.tex").exists()


def test_a_formula_that_cannot_be_set_is_named(executed, tmp_path):
    notebook = nbformat.read(executed, as_version=4)
    notebook.cells[2].source = r"$\nonsense$"
    nbformat.write(notebook, tmp_path / UNIT.notebook)
    with pytest.raises(ValueError, match=r"in the formula \\nonsense"):
        book.build({"unit": tmp_path / UNIT.notebook}, tmp_path / "book")

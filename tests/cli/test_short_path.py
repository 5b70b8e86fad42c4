"""The marks of a notebook's cells, and what is made of them."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lecturekit.cli import hall, short_path, working_copy
from lecturekit.cli.assignment import for_nbgrader
from lecturekit.cli.book.lecture import Chapter
from lecturekit.sections import SECTIONS


def marked(cell: NotebookNode, kind: str | None, *tags: str) -> NotebookNode:
    cell.metadata = {"tags": list(tags)} | ({"slideshow": {"slide_type": kind}} if kind else {})
    return cell


NOTES = "**Notes** · 3 min\n\nAsk the hall."


@pytest.fixture
def notebook() -> NotebookNode:
    cells = [
        marked(new_markdown_cell("# A title"), "slide"),
        marked(new_markdown_cell(NOTES), "notes"),
        marked(new_code_cell("import math"), None),
        marked(new_markdown_cell("At home."), "skip"),
        marked(new_code_cell("home = 1"), "skip"),
        marked(new_markdown_cell("## 1.1 Below"), "slide"),
        marked(new_markdown_cell("More."), "subslide"),
        marked(new_code_cell("the = point", execution_count=1), None, "code"),
        marked(new_markdown_cell(NOTES), "notes"),
        marked(new_markdown_cell("And so on."), None),
    ]
    return new_notebook(cells=cells)


def test_slides_are_what_is_opened_and_goes_on(notebook):
    found = short_path.slides(notebook)
    assert [[short_path.source(cell) for cell in slide.cells] for slide in found] == [
        ["# A title", "import math"],
        ["## 1.1 Below"],
        ["More.", "the = point", "And so on."],
    ]
    assert [slide.opens_section for slide in found] == [True, True, False]
    assert [short_path.minutes(slide) for slide in found] == [3, 0, 3]


def test_a_good_notebook_has_no_complaint(notebook):
    assert list(short_path.complaints(notebook)) == []
    assert list(short_path.complaints(json.loads(nbformat.writes(notebook)))) == []


class TestInTheHall:
    @pytest.fixture
    def shown(self, notebook) -> list[NotebookNode]:
        changed = json.loads(nbformat.writes(notebook))
        hall.for_hall(changed)
        nbformat.validate(changed)
        return nbformat.reads(json.dumps(changed), as_version=4).cells

    def test_code_is_folded_unless_it_is_the_point(self, shown):
        folded = {
            cell.source: cell.metadata.get("jupyter", {}).get("source_hidden", False)
            for cell in shown
            if cell.cell_type == "code"
        }
        assert folded == {"import math": True, "home = 1": True, "the = point": False}

    def test_a_run_that_ends_a_slide_has_a_place_to_rest_behind_it(self, shown):
        sources = [cell.source for cell in shown]
        rest = sources.index("import math") + 1
        assert "next slide" in sources[rest]
        assert shown[rest].cell_type == "markdown"
        assert short_path.kind(shown[rest]) == ""
        assert len({cell.id for cell in shown}) == len(shown)
        assert sources[sources.index("the = point") + 1] == "And so on."
        assert sources[sources.index("home = 1") + 1] == "## 1.1 Below"


class TestTheLecturersNotes:
    """Nobody else gets them."""

    @pytest.fixture
    def source(self, notebook, tmp_path) -> Path:
        path = tmp_path / "01_waves.ipynb"
        nbformat.write(notebook, path)
        return path

    @pytest.mark.parametrize("change", [None, for_nbgrader, hall.for_hall])
    def test_are_in_no_copy(self, source, change, tmp_path):
        ((copied, _),) = working_copy.hand_out(source, tmp_path / "mine", change)
        assert "Ask the hall" not in copied.read_text(encoding="utf-8")
        assert "And so on" in copied.read_text(encoding="utf-8")
        assert "Ask the hall" in source.read_text(encoding="utf-8")

    def test_are_in_no_chapter_of_the_site(self, source):
        chapter = Chapter(SECTIONS[0], source, {})
        assert "Ask the hall" not in nbformat.writes(chapter.notebook)
        assert "And so on" in nbformat.writes(chapter.notebook)

"""Every notebook: its form, and what it does unanswered, solved, and answered wrongly."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lecturekit import exercises
from lecturekit.cli import form, short_path
from lecturekit.cli.form import code_cells
from lecturekit.cli.stored import COMPARED
from tests.notebooks.lectures import (
    NOTEBOOKS,
    ROOT,
    answered,
    complaints,
    execute,
    section,
    solution,
    typical_mistake,
    verdicts,
)

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


@every_notebook
def test_has_the_form_of_a_source(path):
    assert form.complaints(path) == []


@every_notebook
def test_ends_with_what_became_of_the_idea(path):
    whereto, stand, sum_up = read(path).cells[-3:]
    assert whereto.source.startswith("## Where the idea went\n")
    assert len(re.findall(r"\]\(https://(?:arxiv\.org/abs|doi\.org)/", whereto.source)) == 2
    assert stand.source.startswith("## Where you stand\n")
    assert sum_up.source.startswith("progress.sum_up(")


def without_parameters(notebook: NotebookNode) -> None:
    form.code_cells(notebook)[0].metadata.tags = []


def two_cells_in_a_row(notebook: NotebookNode) -> None:
    notebook.cells += [new_code_cell("x = 0"), new_code_cell("x = 1")]


def a_long_cell(notebook: NotebookNode) -> None:
    notebook.cells += [new_markdown_cell("Words."), new_code_cell("x = 1\n" * 16)]


def nothing_stored(notebook: NotebookNode) -> None:
    notebook.cells += [new_markdown_cell("Words."), new_code_cell(f"{COMPARED}\nprint(1)")]


def a_stored_picture(notebook: NotebookNode) -> None:
    nothing_stored(notebook)
    notebook.cells[-1].outputs = [new_output("display_data", {"text/plain": "<Figure>"})]
    notebook.cells[-1].execution_count = 1


def an_address(notebook: NotebookNode) -> None:
    notebook.cells += [new_markdown_cell("Words."), new_code_cell("import urllib")]


def a_path(notebook: NotebookNode) -> None:
    notebook.cells.append(new_markdown_cell("It lies in /home/me/data."))


def a_run(notebook: NotebookNode) -> None:
    form.code_cells(notebook)[0].execution_count = 7


def no_title(notebook: NotebookNode) -> None:
    notebook.cells[0].source = "A title"


def no_session(notebook: NotebookNode) -> None:
    form.code_cells(notebook)[1].source = "import lecturekit"


def another_stub(notebook: NotebookNode) -> None:
    cell, stub = form.definition(notebook, exercises.catalogue("rbm")[0].stub_name)
    cell.source = cell.source.replace(f"def {stub.name}(", f"def {stub.name}(extra, ")


def a_promise_not_kept(notebook: NotebookNode) -> None:
    for cell in form.code_cells(notebook):
        cell.source = cell.source.replace("import math\n", "import statistics\n")


def no_check(notebook: NotebookNode) -> None:
    for cell in form.code_cells(notebook):
        cell.source = cell.source.replace('exercises.check("1.1"', 'exercises.hint("1.1"')


def unmarked(notebook: NotebookNode) -> None:
    notebook.cells[0].metadata = {}


def a_mark_that_is_none(notebook: NotebookNode) -> None:
    notebook.cells[0].metadata.slideshow = {"slide_type": "-"}


def words_behind_what_is_for_home(notebook: NotebookNode) -> None:
    notebook.cells[-2].metadata.slideshow = {"slide_type": "skip"}
    notebook.cells[-1].metadata = {}


def notes_without_minutes(notebook: NotebookNode) -> None:
    notes = next(cell for cell in notebook.cells if short_path.kind(cell) == "notes")
    notes.source = f"**Notes**\n\n{notes.source}"


def a_section_without_a_slide(notebook: NotebookNode) -> None:
    cell = next(cell for cell in notebook.cells if cell.source.startswith("## "))
    cell.metadata.slideshow = {"slide_type": "subslide"}


def an_exercise_in_the_hall(notebook: NotebookNode) -> None:
    cell = next(cell for cell in notebook.cells if "exercises.check(" in cell.source)
    cell.metadata.slideshow = {"slide_type": "subslide"}


def words_as_code(notebook: NotebookNode) -> None:
    notebook.cells[0].metadata.tags = ["code"]


def a_question_beside_its_run(notebook: NotebookNode) -> None:
    slide = {"slideshow": {"slide_type": "subslide"}}
    notebook.cells += [
        new_markdown_cell("Words.", metadata=slide),
        new_code_cell("predictions.ask(this)\nlive.play(that)"),
    ]


def two_runs_on_a_slide(notebook: NotebookNode) -> None:
    a_question_beside_its_run(notebook)
    notebook.cells[-1].source = "live.play(this)\nlive.play(that)"


def words_only_in_notes(notebook: NotebookNode) -> None:
    notes = {"slideshow": {"slide_type": "notes"}}
    notebook.cells += [
        new_markdown_cell("Words."),
        new_code_cell("x = 0"),
        new_markdown_cell("**Notes** · 1 min", metadata=notes),
        new_code_cell("x = 1"),
    ]


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (without_parameters, "not tagged parameters"),
        (two_cells_in_a_row, "no words before the cell 'x = 1'"),
        (a_long_cell, "16 statements in the cell 'x = 1'"),
        (nothing_stored, "no stored output to compare with: 'print(1)'"),
        (a_stored_picture, "a compared output is more than printed text: 'print(1)'"),
        (an_address, "touches the network: urllib"),
        (a_path, "names a path of one machine: /home/"),
        (a_run, "run `make sources`"),
        (no_title, "does not begin with a title"),
        (no_session, "does not start the session"),
        (another_stub, "the stub of exercise 1.1 is not that of the exercise"),
        (a_promise_not_kept, "the exercises promise `import math`, which no cell does"),
        (no_check, "exercise 1.1 is not checked"),
        (unmarked, "its first cell opens no slide"),
        (a_mark_that_is_none, "'-' is no type of a slide: '# 1 "),
        (words_behind_what_is_for_home, "it is not clear where this belongs: 'progress.sum_up"),
        (notes_without_minutes, "notes do not begin with **Notes** · N min: '**Notes**'"),
        (a_section_without_a_slide, "a section does not open a slide: '## 1.1"),
        (an_exercise_in_the_hall, "an exercise is for home"),
        (words_as_code, "nothing is folded where the tag `code` stands: '# 1 "),
        (a_question_beside_its_run, "a question and its run on one slide: 'Words.'"),
        (two_runs_on_a_slide, "2 live runs on one slide: 'Words.'"),
        (words_only_in_notes, "no words before the cell 'x = 1'"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_wrong_with_a_form_is_said(spoil, complaint, tmp_path):
    notebook, path = read(NOTEBOOKS[0]), tmp_path / NOTEBOOKS[0].name
    spoil(notebook)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    assert any(complaint in found for found in form.complaints(path))


@every_notebook
def test_the_notes_have_minutes_for_a_lecture(path):
    assert 60 <= sum(map(short_path.minutes, short_path.slides(read(path)))) <= 75


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=[pytest.mark.lecture] if k else [])
        for k, path in enumerate(NOTEBOOKS)
    ],
    ids=lambda path: path.stem,
)
@pytest.mark.notebook
def test_the_short_path_needs_nothing_of_what_is_for_home(path, tmp_path):
    """Its cells alone, in a fresh kernel."""
    notebook = read(path)
    notebook.cells = [cell for slide in short_path.slides(notebook) for cell in slide.cells]
    assert complaints(execute(notebook, tmp_path)) == []


def test_the_register_has_every_notebook_and_every_notebook_is_in_it():
    assert sorted((ROOT / "notebooks").glob("*.ipynb")) == NOTEBOOKS


@every_notebook
@pytest.mark.notebook
def test_runs_to_the_end_with_the_right_verdicts(path, tmp_path):
    """In one kernel, as a student has it: all cells, then the exercises' again, answered."""
    notebook, of_section = read(path), exercises.catalogue(section(path))
    first = min(
        notebook.cells.index(form.definition(notebook, exercise.stub_name)[0])
        for exercise in of_section
    )
    mistaken, solved = (
        answered(notebook, of_section, how).cells[first:] for how in (typical_mistake, solution)
    )
    for place, cell in enumerate([*mistaken, *solved]):
        cell.id = f"again-{place}"
        notebook.cells.append(cell)
    run, n = execute(notebook, tmp_path), len(solved)

    outcomes = {
        "not attempted": run.cells[: -2 * n],
        "not yet": run.cells[-2 * n : -n],
        "correct": run.cells[-n:],
    }
    for outcome, cells in outcomes.items():
        part = new_notebook(cells=cells)
        assert verdicts(part) == {exercise.number: outcome for exercise in of_section}
        assert outcome == "not yet" or complaints(part) == []
    printed = "".join(o.get("text", "") for cell in code_cells(run) for o in cell.outputs)
    assert "profile smoke" in printed
    assert not re.search(r"^✗", printed, re.MULTILINE)

"""What the tests do with a notebook: execute it, answer its exercises, read the verdicts."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat
import papermill
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from lecturekit.cli.form import code_cells, definition
from lecturekit.exercises import Exercise
from lecturekit.exercises.catalogue import STEMS
from lecturekit.sections import SECTIONS

ROOT = Path(__file__).parents[2]
NOTEBOOKS = [ROOT / "notebooks" / section.notebook for section in SECTIONS]

_VERDICT = re.compile(r"Exercise (\S+), .*: (not attempted|correct|not yet|broken)$", re.MULTILINE)


def section(path: Path) -> str:
    """01_rbm.ipynb → rbm: the stem that the section has everywhere."""
    return path.stem.split("_", maxsplit=1)[1]


def execute(notebook: NotebookNode, folder: Path, **parameters: object) -> NotebookNode:
    """Run it from top to bottom under the smoke profile; raises if a cell does."""
    source, executed = folder / "source.ipynb", folder / "executed.ipynb"
    nbformat.write(notebook, source)
    papermill.execute_notebook(
        str(source),
        str(executed),
        {"profile": "smoke", **parameters},
        kernel_name="python3",
        language="python",
        progress_bar=False,
        request_save_on_cell_execute=False,
    )
    return nbformat.read(executed, as_version=4)


def answered(
    notebook: NotebookNode, exercises: Sequence[Exercise], answer: Callable[[Exercise], str]
) -> NotebookNode:
    """A copy in which `answer(exercise)`, a piece of source, stands in place of every stub."""
    filled_in = copy.deepcopy(notebook)
    for exercise in exercises:
        found = definition(filled_in, exercise.stub_name)
        assert found, f"there is no stub of exercise {exercise.number}, {exercise.stub_name}"
        cell, stub = found
        lines = cell.source.splitlines()
        lines[stub.lineno - 1 : stub.end_lineno] = answer(exercise).splitlines()
        cell.source = "\n".join(lines)
    return filled_in


def prepared(notebook: NotebookNode, source: str) -> NotebookNode:
    """A copy whose kernel first runs a piece of source, which may import from the tests."""
    copied = copy.deepcopy(notebook)
    parameters = copied.cells.index(code_cells(copied)[0])
    reach = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
    copied.cells.insert(parameters + 1, new_code_cell(reach + source))
    return copied


def solution(exercise: Exercise) -> str:
    return exercise.source


def typical_mistake(exercise: Exercise) -> str:
    """The first of the exercise's slips, under the name that the notebook checks."""
    stem = STEMS[exercise.number.partition(".")[0]]
    return (
        "from lecturekit.exercises import catalogue as _catalogue\n"
        f"_exercise = next(e for e in _catalogue({stem!r}) if e.number == {exercise.number!r})\n"
        f"{exercise.stub_name} = _exercise.slipping(next(iter(_exercise.slips)))"
    )


def verdicts(executed: NotebookNode) -> dict[str, str]:
    """The outcome of each exercise by its number, as the executed notebook shows it."""
    shown = (
        output.data.get("text/plain", "")
        for cell in code_cells(executed)
        for output in cell.outputs
        if output.output_type in ("execute_result", "display_data")
    )
    return dict(match for text in shown for match in _VERDICT.findall(text))


def complaints(executed: NotebookNode) -> list[str]:
    """What a run put on stderr, warnings included, and the errors that it survived."""
    return [
        output.get("text") or "\n".join(output.traceback)
        for cell in code_cells(executed)
        for output in cell.outputs
        if output.output_type == "error" or output.get("name") == "stderr"
    ]

"""Notebooks as assignments: what may be changed, and what judges it."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lecturekit import exercises
from lecturekit.cli import working_copy
from lecturekit.cli.assignment import for_nbgrader
from tests.notebooks.lectures import NOTEBOOKS, execute, section


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_answer_may_be_changed_and_is_followed_by_a_cell_that_judges_it(path, tmp_path):
    ((copied, _),) = working_copy.hand_out(path, tmp_path, for_nbgrader)
    notebook = nbformat.read(copied, as_version=4)
    nbformat.validate(notebook)
    marks = [cell.metadata.get("nbgrader") for cell in notebook.cells]
    ours = exercises.catalogue(section(path))
    answers = [i for i, mark in enumerate(marks) if mark and mark.solution]
    judged = [i for i, mark in enumerate(marks) if mark and mark.grade]
    assert judged == [i + 1 for i in answers]
    assert len(judged) == len(ours)
    for place, exercise in zip(judged, ours, strict=True):
        assert f"def {exercise.stub_name}(" in notebook.cells[place - 1].source
        assert f'check("{exercise.number}", {exercise.stub_name})' in notebook.cells[place].source
        assert marks[place].locked
        assert marks[place].points > 0
    names = [mark.grade_id for mark in marks if mark]
    assert len(set(names)) == len(names)


def test_a_second_copy_is_up_to_date(tmp_path):
    for said in ("new", "up to date"):
        ((_, action),) = working_copy.hand_out(NOTEBOOKS[0], tmp_path, for_nbgrader)
        assert action == said


@pytest.mark.notebook
@pytest.mark.parametrize("answered", [True, False])
def test_the_judging_cell_passes_with_the_right_answer_alone(answered, tmp_path):
    exercise = exercises.catalogue("rbm")[0]
    stub = exercise.source if answered else exercise.stub
    head = "import math\nimport torch\nfrom torch import Tensor\nfrom lecturekit import exercises"
    notebook = new_notebook(cells=[new_code_cell('profile = "smoke"'), new_code_cell(head)])
    notebook.cells[0].metadata.tags = ["parameters"]
    notebook.cells.append(new_code_cell(stub))
    for_nbgrader(notebook)
    if answered:
        execute(nbformat.from_dict(notebook), tmp_path)
    else:
        with pytest.raises(Exception, match="not attempted"):
            execute(nbformat.from_dict(notebook), tmp_path)

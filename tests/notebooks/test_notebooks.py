"""Every notebook: its form, and what it does unanswered, solved, and answered wrongly."""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from lecturekit import exercises
from tests.notebooks.lectures import (
    NOTEBOOKS,
    ROOT,
    answered,
    code_cells,
    complaints,
    definition,
    execute,
    section,
    solution,
    typical_mistake,
    verdicts,
)
from tests.notebooks.sources import as_source

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
ABSOLUTE_PATH = re.compile(r"(?<![\w.:/])/(?:root|home|work|tmp|var|opt|Users|mnt)/|[A-Z]:\\\\")
NETWORK = re.compile(r"\b(?:urllib|requests|pooch|fetch_mnist|wget|curl)\b|https?://")


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def statements(source: str) -> int:
    """Lines of code: docstrings, comments and blank lines explain, and so don't count."""
    return len(ast.unparse(without_docstrings(ast.parse(source))).splitlines())


def without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return tree


@every_notebook
class TestForm:
    def test_is_committed_as_a_source(self, path):
        text = nbformat.writes(as_source(read(path))) + "\n"
        assert path.read_text(encoding="utf-8") == text, (
            f"run: python tests/notebooks/sources.py {path.relative_to(ROOT)}"
        )

    def test_begins_with_a_title_the_parameters_and_the_session(self, path):
        notebook = read(path)
        nbformat.validate(notebook)
        assert notebook.cells[0].cell_type == "markdown"
        assert notebook.cells[0].source.startswith("# ")
        parameters, start = code_cells(notebook)[:2]
        assert parameters.metadata.get("tags") == ["parameters"]
        assert parameters.source == 'profile = "auto"\nseed = 0'
        assert "session = lecturekit.start(profile, seed)" in start.source

    def test_words_come_before_every_code_cell(self, path):
        cells = read(path).cells
        bare = [
            cell.source
            for before, cell in itertools.pairwise(cells)
            if before.cell_type == cell.cell_type == "code"
        ]
        assert not bare

    def test_cells_are_short(self, path):
        long = [cell.source for cell in code_cells(read(path)) if statements(cell.source) > 15]
        assert not long

    def test_every_compared_cell_has_an_output_to_compare_with(self, path):
        compared = [c for c in code_cells(read(path)) if "NBVAL_CHECK_OUTPUT" in c.source]
        assert compared
        assert all(cell.outputs for cell in compared)

    def test_depends_on_no_machine_and_no_network(self, path):
        for cell in read(path).cells:
            assert not ABSOLUTE_PATH.search(cell.source + str(cell.get("outputs", "")))
            assert cell.cell_type != "code" or not NETWORK.search(cell.source)

    def test_its_stem_has_a_room_exercises_and_tests(self, path):
        assert re.fullmatch(r"0[1-6]_[a-z_]+", path.stem)
        stem = section(path)
        for folder, name in [
            ("lecturekit", stem),
            ("lecturekit/exercises", stem),
            ("tests", f"test_{stem}"),
        ]:
            module, package = ROOT / folder / f"{name}.py", ROOT / folder / stem
            assert module.is_file() or package.is_dir(), f"{module} or {package} is missing"

    def test_every_exercise_has_its_stub_and_its_check(self, path):
        notebook = read(path)
        source = "\n".join(cell.source for cell in code_cells(notebook))
        for exercise in exercises.catalogue(section(path)):
            found = definition(notebook, exercise.stub_name)
            assert found, f"no stub of {exercise.number}"
            assert ast.unparse(found[1]) == ast.unparse(ast.parse(exercise.stub)), exercise.number
            check = f'exercises.check("{exercise.number}", {exercise.stub_name})'
            assert check in source


@every_notebook
@pytest.mark.notebook
@pytest.mark.parametrize(
    ("answer", "outcome", "in_silence"),
    [
        (None, "not attempted", True),
        (solution, "correct", True),
        (typical_mistake, "not yet", False),
    ],
    ids=["unanswered", "solved", "mistaken"],
)
def test_runs_to_the_end_with_the_right_verdicts(path, answer, outcome, in_silence, tmp_path):
    """One test for all that a run shows, since a run takes half a minute."""
    notebook, of_section = read(path), exercises.catalogue(section(path))
    if answer is not None:
        notebook = answered(notebook, of_section, answer)
    run = execute(notebook, tmp_path)
    assert verdicts(run) == {exercise.number: outcome for exercise in of_section}
    assert not in_silence or complaints(run) == []
    printed = "".join(o.get("text", "") for cell in code_cells(run) for o in cell.outputs)
    assert "profile smoke" in printed
    assert not re.search(r"^✗", printed, re.MULTILINE)

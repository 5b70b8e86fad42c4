"""Every notebook: its form, and what it does unanswered, solved, and answered wrongly."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable
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

every_notebook = pytest.mark.parametrize(
    "path",  # tests of one notebook share its runs, so they go to one worker
    [pytest.param(path, marks=pytest.mark.xdist_group(path.stem)) for path in NOTEBOOKS],
    ids=lambda path: path.stem,
)
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


@pytest.fixture(scope="session")  # a module's ends as soon as its worker turns to another module
def executed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, str], NotebookNode]:
    """Notebooks run from top to bottom under the smoke profile, each variant once."""
    runs: dict[tuple[Path, str], NotebookNode] = {}
    answers = {"solved": solution, "mistaken": typical_mistake}

    def run(path: Path, variant: str) -> NotebookNode:
        if (path, variant) not in runs:
            notebook = read(path)
            if variant in answers:
                of_section = exercises.catalogue(section(path))
                notebook = answered(notebook, of_section, answers[variant])
            runs[path, variant] = execute(notebook, tmp_path_factory.mktemp(path.stem))
        return runs[path, variant]

    return run


@every_notebook
@pytest.mark.notebook
class TestExecution:
    @pytest.mark.parametrize(
        ("variant", "outcome"),
        [("unanswered", "not attempted"), ("solved", "correct"), ("mistaken", "not yet")],
    )
    def test_runs_to_the_end_with_the_right_verdicts(self, path, variant, outcome, executed):
        expected = {e.number: outcome for e in exercises.catalogue(section(path))}
        assert verdicts(executed(path, variant)) == expected

    @pytest.mark.parametrize("variant", ["unanswered", "solved"])
    def test_says_nothing_on_stderr(self, path, variant, executed):
        assert complaints(executed(path, variant)) == []

    def test_was_run_under_the_smoke_profile_and_no_identity_failed(self, path, executed):
        run = executed(path, "unanswered")
        printed = "".join(o.get("text", "") for cell in code_cells(run) for o in cell.outputs)
        assert "profile smoke" in printed
        assert not re.search(r"^✗", printed, re.MULTILINE)

"""The tools of these tests, on a notebook of three cells."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbval.plugin import get_sanitize_patterns

from lecturekit import exercises
from lecturekit.cli import form
from lecturekit.cli.stored import COMPARED
from tests.notebooks import lectures, sources

EXERCISE = exercises.catalogue("rbm")[0]
CHECK = (
    f'from lecturekit import exercises\nexercises.check("{EXERCISE.number}", {EXERCISE.stub_name})'
)


@pytest.fixture
def notebook() -> NotebookNode:
    imports = "import math\nimport torch\nfrom torch import Tensor\n"
    cells = [
        new_markdown_cell("# A title"),
        new_code_cell('profile = "auto"\nseed = 0', metadata={"tags": ["parameters"]}),
        new_code_cell(f"{imports}\n# before\n{EXERCISE.stub}# after"),
        new_code_cell(CHECK),
    ]
    return new_notebook(cells=cells)


class TestReading:
    """What `verdicts` and `complaints` find in an executed notebook."""

    @pytest.mark.parametrize("outcome", list(exercises.Outcome))
    def test_verdicts_are_those_that_a_result_shows(self, outcome, notebook):
        shown = exercises.Result("1.1", "Free, energy: easy", outcome, "Go on.", function=abs)
        notebook.cells[3].outputs = [new_output("execute_result", {"text/plain": repr(shown)})]
        assert lectures.verdicts(notebook) == {"1.1": outcome}

    def test_warnings_and_errors_are_complaints_and_printing_is_not(self, notebook):
        notebook.cells[1].outputs = [new_output("stream", name="stdout", text="fine")]
        notebook.cells[2].outputs = [new_output("stream", name="stderr", text="UserWarning: hm")]
        notebook.cells[3].outputs = [new_output("error", traceback=["ValueError", "no"])]
        assert lectures.complaints(notebook) == ["UserWarning: hm", "ValueError\nno"]


class TestAnswered:
    def test_replaces_the_stub_and_nothing_else(self, notebook):
        filled_in = lectures.answered(notebook, [EXERCISE], lectures.solution)
        before, after = filled_in.cells[2].source.split(EXERCISE.source.rstrip())
        assert before.endswith("# before\n")
        assert after == "\n# after"
        assert filled_in.cells[3].source == CHECK
        assert "..." in notebook.cells[2].source

    def test_misses_a_stub_that_is_not_there(self, notebook):
        notebook.cells[2].source = ""
        with pytest.raises(AssertionError, match=f"no stub of exercise {EXERCISE.number}"):
            lectures.answered(notebook, [EXERCISE], lectures.solution)

    @pytest.mark.parametrize("exercise", exercises.catalogue("rbm"), ids=lambda e: e.number)
    def test_a_typical_mistake_has_the_name_that_is_checked(self, exercise):
        names: dict[str, object] = {}
        exec(lectures.typical_mistake(exercise), names)
        assert exercises.check(exercise.number, names[exercise.stub_name]).outcome == "not yet"
        ast.parse(lectures.solution(exercise))


class TestSources:
    @staticmethod
    def used(notebook: NotebookNode) -> NotebookNode:
        """As an editor leaves it: run, one cell marked, and the tool's own metadata everywhere."""
        notebook.cells[2].source = f"{COMPARED}\nprint(1)"
        for count, cell in enumerate(notebook.cells[1:], start=5):
            cell.execution_count = count
            cell.metadata["execution"] = {"started": "now"}
            cell.outputs = [
                new_output("execute_result", {"text/plain": "1"}, execution_count=count)
            ]
        notebook.metadata["widgets"] = {"state": {}}
        return notebook

    def test_keep_only_compared_outputs(self, notebook):
        source = form.as_source(self.used(notebook))
        _, parameters, marked, check = source.cells
        assert [len(cell.outputs) for cell in (parameters, marked, check)] == [0, 1, 0]
        assert marked.execution_count == marked.outputs[0].execution_count == 1
        assert parameters.execution_count is check.execution_count is None
        assert parameters.metadata == {"tags": ["parameters"]}
        assert "widgets" not in source.metadata
        assert form.as_source(source) == source
        nbformat.validate(source)

    def test_the_command_strips_files_and_tells_pre_commit(self, notebook, tmp_path):
        path = tmp_path / "01_used.ipynb"
        nbformat.write(self.used(notebook), path)
        command = [sys.executable, sources.__file__, str(path)]
        assert subprocess.run(command, capture_output=True).returncode == 1
        assert nbformat.read(path, as_version=4).cells[3].outputs == []
        before = path.read_bytes()
        assert subprocess.run(command, capture_output=True).returncode == 0
        assert path.read_bytes() == before

    @pytest.mark.notebook
    def test_the_command_renews_compared_outputs(self, notebook, tmp_path):
        path = tmp_path / "01_new.ipynb"
        notebook.cells[2].source = (
            f"{COMPARED}\nimport os\n"
            "print(os.environ['LECTUREKIT_PROFILE'], os.environ['LECTUREKIT_STRICT'])"
        )
        notebook.cells[3].source = "print('not compared')"
        nbformat.write(notebook, path)
        subprocess.run([sys.executable, sources.__file__, "--execute", str(path)], check=True)
        executed = nbformat.read(path, as_version=4)
        assert executed.cells[2].outputs[0].text == "cpu 1\n"
        assert executed.cells[3].outputs == []


@pytest.mark.notebook
def test_nbval_accepts_a_source_with_other_readings_and_no_other_verdict(notebook, tmp_path):
    notebook.cells[2:] = [
        new_code_cell("import lecturekit\nsession = lecturekit.start(profile, seed)"),
        new_code_cell(f"{COMPARED}\n_ = session.claim('it holds', True, {{'by': 1.0}})"),
    ]
    for name, stored in [("01_good", "✓ it holds  [by 0.5]\n"), ("02_bad", "✓ it fails  [by 1]\n")]:
        notebook.cells[3].outputs = [new_output("stream", text=stored)]
        nbformat.write(form.as_source(notebook), tmp_path / f"{name}.ipynb")
    rules = Path(sources.__file__).with_name("sanitize.cfg")
    command = [sys.executable, "-m", "pytest", "-p", "no:timeout", "-rA", "--nbval-lax"]
    tested = subprocess.run(
        [*command, "--nbval-current-env", f"--nbval-sanitize-with={rules}", str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | sources.LECTURE,
        capture_output=True,
        text=True,
    )
    assert "1 failed, 5 passed" in tested.stdout, tested.stdout
    assert "FAILED 02_bad.ipynb::Cell 2" in tested.stdout


@pytest.mark.parametrize(
    ("printed", "compared"),
    [
        ("✓ PCD wins  [by 5.1, se 0.2]", "✓ PCD wins  [readings]"),
        ("✗ PCD wins  [by 5.1]\n✓ more  [3]\n", "✗ PCD wins  [readings]\n✓ more  [readings]\n"),
        ("log Z = 3.25 [nats]", "log Z = 3.25 [nats]"),
        ("lecturekit 0.1.0 · profile cpu · cpu · seed 0 · torch 2.13", "lecturekit"),
    ],
)
def test_only_readings_are_exempt_from_comparison(printed, compared):
    rules = Path(__file__).with_name("sanitize.cfg").read_text(encoding="utf-8")
    for pattern, replacement in get_sanitize_patterns(rules):
        printed = re.sub(pattern, replacement, printed)
    assert printed == compared

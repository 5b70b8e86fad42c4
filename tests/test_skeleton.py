"""A section that `make section` wrote is green, in a copy of the project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.skeleton.write import write

ROOT = Path(__file__).parents[1]


def call(project: Path, *command: str) -> None:
    """Run a tool of this environment in the copy, on the copy's own package."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@pytest.mark.lecture
def test_a_new_section_is_green_and_needs_no_edit_outside_its_own_files(project):
    write(project, "flows", 7)
    call(project, "tests/notebooks/sources.py", "--execute", "notebooks/07_flows.ipynb")
    call(project, "-m", "ruff", "check", ".")
    call(project, "-m", "ruff", "format", "--check", "lecturekit", "tests")
    call(project, "-m", "mypy", "lecturekit/flows", "lecturekit/exercises/flows")
    call(project, "-c", "from importlinter.cli import lint_imports; exit(lint_imports())")
    call(
        project, "-m", "pytest", "--quiet", "-p", "no:cacheprovider",
        "tests/flows", "tests/exercises/test_flows.py", "tests/exercises/test_catalogue.py",
        "tests/test_project.py", "tests/test_initialise.py", "tests/test_trainers.py",
        "tests/training/test_repeatable.py", "tests/exercises/test_exercises.py",
        "tests/notebooks/test_notebooks.py",
        "-k", "flows or 7. or project or register or catalogue",
    )  # fmt: skip


def test_a_stem_or_a_number_that_is_taken_is_refused(project):
    for stem, number in [("rbm", 7), ("flows", 1), ("Flows", 7), ("class", 7)]:
        with pytest.raises(
            ValueError, match=f"taken|expected a stem of small letters and _, got '{stem}'"
        ):
            write(project, stem, number)

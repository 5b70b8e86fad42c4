"""Once the project is published: links that open a lecture, and a cell that installs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from lecturekit.cli import form
from tests.published import publish

REPOSITORY = "https://github.com/somebody/lecture-kit"
PACKAGE = f"lecturekit[notebook] @ git+{REPOSITORY}"


@pytest.fixture
def published(project: Path) -> Path:
    publish(project, REPOSITORY + ".git")
    return project


def test_the_readme_opens_each_lecture_in_three_places(published):
    readme = (published / "README.md").read_text()
    for where in (
        "https://mybinder.org/v2/gh/somebody/lecture-kit/main?urlpath=lab%2Ftree%2Fnotebooks%2F",
        "https://colab.research.google.com/github/somebody/lecture-kit/blob/main/notebooks/",
        "https://kaggle.com/kernels/welcome?src=https://github.com/somebody/lecture-kit/blob/main/"
        "notebooks/",
    ):
        opened = re.findall(rf"\({re.escape(where)}(\S+)\)", readme)
        assert opened == sorted(path.name for path in (published / "notebooks").glob("*.ipynb"))
    assert "git-pull?repo=https%3A%2F%2Fgithub.com%2Fsomebody%2Flecture-kit&branch=main" in readme


def test_the_notebooks_keep_their_form_and_twice_is_as_once(published):
    names = ("README.md", "pyproject.toml", "lecturekit/_version.py", "notebooks/01_rbm.ipynb")
    once = [(published / name).read_bytes() for name in names]
    publish(published, REPOSITORY)
    assert [(published / name).read_bytes() for name in names] == once
    told = (
        "from pathlib import Path; from lecturekit.cli import form;"
        "print([form.complaints(path) for path in sorted(Path('notebooks').glob('*.ipynb'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=published, capture_output=True, text=True, check=True
    )
    assert set(re.findall(r"\[[^\[\]]*\]", done.stdout)) == {"[]"}


@pytest.mark.parametrize("where", ["COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE", ""])
def test_the_first_cell_installs_where_it_may_and_speaks_elsewhere(published, monkeypatch, where):
    first = form.code_cells(nbformat.read(published / "notebooks/01_rbm.ipynb", as_version=4))[0]
    installed = []

    class Shell:
        def run_line_magic(self, name: str, line: str) -> None:
            installed.append((name, line))
            monkeypatch.undo()  # now it is there

    for name in ("COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"):
        monkeypatch.delenv(name, raising=False)
    if where:
        monkeypatch.setenv(where, "1")
    monkeypatch.setitem(sys.modules, "lecturekit", None)  # importing it is an ImportError
    names = {"get_ipython": Shell}
    if where:
        exec(first.source, names)
        assert installed == [("pip", f"install --quiet '{PACKAGE}'")]
        assert (names["profile"], names["seed"]) == ("auto", 0)
    else:
        with pytest.raises(SystemExit, match="make lab"):
            exec(first.source, names)
        assert not installed


@pytest.mark.parametrize("wrong", ["somebody/lecture-kit", "https://example.org/a/b", ""])
def test_what_is_no_repository_is_refused_before_anything_is_written(project, wrong):
    before = (project / "README.md").read_bytes()
    with pytest.raises(ValueError, match=r"expected https://github\.com/OWNER/NAME"):
        publish(project, wrong)
    assert (project / "README.md").read_bytes() == before

"""The form in which a notebook of the lecture is committed, and what a reader relies on."""

from __future__ import annotations

import ast
import copy
import itertools
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from lecturekit import exercises
from lecturekit._version import REPOSITORY, __version__
from lecturekit.cli import short_path
from lecturekit.cli.stored import COMPARED
from lecturekit.exercises.exercise import IMPORTS
from lecturekit.sections import SECTIONS

LONGEST_CELL = 15  # statements
CELL_METADATA = {"tags", "jupyter", "slideshow"}
PARAMETERS = 'profile = "auto"\nseed = 0'
MISSING = """\
raise SystemExit(
    "lecturekit is missing or too old here: in its folder run `make lab`, or with conda "
    "`conda env create -f environment.yml`, or (in Colab with % before it) "
    "`pip install -e '.[lab]'`, then restart the kernel."
) from None"""
INSTALLING = """\
import os

if not {{"COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"}} & set(os.environ):
    raise SystemExit(
        "lecturekit is missing or too old here: in its folder run `make lab`, or with conda "
        "`conda env create -f environment.yml`, then restart the kernel."
    ) from None
package = "lecturekit[notebook] @ git+{repository}"
get_ipython().run_line_magic("pip", f"install --quiet '{{package}}'")
import lecturekit"""
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

_ABSOLUTE_PATH = re.compile(r"(?<![\w.:/])/(?:root|home|work|tmp|var|opt|Users|mnt)/|[A-Z]:\\\\")
_NETWORK = re.compile(r"\b(?:urllib|requests|pooch|fetch_mnist|wget|curl)\b|https?://")


def asking(repository: str = REPOSITORY) -> str:
    """What the first code cell of a lecture begins with, for where the package is missing.

    One sentence that says what to do. From a repository that all can see, Colab and Kaggle install
    it; the versions that they come with stay.
    """
    version = ".".join(__version__.split(".")[:2])
    otherwise = INSTALLING.format(repository=repository) if repository else MISSING
    return (
        f'try:\n    import lecturekit\n\n    lecturekit.fits("{version}")\n'
        f"except (ImportError, AttributeError):\n{textwrap.indent(otherwise, '    ')}"
    )


def as_source(notebook: NotebookNode) -> NotebookNode:
    """A copy without what a run or an editor leaves behind, but for the outputs to be compared."""
    source = copy.deepcopy(notebook)
    source.metadata = nbformat.from_dict(METADATA)
    for cell in source.cells:
        for key in set(cell.metadata) - CELL_METADATA:
            del cell.metadata[key]
        if cell.cell_type == "code":
            compared = COMPARED in cell.source and cell.outputs
            cell.outputs = cell.outputs if compared else []
            cell.execution_count = 1 if compared else None  # nbval wants a cell that was run
            for output in cell.outputs:
                if "execution_count" in output:
                    output.execution_count = 1
    return source


def text(notebook: NotebookNode) -> str:
    """The file's text."""
    return nbformat.writes(as_source(notebook)) + "\n"


def complaints(path: Path) -> list[str]:
    """What is wrong with the form of a notebook, one line each."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return [
        *_outside(path, notebook),
        *_beginning(notebook),
        *_cells(notebook),
        *_stubs(path, notebook),
        *short_path.complaints(notebook),
    ]


def definition(notebook: NotebookNode, name: str) -> tuple[NotebookNode, ast.FunctionDef] | None:
    """The cell that defines a function at its top level, and the definition."""
    for cell in code_cells(notebook):
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return cell, node
    return None


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Its code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _outside(path: Path, notebook: NotebookNode) -> Iterator[str]:
    if path.name not in {section.notebook for section in SECTIONS}:
        yield f"{path.name} is not in the register, lecturekit/sections.py"
    if path.read_text(encoding="utf-8") != text(notebook):
        yield "it has outputs or metadata that a source has not: run `make sources`"
    for cell in notebook.cells:
        if found := _ABSOLUTE_PATH.search(cell.source + str(cell.get("outputs", ""))):
            yield f"it names a path of one machine: {found[0]}"
        code = cell.source.removeprefix(asking()) if cell.cell_type == "code" else ""
        if found := _NETWORK.search(code):
            yield f"a cell touches the network: {found[0]}"


def _beginning(notebook: NotebookNode) -> Iterator[str]:
    first = notebook.cells[0]
    if first.cell_type != "markdown" or not first.source.startswith("# "):
        yield "it does not begin with a title"
    parameters, start, *_ = code_cells(notebook)
    if parameters.metadata.get("tags") != ["parameters"]:
        yield "its first code cell is not tagged parameters"
    if parameters.source not in (PARAMETERS, f"{asking()}\n\n{PARAMETERS}"):
        yield "its parameters are not profile and seed, behind the question for the package"
    if "session = lecturekit.start(profile, seed)" not in start.source:
        yield "its second code cell does not start the session"


def _cells(notebook: NotebookNode) -> Iterator[str]:
    read = [cell for cell in notebook.cells if short_path.kind(cell) != "notes"]  # by everybody
    for before, cell in itertools.pairwise(read):
        if before.cell_type == cell.cell_type == "code":
            yield f"no words before the cell {_first_line(cell)!r}"
    for cell in code_cells(notebook):
        lines = _statements(cell.source)
        if lines > LONGEST_CELL:
            yield f"{lines} statements in the cell {_first_line(cell)!r}"
        if COMPARED not in cell.source:
            continue
        if not cell.outputs:
            yield f"no stored output to compare with: {_first_line(cell)!r}; run `make outputs`"
        if any(output.get("name") != "stdout" for output in cell.outputs):
            yield f"a compared output is more than printed text: {_first_line(cell)!r}"


def _stubs(path: Path, notebook: NotebookNode) -> Iterator[str]:
    stem = path.stem.split("_", maxsplit=1)[1]
    source = "\n".join(cell.source for cell in code_cells(notebook))
    for line in IMPORTS.split("\n"):
        if line and not _imported(notebook, line):
            yield f"the exercises promise `{line}`, which no cell does"
    for exercise in exercises.catalogue(stem):
        found = definition(notebook, exercise.stub_name)
        if found is None:
            yield f"no stub of exercise {exercise.number}, {exercise.stub_name}"
        elif ast.unparse(found[1]) != ast.unparse(ast.parse(exercise.stub)):
            yield f"the stub of exercise {exercise.number} is not that of the exercise"
        if f'exercises.check("{exercise.number}", {exercise.stub_name})' not in source:
            yield f"exercise {exercise.number} is not checked"


def _imported(notebook: NotebookNode, line: str) -> bool:
    """Whether the names that an import gives are there from some cell's top level."""
    wanted = {_names(node) for node in ast.parse(line).body}
    there = {_names(n) for cell in code_cells(notebook) for n in ast.parse(cell.source).body}
    return all(any(names <= other for other in there) for names in wanted)


def _names(node: ast.stmt) -> frozenset[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        module = getattr(node, "module", None)
        return frozenset(f"{module}.{a.name} as {a.asname or a.name}" for a in node.names)
    return frozenset()


def _statements(source: str) -> int:
    """Lines of code: docstrings, comments and blank lines explain, and so don't count."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return len(ast.unparse(tree).splitlines())


def _first_line(cell: NotebookNode) -> str:
    lines = [line for line in cell.source.split("\n") if line and not line.startswith("#")]
    return lines[0] if lines else ""

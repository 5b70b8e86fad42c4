"""Notebooks from top to bottom: papermill executes them, nbconvert makes pages of them."""

from __future__ import annotations

import html
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import papermill
from nbconvert import HTMLExporter
from papermill.exceptions import PapermillExecutionError

from lecturekit.cli import form, stored

# As the stored outputs were made; no such folder as "none" means the embedded data.
LECTURE = {"LECTUREKIT_PROFILE": "cpu", "LECTUREKIT_DATA": "none"}


def execute_all(
    notebooks: Iterable[Path], output: Path, parameters: Mapping[str, Any]
) -> list[str]:
    """Execute each notebook, also after one that failed, and write it, its page, and an index.

    Args:
        notebooks: the sources; they stay as they are.
        output: gets NAME.ipynb and NAME.html of each, and index.html.
        parameters: replace those of the cell tagged `parameters`.

    Returns:
        One line per failed cell, and per identity or claim that does not hold.
    """
    output.mkdir(parents=True, exist_ok=True)
    failures: dict[Path, list[str]] = {}
    for notebook in notebooks:
        executed = output.resolve() / notebook.name
        failures[executed] = _execute(notebook, executed, parameters)
        _write_page(executed)
    _write_index(output, failures)
    return [f"{path.name}: {failure}" for path, found in failures.items() for failure in found]


class Checked(NamedTuple):
    """What a check of one notebook found.

    Attributes:
        wrong: what must be put right before the lecture.
        stale: stored readings that a run gives otherwise, which may be the processor's doing.
    """

    wrong: list[str]
    stale: list[str]


def check(notebook: Path) -> Checked:
    """Look at a notebook's form, execute it as the lecture does, and compare what it stores."""
    wrong = form.complaints(notebook)
    with tempfile.TemporaryDirectory() as folder, _environment(LECTURE):
        executed = Path(folder) / notebook.name
        wrong += _execute(notebook, executed, {})
        after = nbformat.read(executed, as_version=4)
    found = stored.differences(nbformat.read(notebook, as_version=4), after)
    changed = [str(each) for each in found if not each.stale and "✗ " not in each.now]
    return Checked(wrong + changed, [str(each) for each in found if each.stale])


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def title(notebook: Path) -> str:
    """The notebook's first heading, or its name."""
    cells = nbformat.read(notebook, as_version=4).cells
    lines = (
        line for cell in cells if cell.cell_type == "markdown" for line in cell.source.split("\n")
    )
    headings = (line[2:].strip() for line in lines if line.startswith("# "))
    return next(headings, notebook.stem)


def _execute(notebook: Path, executed: Path, parameters: Mapping[str, Any]) -> list[str]:
    """What went wrong, one line each: sentences that do not hold, and the cell that failed."""
    failures = []
    try:
        papermill.execute_notebook(
            str(notebook.resolve()),
            str(executed),
            dict(parameters),
            kernel_name="python3",
            language="python",
            cwd=str(notebook.resolve().parent),  # as in JupyterLab
            progress_bar={"desc": notebook.stem},
            request_save_on_cell_execute=False,  # twice per cell, with all pictures; 30 s will do
        )
    except PapermillExecutionError as error:
        first_line = error.source.strip().split("\n")[0]
        failures.append(
            f"cell In [{error.exec_count}] ({first_line}) — {error.ename}: {error.evalue}"
        )
    return stored.broken(nbformat.read(executed, as_version=4)) + failures


def _write_page(executed: Path) -> None:
    notebook = nbformat.read(executed, as_version=4)
    notebook.metadata.pop("widgets", None)  # a page has no kernel: stills in place of live panels
    page, _ = HTMLExporter(embed_images=True).from_notebook_node(notebook)
    executed.with_suffix(".html").write_text(page, encoding="utf-8")


def _write_index(output: Path, failures: Mapping[Path, list[str]]) -> None:
    rows = "\n".join(_row(path, found) for path, found in failures.items())
    (output / "index.html").write_text(
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        "<title>Generative models, selected topics</title>\n"
        "<style>body { font: 18px/1.6 system-ui, sans-serif; margin: 3rem auto; max-width: 40rem; "
        "padding: 0 1rem; color-scheme: light dark }</style>\n"
        f"<h1>Generative models, selected topics</h1>\n<ol>\n{rows}\n</ol>\n</html>\n",
        encoding="utf-8",
    )


def _row(path: Path, failures: list[str]) -> str:
    found = "".join(f"<li>{html.escape(failure)}</li>" for failure in failures)
    link = f'<a href="{path.stem}.html">{html.escape(title(path))}</a>'
    return f"<li>{link}{f'<ul>{found}</ul>' if found else ''}</li>"

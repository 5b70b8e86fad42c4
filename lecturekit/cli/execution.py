"""Notebooks from top to bottom: papermill executes them, nbconvert makes pages of them."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbconvert import HTMLExporter
from papermill.exceptions import PapermillExecutionError


def execute_all(
    notebooks: Iterable[Path], output: Path, parameters: Mapping[str, Any]
) -> list[str]:
    """Execute each notebook, also after one that failed, and write it, its page, and an index.

    Args:
        notebooks: the sources; they stay as they are.
        output: gets NAME.ipynb and NAME.html of each, and index.html.
        parameters: replace those of the cell tagged `parameters`.

    Returns:
        One line per failed notebook: which cell, and why.
    """
    output.mkdir(parents=True, exist_ok=True)
    executed, failures = [], []
    for notebook in notebooks:
        executed.append(output.resolve() / notebook.name)
        if failure := _execute(notebook, executed[-1], parameters):
            failures.append(f"{notebook.name}: {failure}")
        _write_page(executed[-1])
    _write_index(output, executed)
    return failures


def title(notebook: Path) -> str:
    """The notebook's first heading, or its name."""
    cells = nbformat.read(notebook, as_version=4).cells
    lines = (
        line for cell in cells if cell.cell_type == "markdown" for line in cell.source.split("\n")
    )
    headings = (line[2:].strip() for line in lines if line.startswith("# "))
    return next(headings, notebook.stem)


def _execute(notebook: Path, executed: Path, parameters: Mapping[str, Any]) -> str | None:
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
        return f"cell In [{error.exec_count}] ({first_line}) — {error.ename}: {error.evalue}"
    return None


def _write_page(executed: Path) -> None:
    notebook = nbformat.read(executed, as_version=4)
    notebook.metadata.pop("widgets", None)  # a page has no kernel: stills in place of live panels
    page, _ = HTMLExporter(embed_images=True).from_notebook_node(notebook)
    executed.with_suffix(".html").write_text(page, encoding="utf-8")


def _write_index(output: Path, executed: Iterable[Path]) -> None:
    rows = "\n".join(
        f'<li><a href="{path.stem}.html">{html.escape(title(path))}</a></li>' for path in executed
    )
    (output / "index.html").write_text(
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        "<title>Generative models, selected topics</title>\n"
        "<style>body { font: 18px/1.6 system-ui, sans-serif; margin: 3rem auto; max-width: 40rem; "
        "padding: 0 1rem; color-scheme: light dark }</style>\n"
        f"<h1>Generative models, selected topics</h1>\n<ol>\n{rows}\n</ol>\n</html>\n",
        encoding="utf-8",
    )

"""Notebooks from top to bottom, as papermill executes them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.exceptions import PapermillExecutionError

from lecturekit.cli import form, stored
from lecturekit.cli.kernels import AsyncSocketKernelManager

# As the stored outputs were made; no such folder as "none" means the embedded data.
LECTURE = {"LECTUREKIT_PROFILE": "cpu", "LECTUREKIT_DATA": "none"}


def execute_all(
    notebooks: Iterable[Path],
    output: Path,
    parameters: Mapping[str, Any],
    *,
    recorded: bool = False,
) -> list[str]:
    """Execute each notebook, also after one that failed, and write it.

    Interrupted, it keeps what was executed, and interrupts.

    Args:
        notebooks: the sources; they stay as they are.
        output: gets NAME.ipynb of each.
        parameters: replace those of the cell tagged `parameters`.
        recorded: leave films of the live runs in their cells, which `site` plays.

    Returns:
        One line per failed cell, dead kernel, and identity or claim that does not hold.
    """
    output.mkdir(parents=True, exist_ok=True)
    failures: list[str] = []
    with _environment({"LECTUREKIT_RECORD": "1"} if recorded else {}):
        for notebook in notebooks:
            executed = output.resolve() / notebook.name
            executed.unlink(missing_ok=True)
            found = _execute(notebook, executed, parameters)
            failures += [f"{notebook.name}: {failure}" for failure in found]
    return failures


class SavesAtTheEnd(NBClientEngine):
    """Papermill's engine, which saves twice per cell; with all pictures that takes minutes."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, *args: Any, **options: Any
    ) -> None:
        """Execute all cells; what the manager does afterwards, also if this fails, is to save."""
        place, nb_man.output_path = nb_man.output_path, None
        try:
            super().execute_managed_notebook(nb_man, *args, **options)
        finally:
            nb_man.output_path = place


papermill_engines.register(SavesAtTheEnd.__name__, SavesAtTheEnd)


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
            engine_name=SavesAtTheEnd.__name__,
            kernel_manager_class=AsyncSocketKernelManager,
        )
    except PapermillExecutionError as error:
        first_line = error.source.strip().split("\n")[0]
        failures.append(
            f"cell In [{error.exec_count}] ({first_line}) — {error.ename}: {error.evalue}"
        )
    except RuntimeError as error:  # DeadKernelError is one; so is a kernel that does not start
        died = isinstance(error, DeadKernelError)
        reason = "the kernel died, perhaps for lack of memory" if died else str(error)
        failures.append(f"{reason}{_where(executed)}")
    return stored.broken(nbformat.read(executed, as_version=4)) + failures


def _where(executed: Path) -> str:
    """The cell at which a notebook broke off: the last that papermill began."""
    cells = nbformat.read(executed, as_version=4).cells
    begun = [cell for cell in cells if cell.metadata.papermill.start_time and cell.source.strip()]
    return f", in the cell ({begun[-1].source.strip().splitlines()[0]})" if begun else ""

"""The form in which notebooks are committed: sources, with outputs only where a test compares them.

python tests/notebooks/sources.py FILES             strip the files to that form
python tests/notebooks/sources.py --execute FILES   execute them first, to renew those outputs
"""

from __future__ import annotations

import argparse
import copy
import os
from pathlib import Path

import nbformat
from nbformat import NotebookNode

COMPARED = "# NBVAL_CHECK_OUTPUT"
CELL_METADATA = {"tags", "jupyter", "slideshow"}
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# As `make test-lecture` runs them; no such folder as "none" means the embedded data.
LECTURE = {"LECTUREKIT_PROFILE": "cpu", "LECTUREKIT_STRICT": "1", "LECTUREKIT_DATA": "none"}


def as_source(notebook: NotebookNode) -> NotebookNode:
    """A copy without what a run or an editor leaves behind, but for the outputs to be compared."""
    source = copy.deepcopy(notebook)
    source.metadata = nbformat.from_dict(METADATA)
    for cell in source.cells:
        for key in set(cell.metadata) - CELL_METADATA:
            del cell.metadata[key]
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = cell.outputs if COMPARED in cell.source else []
            for output in cell.outputs:
                if "execution_count" in output:
                    output.execution_count = None
    return source


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run it in place, as the lecture's test does."""
    from nbclient import NotebookClient

    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}})
    client.execute(env=os.environ | LECTURE)


def main() -> int:
    """Exit with 1 if a file had to be changed, as pre-commit expects of a hook."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--execute", action="store_true")
    parser.add_argument("files", nargs="+", type=Path)
    arguments = parser.parse_args()
    changed = False
    for path in arguments.files:
        before = path.read_text(encoding="utf-8")
        notebook = nbformat.reads(before, as_version=4)
        if arguments.execute:
            execute(notebook, path.parent)
        after = nbformat.writes(as_source(notebook)) + "\n"
        if after != before:
            path.write_text(after, encoding="utf-8", newline="\n")
            print(f"{path} is now as it is to be committed")
            changed = True
    return int(changed and not arguments.execute)


if __name__ == "__main__":
    raise SystemExit(main())

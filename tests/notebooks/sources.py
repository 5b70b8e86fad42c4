"""The form in which notebooks are committed: sources, with outputs only where a test compares them.

python tests/notebooks/sources.py FILES             strip the files to that form
python tests/notebooks/sources.py --execute FILES   execute them first, to renew those outputs
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from lecturekit.cli import execution, form

LECTURE = execution.LECTURE | {"LECTUREKIT_STRICT": "1"}


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run it in place, as the lecture's test does."""
    from nbclient import NotebookClient

    # On a busy machine what a cell prints comes in parts; they are one output.
    here = {"metadata": {"path": folder}}
    client = NotebookClient(notebook, timeout=600, coalesce_streams=True, resources=here)
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
        after = form.text(notebook)
        if after != before:
            path.write_text(after, encoding="utf-8", newline="\n")
            print(f"{path} is now as it is to be committed")
            changed = True
    return int(changed and not arguments.execute)


if __name__ == "__main__":
    raise SystemExit(main())

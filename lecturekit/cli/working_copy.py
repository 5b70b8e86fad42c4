"""A student's working copy: updates refresh what is unchanged, and never overwrite an answer.

Each notebook handed out carries, in its metadata, the fingerprint of its cells as they were. As
long as the cells still have it and show no outputs, nothing of anybody's is in them and an update
may replace them. No output is handed out, not even those that the sources keep for comparison: what
stands under a cell comes from running it. Nor are the lecturer's notes.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lecturekit.cli import short_path
from lecturekit.files import replacing

# What this environment's kernel says of itself. JupyterLab writes it into a notebook that it opens,
# and would then ask whether to save one that was only looked at.
_LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": sys.version_info[0]},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
    "version": sys.version.split()[0],
}


def hand_out(
    source: Path, folder: Path, change: Callable[[dict[str, Any]], None] | None = None
) -> Iterator[tuple[Path, str]]:
    """Put the notebook `source` into `folder`, or beside the copy there if that was changed.

    Args:
        source: the original.
        folder: where the copy is, or is to be.
        change: makes of the notebook's JSON, in place, what is handed out.

    Yields:
        Each file that was looked at, and what was done about it.

    Raises:
        ValueError: `folder` is the originals' own.
    """
    if folder.resolve() == source.parent.resolve():
        raise ValueError(f"{folder} is the folder of the originals; name another one")
    lecture = json.loads(source.read_text(encoding="utf-8"))
    if change is not None:
        change(lecture)
    short_path.without_notes(lecture)
    newest = fingerprint(lecture)
    lecture["metadata"] |= {"lecturekit": {"handed_out": newest}, "language_info": _LANGUAGE}
    _clear_outputs(lecture)

    for target in _targets(source, folder):
        if not target.exists():
            _write(target, lecture)
            yield target, "new" if target.name == source.name else "the update, put beside it"
            return
        handed_out, now, has_outputs = _state(target)
        if now == newest:
            yield target, "up to date"
            return
        if now == handed_out and not has_outputs:
            _write(target, lecture)
            yield target, "refreshed; you had changed nothing"
            return
        yield target, f"kept, with your {'outputs' if now == handed_out else 'changes'}"
        if handed_out == newest:
            return


def fingerprint(notebook: dict[str, Any]) -> str:
    """A digest of what a person puts into a notebook: cells, their tags and attached pictures."""
    cells = [
        (
            cell["cell_type"],
            "".join(cell["source"]),
            sorted(cell["metadata"].get("tags", ())),
            cell.get("attachments") or {},
        )
        for cell in notebook["cells"]
    ]
    return hashlib.sha256(json.dumps(cells, sort_keys=True).encode()).hexdigest()


def _targets(source: Path, folder: Path) -> Iterator[Path]:
    yield folder / source.name
    yield folder / f"{source.stem}.update.ipynb"
    for number in itertools.count(2):
        yield folder / f"{source.stem}.update-{number}.ipynb"


def _state(target: Path) -> tuple[str | None, str, bool]:
    """The fingerprint with which it was handed out, the present one, and whether it has outputs.

    A file that cannot be read as a notebook was changed by somebody: its present one is "".
    """
    try:
        notebook = json.loads(target.read_text(encoding="utf-8"))
        handed_out = notebook["metadata"].get("lecturekit", {}).get("handed_out")
        has_outputs = any(cell.get("outputs") for cell in notebook["cells"])
        return handed_out, fingerprint(notebook), has_outputs
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, "", False


def _clear_outputs(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None


def _write(target: Path, notebook: dict[str, Any]) -> None:
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    with replacing(target) as new:
        new.write_text(text, encoding="utf-8", newline="\n")

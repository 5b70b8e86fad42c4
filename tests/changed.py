"""Print the test files next to what changed: `make check` runs them.

python tests/changed.py [BASE]      since the commit BASE; since the last one, if left out

Tests mirror the package, so those of `lecturekit/rbm/trainer.py` are `tests/rbm`, its exercises'
`tests/exercises/test_rbm.py`. What depends on a change from further off is left to `make test`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from lecturekit.sections import SECTIONS

ROOT = Path(__file__).parents[1]
ALWAYS = {"tests/test_project.py"}  # the project's own files
CONTRACT = "tests/test_trainers.py"  # of every section


def changed(base: str) -> list[str]:
    """Files that differ from a commit, new ones too."""
    commands = (["diff", "--name-only", base], ["ls-files", "--others", "--exclude-standard"])
    said = [
        subprocess.run(["git", *c], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for c in commands
    ]
    return sorted({path for lines in said for path in lines.splitlines()})


def beside(paths: Iterable[str]) -> list[str]:
    """The test files and folders next to these files, none of them inside another."""
    found = ALWAYS.union(*map(_next_to, paths))
    there = sorted(each for each in found if (ROOT / each).exists())
    return [each for each in there if not any(each.startswith(f"{other}/") for other in there)]


def _next_to(path: str) -> set[str]:
    top, *way = Path(path).with_suffix("").parts
    if top == "notebooks":
        return {"tests/notebooks"}
    if top == "tests" and way:
        itself = way[-1].startswith("test_")
        return {path} if itself else {f"tests/{way[0]}", CONTRACT}
    if top != "lecturekit" or not way:
        return set()
    room, inner = way[0], way[1] if way[1:] else ""
    if any(room == section.stem for section in SECTIONS):
        return {f"tests/{room}", f"tests/exercises/test_{room}.py", CONTRACT}
    near = {f"tests/{room}", f"tests/test_{room}.py", f"tests/{room}/test_{inner}.py"}
    return near | ({CONTRACT} if room == "training" else set())


if __name__ == "__main__":
    print("\n".join(beside(changed(sys.argv[1] if len(sys.argv) > 1 else "HEAD"))))

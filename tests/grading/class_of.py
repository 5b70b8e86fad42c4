"""A made-up class: what twenty students hand in, cheats among them."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_output

from lecturekit import exercises
from lecturekit.exercises import Exercise
from tests.notebooks.lectures import NOTEBOOKS, answered, solution

SECTION = "rbm"
RIGHT = {exercise.number for exercise in exercises.catalogue(SECTION)}


def source() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOKS[0], as_version=4)


def unanswered(exercise: Exercise) -> str:
    return exercise.stub


def negative(exercise: Exercise) -> str:
    """The right answer, with the wrong sign where it is one tensor."""
    lines = exercise.source.rstrip().splitlines()
    head = lines[0].replace(exercise.stub_name, "_right")
    indented = [f"    {line}" for line in (head, *lines[1:])]
    names = ", ".join(exercise.parameters)
    first = "\n".join(exercise.stub.splitlines()[: _length_of_head(exercise)])
    return "\n".join(
        [
            first,
            *indented,
            f"    found = _right({names})",
            "    return -found if isinstance(found, torch.Tensor) else tuple(-f for f in found)",
        ]
    )


def _length_of_head(exercise: Exercise) -> int:
    return next(i for i, line in enumerate(exercise.stub.splitlines()) if line.endswith(":")) + 1


def body(*lines: str):
    """An answer to any exercise, with these lines for its body."""

    def answer(exercise: Exercise) -> str:
        first = exercise.stub.splitlines()[: _length_of_head(exercise)]
        return "\n".join([*first, *(f"    {line}" for line in lines)])

    return answer


ENDLESS = body("while True:", "    pass")
CHEATS = {
    "imports the reference": body(
        "from lecturekit.exercises import rbm", "return rbm.EXERCISES[0].reference"
    ),
    "by way of sys": body("import sys", "return sys.modules"),
    "dunder": body("return torch.__dict__"),
    "eval": body("return eval('1')"),
    "global": body("global check", "check = None", "return 0"),
}


def hand_in(folder: Path, student: str, answer, *extra: str) -> Path:
    """Write a student's notebook, answered, with further cells at its beginning."""
    notebook = answered(source(), exercises.catalogue(SECTION), answer)
    notebook.cells[:0] = [new_code_cell(cell) for cell in extra]
    path = folder / student / NOTEBOOKS[0].name
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    return path


def paste_a_verdict(path: Path) -> None:
    """As if every check had said ✓."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if "exercises.check(" in cell.source:
            cell.outputs = [new_output("stream", text="✓ Exercise: correct")]
            cell.execution_count = 1
    nbformat.write(notebook, path)


REDEFINED = "from lecturekit import exercises\nexercises.check = lambda *_: 'correct'"
PATCHED = "import torch\ntorch.allclose = lambda *_, **__: True\ntorch.equal = torch.allclose"


def twenty(folder: Path) -> None:
    """Twenty students: nine who have all or some of it right, five with slips, six cheats."""
    wanted = sorted(RIGHT)
    for n in range(9):
        done = set(wanted[: 1 + n])
        hand_in(folder, f"student {n:02d}", lambda e, done=done: (
            solution(e) if e.number in done else unanswered(e)
        ))  # fmt: skip
    for n in range(9, 12):
        hand_in(folder, f"student {n:02d}", negative)
    hand_in(folder, "student 12", body("return None"))
    hand_in(folder, "student 13", body("return undefined_name"))
    for n, answer in enumerate(CHEATS.values(), 14):
        hand_in(folder, f"student {n:02d}", answer)
    hand_in(folder, "student 19", unanswered, REDEFINED, PATCHED)
    paste_a_verdict(folder / "student 19" / NOTEBOOKS[0].name)

"""A notebook as an assignment of nbgrader: answers to be filled in, and cells that judge them.

The cell that holds an exercise's stub becomes one that students may change. Behind it comes a cell
that they may not, which passes only if the exercise is correct: an unanswered copy is not valid.
"""

from __future__ import annotations

import ast
import uuid
from typing import Any

from lecturekit.exercises import Exercise
from lecturekit.grading.answers import sections_of

SCHEMA = 3  # of nbgrader's cell metadata


def for_nbgrader(notebook: dict[str, Any]) -> None:
    """Put nbgrader's metadata and judging cells into a notebook's JSON, in place."""
    names = {name for cell in notebook["cells"] for name in _defined(cell)}
    stubs = {each.stub_name: each for section in sections_of(names) for each in section}
    cells: list[dict[str, Any]] = []
    for cell in notebook["cells"]:
        cells.append(cell)
        found = [stubs[name] for name in _defined(cell) if name in stubs]
        for exercise in found:
            cell["metadata"]["nbgrader"] = _mark(f"answer-{exercise.number}", solution=True)
            cells.append(_judging(exercise))
    notebook["cells"] = cells


def _defined(cell: dict[str, Any]) -> list[str]:
    if cell["cell_type"] != "code":
        return []
    body = ast.parse("".join(cell["source"])).body
    return [node.name for node in body if isinstance(node, ast.FunctionDef)]


def _judging(exercise: Exercise) -> dict[str, Any]:
    name = f"judged-{exercise.number}"
    verdict = f'exercises.check("{exercise.number}", {exercise.stub_name})'
    return {
        "cell_type": "code",
        "id": uuid.uuid5(uuid.NAMESPACE_URL, name).hex[:8],  # the same in every copy
        "metadata": {
            "nbgrader": _mark(name, grade=True, locked=True) | {"points": float(exercise.points)}
        },
        "execution_count": None,
        "outputs": [],
        "source": f"verdict = {verdict}\nassert verdict.outcome == 'correct', verdict",
    }


def _mark(name: str, *, grade: bool = False, solution: bool = False, locked: bool = False) -> Any:
    return {
        "grade": grade,
        "grade_id": name.replace(".", "-"),
        "locked": locked,
        "schema_version": SCHEMA,
        "solution": solution,
        "task": False,
    }

"""The answers in a notebook: functions by name, and of all its cells only these.

Cells are not executed. So a check that was redefined, an output that was pasted, a module that was
patched changes nothing. A function is taken only if it keeps to what an exercise promises it:
`math`, `torch` and its arguments.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterable
from pathlib import Path

from lecturekit import exercises
from lecturekit.exercises import Exercise
from lecturekit.exercises.exercise import IMPORTS, Function
from lecturekit.sections import SECTIONS

ALLOWED = {"math", "torch", "numpy", "itertools", "functools", "collections", "__future__"}
FORBIDDEN = {
    "__import__", "breakpoint", "compile", "delattr", "eval", "exec", "exit", "getattr", "globals",
    "input", "locals", "open", "quit", "setattr", "vars",
}  # fmt: skip


class RefusedError(Exception):
    """An answer that is not judged, and why."""


class NotebookError(Exception):
    """A file that is no notebook."""


def definitions(path: Path) -> dict[str, ast.FunctionDef]:
    """The functions that a notebook's cells define at their top level; of several the last one.

    Cells that are not Python, such as those with an error of syntax, are passed over.

    Raises:
        NotebookError: it cannot be read as a notebook.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotebookError(f"not a notebook ({type(error).__name__})") from error
    found: dict[str, ast.FunctionDef] = {}
    for source in sources:
        lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
        try:
            tree = ast.parse("\n".join(lines))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        found |= {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    return found


def sections_of(names: Collection[str]) -> list[tuple[Exercise, ...]]:
    """The exercises of the sections to which functions of these names belong.

    A name may be that of exercises in two sections, so half of a section's have to be there; where
    no section has as many, it is the one with the most.
    """
    shares = []
    for section in SECTIONS:
        own = exercises.catalogue(section.stem)
        shares.append((sum(each.stub_name in names for each in own) / len(own), own))
    most = max(share for share, _ in shares)
    return [own for share, own in shares if share > 0 and share >= min(0.5, most)]


def function_of(definition: ast.FunctionDef) -> Function:
    """The function, made without running anything of the student's.

    Decorators and annotations are left out, and defaults have to be plain values, since these would
    run when the function is made.

    Raises:
        RefusedError: it reaches for what is not its own.
    """
    _refuse_reaching_out(definition)
    definition.decorator_list, definition.returns = [], None
    arguments = definition.args
    for each in _all(arguments):
        each.annotation = None
    for default in [*arguments.defaults, *filter(None, arguments.kw_defaults)]:
        try:
            ast.literal_eval(default)
        except ValueError:
            raise RefusedError("a default value is more than a plain value") from None
    name = "answer"  # of the module; tracebacks show it
    module = ast.fix_missing_locations(ast.Module([definition], []))
    namespace: dict[str, object] = {"__name__": name}
    exec(IMPORTS, namespace)
    exec(compile(module, f"<{name}>", "exec"), namespace)
    function = namespace[definition.name]
    assert callable(function)
    return function


def _all(arguments: ast.arguments) -> Iterable[ast.arg]:
    rest = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *rest]


def _refuse_reaching_out(definition: ast.FunctionDef) -> None:
    for node in ast.walk(definition):
        names: list[str] = []
        match node:
            case ast.Import():
                names = [alias.name for alias in node.names]
            case ast.ImportFrom():
                names = [node.module or "."]
            case ast.Name(id=name) if name in FORBIDDEN:
                raise RefusedError(f"it uses `{name}`")
            case ast.Attribute(attr=name) if name.startswith("__"):
                raise RefusedError(f"it uses `.{name}`")
            case ast.Global() | ast.Nonlocal():
                raise RefusedError("it changes names outside of itself")
        for name in names:
            if name.partition(".")[0] not in ALLOWED:
                raise RefusedError(f"it imports `{name}`")

"""The answers in a notebook: functions by name, and of all its cells only these.

Cells are not executed. So a check that was redefined, an output that was pasted, a module that was
patched changes nothing. A function is taken only if it keeps to what an exercise promises it:
`math`, `torch` and its arguments. What it reaches by name goes along if it keeps to the same:
functions, imports of such modules, and constants, from its own cell or else from the nearest one.
"""

from __future__ import annotations

import ast
import dis
import json
from collections import ChainMap
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import CodeType
from typing import NamedTuple

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


class Answer(NamedTuple):
    """A function of a notebook, and the statements that define the names around it."""

    definition: ast.FunctionDef
    names: Mapping[str, ast.stmt]


def definitions(path: Path) -> dict[str, Answer]:
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
    bound = [dict(_bound(source)) for source in sources]
    return {
        name: Answer(node, ChainMap(own, *reversed(bound[:place]), *bound[place + 1 :]))
        for place, own in enumerate(bound)
        for name, node in own.items()
        if isinstance(node, ast.FunctionDef)
    }


def _bound(source: str) -> Iterator[tuple[str, ast.stmt]]:
    """The names that a cell binds at its top level, each with the statement that does."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    try:
        tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node
            case ast.Import(names=names):
                for alias in names:
                    yield alias.asname or alias.name.partition(".")[0], ast.Import([alias])
            case ast.ImportFrom(module=module, names=names, level=level):
                for alias in names:
                    yield alias.asname or alias.name, ast.ImportFrom(module, [alias], level)
            case _:
                for each in ast.walk(node):
                    if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                        yield each.id, node


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


def function_of(answer: Answer) -> Function:
    """The function with what it reaches by name, made without running anything of the student's.

    Decorators and annotations are left out, and defaults have to be plain values, since these would
    run when the function is made.

    Raises:
        RefusedError: it, or what it reaches, reaches for what is not its own.
    """
    name = answer.definition.name
    taken: dict[str, ast.stmt] = {name: answer.definition}
    waiting = [name]
    while waiting:
        name = waiting.pop()
        node = taken[name]
        who = "it" if node is answer.definition else f"its helper `{name}`"
        if arguments := _arguments(node):
            _refuse_reaching_out(node, who)
            _strip(node, arguments, who)
            reached = {each for each in _globals_of(_compiled([node])) if each in answer.names}
            new = sorted(reached - {*taken})
            taken |= {each: answer.names[each] for each in new}
            waiting += new
        else:
            _refuse_more_than_plain(name, node)
    namespace: dict[str, object] = {"__name__": "answer"}  # tracebacks show it
    exec(IMPORTS, namespace)
    try:
        exec(_compiled([*taken.values()]), namespace)
    except Exception as error:  # an import that is not there, a constant that is 1/0
        raise RefusedError(f"what stands around it fails ({type(error).__name__})") from None
    found = namespace[answer.definition.name]
    assert callable(found)
    return found


def _compiled(statements: list[ast.stmt]) -> CodeType:
    module = ast.fix_missing_locations(ast.Module(statements, []))
    return compile(module, "<answer>", "exec")


def _globals_of(code: CodeType) -> Iterator[str]:
    """The global names that are read in it, and in the functions within."""
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield str(step.argval)
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _globals_of(each)


def _arguments(node: ast.stmt) -> ast.arguments | None:
    """Those of a function, or of a lambda that has been given a name."""
    match node:
        case ast.FunctionDef(args=arguments):
            return arguments
        case ast.Assign(targets=[ast.Name()], value=ast.Lambda(args=arguments)):
            return arguments
    return None


def _strip(node: ast.stmt, arguments: ast.arguments, who: str) -> None:
    """Leave out what would run when the function is made."""
    if isinstance(node, ast.FunctionDef):
        node.decorator_list, node.returns = [], None
    for each in _all(arguments):
        each.annotation = None
    for default in [*arguments.defaults, *filter(None, arguments.kw_defaults)]:
        try:
            ast.literal_eval(default)
        except ValueError:
            raise RefusedError(
                f"{who} has a default value that is more than a plain value"
            ) from None


def _refuse_more_than_plain(name: str, node: ast.stmt) -> None:
    """Of a statement outside of a function, that it is neither an import nor a constant."""
    match node:
        case ast.Import() | ast.ImportFrom():
            return _refuse_reaching_out(node, "it")
        case ast.Assign(targets=[ast.Name()], value=value) if _constant(value):
            return
    raise RefusedError(
        f"it uses `{name}`, which is made outside of it by more than numbers: compute it in the "
        "function"
    )


def _constant(value: ast.expr) -> bool:
    """Whether it is made of numbers, texts, what `math` gives, and names of `math` and `torch`."""
    match value:
        case ast.Constant():
            return True
        case ast.Attribute(value=owner, attr=name):
            of_a_module = isinstance(owner, ast.Name) and owner.id in ("math", "torch")
            inside = isinstance(owner, ast.Attribute) and _constant(owner)
            return (of_a_module or inside) and not name.startswith("_")
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="math")) as made, args=parts, keywords=[]
        ):
            return _constant(made) and all(map(_constant, parts))
        case ast.UnaryOp(operand=part):
            return _constant(part)
        case ast.BinOp(left=left, right=right):
            return _constant(left) and _constant(right)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(map(_constant, parts))
    return False


def _all(arguments: ast.arguments) -> Iterable[ast.arg]:
    rest = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *rest]


def _refuse_reaching_out(definition: ast.stmt, who: str) -> None:
    for node in ast.walk(definition):
        names: list[str] = []
        match node:
            case ast.Import():
                names = [alias.name for alias in node.names]
            case ast.ImportFrom():
                names = [node.module or "."]
            case ast.Name(id=name) if name in FORBIDDEN:
                raise RefusedError(f"{who} uses `{name}`")
            case ast.Attribute(attr=name) if name.startswith("__"):
                raise RefusedError(f"{who} uses `.{name}`")
            case ast.Global() | ast.Nonlocal():
                raise RefusedError(f"{who} changes names outside of itself")
        for name in names:
            if name.partition(".")[0] not in ALLOWED:
                raise RefusedError(f"{who} imports `{name}`")

"""What an exercise is: a reference, an independent exact answer, typical wrong answers, hints."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

Function = Callable[..., Any]
Arguments = tuple[Any, ...]

IMPORTS = "import math\n\nimport torch\nfrom torch import Tensor\n"  # in a notebook with exercises

DEFAULT_TIME_LIMIT = 20.0  # seconds for all cases together, the start of the worker not counted


class Misconception(NamedTuple):
    """A typical wrong answer, as a function, and what a student who gave it should be told.

    An answer is recognised when it does what the function does on every case, down to where it
    fails: `W` transposed gives other numbers where W is square and an exception where it is not.
    """

    function: Function
    message: str


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One exercise of a notebook.

    Attributes:
        number: "section.place", as in the notebook.
        title: a few words.
        reference: the solution, a plain function that needs nothing but `IMPORTS`. Its signature
            and docstring are the stub that a student fills in.
        cases: argument tuples to judge by, made from a generator: in float64 on the CPU, small, and
            in the first one with sizes that all differ, so that a shape in a message is telling.
        exact: the right answer found in another way than by `reference`: enumeration, autograd,
            finite differences.
        returns: what each returned tensor is, in order, for messages: "one free energy per row".
        wrong: typical wrong answers.
        hints: from a gentle one to one that is nearly the solution.
        derivation: markdown with LaTeX, shown with the solution.
        tolerance: how far an answer may be from the exact one, besides rounding; above 0 where the
            answer asked for is itself an estimate.
        time_limit: seconds for all cases together.
    """

    number: str
    title: str
    reference: Function
    cases: Callable[[torch.Generator], list[Arguments]]
    exact: Function
    returns: tuple[str, ...]
    wrong: tuple[Misconception, ...]
    hints: tuple[str, ...]
    derivation: str
    tolerance: float = 0.0
    time_limit: float = DEFAULT_TIME_LIMIT

    @property
    def stub_name(self) -> str:
        """The name of the function that a student writes."""
        return self.reference.__name__

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the arguments, in order."""
        return tuple(inspect.signature(self.reference).parameters)

    @property
    def source(self) -> str:
        """The source of the reference; it can stand in place of the stub."""
        return inspect.getsource(self.reference).rstrip() + "\n"

    @property
    def stub(self) -> str:
        """What a student fills in: the reference's source down to its docstring, then `...`."""
        definition = ast.parse(self.source).body[0]
        assert isinstance(definition, ast.FunctionDef)
        head = self.source.splitlines()[: definition.body[0].end_lineno]
        return "\n".join([*head, "    return ...  # your code here", ""])

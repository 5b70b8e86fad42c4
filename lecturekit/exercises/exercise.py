"""What an exercise is: a reference, the answer with its slips as switches, cases, hints."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from lecturekit.exercises.tiny import Maker

Function = Callable[..., Any]
Arguments = tuple[Any, ...]

IMPORTS = "import math\n\nimport torch\nfrom torch import Tensor\n"  # in a notebook with exercises

DEFAULT_TIME_LIMIT = 10.0  # seconds for all cases together, the start of the process not counted


class Slips:
    """Which slips are on, as an exercise's answer asks for them: `on("no bias")`."""

    def __init__(self, known: Mapping[str, str], names: tuple[str, ...] = ()):
        self._known, self._names = known, names

    def __call__(self, name: str) -> bool:
        if name not in self._known:
            raise KeyError(f"expected a slip among {', '.join(self._known)}, got {name!r}")
        return name in self._names


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One exercise of a notebook.

    Attributes:
        number: "section.place", as in the notebook.
        title: a few words.
        minutes: how long it takes somebody who has followed the section, as we expect.
        reference: the solution, a plain function that needs nothing but `IMPORTS`. Its signature
            and docstring are the stub that a student fills in.
        case: makes the arguments of one case, `case(make, *sizes)`, with random numbers from a
            `Maker`: in float64 on the CPU, and small.
        sizes: those of the cases to judge by; all different in the first one, so that a shape in a
            message is telling.
        by_hand: those of one case more, made of round numbers, that a student can follow by hand.
        answer: the right answer with the places where people slip, `answer(on, *arguments)`.
        slips: what each slip means, for the student who made it. One that is named as in
            `general.WORDS` is no switch but puts that slip into the exercise's own words.
        returns: what each returned tensor is, in order, for messages: "one free energy per row".
        hints: from a gentle one to one that is nearly the solution.
        derivation: markdown with LaTeX, shown with the solution.
        exact: the right answer found in another way than by `reference`: enumeration, autograd,
            finite differences. None where `answer` with no slip on is that.
        live: whether the function drives a live run, which computes in float32.
        through: names of the arguments through which a live run trains: their gradients count.
        time_limit: seconds for all cases together.
    """

    number: str
    title: str
    minutes: int
    reference: Function
    case: Callable[..., Arguments]
    sizes: tuple[tuple[Any, ...], ...]
    by_hand: tuple[Any, ...]
    answer: Callable[..., Any]
    slips: Mapping[str, str]
    returns: tuple[str, ...]
    hints: tuple[str, ...]
    derivation: str
    exact: Function | None = None
    live: bool = False
    through: tuple[str, ...] = ()
    time_limit: float = DEFAULT_TIME_LIMIT

    def cases(self, seed: int) -> list[Arguments]:
        """The cases to judge by; the last one is the one to follow by hand."""
        generator = torch.Generator().manual_seed(seed)
        make, round_numbers = Maker(generator), Maker(generator, by_hand=True)
        return [
            *(self.case(make, *size) for size in self.sizes),
            self.case(round_numbers, *self.by_hand),
        ]

    def right(self, *arguments: Any) -> Any:
        """The exact answer to a case."""
        return self.exact(*arguments) if self.exact else self.slipping()(*arguments)

    def slipping(self, *names: str) -> Function:
        """The answer with these slips, as a function that a student might have written."""
        on = Slips(self.slips, names)
        return lambda *arguments: self.answer(on, *arguments)

    @property
    def stub_name(self) -> str:
        """The name of the function that a student writes."""
        return self.reference.__name__

    @property
    def points(self) -> int:
        """What it is worth as homework: one for each five minutes."""
        return max(1, round(self.minutes / 5))

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

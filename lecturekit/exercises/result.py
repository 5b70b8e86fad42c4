"""How a verdict, a hint and a solution are shown: in Jupyter, and as plain text elsewhere."""

from __future__ import annotations

import enum
import html
from dataclasses import dataclass
from typing import Any

from lecturekit.exercises.exercise import Arguments, Function


class Outcome(enum.StrEnum):
    """The four verdicts on an answer."""

    NOT_ATTEMPTED = "not attempted"
    CORRECT = "correct"
    NOT_YET = "not yet"
    BROKEN = "broken"


# Colours that the colour-blind tell apart (Okabe & Ito); sign and word say the same without them.
_SIGNS = {
    Outcome.NOT_ATTEMPTED: ("–", "#8c8c8c"),
    Outcome.CORRECT: ("✓", "#009e73"),
    Outcome.NOT_YET: ("✗", "#e69f00"),
    Outcome.BROKEN: ("!", "#d55e00"),
}


@dataclass(frozen=True, repr=False)
class Result:
    """The verdict on an answer, and the function to go on with.

    Attributes:
        number: the exercise.
        title: the exercise's.
        outcome: one of the four verdicts; compares equal to its text, "correct" for instance.
        message: what to do about it.
        function: the student's function once it is correct, else the reference.
        excerpts: captioned texts shown as they are: the line that failed, what was printed.
        arguments: those of the first case that went wrong, to try the function on; else None.
        expected: the exact answer to that case; else None.
    """

    number: str
    title: str
    outcome: Outcome
    message: str
    function: Function
    excerpts: tuple[tuple[str, str], ...] = ()
    arguments: Arguments | None = None
    expected: Any = None

    def __repr__(self) -> str:
        sign, _ = _SIGNS[self.outcome]
        lines = [f"{sign} {self._heading}", self.message]
        for caption, text in self.excerpts:
            lines += [f"{caption}:", *(f"    {line}" for line in text.splitlines())]
        return "\n".join(line for line in lines if line)

    def _repr_html_(self) -> str:
        """A box in the page's own text colour over a faint tint: readable in light and dark."""
        sign, colour = _SIGNS[self.outcome]
        excerpts = "".join(
            f"<div>{html.escape(caption)}:</div>"
            f'<pre style="margin:.2em 0 0 1em; background:none; color:inherit">'
            f"{html.escape(text)}</pre>"
            for caption, text in self.excerpts
        )
        return (
            f'<div role="status" style="border-left:5px solid {colour}; background:{colour}22; '
            f'color:inherit; padding:.5em .8em; margin:.2em 0">'
            f"<strong>{sign} {html.escape(self._heading)}</strong>"
            f"<div>{html.escape(self.message)}</div>{excerpts}</div>"
        )

    @property
    def _heading(self) -> str:
        return f"Exercise {self.number}, {self.title}: {self.outcome}"


@dataclass(frozen=True, repr=False)
class Note:
    """Markdown that Jupyter renders and a terminal prints."""

    markdown: str

    def __repr__(self) -> str:
        return self.markdown

    def _repr_markdown_(self) -> str:
        return self.markdown

"""A question with a few answers, what was answered, and what the run said."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from lecturekit.door import NOT_EMPTY, AnyNumber, NonNegative, door, refuse


@dataclass(frozen=True)
class Verdict:
    """What the run says about a prediction; shown as a cell's value.

    Attributes:
        question: what was asked.
        given: the answer that somebody committed to, or None.
        right: the answer that the numbers speak for.
        close: others that came so near to it that they count as well.
        readings: the numbers in words.
        tempts: why one might give the answer that was given; empty if it was right.
    """

    question: str
    given: str | None
    right: str
    close: tuple[str, ...]
    readings: str
    tempts: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the prediction was right; None if nobody made one."""
        return None if self.given is None else self.given in (self.right, *self.close)

    def __repr__(self) -> str:
        return "\n".join(line for line in self._lines() if line)

    def _repr_html_(self) -> str:
        first, *rest = (html.escape(line) for line in self._lines() if line)
        return "".join([f"<p><strong>{first}</strong></p>", *(f"<p>{line}</p>" for line in rest)])

    def _lines(self) -> tuple[str, ...]:
        near = " and ".join(self.close)
        said = f"The run says: {self.right}"
        counts = "counts" if len(self.close) == 1 else "count"
        said += f"; it was close, {near} {counts} as well" if near else ""
        said += f" [{self.readings}]"
        if self.given is None:
            return said, "Nobody predicted."
        if self.holds:
            return said, f"✓ As you predicted: {self.given}."
        return said, f"You predicted: {self.given}. {self.tempts}"


@door
@dataclass
class Prediction:
    """Made by `ask`.

    Attributes:
        number: such as "1.a".
        question: what is asked.
        answers: answer → why one might think so, and where that goes wrong.
        given: the answer that somebody committed to, or None.
        verdict: what the run said, once it was judged.
        watcher: is called whenever something has changed.
    """

    number: str
    question: str
    answers: dict[str, str]
    given: str | None = None
    verdict: Verdict | None = None
    watcher: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)

    def commit(self, answer: str) -> None:
        """Answer. Only the first answer counts, and none after the run has spoken.

        Raises:
            ValueError: no such answer.
        """
        if answer not in self.answers:
            refuse("answer", f"among {', '.join(self.answers)}", repr(answer))
        if self.given is None and self.verdict is None:
            self.given = answer
            self.watcher()

    def judge(
        self,
        values: Annotated[Mapping[str, AnyNumber], NOT_EMPTY],
        *,
        close: NonNegative,
        unit: str = "",
        least: bool = False,
        measured: float | None = None,
    ) -> Verdict:
        """Say which answer was right: the one with the largest value.

        Args:
            values: a number for each answer, measured in the run.
            close: answers whose value is worse than the best one by no more count as well.
            unit: of the values.
            least: the smallest value is right.
            measured: where the question asks for a number: `values` are the numbers that the
                answers name, and right is the one nearest to this, which was measured.

        Raises:
            ValueError: values for other answers than there are, or none that is a number.
        """
        numbers = {answer: float(value) for answer, value in values.items()}
        if set(numbers) != set(self.answers):
            wanted = f"to have a number for each of {', '.join(self.answers)}"
            refuse("values", wanted, ", ".join(map(str, numbers)) or "none")
        readings = ", ".join(f"{answer}: {value:.3g}" for answer, value in numbers.items())
        if measured is not None:
            readings = f"measured {float(measured):.3g}"
            numbers = {answer: -abs(value - float(measured)) for answer, value in numbers.items()}
        merits = {a: -v if least else v for a, v in numbers.items() if not math.isnan(v)}
        if not merits:
            refuse("values", "to have a number among them", readings)
        right = max(merits, key=lambda answer: merits[answer])
        near = tuple(a for a, v in merits.items() if a != right and v >= merits[right] - close)
        readings += f" {unit}" if unit else ""
        wrong = self.given is not None and self.given not in (right, *near)
        tempts = self.answers[str(self.given)] if wrong else ""
        self.verdict = Verdict(self.question, self.given, right, near, readings, tempts)
        self.watcher()
        return self.verdict

"""Where a reader stands at the end of a notebook: exercises and predictions, right or open."""

from __future__ import annotations

import html
from typing import NamedTuple

from lecturekit import exercises, predictions
from lecturekit.exercises import Outcome
from lecturekit.sections import SECTIONS

SIGNS = {"right": "✓", "not yet": "✗", "open": "–"}


class Row(NamedTuple):
    """An exercise or a prediction.

    Attributes:
        number: its number.
        what: its title, or the question.
        state: "right", "not yet" or "open".
        note: what was said, of predictions.
    """

    number: str
    what: str
    state: str
    note: str = ""


class Summary:
    """A table for Jupyter, and lines for a terminal."""

    def __init__(self, of_exercises: list[Row], of_predictions: list[Row]) -> None:
        self.exercises, self.predictions = of_exercises, of_predictions

    def __repr__(self) -> str:
        lines = []
        for title, rows in self._parts():
            lines += [title, *(f"  {SIGNS[r.state]} {r.number} {r.what} {r.note}" for r in rows)]
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        parts = []
        for title, rows in self._parts():
            lines = "".join(
                f"<tr><td>{SIGNS[row.state]}</td><td>{row.number}</td>"
                f'<td style="text-align:left">{html.escape(row.what)}</td>'
                f'<td style="text-align:left">{html.escape(row.note)}</td></tr>'
                for row in rows
            )
            parts.append(f"<p><strong>{title}</strong></p><table>{lines}</table>")
        return "".join(parts)

    def _parts(self) -> tuple[tuple[str, list[Row]], ...]:
        return tuple(
            (f"{name}: {_count(rows)}", rows)
            for name, rows in (("Exercises", self.exercises), ("Predictions", self.predictions))
        )


def sum_up(section: str) -> Summary:
    """What this kernel knows of a section's exercises and predictions.

    Args:
        section: a stem, such as "rbm".

    Raises:
        ValueError: there is no such section.
    """
    number = next((s.number for s in SECTIONS if s.stem == section), None)
    if number is None:
        known = ", ".join(each.stem for each in SECTIONS)
        raise ValueError(f"expected a section among {known}, got {section!r}")
    asked = [
        _prediction(key, question.text)
        for key, question in predictions.QUESTIONS.items()
        if key.partition(".")[0] == str(number)
    ]
    return Summary([_exercise(each) for each in exercises.catalogue(section)], asked)


def _exercise(exercise: exercises.Exercise) -> Row:
    latest = exercises.LATEST.get(exercise.number)
    state = "open" if latest in (None, Outcome.NOT_ATTEMPTED) else "not yet"
    return Row(exercise.number, exercise.title, "right" if latest == Outcome.CORRECT else state)


def _prediction(number: str, question: str) -> Row:
    asked = predictions.ASKED.get(number)
    if asked is None or asked.given is None:
        return Row(number, question, "open")
    if asked.verdict is None:
        return Row(number, question, "open", f"you: {asked.given}")
    said = "" if asked.verdict.holds else f"; the run: {asked.verdict.right}"
    state = "right" if asked.verdict.holds else "not yet"
    return Row(number, question, state, f"you: {asked.given}{said}")


def _count(rows: list[Row]) -> str:
    return ", ".join(f"{sum(row.state == state for row in rows)} {state}" for state in SIGNS)

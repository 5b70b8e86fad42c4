"""What came out, as a table for a spreadsheet and as a page to be read."""

from __future__ import annotations

import csv
import html
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from lecturekit.door import door
from lecturekit.exercises import Outcome
from lecturekit.files import replacing
from lecturekit.grading.crowd import Graded
from lecturekit.grading.grader import REFUSED, Verdict

MOST = 3  # slips named of each exercise
SIGNS: dict[str, str] = {
    Outcome.CORRECT: "✓",
    Outcome.NOT_YET: "✗",
    Outcome.BROKEN: "!",
    REFUSED: "⊘",
    Outcome.NOT_ATTEMPTED: "–",
}
_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; }
th, td { padding: .2rem .55rem; text-align: center; border-bottom: 1px solid #8885; }
th:first-child, td:first-child { text-align: left; }
thead th { position: sticky; top: 0; background: Canvas; }
td.correct { background: #009e7333; } td.notyet { background: #e69f0033; }
td.broken, td.refused { background: #d55e0033; } td.notattempted { opacity: .5; }
li { margin: .2rem 0; } .wide { overflow-x: auto; }
"""


@door
def write_csv(graded: Sequence[Graded], path: Path) -> None:
    """A row for each student and exercise, and one for each notebook that could not be judged."""
    with replacing(path) as new, new.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["student", "file", "exercise", "title", "outcome", "message"])
        for each in _in_order(graded):
            place = [_harmless(each.student), _harmless(each.path.name)]
            rows.writerows([*place, *map(_harmless, verdict)] for verdict in each.verdicts)
            if each.problem:
                rows.writerow([*place, "", "", "not judged", _harmless(each.problem)])


@door
def write_page(graded: Sequence[Graded], path: Path) -> None:
    """Who has what, and the most common slips of each exercise."""
    everybody = _in_order(graded)
    numbers = {v.exercise: v.title for each in everybody for v in each.verdicts}
    ordered = sorted(numbers, key=lambda number: [int(part) for part in number.split(".")])
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'><title>Exercises</title>",
        f"<style>{_STYLE}</style><h1>Exercises</h1>",
        f"<p>{_summary(everybody)}</p>",
        f"<p>{' · '.join(f'{sign} {outcome}' for outcome, sign in SIGNS.items())}</p>",
        _table(everybody, ordered, numbers),
        *_problems(everybody),
        "<h2>The most common slips</h2>",
        *(_slips(number, numbers[number], everybody) for number in ordered),
    ]
    with replacing(path) as new:
        new.write_text("\n".join(parts) + "\n", encoding="utf-8")


def _in_order(graded: Iterable[Graded]) -> list[Graded]:
    return sorted(graded, key=lambda each: (each.student, each.path.name))


def _summary(everybody: Sequence[Graded]) -> str:
    verdicts = [v for each in everybody for v in each.verdicts]
    right = sum(v.outcome == Outcome.CORRECT for v in verdicts)
    students = len({each.student for each in everybody})
    return (
        f"{students} student{'s' if students != 1 else ''}, {len(everybody)} notebooks; "
        f"{right} of {len(verdicts)} answers are correct."
    )


def _table(everybody: Sequence[Graded], numbers: Sequence[str], titles: dict[str, str]) -> str:
    heads = "".join(f'<th title="{_text(titles[n])}">{n}</th>' for n in numbers)
    rows = [f"<thead><tr><th>student</th>{heads}<th>correct</th></tr></thead>"]
    for student in dict.fromkeys(each.student for each in everybody):
        own = {
            v.exercise: v for each in everybody if each.student == student for v in each.verdicts
        }
        right = sum(v.outcome == Outcome.CORRECT for v in own.values())
        cells = "".join(_cell(own.get(number)) for number in numbers)
        rows.append(f"<tr><td>{_text(student)}</td>{cells}<td>{right}</td></tr>")
    return f"<div class=wide><table>{''.join(rows)}</table></div>"


def _cell(verdict: Verdict | None) -> str:
    if verdict is None:
        return "<td></td>"
    kind = verdict.outcome.replace(" ", "")
    said = _text(f"{verdict.outcome}: {verdict.message}")
    return f'<td class="{kind}" title="{said}">{SIGNS[verdict.outcome]}</td>'


def _problems(everybody: Sequence[Graded]) -> list[str]:
    lines = [
        f"<li>{_text(each.student)}, {_text(each.path.name)}: {_text(each.problem)}</li>"
        for each in everybody
        if each.problem
    ]
    refused: dict[tuple[str, str], list[str]] = {}
    for each in everybody:
        for v in each.verdicts:
            if v.outcome == REFUSED:
                refused.setdefault((each.student, v.message), []).append(v.exercise)
    lines += [
        f"<li>{_text(student)}, {', '.join(numbers)}: {_text(message)}</li>"
        for (student, message), numbers in refused.items()
    ]
    return ["<h2>To be looked at</h2>", f"<ul>{''.join(lines)}</ul>"] if lines else []


def _slips(number: str, title: str, everybody: Sequence[Graded]) -> str:
    """Messages that differ in numbers alone are one slip."""
    kinds: Counter[str] = Counter()
    first: dict[str, str] = {}
    for verdict in (v for each in everybody for v in each.verdicts):
        if verdict.exercise == number and verdict.outcome in (Outcome.NOT_YET, Outcome.BROKEN):
            kind = re.sub(r"-?\d[\d.,e+-]*", "#", verdict.message)
            kinds[kind] += 1
            first.setdefault(kind, verdict.message)
    items = "".join(f"<li>{n} × {_text(first[kind])}</li>" for kind, n in kinds.most_common(MOST))
    return f"<h3>{number} · {_text(title)}</h3>" + (
        f"<ul>{items}</ul>" if items else "<p>None.</p>"
    )


def _text(words: str) -> str:
    return html.escape(words, quote=True)


def _harmless(words: str) -> str:
    """A spreadsheet would take a cell that begins so for a formula."""
    return f"'{words}" if words.startswith(("=", "+", "-", "@")) else words

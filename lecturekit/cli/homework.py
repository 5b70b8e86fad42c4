"""A homework sheet: the exercises of all notebooks, with points and the time that they take."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

from lecturekit.cli import start_page
from lecturekit.exercises import catalogue
from lecturekit.files import replacing
from lecturekit.sections import SECTIONS

NAME = "homework.md"


def write_sheet(folder: Path, until: datetime.date | None) -> Path:
    """Write the sheet for the notebooks in `folder`, and return its path."""
    path = folder / NAME
    with replacing(path) as new:
        new.write_text("\n".join(_lines(until)) + "\n", encoding="utf-8", newline="\n")
    return path


def _lines(until: datetime.date | None) -> Iterator[str]:
    titles = {lecture.notebook.name: lecture.title for lecture in start_page.lectures()}
    yield "# Exercises"
    yield ""
    yield "Write the body of the function in the notebook, and run its cell: *correct* counts."
    if until:
        yield f"Solutions open on {until.day} {until:%B %Y}."
    for section in SECTIONS:
        listed = catalogue(section.stem)
        yield ""
        yield f"## {section.number} · [{titles[section.notebook]}]({section.notebook})"
        yield ""
        yield "| exercise | | points | minutes |"
        yield "|---|---|---:|---:|"
        for each in listed:
            yield f"| {each.number} | {each.title} | {each.points} | {each.minutes} |"
        total = sum(each.points for each in listed)
        yield f"| | **together** | **{total}** | {sum(each.minutes for each in listed)} |"

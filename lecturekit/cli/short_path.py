"""The short path through a notebook: what a lecture in a hall has time for, slide by slide.

Cells carry Jupyter's `slideshow` metadata. `slide` opens a slide with a section, `subslide` another
one of the same section, `fragment` what is revealed later; a cell without a type goes on with the
slide before it. `skip` is for home, and `notes` is for the lecturer's eyes: no copy has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any

TYPES = ("slide", "subslide", "fragment", "skip", "notes")
OPENING = ("slide", "subslide")
CODE = "code"  # the tag of a code cell that is read in the hall; all others are folded

_MINUTES = re.compile(r"\*\*Notes\*\* · (\d+) min(?:\n|\Z)")

Cell = MutableMapping[str, Any]  # of a notebook's JSON; a NotebookNode is one


@dataclass
class Slide:
    """What stands on one screen.

    Attributes:
        opens_section: whether it is more than one more slide of its section.
        cells: in their order.
        notes: cells for the lecturer.
    """

    opens_section: bool
    cells: list[Cell] = field(default_factory=list)
    notes: list[Cell] = field(default_factory=list)


def kind(cell: Cell) -> str:
    """The cell's slide type, "" where it goes on with the slide before it."""
    return str(cell["metadata"].get("slideshow", {}).get("slide_type", ""))


def source(cell: Cell) -> str:
    """Its text."""
    return joined(cell["source"])


def joined(text: str | list[str]) -> str:
    """A text that JSON may have in lines."""
    return "".join(text)


def slides(notebook: MutableMapping[str, Any]) -> list[Slide]:
    """The slides of the short path; none if nothing of it is marked."""
    found: list[Slide] = []
    for cell in notebook["cells"]:
        if kind(cell) in OPENING:
            found.append(Slide(kind(cell) == "slide"))
        if found and kind(cell) == "notes":
            found[-1].notes.append(cell)
        elif found and kind(cell) != "skip":
            found[-1].cells.append(cell)
    return found


def without_notes(notebook: MutableMapping[str, Any]) -> None:
    """Take the notes for the lecturer out of a notebook's JSON: for whoever else gets it."""
    notebook["cells"] = [cell for cell in notebook["cells"] if kind(cell) != "notes"]


def is_folded(cell: Cell) -> bool:
    """Whether its code is out of sight in the hall."""
    return cell["cell_type"] == "code" and CODE not in cell["metadata"].get("tags", ())


def minutes(slide: Slide) -> int:
    """How long it takes, as its notes say."""
    begins = (_MINUTES.match(source(cell)) for cell in slide.notes)
    return sum(int(found[1]) for found in begins if found)


def complaints(notebook: MutableMapping[str, Any]) -> Iterator[str]:
    """What is wrong with the marks, a line each."""
    yield from _types(notebook["cells"])
    yield from _notes(notebook["cells"])
    for slide in slides(notebook):
        yield from _on_one_screen(slide)


def _types(cells: list[Cell]) -> Iterator[str]:
    before = "nothing"
    for cell in cells:
        now, named = kind(cell), _named(cell)
        if now not in ("", *TYPES):
            yield f"{now!r} is no type of a slide: {named}"
        if before == "nothing" and now != "slide":
            yield "its first cell opens no slide"
        if not now and before == "skip":
            yield f"behind what is for home, it is not clear where this belongs: {named}"
        if CODE in cell["metadata"].get("tags", ()) and (now == "skip" or not _is_code(cell)):
            yield f"nothing is folded where the tag `code` stands: {named}"
        if now not in ("slide", "skip", "notes") and source(cell).startswith("## "):
            yield f"a section does not open a slide: {named}"
        if now != "skip" and "exercises.check(" in source(cell):
            yield f"an exercise is for home: {named}"
        before = before if now == "notes" else now


def _notes(cells: list[Cell]) -> Iterator[str]:
    for cell in cells:
        if kind(cell) != "notes":
            continue
        if cell["cell_type"] != "markdown" or not _MINUTES.match(source(cell)):
            yield f"notes do not begin with **Notes** · N min: {_named(cell)}"


def _on_one_screen(slide: Slide) -> Iterator[str]:
    code = "\n".join(source(cell) for cell in slide.cells if _is_code(cell))
    runs = code.count("live.play(")
    if runs > 1:
        yield f"{runs} live runs on one slide: {_named(slide.cells[0])}"
    if runs and "predictions.ask(" in code:
        yield f"a question and its run on one slide: {_named(slide.cells[0])}"


def _is_code(cell: Cell) -> bool:
    return cell["cell_type"] == "code"


def _named(cell: Cell) -> str:
    return repr(next(iter(source(cell).split("\n")), ""))

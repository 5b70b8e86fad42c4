"""An executed notebook as a chapter of the book: places to link to, and films for live runs."""

from __future__ import annotations

import copy
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from lecturekit.cli import short_path
from lecturekit.exercises import catalogue
from lecturekit.live.recorder import FILM
from lecturekit.sections import Section

_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_CHECK = re.compile(r'exercises\.check\("([\d.]+)"')
_ON_THE_SLIDE = re.compile(r"^> \*\*([^*]*\bslides?\b[^*]*)\*\*", re.MULTILINE)
_SLIDES = re.compile(r"\*\*Slides:\*\* *(.+?)(?:\n\n|\Z)", re.DOTALL)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_IMPORT = re.compile(r"^from (lecturekit[\w.]*) import \(?([^)]*?)\)?$", re.MULTILINE | re.DOTALL)


def anchor(heading: str) -> str:
    """By which Jupyter links to a heading of the same notebook."""
    return heading.replace(" ", "-")


@dataclass
class Place:
    """A part of a chapter that others link to.

    Attributes:
        label: by which it is linked to.
        title: Markdown, maybe with formulas.
        uses: names of the package's parts that its cells use.
    """

    label: str
    title: str
    uses: list[str] = field(default_factory=list)


class Chapter:
    """One lecture.

    Args:
        section: which one.
        executed: its executed notebook.
        public: name as notebooks write it → name in the reference.

    Attributes:
        section: which one.
        title, slides: as its first cell has them.
        parts: its parts, in their order.
        exercises: number → where it stands.
        boxes: remarks on slides, each with the part in which it stands.
        films: name → the text of a recorded run.
        notebook: to be typeset: without films, with labels.
    """

    def __init__(self, section: Section, executed: Path, public: Mapping[str, str]) -> None:
        self.section = section
        self.notebook: NotebookNode = copy.deepcopy(nbformat.read(executed, as_version=4))
        short_path.without_notes(self.notebook)
        python = {"name": "python", "pygments_lexer": "ipython3"}
        self.notebook.metadata = nbformat.from_dict({"language_info": python})
        first = self.notebook.cells[0].source
        self.title = _found(_TITLE, first) or section.stem
        self.slides = " ".join(_found(_SLIDES, first).split())
        self.parts: list[Place] = []
        self.exercises: dict[str, Place] = {}
        self.boxes: list[tuple[Place, Place]] = []
        self.films = take_films(self.notebook, section.stem)
        self._public = public
        self._label_exercises()
        self._walk()

    # ------------------------------------------------------------------------ places and uses

    def _label_exercises(self) -> None:
        titles = {each.number: each.title for each in catalogue(self.section.stem)}
        for place, cell in enumerate(self.notebook.cells):
            for number in _CHECK.findall(cell.source if cell.cell_type == "code" else ""):
                if number not in self.exercises and number in titles:
                    label = f"exercise-{number.replace('.', '-')}"
                    self._label_before(place, number, label)
                    self.exercises[number] = Place(label, titles[number])

    def _label_before(self, place: int, number: str, label: str) -> None:
        """At the words that begin an exercise, in the nearest cell that names it."""
        begins = re.compile(rf"^(?:#+ |\*\*).*?\b{re.escape(number)}\b", re.MULTILINE)
        cells = [c for c in self.notebook.cells[:place][::-1] if c.cell_type == "markdown"]
        cell = next((c for c in cells if begins.search(c.source)), cells[0])
        found = begins.search(cell.source)
        at = found.start() if found else 0
        cell.source = f"{cell.source[:at]}({label})=\n{cell.source[at:]}"

    def _walk(self) -> None:
        self.notebook.cells[0].source = f"({self.label})=\n{self.notebook.cells[0].source}"
        self._imported: dict[str, str] = {}
        for cell in self.notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = _HEADING.sub(self._part, cell.source)
                cell.source = _ON_THE_SLIDE.sub(self._box, cell.source)
            elif cell.cell_type == "code":
                self._note_uses(cell.source)

    @property
    def label(self) -> str:
        """By which the whole chapter is linked to."""
        return f"lecture-{self.section.stem.replace('_', '-')}"

    def _part(self, found: re.Match[str]) -> str:
        label = f"{self.label}-part-{len(self.parts) + 1}"
        self.parts.append(Place(label, found[1]))
        return f"({label})=\n{found[0]}"

    def _box(self, found: re.Match[str]) -> str:
        label = f"{self.label}-slide-{len(self.boxes) + 1}"
        if self.parts:
            title = _LINK.sub(r"\1", found[1]).strip(" .:")
            self.boxes.append((Place(label, title), self.parts[-1]))
            return f"({label})=\n{found[0]}"
        return found[0]

    def _note_uses(self, code: str) -> None:
        for module, names in _IMPORT.findall(code):
            for name in filter(None, (part.strip() for part in names.split(","))):
                old, _, new = name.partition(" as ")
                self._imported[new or old] = f"{module}.{old}"
        if not self.parts:
            return
        uses = self.parts[-1].uses
        for written in re.findall(r"(?<![\w.\"'])[A-Za-z_]\w*(?:\.\w+)*", code):
            for name in self._candidates(written):
                if name in self._public and self._public[name] not in uses:
                    uses.append(self._public[name])

    def _candidates(self, written: str) -> Iterator[str]:
        head, *rest = written.split(".")
        whole = ".".join([self._imported.get(head, head), *rest])
        parts = whole.split(".")
        yield from (".".join(parts[:n]) for n in range(len(parts), 1, -1))


def take_films(notebook: NotebookNode, stem: str) -> dict[str, str]:
    """Take the recorded runs out of a notebook's outputs, and leave a place for each.

    Empty outputs go, too.

    Returns:
        Name → the text of a recorded run.
    """
    films: dict[str, str] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            shown = [output for output in cell.outputs if not _is_empty(output)]
            cell.outputs = [_placed(output, stem, films) for output in shown]
    return films


def _placed(output: NotebookNode, stem: str, films: dict[str, str]) -> NotebookNode:
    data = output.get("data", {})
    if FILM not in data:
        return output
    name = f"{stem}-{len(films) + 1}"
    films[name] = data[FILM]
    words = html.escape(data["text/plain"].splitlines()[0], quote=True)
    place = f'<div class="lecturekit-film" data-film="{name}" aria-label="{words}">'
    shown = {"text/html": f"{place}{data['text/html']}</div>", "text/plain": data["text/plain"]}
    return nbformat.v4.new_output("display_data", shown)


def _is_empty(output: NotebookNode) -> bool:
    """What a panel leaves behind where there is no kernel."""
    data = output.get("data", {})
    if FILM in data:
        return False
    return "application/vnd.jupyter.widget-view+json" in data or data.get("text/html") == ""


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""

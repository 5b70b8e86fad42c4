"""The start page of a working copy: the lectures with pictures, and how to go on from there.

What it says about a lecture stands elsewhere already, and is read from there: number, title and
outcome in the README's table, how long it takes in the notebook's first cell.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple

from lecturekit.cli import notebooks
from lecturekit.files import replacing

NAME = "Start here.md"
PICTURES = "pictures"
GLOSSARY = "glossary.md"

_ROW = re.compile(  # number, title, notebook, outcome; a picture may follow
    r"^\| *(\d+) *\| *\[(.+?)\]\(notebooks/(\S+?)\) *\| *(.+?) *\|(?: *<img [^|]*\|)?$",
    re.MULTILINE,
)
_TIME = re.compile(r"\*\*Time:\*\* *(.+?)\.?(?:\n\n|\Z)", re.DOTALL)
_SEAL = re.compile(r"\n<!-- as handed out: (\w+) -->\n\Z")

PAGE = """\
# Generative models, selected topics

Lectures in which models train while you watch. **Click one to open it**, then run its cells
from top to bottom with **Shift-Enter**. All of it runs on this machine, offline.

| | |
|:--|:--|
{rows}

## Students

- **A live run trains while you read.** Drag its sliders: the next update uses them. A cell that
  begins with `await ….finish()` trains what is left and leaves a still picture.
- **Exercises check themselves.** Write your answer in place of `...` and run the cell. Stuck?
  `exercises.hint("1.1")` gives one hint more each time, `exercises.solution("1.1")` the whole way.
- **This folder is your own copy.** Change what you like. After an update of the lectures, the next
  start refreshes what you have not changed; what you have is kept, with the new version beside it.

## Lecturers

- **In a hall:** `lecturekit lab --hall rbm` shows a lecture as slides, with live runs.
- **Full screen:** a live panel's full-screen button fills the projector with it; so does the key
  `f`, once you have clicked on the panel.
- **Profiles:** a lecture's first code cell has `profile = "auto"`, which is `"gpu"` where there is
  CUDA, else `"cpu"`. `"smoke"` takes seconds, to see that everything works.

In a terminal (*File → New → Terminal*), or in a cell after `!`:

- `lecturekit doctor` looks at this installation and says what to do about each problem.
- `lecturekit fetch` downloads MNIST, once (11 MB). The lectures use it from then on, and do without
  it until then.
- `lecturekit copy FOLDER` makes or refreshes another copy, `lecturekit lab FOLDER` opens it.
"""


class Lecture(NamedTuple):
    """What the start page says about a lecture.

    Attributes:
        number: its place in the course.
        title: in a few words.
        outcome: what one will be able to do, as the end of the sentence "You will be able to …".
        time: how long it takes, as far as its notebook says so.
        notebook: its source.
        picture: what it shows.
    """

    number: str
    title: str
    outcome: str
    time: str
    notebook: Path
    picture: Path


def lectures() -> list[Lecture]:
    """The lectures of the README's table, in its order.

    Raises:
        OSError: the installation lacks the README, a notebook that it names, or a picture.
    """
    shared = notebooks.shared_folder()
    readme = (shared / "README.md").read_text(encoding="utf-8")
    return [
        Lecture(
            number,
            title,
            outcome,
            _time(shared / "notebooks" / name),
            shared / "notebooks" / name,
            shared / "docs" / "start" / f"{Path(name).stem}.png",
        )
        for number, title, name, outcome in table(readme)
    ]


def table(readme: str) -> list[tuple[str, str, str, str]]:
    """The rows of the README's lectures: number, title, notebook's file, outcome."""
    return _ROW.findall(readme)


def hand_out(folder: Path, template: str = PAGE) -> list[tuple[Path, str]]:
    """Put the start page, its pictures and the glossary into `folder`, but for what was changed.

    Args:
        folder: made if need be.
        template: Markdown, in which `{rows}` stands for a table with a row for each lecture, and
            `{tiles}` for one with three of them in a row, in few words.

    Returns:
        Each page, and what was done about it.

    Raises:
        OSError: see `lectures`; or the folder cannot be written to.
    """
    listed = lectures()
    for lecture in listed:
        with replacing(folder / PICTURES / lecture.picture.name) as new:
            new.write_bytes(lecture.picture.read_bytes())
    return [
        _hand_out(folder / NAME, template.format(rows=_rows(listed), tiles=_tiles(listed))),
        _hand_out(folder / GLOSSARY, glossary()),
    ]


def glossary() -> str:
    """Words and notation, to which the notebooks link."""
    return (notebooks.shared_folder() / "notebooks" / GLOSSARY).read_text(encoding="utf-8")


def _hand_out(page: Path, text: str) -> tuple[Path, str]:
    newest = _sealed(text)
    there = page.read_text(encoding="utf-8") if page.exists() else None
    if there == newest:
        return page, "up to date"
    if there is not None and not _is_sealed(there):
        return page, "kept, with your changes"
    with replacing(page) as new:
        new.write_text(newest, encoding="utf-8", newline="\n")
    return page, "new" if there is None else "refreshed; you had changed nothing"


def _rows(listed: list[Lecture]) -> str:
    return "\n".join(map(_row, listed))


def _row(lecture: Lecture) -> str:
    time = f"<br>*Time: {lecture.time}.*" if lecture.time else ""
    return (
        f"| {_picture(lecture, width=216)} | {_link(lecture)}<br>"
        f"You will be able to {lecture.outcome}.{time} |"
    )


def _tiles(listed: list[Lecture]) -> str:
    tiles = [f"{_picture(lecture, width=300)}<br>{_link(lecture)}" for lecture in listed]
    rows = [f"| {' | '.join(tiles[k : k + 3])} |" for k in range(0, len(tiles), 3)]
    return "\n".join([rows[0], "|:--|:--|:--|", *rows[1:]])


def _link(lecture: Lecture) -> str:
    return f"**[{lecture.number} · {lecture.title}]({lecture.notebook.name})**"


def _picture(lecture: Lecture, width: int) -> str:
    image = f'<img src="{PICTURES}/{lecture.picture.name}" alt="{lecture.title}" width="{width}">'
    return f'<a href="{lecture.notebook.name}">{image}</a>'


def _time(notebook: Path) -> str:
    first = json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]
    found = _TIME.search("".join(first["source"]))
    return " ".join(found[1].split()) if found else ""


def _sealed(text: str) -> str:
    """The text with its own digest at the end, which tells later whether it was changed."""
    return f"{text}\n<!-- as handed out: {_digest(text)} -->\n"


def _is_sealed(text: str) -> bool:
    seal = _SEAL.search(text)
    return seal is not None and _digest(text[: seal.start()]) == seal[1]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]

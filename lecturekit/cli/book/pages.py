"""The pages that lead to chapters: the first one, from slides, to exercises, to the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lecturekit._version import __version__
from lecturekit.cli import start_page
from lecturekit.cli.book import reference
from lecturekit.cli.book.lecture import Chapter

_INDEX = """\
# {title}

Lectures on classic generative models in which each derivation is checked by a cell, and models
train while you watch. Here the runs are **recorded**: play them, go through training with the
slider above a picture, and where a list stands beside it, switch to another setting. With the
notebooks on your own machine they are live, sliders act on the next update, and the exercises check
your answers.

{cards}

```{{toctree}}
:hidden:
:caption: Lectures

{lectures}
```

```{{toctree}}
:hidden:
:caption: Ways in

slides
exercises
lectures/glossary
reference/index
```

*lecturekit {version}*
"""


def pages(chapters: Sequence[Chapter], title: str) -> dict[str, str]:
    """File name → Markdown of each."""
    written = {
        "index.md": _index(chapters, title),
        "slides.md": _slides(chapters),
        "exercises.md": _exercises(chapters),
        f"lectures/{start_page.GLOSSARY}": start_page.glossary(),  # beside what links to it
        "reference/index.md": _reference(),
    }
    for rooms in reference.rooms().values():
        written |= {f"reference/{room}.md": reference.page(room) for room in rooms}
    return written


def used(chapters: Sequence[Chapter]) -> Mapping[str, str]:
    """Name in the package → links to the parts of lectures whose cells use it."""
    found: dict[str, list[str]] = {}
    for chapter in chapters:
        for part in chapter.parts:
            for name in part.uses:
                number = part.title.split(" ", 1)[0]
                spoken = (
                    number if number[0].isdigit() else f"{chapter.section.number}, {part.title}"
                )
                found.setdefault(name, []).append(f":ref:`{spoken} <{part.label}>`")
    return {name: " · ".join(places) for name, places in found.items()}


def _index(chapters: Sequence[Chapter], title: str) -> str:
    there = {chapter.section.notebook: chapter for chapter in chapters}
    lectures = [each for each in start_page.lectures() if each.notebook.name in there]
    return _INDEX.format(
        title=title,
        version=__version__,
        cards="\n\n".join(_card(each, there[each.notebook.name]) for each in lectures),
        lectures="\n".join(f"lectures/{each.notebook.stem}" for each in lectures),
    )


def _card(lecture: start_page.Lecture, chapter: Chapter) -> str:
    time = f" *Time: {lecture.time}.*" if lecture.time else ""
    return (
        f"## [{lecture.number} · {lecture.title}](#{chapter.label})\n\n"
        f"![{lecture.title}](pictures/{lecture.picture.name}){{.card}}\n\n"
        f"You will be able to {lecture.outcome}.{time}"
    )


def _slides(chapters: Sequence[Chapter]) -> str:
    text = (
        "# From a slide to its section\n\nWhere each of the lecture's slides is derived and "
        "checked, and where what is printed on one cannot stand.\n"
    )
    for chapter in chapters:
        derived = [part for part in chapter.parts if part.title[0].isdigit()]
        parts = "\n".join(f"- [{part.title}](#{part.label})" for part in derived)
        boxes = "\n".join(
            f"- [{box.title}](#{box.label}), in {part.title}" for box, part in chapter.boxes
        )
        text += f"\n(slides-{_room(chapter)})=\n## {chapter.title}\n\n"
        text += f"**Slides:** {chapter.slides}\n\n{parts}\n"
        text += f"\nRemarks on what is printed:\n\n{boxes}\n" if boxes else ""
    return text


def _exercises(chapters: Sequence[Chapter]) -> str:
    text = (
        "# Exercises\n\nIn the notebooks each of them checks your answer, says what you "
        "misunderstood, and has hints and a solution with its derivation.\n"
    )
    for chapter in chapters:
        rows = "\n".join(
            f"- [{number} · {place.title}](#{place.label})"
            for number, place in sorted(chapter.exercises.items())
        )
        text += f"\n(exercises-{_room(chapter)})=\n## {chapter.title}\n\n{rows}\n"
    return text


def _reference() -> str:
    text = "# Reference\n\nWhat the notebooks call, with formulas, shapes and sources.\n"
    for part, rooms in reference.rooms().items():
        text += f"\n## {part}\n\n```{{toctree}}\n:maxdepth: 1\n\n" + "\n".join(rooms) + "\n```\n"
    return text


def _room(chapter: Chapter) -> str:
    return reference.label(chapter.section.stem)

"""The folder of decks: a page for each lecture, the first page, and what they load.

reveal.js comes from sphinx-revealjs, which carries it; nothing is fetched.
"""

from __future__ import annotations

import html
import importlib.resources
import shutil
from collections.abc import Mapping
from pathlib import Path
from string import Template

import nbformat

from lecturekit.cli import start_page
from lecturekit.cli.book import links, scripts
from lecturekit.cli.book.lecture import take_films
from lecturekit.cli.decks import page

TITLE = "Generative models, selected topics"
REVEAL = ("LICENSE", "dist/reveal.js", "dist/reveal.css", "plugin/notes/notes.js")
_HERE = Path(__file__).parent

_FIRST = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="lecturekit.css">
<body class="decks">
<h1>{title}</h1>
<ul>
{cards}
</ul>
<p>Space goes on, S opens the speaker's notes, F fills the screen. A run is recorded: Enter
plays it, its slider goes through training.</p>
</body>
</html>
"""
_CARD = (
    '<li><a href="{name}.html"><img src="pictures/{name}.png" alt="">{number} · {title}</a></li>'
)


def build(executed: Mapping[str, Path], output: Path) -> list[str]:
    """Write the decks of these notebooks.

    The same notebooks give the same bytes.

    Args:
        executed: a section's stem → its executed notebook, with recorded runs.
        output: replaced, if decks are there.

    Returns:
        What is wrong with them, a line each: links to nowhere.

    Raises:
        ValueError: something else is there, or a formula cannot be set.
    """
    _check_free(output)
    template = Template((_HERE / "deck.html").read_text(encoding="utf-8"))
    lectures = {each.notebook.stem[3:]: each for each in start_page.lectures()}
    pages: dict[start_page.Lecture, str] = {}
    films: dict[str, str] = {}
    for stem, path in executed.items():
        notebook = nbformat.read(path, as_version=4)
        page.put_stills(notebook)
        taken = take_films(notebook, stem)
        written = page.slides(notebook)
        films |= {name: film for name, film in taken.items() if f'"{name}"' in written}
        title = html.escape(lectures[stem].title)
        pages[lectures[stem]] = template.substitute(title=title, slides=written)
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    _put_what_they_load(output, films)
    (output / "pictures").mkdir()
    for lecture, text in pages.items():
        shutil.copy(lecture.picture, output / "pictures" / f"{lecture.notebook.stem}.png")
        _put(output / f"{lecture.notebook.stem}.html", text)
    cards = "\n".join(
        _CARD.format(name=each.notebook.stem, number=each.number, title=html.escape(each.title))
        for each in pages
    )
    _put(output / "index.html", _FIRST.format(title=TITLE, cards=cards))
    return links.broken(output)


def _check_free(output: Path) -> None:
    """Nothing that is not a folder of decks is replaced by one."""
    empty = not output.exists() or (output.is_dir() and not any(output.iterdir()))
    if not empty and not (output / "revealjs" / "reveal.js").exists():
        raise ValueError(f"{output} is there and has no decks in it; name a new folder")


def _put_what_they_load(output: Path, films: Mapping[str, str]) -> None:
    style = (_HERE / "deck.css").read_text(encoding="utf-8")
    scripts.write(output, [films], f"{style}\n{page.code_style()}")
    carried = importlib.resources.files("sphinx_revealjs") / "_static" / "revealjs"
    (output / "revealjs").mkdir()
    for name in REVEAL:
        (output / "revealjs" / Path(name).name).write_bytes((carried / name).read_bytes())


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")

"""A lecture's slides in HTML, as reveal.js shows them; the notes stand in its speaker view."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbformat import NotebookNode
from nbformat.v4 import new_output
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from lecturekit.cli import short_path, slide_room
from lecturekit.cli.book.formulas import mathml
from lecturekit.cli.book.lecture import anchor
from lecturekit.cli.short_path import Slide
from lecturekit.live.recorder import FILM

_HEADING = re.compile(r"<h(\d)>(.*?)</h\1>")
_LINK = re.compile(r'<a href="(?!https?:)([^"]*)">(.*?)</a>', re.DOTALL)
_PLAYED = re.compile(r"^(\w+) = live\.play\(", re.MULTILINE)
_AWAITED = re.compile(r"^await (\w+)\.finish\(", re.MULTILINE)
_TAG = re.compile(r"<[^>]*>")
_FORMATTER = HtmlFormatter(nowrap=True, style="default")


def slides(notebook: NotebookNode) -> str:
    """All of them: a section's slides below each other, as reveal.js has it.

    Raises:
        ValueError: a formula cannot be set; the message has it.
    """
    sections: list[list[str]] = []
    for slide in short_path.slides(notebook):
        if slide.opens_section:
            sections.append([])
        sections[-1].append(_slide(slide))
    written = "\n".join("<section>\n" + "\n".join(each) + "\n</section>" for each in sections)
    places = set(re.findall(r' id="([^"]*)"', written))
    return _LINK.sub(lambda found: found[0] if _leads(found[1], places) else found[2], written)


def put_stills(notebook: NotebookNode) -> None:
    """Where a cell waits for the end of a run, show that end; the recorder has it at the run."""
    stills: dict[str, str] = {}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        recorded = [output.data for output in cell.outputs if FILM in output.get("data", {})]
        for data, name in zip(recorded, _PLAYED.findall(cell.source), strict=False):
            stills[name] = data["text/html"]
        ends = [stills[name] for name in _AWAITED.findall(cell.source) if name in stills]
        shown = [new_output("display_data", {"text/html": still}) for still in ends]
        cell.outputs = [*shown, *cell.outputs]


def code_style() -> str:
    """The colours of code, as CSS."""
    return str(_FORMATTER.get_style_defs("pre.code"))


def _leads(link: str, places: set[str]) -> bool:
    """Whether what it leads to is on a slide."""
    return link.startswith("#") and html.escape(unquote(link[1:])) in places


def _slide(slide: Slide) -> str:
    cells = "\n".join(filter(None, map(_cell, slide.cells)))
    notes = "\n".join(_markdown(short_path.source(cell)) for cell in slide.notes)
    aside = f'\n<aside class="notes">{notes}</aside>' if notes else ""
    room = f"--picture: {slide_room.height(slide)}vh"
    return f'<section style="{room}">\n{cells}{aside}\n</section>'


def _cell(cell: Any) -> str:
    inner = "\n".join(_parts(cell))
    later = " fragment" if short_path.kind(cell) == "fragment" else ""
    return f'<div class="cell{later}">\n{inner}\n</div>' if inner else ""


def _parts(cell: Any) -> Iterator[str]:
    if cell["cell_type"] == "markdown":
        yield _markdown(short_path.source(cell))
        return
    code = f'<pre class="code">{_highlighted(short_path.source(cell))}</pre>'
    folded = short_path.is_folded(cell)
    yield f'<details class="folded"><summary>code</summary>{code}</details>' if folded else code
    for output in cell["outputs"]:
        yield _output(output)


def _highlighted(source: str) -> str:
    return str(highlight(source, PythonLexer(), _FORMATTER)).rstrip("\n")


def _output(output: Any) -> str:
    if output["output_type"] == "stream":
        return f"<pre>{html.escape(short_path.joined(output['text']).rstrip())}</pre>"
    data = output.get("data", {})
    if "text/html" in data:
        return short_path.joined(data["text/html"])
    if "text/markdown" in data:
        return _markdown(short_path.joined(data["text/markdown"]))
    if "image/png" in data:
        return f'<img alt="" src="data:image/png;base64,{data["image/png"].strip()}">'
    return f"<pre>{html.escape(short_path.joined(data.get('text/plain', '')))}</pre>"


def _markdown(source: str) -> str:
    return _HEADING.sub(_with_place, str(_READER.render(source)))


def _with_place(found: re.Match[str]) -> str:
    """A heading that is linked to as in the notebook."""
    place = anchor(_TAG.sub("", found[2]))
    return f'<h{found[1]} id="{place}">{found[2]}</h{found[1]}>'


def _formula(tex: str, how: dict[str, Any]) -> str:
    if how["display_mode"]:
        return f'<div class="math">{mathml(tex, block=True)}</div>'
    return mathml(tex, block=False)


_READER = (
    MarkdownIt("commonmark")
    .enable("table")
    .use(dollarmath_plugin, renderer=_formula, allow_labels=False, double_inline=True)
)

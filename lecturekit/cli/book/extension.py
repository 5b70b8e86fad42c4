"""What Sphinx is taught for the book: formulas as MathML, docstrings as they are written here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from lecturekit.cli.book.formulas import mathml

_CODE = re.compile(r"(``?[^`]+``?)")
_INDEX = re.compile(
    r"(?<=[^\s`({\[])(?P<sign>[_^])(?:\{(?P<many>[^{}]+)\}|(?P<one>[^\W_]|[*+−])(?!\w))"
)
_ROW = re.compile(r"^\w+ {2,}\S")
_ARGUMENT = re.compile(r"^ {4,}(?:\*{0,2}\w+(?:, )?)+:")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("autodoc-process-docstring", _as_rest, priority=400)  # before napoleon
    app.add_config_value("lecturekit_used", {}, "env")  # name → links to the sections that use it
    app.add_config_value("lecturekit_public", {}, "env")  # ways to write a name → the whole of it
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext(), block=False))
    raise nodes.SkipNode


def _block(translator: HTML5Translator, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="math">{mathml(node.astext(), block=True)}</div>')
    raise nodes.SkipNode


def _as_rest(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Docstrings are plain text with formulas in Unicode; Sphinx reads reStructuredText."""
    used: Mapping[str, str] = app.config.lecturekit_used
    public: Mapping[str, str] = app.config.lecturekit_public
    doctest, table = False, _table(lines) if what == "module" else set()
    for place, line in enumerate(lines):
        doctest = line.lstrip().startswith((">>>", "...")) or (doctest and bool(line.strip()))
        if place in table:
            name_of_part, _, about = line.partition(" ")
            lines[place] = f":{name_of_part}: {marked_up(about.strip(), public)}"
        elif not doctest:
            lines[place] = marked_up(line, public)
    if name in used:
        lines += ["", f"*In the lecture:* {used[name]}", ""]


def _table(lines: list[str]) -> set[int]:
    """The lines of a module's list of parts: names, and set off what they are."""
    rows = {place for place, line in enumerate(lines) if _ROW.match(line)}
    bare = {place for place, line in enumerate(lines) if re.fullmatch(r"\w+", line)}
    return rows | {place for place in bare if rows & {place - 1, place + 1}}


def marked_up(line: str, public: Mapping[str, str] | None = None) -> str:
    """A line of a docstring with its indices and exponents, its links, and no accidental markup.

    Args:
        line: as it is written.
        public: name → the name under which the reference has it.

    Example:
        >>> marked_up("P_θ(x) of `model`")
        'P\\\\ :sub:`θ`\\\\ (x) of ``model``'
    """
    named = _ARGUMENT.match(line)
    start = named.end() if named else 0
    arguments = re.sub(r"(?<=, )(\*+)", lambda stars: "\\*" * len(stars[1]), line[:start])
    parts = _CODE.split(line[start:])
    return arguments + "".join(
        _code(part.strip("`"), public or {}) if place % 2 else _formulas(part)
        for place, part in enumerate(parts)
    )


def _code(written: str, public: Mapping[str, str]) -> str:
    if written in public:
        return f":py:obj:`{written} <{public[written]}>`"
    return f"``{written}``"


def _formulas(text: str) -> str:
    marked, at = "", 0
    for found in _INDEX.finditer(text):
        role = "sub" if found["sign"] == "_" else "sup"
        marked += (
            f"{_escaped(text[at : found.start()])}\\ :{role}:`{found['many'] or found['one']}`\\ "
        )
        at = found.end()
    return marked + _escaped(text[at:])


def _escaped(text: str) -> str:
    return re.sub(r"([*|\\]|(?<=\w)_(?!\w))", r"\\\1", text)

"""The book: chapters, what leads from slides to them, exercises and reference, set by Sphinx."""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from lecturekit.cli import start_page
from lecturekit.cli.book import links, pages, reference, scripts
from lecturekit.cli.book.lecture import Chapter
from lecturekit.sections import SECTIONS

TITLE = "Generative models, selected topics"
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
CONFIGURATION: dict[str, Any] = {
    "project": TITLE,
    "html_title": TITLE,
    "html_theme": "furo",
    "extensions": [
        "myst_nb",
        "sphinx.ext.autodoc",
        "sphinx.ext.napoleon",
        "lecturekit.cli.book.extension",
    ],
    "html_math_renderer": "mathml",
    "html_static_path": ["_static"],
    "html_css_files": ["lecturekit.css"],
    "html_js_files": ["lecturekit.js"],
    "html_copy_source": False,
    "html_show_sourcelink": False,
    "html_show_copyright": False,
    "html_show_sphinx": False,
    "html_show_search_summary": False,  # it fetches pages, which a browser refuses in a folder
    "nb_execution_mode": "off",
    "nb_merge_streams": True,
    "nb_render_markdown_format": "myst",
    "myst_enable_extensions": ["dollarmath", "amsmath", "attrs_inline"],
    "myst_heading_anchors": 3,
    "myst_heading_slug_func": "lecturekit.cli.book.lecture.anchor",
    "myst_links_external_new_tab": False,
    "autodoc_member_order": "bysource",
    "autodoc_typehints": "none",
    "autodoc_preserve_defaults": True,
    "napoleon_attr_annotations": False,
    "napoleon_use_ivar": True,
    "add_module_names": False,
    "python_use_unqualified_type_names": True,
    "toc_object_entries": False,
    "suppress_warnings": ["myst.header", "mystnb.unknown_mime_type", "ref.python"],
}


def build(executed: Mapping[str, Path], output: Path) -> list[str]:
    """Write the book of these notebooks.

    The same notebooks give the same bytes.

    Args:
        executed: a section's stem → its executed notebook.
        output: replaced, if a book is there.

    Returns:
        What is wrong with it, a line each: links to nowhere, what Sphinx did not understand.

    Raises:
        ValueError: something else is there, or a formula cannot be set.
    """
    _check_free(output)
    public = reference.public()
    chapters = [Chapter(s, executed[s.stem], public) for s in SECTIONS if s.stem in executed]
    with tempfile.TemporaryDirectory(prefix="lecturekit-site-") as folder:
        sources = Path(folder) / "book"
        _write(sources, pages.pages(chapters, TITLE))
        for chapter in chapters:
            _put_chapter(chapter, sources)
        _put_pictures(sources / "pictures")
        style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
        scripts.write(sources / "_static", [chapter.films for chapter in chapters], style)
        built = Path(folder) / "built"
        told = {"lecturekit_used": pages.used(chapters), "lecturekit_public": public}
        warnings = _typeset(sources, built, told)
        shutil.rmtree(output, ignore_errors=True)
        shutil.copytree(built, output, ignore=shutil.ignore_patterns(".buildinfo", "_sources"))
    return [*warnings, *links.broken(output)]


def _check_free(output: Path) -> None:
    """Nothing that is not a book is replaced by one."""
    empty = not output.exists() or (output.is_dir() and not any(output.iterdir()))
    if not empty and not (output / "_static" / "lecturekit.js").exists():
        raise ValueError(f"{output} is there and has no book in it; name a new folder")


def _typeset(sources: Path, built: Path, settings: Mapping[str, Any]) -> list[str]:
    warnings = io.StringIO()
    with patch_docutils(), docutils_namespace():
        sphinx = Sphinx(
            sources,
            None,
            built,
            sources.parent / "doctrees",
            "html",
            {**CONFIGURATION, **settings},
            status=None,
            warning=warnings,
        )
        sphinx.build(force_all=True)
    lines = _COLOUR.sub("", warnings.getvalue()).splitlines()
    return [line.replace(f"{sources}/", "") for line in lines if line.strip()]


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        page = folder / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")


def _put_chapter(chapter: Chapter, sources: Path) -> None:
    """Under its title the way to what belongs to it."""
    room = reference.label(chapter.section.stem)
    ways = ((name, f"#{name.lower()}-{room}") for name in ("Slides", "Exercises", "Reference"))
    notebook = chapter.notebook
    heading, rest = notebook.cells[0].source.split("\n\n", 1)
    row = " · ".join(f"[{name}]({goal})" for name, goal in ways)
    notebook.cells[0].source = f"{heading}\n\n{row}\n\n{rest}"
    nbformat.write(notebook, sources / "lectures" / chapter.section.notebook)


def _put_pictures(folder: Path) -> None:
    folder.mkdir()
    for lecture in start_page.lectures():
        shutil.copy(lecture.picture, folder / lecture.picture.name)

"""What a page of the book or of a deck loads: one script, one style, and the films of its runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from lecturekit.live.panel import PanelWidget, module

_HERE = Path(__file__).parent


def write(folder: Path, films: Iterable[Mapping[str, str]], style: str) -> None:
    """Write them into the folder from which pages load.

    Args:
        folder: made if need be.
        films: name → text, of each lecture.
        style: CSS of the pages' own.
    """
    (folder / "films").mkdir(parents=True, exist_ok=True)
    code = json.dumps(f"{module()}\n{_text('player.js')}", ensure_ascii=False)
    _put(folder / "lecturekit.js", f"const MODULE = {code};\n{_text('page.js')}")
    _put(folder / "lecturekit.css", f"{PanelWidget._css}\n{_text('formulas.css')}\n{style}")
    for name, film in ((name, film) for each in films for name, film in each.items()):
        _put(
            folder / "films" / f"{name}.js",
            f"lecturekitFilm({json.dumps(name)}, {json.dumps(film)});\n",
        )


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")

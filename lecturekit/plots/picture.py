"""What every picture can do: show itself under its title, and be shown beside others."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from lecturekit.door import NOT_EMPTY, In, door, refuse
from lecturekit.plots import words as text

WIDTH, BESIDE = 540, 420  # page pixels of a picture alone, and of one in a row
Width: TypeAlias = Annotated[int, In(1, 20_000)]
SHRINK = 0.75  # how far a picture may shrink to stand beside another
_FIGURE = (
    '<figure style="margin:0;flex:1 1 {least}px;max-width:{width}px">'
    '<figcaption style="font-size:1.1em;font-weight:600;margin:0 0 4px">{title}</figcaption>'
    '<img src="data:image/png;base64,{data}" alt="{alt}" width="{width}" '
    'style="width:100%;height:auto;border-radius:4px"></figure>'
)
_ROW = '<div style="display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start">{figures}</div>'


@door
class Picture:
    """A picture as data; a still is drawn of it when a notebook shows it as a cell's value."""

    title: str
    words: str

    @property
    def alt(self) -> str:
        """The text alternative: what is to be seen, in words."""
        from lecturekit.plots.describe import describe  # which knows all kinds of pictures

        return self.words or describe(self)

    def still(self, width: Width = WIDTH, kind: Literal["png", "svg"] = "png") -> bytes:
        """PNG (or "svg"), `width` page pixels wide and sharp on any screen."""
        from lecturekit.plots.still import draw  # matplotlib's pen, needed for stills alone

        return draw(self, width, kind)

    def save(self, path: str | Path, width: Width = WIDTH) -> None:
        """Write a PNG, or an SVG if the name says so."""
        path = Path(path)
        if path.is_dir() or not path.parent.is_dir():
            refuse("path", "to be a file in a folder that is there", f"{str(path)!r}")
        if path.suffix not in ("", ".png", ".svg"):
            refuse("path", "to end in .png or .svg", f"{str(path)!r}")
        path.write_bytes(self.still(width, "svg" if path.suffix == ".svg" else "png"))

    def html(self, width: Width = WIDTH) -> str:
        """A still as an HTML figure that needs no other file."""
        return _FIGURE.format(
            title=text.as_html(self.title),
            alt=html.escape(self.alt, quote=True),
            data=base64.b64encode(self.still(width)).decode(),
            width=width,
            least=round(SHRINK * width),
        )

    def __repr__(self) -> str:
        return f"{text.as_plain(self.title)} [picture: {self.alt}]"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": repr(self)}


@door
@dataclass(frozen=True)
class Panels:
    """Pictures beside each other, in a row that wraps where the page is narrow."""

    pictures: tuple[Picture, ...]
    note: str = ""

    def html(self) -> str:
        """The row as HTML that needs no other file, with the note under it."""
        width = BESIDE if len(self.pictures) > 1 else WIDTH
        row = _ROW.format(figures="".join(picture.html(width) for picture in self.pictures))
        return row + (f"<p>{html.escape(self.note)}</p>" if self.note else "")

    def __repr__(self) -> str:
        return "\n".join([*map(repr, self.pictures), *([self.note] if self.note else [])])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": repr(self)}


@door
def panels(pictures: Annotated[Sequence[Picture], NOT_EMPTY], note: str = "") -> Panels:
    """Several pictures beside each other, with a line of text under them."""
    return Panels(tuple(pictures), note)

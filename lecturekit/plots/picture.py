"""A finished picture with its title and text alternative, and several of them beside each other."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHRINK = 0.75  # how far a picture may shrink to stand beside another
_FIGURE = (
    '<figure style="margin:0;flex:1 1 {least}px;max-width:{width}px">'
    '<figcaption style="font-size:1.1em;font-weight:600;margin:0 0 4px">{title}</figcaption>'
    '<img src="data:image/png;base64,{data}" alt="{alt}" width="{width}" '
    'style="width:100%;height:auto;border-radius:4px"></figure>'
)
_ROW = '<div style="display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start">{figures}</div>'


@dataclass(frozen=True)
class Picture:
    """A PNG that Jupyter shows under its title and a screen reader reads as its text alternative.

    Attributes:
        title: shown above the picture, in the colour of the page.
        alt: what is to be seen, in words.
        png: the picture.
        width: in page pixels; the PNG may have more.
    """

    title: str
    alt: str
    png: bytes
    width: int

    def save(self, path: str | Path) -> None:
        """Write the PNG."""
        Path(path).write_bytes(self.png)

    def html(self) -> str:
        """The picture as an HTML figure that needs no other file."""
        return _FIGURE.format(
            title=html.escape(self.title),
            alt=html.escape(self.alt, quote=True),
            data=base64.b64encode(self.png).decode(),
            width=self.width,
            least=round(SHRINK * self.width),
        )

    def __repr__(self) -> str:
        return f"{self.title} [picture: {self.alt}]"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": repr(self)}


@dataclass(frozen=True)
class Panels:
    """Pictures beside each other, in a row that wraps where the page is narrow."""

    pictures: tuple[Picture, ...]
    note: str = ""

    def html(self) -> str:
        """The row as HTML that needs no other file, with the note under it."""
        row = _ROW.format(figures="".join(picture.html() for picture in self.pictures))
        return row + (f"<p>{html.escape(self.note)}</p>" if self.note else "")

    def __repr__(self) -> str:
        return "\n".join([*map(repr, self.pictures), *([self.note] if self.note else [])])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": repr(self)}


def panels(pictures: Sequence[Picture], note: str = "") -> Panels:
    """Several pictures beside each other, with a line of text under them."""
    return Panels(tuple(pictures), note)

"""A picture on its way to the page: a description in words, and its numbers as bytes.

The description is the same from frame to frame as long as only numbers change, and then is not
sent again.
"""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

import numpy as np

from lecturekit.plots.marks import Axis, Field, Images, Mark, Plot, Rule, Words
from lecturekit.plots.picture import Picture
from lecturekit.plots.scales import Steady, number
from lecturekit.plots.words import pieces


class Encoded(NamedTuple):
    """What `draw.js` draws.

    Attributes:
        what: the description, JSON.
        how: what goes with these very numbers, JSON: axes, and where each array lies in `data`.
        data: all arrays one after the other, float32 or uint8, each at a multiple of four bytes.
    """

    what: str
    how: str
    data: bytes


def encode(picture: Picture, axes: Steady | None = None) -> Encoded:
    """The picture for the page; `axes` remembers where they were in the frame before."""
    if isinstance(picture, Images):
        return _images(picture)
    assert isinstance(picture, Plot)
    return _plot(picture, axes or Steady())


def _plot(plot: Plot, axes: Steady) -> Encoded:
    numbers, colour_bars = _Numbers(), dict[int, list[str]]()
    described: list[dict[str, Any]] = []
    for mark, role in zip(plot.marks, plot.colours(), strict=True):
        if not _has_place(mark):
            continue
        looks = mark.looks() | {"kind": type(mark).__name__, "color": role}
        place = len(described)
        looks["label"] = pieces(mark.label) if mark.label else None
        if isinstance(mark, Words):
            looks["text"] = [pieces(line) for line in mark.text.split("\n")]
        if isinstance(mark, Field):
            looks["unit"] = pieces(mark.unit)
            looks["shape"] = mark.values.shape
            numbers.add(place, "levels", mark.levels())
            colour_bars[place] = [number(float(f"{end:.3g}")) for end in mark.range()]
        else:
            for name in mark.ARRAYS:
                if (values := getattr(mark, name)) is not None:
                    numbers.add(place, name, values)
        described.append(looks)
    x, y = axes.scales(plot)
    what = {
        "title": pieces(plot.title),
        "marks": described,
        "x": _axis(plot.x),
        "y": _axis(plot.y),
        "equal": plot.equal,
        "bare": plot.bare,
        "shape": plot.shape,
    }
    how = {"x": x, "y": y, "bars": colour_bars, "arrays": numbers.places}
    return Encoded(_json(what), _json(how), numbers.bytes())


def _has_place(mark: Mark) -> bool:
    """Whether a level or words belong somewhere; JSON has no word for what is not finite."""
    if isinstance(mark, Rule):
        return math.isfinite(mark.at)
    return not isinstance(mark, Words) or mark.at is None or all(map(math.isfinite, mark.at))


def _axis(axis: Axis) -> dict[str, Any]:
    return {"label": pieces(axis.label) if axis.label else [], "named": bool(axis.names)}


def _images(picture: Images) -> Encoded:
    pixels = picture.pixels()
    numbers = _Numbers()
    numbers.add(0, "pixels", pixels)
    what = {
        "title": pieces(picture.title),
        "captions": [pieces(caption) for caption in picture.captions],
        "beside": picture.captions_beside,
        "columns": picture.columns,
        "rows": picture.rows,
        "colours": "diverging" if picture.signed else "rgb" if pixels.ndim == 4 else "grey",
        "size": pixels.shape[:3],
    }
    return Encoded(_json(what), _json({"arrays": numbers.places}), numbers.bytes())


class _Numbers:
    """Arrays, collected one after the other."""

    def __init__(self) -> None:
        self.places: list[tuple[int, str, str, int, int]] = []  # mark, name, type, offset, length
        self._parts: list[bytes] = []
        self._length = 0

    def add(self, mark: int, name: str, values: np.ndarray) -> None:
        kind = "u1" if values.dtype == np.uint8 else "f4"
        part = np.ascontiguousarray(values, dtype=kind).tobytes()
        self.places.append((mark, name, kind, self._length, values.size))
        padding = -len(part) % 4
        self._parts += [part, bytes(padding)]
        self._length += len(part) + padding

    def bytes(self) -> bytes:
        return b"".join(self._parts)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)

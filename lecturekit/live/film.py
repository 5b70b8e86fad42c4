"""A run recorded at some sixty moments, packed for a page that has no kernel.

What is packed are the very pictures that a kernel sends to a panel (`plots.encode`), so that the
panel's own module plays them; `player.js` unpacks them and takes the kernel's place. Little is
lost: points are kept to a two-thousandth of their axes, long curves at some hundreds of places, and
only what would be too large gets fewer shades, and then fewer moments.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from lecturekit.plots.encode import Encoded

LIMIT = 740_000  # bytes of a film; as text in a page it is a third more, and below a megabyte
PLACES = 360  # of a curve that are kept
EXACT = 1e-3  # of the reach of numbers: how far a short float may be off
PIXELS = 2000  # places on an axis: points are kept to less than a screen shows
MIDDLE, MISSING = 1 << 15, 0  # the place where an axis begins, and that of what is not there
NOTHING, NEIGHBOUR = -1, -2
Scale = tuple[float, ...]
Piece = tuple[np.ndarray, int]  # kept numbers, and how many of them from the first
THINNER = ((8, 60), (5, 60), (5, 40), (4, 30), (4, 20), (3, 12), (2, 6), (2, 2))  # bits, moments


class Moment(NamedTuple):
    """What is to be seen after an update.

    Attributes:
        words: how far the run is.
        pictures: one for each view.
        alts: what they show, in words.
    """

    words: str
    pictures: list[Encoded]
    alts: list[str]


class Take(NamedTuple):
    """One course of a run, with its setting at one position.

    Attributes:
        position: the setting, as it is shown; empty where there is only one take.
        moments: in the order of time.
        at: the moment that is shown first.
    """

    position: str
    moments: list[Moment]
    at: int = -1


def packed(
    takes: Sequence[Take], *, name: str = "", setting: str = "", first: int = 0, limit: int = LIMIT
) -> bytes:
    """The film of a run: the same bytes for the same pictures, at most `limit` of them.

    Args:
        takes: at least one, with the same views.
        name: of the run.
        setting: the label of what differs between takes.
        first: the take that is shown first.
        limit: of the bytes.

    Raises:
        ValueError: even two moments of two bits a shade are too large.
    """
    about = {"name": name, "setting": setting, "first": first}
    for bits, moments in THINNER:
        chosen = [_thinned(take, moments) for take in takes]
        film = _Packing(bits).film(chosen, about)
        if len(film) <= limit:
            return film
    raise ValueError(f"the pictures of {name!r} are too large to be recorded: {len(film):,} bytes")


def _thinned(take: Take, number: int) -> Take:
    """Fewer moments, the first and the last among them."""
    last = len(take.moments) - 1
    kept = np.linspace(0, last, min(number, last + 1)).round().astype(int)
    at = int(np.abs(kept - take.at % (last + 1)).argmin())
    return Take(take.position, [take.moments[place] for place in kept], at)


class _Packing:
    """Strings and arrays, each kept once.

    A film is deflated: the length of its header in four bytes, the header (JSON), all arrays. An
    array of a picture is said as pieces: the first so many numbers of kept ones.
    """

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._strings: dict[str, int] = {}
        self._pool = _Pool()

    def film(self, takes: Sequence[Take], about: dict[str, Any]) -> bytes:
        told = [
            {"position": take.position, "at": take.at, "moments": self._moments(take)}
            for take in takes
        ]
        header = {**about, "takes": told, "strings": [*self._strings], "pool": self._pool.entries}
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        body = b"".join(self._pool.parts)
        return zlib.compress(len(text).to_bytes(4, "little") + text + body, 9)

    def _moments(self, take: Take) -> list[dict[str, Any]]:
        courses = [_Course(pictures) for pictures in zip(*(m.pictures for m in take.moments))]  # noqa: B905
        last: dict[tuple[int, int, str], int] = {}
        told = []
        for place, moment in enumerate(take.moments):
            views = []
            for view, course in enumerate(courses):
                picture = moment.pictures[view]
                what, how = json.loads(picture.what), json.loads(picture.how)
                arrays = []
                for mark, name, pieces in course.at(place):
                    key, kept = (view, mark, name), []
                    for values, count in pieces:
                        numbers, scale = self._made_small(values, name, what, how)
                        last[key] = self._pool.keep(numbers, scale, last.get(key, -1))
                        kept.append((last[key], count))
                    arrays.append((mark, name, kept))
                stays = json.dumps({**how, "arrays": []}, ensure_ascii=False)
                texts = (picture.what, stays, moment.alts[view])
                views.append([*map(self._string, texts), arrays])
            told.append({"words": moment.words, "views": views})
        return told

    def _string(self, text: str) -> int:
        return self._strings.setdefault(text, len(self._strings))

    def _made_small(
        self, values: np.ndarray, name: str, what: dict[str, Any], how: dict[str, Any]
    ) -> tuple[np.ndarray, Scale]:
        if values.dtype == np.uint8:
            ramp = name == "levels" or what.get("colours") == "diverging"
            return _coarse(values, self._bits, 254 if ramp else 255), ()
        if name in ("xy", "d") and not (how["x"][2] or how["y"][2]):
            return _on_axes(values, name, how)
        return _short(values), ()


class _Pool:
    """Arrays, each kept once, and as its difference from another or along itself if that is less.

    Attributes:
        entries: type, offset, length, what it is a difference from (NOTHING, its NEIGHBOUR, or
            another array), and of places on axes both origins and units.
        parts: the bytes of each.
    """

    def __init__(self) -> None:
        self.entries: list[tuple[str, int, int, int, Scale]] = []
        self.parts: list[bytes] = []
        self._places: dict[tuple[str, Scale, bytes], int] = {}
        self._kept: list[np.ndarray] = []
        self._size = 0

    def keep(self, values: np.ndarray, scale: Scale, before: int) -> int:
        """The place of an array; `before` is that of the one in the moment before, or −1."""
        kind = f"{values.dtype.kind}{values.itemsize}"
        key = kind, scale, values.tobytes()
        if key not in self._places:
            raw, difference = self._least(values, before)
            self._places[key] = len(self.entries)
            self.entries.append((kind, self._size, values.size, difference, scale))
            self.parts.append(raw)
            self._kept.append(values)
            self._size += len(raw)
        return self._places[key]

    def _least(self, values: np.ndarray, before: int) -> tuple[bytes, int]:
        ways = {NOTHING: values}
        if values.dtype.kind == "u":
            ways[NEIGHBOUR] = np.diff(values, prepend=values.dtype.type(0))
            if before >= 0 and self._kept[before].size == values.size:
                ways[before] = values - self._kept[before]
        found = {difference: _by_significance(way) for difference, way in ways.items()}
        least = min(found, key=lambda difference: len(zlib.compress(found[difference], 1)))
        return found[least], least


def _by_significance(values: np.ndarray) -> bytes:
    """First all lowest bytes, then all next ones: so they are alike, and deflate better."""
    octets = np.ascontiguousarray(values).view(np.uint8)
    return octets.reshape(-1, values.itemsize).T.tobytes()


def _coarse(levels: np.ndarray, bits: int, top: int) -> np.ndarray:
    """Fewer shades, 0 and `top` among them; what is above it is no shade."""
    if bits == 8:
        return levels
    most = 2**bits - 1
    shades = np.round(np.round(levels / top * most) * (top / most)).astype(np.uint8)
    return np.where(levels > top, levels, shades)


def _on_axes(values: np.ndarray, name: str, how: dict[str, Any]) -> tuple[np.ndarray, Scale]:
    """Points as whole numbers, all x before all y; `MISSING` where there is none.

    Whole numbers reach sixteen times as far as the axes, beyond which nothing is seen.
    """
    units = [abs(how[axis][1] - how[axis][0]) / PIXELS for axis in "xy"]
    origins = [min(how[axis][:2]) if name == "xy" else 0.0 for axis in "xy"]
    pairs = values.reshape(-1, 2).astype(np.float64)
    with np.errstate(invalid="ignore"):
        places = np.clip(np.round((pairs - origins) / units), 1 - MIDDLE, MIDDLE - 1) + MIDDLE
    whole = np.where(np.isfinite(pairs), places, MISSING).astype(np.uint16)
    return whole.T.flatten(), (*origins, *units)


def _short(values: np.ndarray) -> np.ndarray:
    """In two bytes each, where that is exact enough to be drawn."""
    finite = values[np.isfinite(values)]
    with np.errstate(over="ignore"):
        short = values.astype(np.float16)
    off = np.abs(short[np.isfinite(values)].astype(np.float64) - finite)
    reach = float(np.ptp(finite)) if finite.size else 0.0
    exact = off.max(initial=0.0) <= EXACT * reach and bool((off <= EXACT * np.abs(finite)).all())
    return short if exact else values


class _Course:
    """One view's pictures over a take; curves that only grow are kept once, in their last form."""

    def __init__(self, pictures: Sequence[Encoded]) -> None:
        self._arrays = [list(_arrays(picture)) for picture in pictures]
        last = _lines(pictures[-1], dict(self._arrays[-1]))
        self._curves = {mark: _evenly(rows, PLACES) for mark, rows in last.items()}
        self._lines = [
            _lines(picture, dict(arrays))
            for picture, arrays in zip(pictures, self._arrays, strict=True)
        ]

    def at(self, place: int) -> Iterator[tuple[int, str, list[Piece]]]:
        """Mark, name and pieces of each array."""
        lines = self._lines[place]
        pieces = {mark: self._grown(mark, rows) for mark, rows in lines.items()}
        columns = dict.fromkeys(lines, 0)
        for (mark, name), values in self._arrays[place]:
            if mark in pieces:
                column = columns[mark]
                yield mark, name, [(part[:, column], count) for part, count in pieces[mark]]
                columns[mark] += 1
            else:
                yield mark, name, [(values, len(values))]

    def _grown(self, mark: int, rows: np.ndarray) -> list[Piece]:
        """The part of the last curve that is there by now, and the point at which it stands."""
        curve = self._curves.get(mark, rows[:0])
        there = {row.tobytes() for row in rows}
        shown = 0
        while shown < len(curve) and curve[shown].tobytes() in there:
            shown += 1
        reached = shown == len(curve) or not curve[shown, 0] <= rows[-1, 0]
        if not shown or not reached:
            fewer = _evenly(rows, 2 * PLACES)
            return [(fewer, len(fewer))]
        grown = [(curve, shown)]
        if curve[shown - 1].tobytes() != rows[-1].tobytes():
            grown.append((rows[-1:], 1))
        return grown


def _arrays(picture: Encoded) -> Iterator[tuple[tuple[int, str], np.ndarray]]:
    for mark, name, kind, offset, length in json.loads(picture.how)["arrays"]:
        yield (mark, name), np.frombuffer(picture.data, f"<{kind}", length, offset)


def _lines(picture: Encoded, arrays: dict[tuple[int, str], np.ndarray]) -> dict[int, np.ndarray]:
    """The points of each curve, a row each, in the order of the arrays."""
    marks = json.loads(picture.what).get("marks", [])
    found = {}
    for mark, looks in enumerate(marks):
        columns = [values for (of, _), values in arrays.items() if of == mark]
        if looks["kind"] == "Line" and len(columns[0]):
            found[mark] = np.stack(columns, axis=1)
    return found


def _evenly(rows: np.ndarray, number: int) -> np.ndarray:
    if len(rows) <= number:
        return rows
    return rows[np.linspace(0, len(rows) - 1, number).round().astype(int)]

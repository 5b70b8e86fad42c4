"""How far the axes of a picture go, and which numbers stand at them, for both renderers.

A still shows just what there is. A live picture also has a memory: `Steady` lets its axes change
only when they must, since axes that jump at every update can't be read.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from lecturekit.plots.marks import Arrows, Axis, Bars, Field, Line, Mark, Plot, Rule, Words

MARGIN = 0.04  # of the range, beyond the data on either side
ROOM = 0.25  # ... beyond data that grow, so that the axes need not follow each update
FILLED = 0.45  # of the range: data that fill less have left their axes behind
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Scale(NamedTuple):
    """One axis, ready to be drawn.

    Attributes:
        low, high: the ends; high may be below low.
        log: logarithmic.
        ticks: where numbers stand.
        labels: the numbers.
    """

    low: float
    high: float
    log: bool
    ticks: list[float]
    labels: list[str]


def scales(plot: Plot) -> tuple[Scale, Scale]:
    """Both axes of a still."""
    return _scale(plot.x, _ends(plot, "x")), _scale(plot.y, _ends(plot, "y"))


class Steady:
    """Axes of a live picture: they grow in good time, and shrink when most of them is empty."""

    def __init__(self) -> None:
        self._before: dict[str, tuple[float, float]] = {}

    def scales(self, plot: Plot) -> tuple[Scale, Scale]:
        """Both axes, as they were wherever the marks still fit."""
        x, y = (_scale(getattr(plot, axis), self._ends(plot, axis)) for axis in "xy")
        return x, y

    def _ends(self, plot: Plot, name: str) -> tuple[float, float]:
        axis: Axis = getattr(plot, name)
        if fixed := _fixed(axis, name):
            return fixed
        need, before = _needed(plot, name), self._before.get(name)
        if before is None or not _serves(before, need, axis.log):
            forward = name == "x" and not axis.log and any(type(m) is Line for m in plot.marks)
            self._before[name] = _widened(need, axis.log, 0.0 if forward else ROOM / 2, ROOM)
        return self._before[name]


def number(value: float, step: float = 0.0) -> str:
    """A number as it stands at an axis: 10,000, 0.05, −3, 2·10⁻⁴; `step` tells how exact."""
    size = abs(value)
    if not value or not math.isfinite(value):
        return str(value) if value else "0"
    last = math.floor(math.log10(step) + 1e-9) if step else None  # the last digit's power of ten
    if size >= 1e6 or (size < 1e-3 and (last is None or last < -4)):
        written = _with_power(size, last)
    elif last is not None:
        written = f"{size:,.{max(0, -last)}f}"
    else:
        written = f"{size:,.0f}" if size >= 1000 else f"{size:.4g}"
    return ("−" if value < 0 and written.strip("0.,") else "") + written


def _with_power(size: float, last: int | None) -> str:
    digits = 2 if last is None else max(0, math.floor(math.log10(size)) - last)
    mantissa, exponent = f"{size:.{digits}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    power = f"10{str(int(exponent)).translate(_RAISED)}"
    return power if mantissa == "1" else f"{mantissa}·{power}"


# -------------------------------------------------------------------------------- how far it goes


def _ends(plot: Plot, name: str) -> tuple[float, float]:
    """The ends of a still's axis: all that is there, with a margin."""
    axis: Axis = getattr(plot, name)
    fixed = _fixed(axis, name)
    return fixed or _widened(_needed(plot, name), axis.log, MARGIN, MARGIN)


def _fixed(axis: Axis, name: str) -> tuple[float, float] | None:
    if axis.limits or not axis.names:
        return axis.limits
    ends = -0.5, len(axis.names) - 0.5
    return ends if name == "x" else ends[::-1]  # the first category on top


def _needed(plot: Plot, name: str) -> tuple[float, float]:
    """The least and the greatest number that has to be seen."""
    axis: Axis = getattr(plot, name)
    values = _finite([_reach(mark, name) for mark in plot.marks], axis.log)
    if not values.size:
        return axis.window or ((0.1, 1.0) if axis.log else (0.0, 1.0))
    low, high = float(values.min()), float(values.max())
    if axis.start is not None:
        low, high = min(low, axis.start), max(high, axis.start)
    if axis.window:
        lines = [mark for mark in plot.marks if type(mark) is Line]
        last = _finite([line.y[np.isfinite(line.y)][-1:] for line in lines], axis.log)
        if last.size and axis.window[0] <= last.min():
            low = axis.window[0]
        if last.size and last.max() <= axis.window[1]:
            high = axis.window[1]
    return low, high


def _reach(mark: Mark, name: str) -> Any:
    """Every number of a mark that its axis has to reach."""
    place = 0 if name == "x" else 1
    match mark:
        case Rule():
            return [mark.at] if mark.axis == name else []
        case Words():
            return [] if mark.at is None else [mark.at[place]]
        case Field():
            return mark.extent[2 * place : 2 * place + 2]
        case Bars() if name == "x":
            return np.concatenate([mark.x - mark.width / 2, mark.x + mark.width / 2])
        case Bars():
            error = 0.0 if mark.error is None else mark.error
            return np.concatenate([mark.y - error, mark.y + error, [mark.base]])
        case Line() if name == "y" and mark.band is not None:
            return np.concatenate([mark.y - mark.band, mark.y + mark.band])
        case Line():
            return getattr(mark, name)
        case Arrows():
            return np.concatenate([mark.xy[:, place], (mark.xy + mark.d)[:, place]])
    return mark.xy[:, place]  # type: ignore[attr-defined]  # Points and Paths


def _finite(parts: list[Any], log: bool) -> np.ndarray:
    values = np.concatenate([np.asarray(part, dtype=np.float64) for part in parts] or [np.empty(0)])
    return values[np.isfinite(values) & ((values > 0) | (not log))]


def _widened(
    ends: tuple[float, float], log: bool, below: float, above: float
) -> tuple[float, float]:
    """Ends with some room beyond them, in shares of the range; a single number gets a range."""
    low, high = (math.log10(end) for end in ends) if log else ends
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        half = 0.3 if log else 0.1 * abs(low) or 1.0
        low, high = low - half, high + half
    span = high - low
    low, high = low - below * span, high + above * span
    return (10.0**low, 10.0**high) if log else (low, high)


def _serves(ends: tuple[float, float], need: tuple[float, float], log: bool) -> bool:
    """Whether all that is needed is seen, and fills enough of the axis."""
    (low, high), (least, greatest) = ends, need
    if not (low <= least and greatest <= high):
        return False
    if log:
        low, high, least, greatest = map(math.log10, (low, high, least, greatest))
    single = greatest - least <= 1e-12 * max(abs(least), abs(greatest))
    return single or greatest - least >= FILLED * (high - low)


# --------------------------------------------------------------------------- what stands at it


def _scale(axis: Axis, ends: tuple[float, float]) -> Scale:
    low, high = ends
    if axis.names:
        every = -(-len(axis.names) // 16)  # more words than that fit nowhere
        places = list(range(0, len(axis.names), every))
        return Scale(low, high, False, [float(p) for p in places], [axis.names[p] for p in places])
    if axis.ticks is not None:
        ticks = list(axis.ticks)
        return Scale(low, high, axis.log, ticks, [number(tick) for tick in ticks])
    ticks, step = _decades(low, high) if axis.log else _steps(min(low, high), max(low, high))
    return Scale(low, high, axis.log, ticks, [number(tick, step) for tick in ticks])


def _steps(low: float, high: float, wanted: int = 5) -> tuple[list[float], float]:
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(s * power for s in (1.0, 2.0, 5.0, 10.0) if s * power >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{place * step:.12g}") for place in range(first, last + 1)], step


def _decades(low: float, high: float) -> tuple[list[float], float]:
    """Powers of ten, every second or third if there are many, with 2 and 5 if there are few."""
    first, last = math.log10(low), math.log10(high)
    if last - first < 0.5:
        return _steps(low, high)
    if last - first < 2:
        powers = range(math.floor(first), math.ceil(last) + 1)
        ticks = [m * 10.0**p for p in powers for m in (1, 2, 5)]
        return [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001], 0.0
    every = math.ceil((last - first) / 5)
    exponents = range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1)
    return [10.0**e for e in exponents if e % every == 0], 0.0

"""Pictures in words, for those who hear them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lecturekit.plots.marks import (
    Arrows,
    Bars,
    Field,
    Images,
    Line,
    Mark,
    Paths,
    Plot,
    Points,
    Rule,
)
from lecturekit.plots.picture import Picture
from lecturekit.plots.words import as_plain


def describe(picture: Picture) -> str:
    """What is to be seen: axes, and for each mark how many or from where to where."""
    if isinstance(picture, Images):
        return describe_images(picture)
    assert isinstance(picture, Plot)
    axes = () if picture.bare else filter(None, (picture.y.label, picture.x.label))
    named = " against ".join(axes)
    said = [_in_words(mark, picture) for mark in picture.marks]
    return as_plain(" ".join(filter(None, [f"{named}." if named else "", *said])))


def describe_images(picture: Images) -> str:
    """A grid of images: how many, how large, and their captions."""
    height, width = picture.images.shape[-2:]
    words = f"{_count(picture.images, 'image')} of {height} × {width} pixels"
    words += " in a grid" if len(picture.images) > 1 else ""
    return as_plain(words + (f": {', '.join(picture.captions)}." if picture.captions else "."))


def _in_words(mark: Mark, plot: Plot) -> str:
    name = mark.label or "line"
    match mark:
        case Line(y=y):
            seen = y[np.isfinite(y)]
            course = f"from {seen[0]:.3g} to {seen[-1]:.3g}" if len(seen) else "empty"
            return f"{name}: {course}."
        case Bars(y=y):
            return f"{mark.label or 'bars'}: {_heights(y, plot.x.names)}."
        case Rule(at=at):
            return f"{mark.label or 'level'}: {at:.3g}."
        case Field():
            low, high = mark.range()
            return f"{mark.unit} in colours, from {low:.3g} to {high:.3g}."
        case Points(xy=xy):
            return f"{_count(xy, 'point')}{_of(mark)}."
        case Arrows(xy=xy):
            return f"{_count(xy, 'arrow')}{_of(mark)}."
        case Paths() if mark.label:
            return f"Lines of {mark.label}."
    return ""


def _heights(y: np.ndarray, names: Sequence[str]) -> str:
    if 0 < len(y) == len(names) <= 8:
        return ", ".join(f"{name} {height:.3g}" for name, height in zip(names, y, strict=True))
    return f"{len(y)} from {y.min():.3g} to {y.max():.3g}" if len(y) else "none"


def _count(things: np.ndarray, name: str) -> str:
    return f"{len(things)} {name}" + ("s" if len(things) != 1 else "")


def _of(mark: Mark) -> str:
    return f" of {mark.label}" if mark.label else ""

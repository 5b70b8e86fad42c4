"""One of each mark, and what tests of several modules do with pictures."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from lecturekit.plots.marks import (
    Arrows,
    Axis,
    Bars,
    Field,
    Line,
    Mark,
    Paths,
    Plot,
    Points,
    Rule,
    Words,
)

LINE = Line([1.0, 2.0, 4.0], [1.0, 3.0, 2.0], "PCD", band=[0.5, 0.5, 0.5])
MARKS: dict[type[Mark], Mark] = {
    Line: LINE,
    Points: Points([(1.0, 1.0), (3.0, 2.5)], "data", 1),
    Arrows: Arrows([(1.0, 1.0), (2.0, 2.0)], [(1.0, 0.5), (0.0, -1.0)], "score", 2),
    Paths: Paths([[(1.0, 1.0), (2.0, 3.0)], [(3.0, 1.0), (4.0, 2.0)]], "chains", 3),
    Field: Field([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], (1.0, 4.0, 1.0, 3.0), "energy"),
    Bars: Bars([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 0.8, "P", 4, error=[0.1, 0.2, 0.3]),
    Rule: Rule(2.0, "bound", color=1, dash=1),
    Words: Words("a note\nof two lines", (2.0, 2.0), 0, bold=True, mono=True, align="center"),
}
AXES = Axis("x", (0.0, 5.0)), Axis("y", (0.0, 4.0))


def plot_of(*marks: Mark, title: str = "T", **options: object) -> Plot:
    """A plot on axes that no mark stretches."""
    return Plot(title, marks, *AXES, **options)  # type: ignore[arg-type]


def pixels(png: bytes) -> np.ndarray:
    """Decoded, so that a broken PNG is an error: (height, width, 3)."""
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    return np.asarray(image.convert("RGB"))


def rgb(colour: str) -> np.ndarray:
    """The three bytes of "#rrggbb"."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])

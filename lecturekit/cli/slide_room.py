"""How high the pictures of a slide may be: what its text leaves of the screen.

Neither JupyterLab nor reveal.js gives a picture deep in a cell what its slide has left, so it is
reckoned from the text, in the sizes of type that both kinds of slides have. Browser tests walk all
slides: none may be too tall.
"""

from __future__ import annotations

import math
import re

from lecturekit.cli import short_path
from lecturekit.cli.short_path import Slide

LEAST, MOST = 47, 72  # shares of the screen's height, in per cent
STEP = 5  # a rule of CSS for each height that there is

_LINE = 4.4  # of text, in per cent of the height
_SIGNS = 80  # to a line
_AROUND = 22  # margins, and the title of a picture
_FORMULA = re.compile(r"\$\$.*?\$\$", re.DOTALL)
_DRAWS = re.compile(r"\bplots\.|\.finish\(|\bdisplay\(|\.draw")
_PRINTS = re.compile(r"\b(?:print|identity)\(|\.finish\(")


def heights() -> range:
    """All that `height` may say."""
    return range(LEAST, MOST + 1, STEP)


def height(slide: Slide) -> int:
    """The greatest height of its pictures, in per cent of the screen's.

    A slide on which more than one cell draws leaves each of them the least.
    """
    code = [cell for cell in slide.cells if cell["cell_type"] == "code"]
    if sum(bool(_DRAWS.search(short_path.source(cell))) for cell in code) > 1:
        return LEAST
    lines = sum(map(_lines, slide.cells))
    left = 100 - _AROUND - _LINE * lines
    return max(LEAST, min(MOST, LEAST + STEP * math.floor((left - LEAST) / STEP)))


def _lines(cell: short_path.Cell) -> float:
    """How many lines of text it shows."""
    source = short_path.source(cell)
    if cell["cell_type"] != "code":
        formulas = _FORMULA.findall(source)
        blocks = re.split(r"\n\s*\n|\n(?=[-*#|>]|\d+\.)", _FORMULA.sub("", source))
        high = sum(2.5 + 1.5 * formula.count(r"\\") for formula in formulas)
        return high + sum(_height_of_block(block) for block in blocks if block.strip())
    shown = 0 if short_path.is_folded(cell) else source.count("\n") + 2
    return 0.8 * shown + len(_PRINTS.findall(source))


def _height_of_block(block: str) -> float:
    if block.lstrip().startswith("#"):
        return 2.5
    return math.ceil(len(block) / _SIGNS) + 0.5

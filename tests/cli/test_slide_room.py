"""How high the pictures of a slide may be."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from lecturekit.cli import slide_room
from lecturekit.cli.short_path import Slide

DRAWS = "plots.curves(shares)"
LINE = "Where the training ended:"
FORMULA = "$$\na = b \\\\\n= c\n$$"


def height(*sources: str, code: str = DRAWS) -> int:
    cells = [*map(new_markdown_cell, sources), new_code_cell(code)]
    return slide_room.height(Slide(True, cells))


def test_a_picture_has_what_the_text_leaves():
    heights = [height(), height(LINE), height(8 * LINE), height(20 * LINE), height(60 * LINE)]
    assert heights[0] == slide_room.MOST
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) > 3
    assert heights[-1] == slide_room.LEAST


@pytest.mark.parametrize("more", ["## A title", FORMULA, "- one\n- two\n- three", 4 * LINE])
def test_whatever_stands_above_takes_of_it(more):
    assert height(LINE, more) < height(LINE)


def test_what_the_cell_prints_or_shows_of_its_code_takes_of_it():
    printing = 4 * "print(share)\n" + DRAWS
    assert height(LINE, code=printing) < height(LINE)
    shown = new_code_cell(8 * "step()\n" + DRAWS, metadata={"tags": ["code"]})
    assert slide_room.height(Slide(True, [new_markdown_cell(LINE), shown])) < height(LINE)


def test_two_cells_that_draw_leave_each_other_the_least():
    cells = [new_markdown_cell(LINE), new_code_cell(DRAWS), new_code_cell(DRAWS)]
    assert slide_room.height(Slide(True, cells)) == slide_room.LEAST


def test_every_height_has_its_rule():
    lengths = range(0, 60)
    assert {height(n * LINE) for n in lengths} <= set(slide_room.heights())

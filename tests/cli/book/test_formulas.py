"""Formulas as MathML: every one of the lectures, and what each construction becomes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html import unescape

import nbformat
import pytest

from lecturekit.cli import notebooks
from lecturekit.cli.book.formulas import mathml

TEX = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$([^$\n]+(?:\n[^$\n]+)?)\$", re.DOTALL)
MATH = "{http://www.w3.org/1998/Math/MathML}"


def tree(tex: str, *, block: bool = True) -> ET.Element:
    return ET.fromstring(unescape(mathml(tex, block=block).replace("&ApplyFunction;", "")))


@pytest.mark.parametrize("notebook", notebooks.select(), ids=lambda path: path.stem)
def test_every_formula_of_a_lecture_can_be_set(notebook):
    cells = nbformat.read(notebook, as_version=4).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    formulas = TEX.findall(text)
    assert formulas
    for block, inline in formulas:
        written = mathml(block or inline, block=bool(block))
        assert "\\" not in written
        assert written.startswith("<math")


@pytest.mark.parametrize("tex", [r"\frac{1}", r"\nonsense", "x_1^"])
def test_what_is_not_tex_is_named(tex):
    with pytest.raises(ValueError, match=re.escape(tex)):
        mathml(tex, block=False)


def test_words_under_a_brace_stand_under_its_middle():
    for tex in (r"\underbrace{a}_{\text{b}}", r"\underbrace{\underbrace{a}_{\text{c}}}_{\text{b}}"):
        root = tree(tex)
        assert root.find(f".//{MATH}msub") is None
        words = root.find(f".//{MATH}munder")[1]
        assert words.text == "b"


def test_lines_of_a_derivation_are_rows_with_their_columns():
    rows = tree(r"\begin{aligned} a &= b && \text{why} \\ &= c \end{aligned}").findall(
        f".//{MATH}mtr"
    )
    assert [len(row) for row in rows] == [4, 2]


@pytest.mark.parametrize(
    ("tex", "same"),
    [
        (r"a, \dots, b", r"a, \ldots, b"),
        ("½", r"\frac{1}{2}"),
        (r"Z = \textstyle\sum_v v", r"Z = \sum_v v"),
        (r"x \,\big|\, y", r"x \,|\, y"),
    ],
)
def test_tex_that_docutils_lacks_is_spelled_in_what_it_has(tex, same):
    assert mathml(tex, block=False) == mathml(same, block=False)


def test_an_assignment_is_one_sign():
    assert "<mo>:=</mo>" in mathml(r"\theta := 1", block=False)


def test_a_function_stands_off_from_its_argument_but_not_from_its_bracket():
    apart = 'rspace="0.17em"'
    assert apart in mathml(r"\log Q", block=False)
    assert apart not in mathml(r"\log(Q)", block=False)

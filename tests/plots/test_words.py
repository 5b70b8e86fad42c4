"""Indices and exponents in words: in pieces, for a page, read aloud, for matplotlib."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import cbook
from matplotlib.mathtext import MathTextParser

from lecturekit.plots.words import as_html, as_mathtext, as_plain, pieces


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("plain text", [("plain text", 0)]),
        ("", [("", 0)]),
        ("P_θ", [("P", 0), ("θ", -1)]),
        ("KL(P_φ)", [("KL(P", 0), ("φ", -1), (")", 0)]),
        ("x̃_{1→2} = G(z)", [("x̃", 0), ("1→2", -1), (" = G(z)", 0)]),
        ("10^{−3} nats", [("10", 0), ("−3", 1), (" nats", 0)]),
        ("σ_i^2", [("σ", 0), ("i", -1), ("2", 1)]),
        ("x_{}y", [("x", 0), ("", -1), ("y", 0)]),
    ],
)
def test_the_next_character_or_what_is_in_braces_is_lowered_or_raised(text, found):
    assert pieces(text) == found


@pytest.mark.parametrize("text", ["_private", "a _ b", "a ^b", "x_", "x_ y", "^", "{a}", "x_{a"])
def test_a_mark_with_nothing_before_or_after_it_is_text(text):
    assert as_plain(text) == text
    assert {level for _, level in pieces(text)} == {0}


def test_a_page_gets_tags_and_nothing_that_could_be_one():
    assert as_html("P_θ^2 < Q & R") == "P<sub>θ</sub><sup>2</sup> &lt; Q &amp; R"
    assert as_html("x_<") == "x<sub>&lt;</sub>"


def test_what_is_read_aloud_has_no_marks():
    assert as_plain("KL(P_{data}‖P_θ)") == "KL(Pdata‖Pθ)"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("update", "update"),
        ("P_θ", r"P$_{\mathregular{θ}}$"),
        ("x_{test set}", r"x$_{\mathregular{test\ set}}$"),
        ("5 $", r"5 \$"),
    ],
)
def test_matplotlib_gets_formulas_for_indices_alone(text, written):
    assert as_mathtext(text) == written


@given(st.text(st.sampled_from("aZθ1 _^{}$\\%#\"`&~'→₁−.,<|"), max_size=10))
def test_matplotlib_can_set_whatever_is_written(text):
    """Every label comes from somewhere, and a strange one must not end a run."""
    written = as_mathtext(text)
    if cbook.is_math_text(written):
        glyphs = MathTextParser("path").parse(written).glyphs
        signs = sum(len(piece.replace(" ", "")) for piece, _ in pieces(text))
        assert sum(glyph[2] != ord(" ") for glyph in glyphs) == signs
    else:
        assert "$" not in written.replace(r"\$", "")

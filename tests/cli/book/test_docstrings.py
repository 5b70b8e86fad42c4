"""Docstrings as Sphinx reads them: formulas set, code left alone, names linked."""

from __future__ import annotations

import pytest

from lecturekit.cli.book import reference
from lecturekit.cli.book.extension import marked_up


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ("P_θ(x | h)", r"P\ :sub:`θ`\ (x \| h)"),
        ("Σ_{v, h} e^{−E}", r"Σ\ :sub:`v, h`\  e\ :sup:`−E`\ "),
        ("a learning_rate, x*y", r"a learning_rate, x\*y"),
        ("in place, as addmm_ does", r"in place, as addmm\_ does"),
        ("of `a_b(c | d)` or ``x*``", "of ``a_b(c | d)`` or ``x*``"),
        ("    *parts, **named: its x_1.", "    *parts, \\*\\*named: its x\\ :sub:`1`\\ ."),
    ],
)
def test_a_line_is_what_it_was_with_its_indices(line, marked):
    assert marked_up(line) == marked


def test_a_name_of_the_package_is_a_link():
    public = {"states": "lecturekit.rbm.states"}
    assert marked_up("`states` numbers them", public).startswith(
        ":py:obj:`states <lecturekit.rbm.states>`"
    )


def test_the_reference_has_what_notebooks_call():
    public = reference.public()
    assert public["rbm.RBM"] == public["RBM"] == "lecturekit.rbm.RBM"
    assert public["lecturekit.start"] == "lecturekit.session.start"
    assert public["plots.rbm.landscape"] == "lecturekit.plots.rbm.landscape"
    assert "train" not in public  # every section has one
    assert public["cycle_gan.train"] == "lecturekit.cycle_gan.train"

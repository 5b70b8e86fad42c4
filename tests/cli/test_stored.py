"""Which differences between a stored output and a fresh one count, and as what."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from lecturekit.cli.stored import COMPARED, broken, differences


def printed(text: str, count: int | None = 1):
    cell = new_code_cell(f"{COMPARED}\nprint()", execution_count=count)
    cell.outputs = [new_output("stream", text=text)] if text else []
    return new_notebook(cells=[new_code_cell("x = 1"), cell])


SAME = [
    ("✓ a  [by 5.1, se 0.2]", "✓ a  [by 5.1, se 0.2]"),
    ("✓ a  [by 5.1]", "✓ a  [by 5.11]"),
    ("✓ a = b  [largest difference 1.2e-07]", "✓ a = b  [largest difference 9e-09]"),
    ("✓ a  [by nan]", "✓ a  [by nan]"),
    ("lecturekit 0.1 · seed 0 · torch 2.6", "lecturekit 0.2 · seed 0 · torch 2.13"),
]
STALE = [
    ("✓ a  [by .958]", "✓ a  [by 1.19]"),
    ("✓ a  [by 0.958]", "✓ a  [by −0.958]"),
    ("✓ a  [by 5.1]", "✓ a  [by 5.1, se 0.2]"),
    ("✓ a  [by 5.1]", "✓ a  [nats 5.1]"),
    ("✓ a  [by 5.1]", "✓ a"),
    ("✓ a  [by 5.1]", "✓ a  [by inf]"),
    ("✓ a = b  [largest difference 1e-07]", "✓ a = b  [largest difference 0.3]"),
]
OTHER = [
    ("✓ a  [by 5.1]", "✗ a  [by 5.1]"),
    ("log Z = 3.25", "log Z = 3.26"),
    ("one", "one\ntwo"),
    ("one", ""),
]


@pytest.mark.parametrize(("stored", "now"), SAME)
def test_what_differs_in_nothing_that_counts(stored, now):
    assert differences(printed(stored), printed(now)) == []


@pytest.mark.parametrize(("stored", "now"), STALE)
def test_a_reading_is_stale(stored, now):
    (found,) = differences(printed(stored), printed(now))
    assert found.stale
    assert (found.cell, found.stored, found.now) == (1, stored, now)
    assert "a stored reading is stale" in str(found)


@pytest.mark.parametrize(("stored", "now"), OTHER)
def test_another_output(stored, now):
    (found,) = differences(printed(stored), printed(now))
    assert not found.stale
    assert "another output" in str(found)


def test_a_cell_that_was_not_reached_is_not_compared():
    assert differences(printed("one"), printed("", count=None)) == []


def test_cells_that_were_put_in_between_do_not_matter():
    after = printed("✓ a  [by 5.1]")
    after.cells.insert(0, new_code_cell("profile = 'cpu'"))
    assert differences(printed("✓ a  [by 5.1]"), after) == []


def test_lines_that_do_not_hold_are_found():
    assert broken(printed("✓ a\n✗ b  [by 1]\nthe sign ✗ in words\n")) == ["✗ b  [by 1]"]

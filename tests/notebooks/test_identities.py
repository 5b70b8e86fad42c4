"""Identities in earnest: whatever a notebook's identity rests on, a slip in it must show."""

from __future__ import annotations

import json

import nbformat
import pytest

from lecturekit.sections import SECTIONS
from tests.notebooks.lectures import ROOT, execute, prepared
from tests.sections import not_noticed

WATCH = """\
from tests.notebooks import perturb
perturb.watch({report!r})
"""


@pytest.mark.lecture
@pytest.mark.notebook
@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.stem)
def test_an_identity_notices_a_slip_in_what_it_rests_on(section, tmp_path):
    report = tmp_path / "slips.json"
    notebook = nbformat.read(ROOT / "notebooks" / section.notebook, as_version=4)
    execute(prepared(notebook, WATCH.format(report=str(report))), tmp_path)

    noticed = json.loads(report.read_text())
    unnoticed = {slip for slip, seen in noticed.items() if not seen}
    excused = {
        slip: next((e for e in not_noticed(section) if slip.startswith(e)), None)
        for slip in unnoticed
    }
    assert any(noticed.values())
    assert [slip for slip, excuse in excused.items() if excuse is None] == []
    assert set(excused.values()) == set(not_noticed(section))  # no excuse outlives its reason

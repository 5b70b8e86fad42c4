"""The gpu profile of every notebook, as far as it can be had without a GPU."""

from __future__ import annotations

import re

import nbformat
import pytest

from lecturekit.cli.form import code_cells
from lecturekit.sections import SECTIONS
from tests.notebooks.lectures import ROOT, execute, prepared

REHEARSE = """\
from tests.notebooks import rehearsal
rehearsal.begin()
"""


@pytest.mark.lecture
@pytest.mark.notebook
@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.stem)
def test_the_gpu_profile_runs_to_its_end(section, tmp_path):
    notebook = nbformat.read(ROOT / "notebooks" / section.notebook, as_version=4)
    run = execute(prepared(notebook, REHEARSE), tmp_path, profile="gpu")
    printed = "".join(o.get("text", "") for cell in code_cells(run) for o in cell.outputs)
    assert "profile gpu · cpu" in printed
    assert not re.search(r"^✗", printed, re.MULTILINE)

"""What the tests of the command share."""

from __future__ import annotations

from pathlib import Path

import pytest

from lecturekit.cli import notebooks
from tests.cli.toy import write_course


@pytest.fixture
def originals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The notebooks of two small lectures, where the command looks for the real ones."""
    folder = tmp_path / "originals"
    write_course(folder)
    monkeypatch.setattr(notebooks, "shared_folder", lambda: folder)
    monkeypatch.setattr(notebooks, "working_folder", lambda: tmp_path / "mine")
    return folder / "notebooks"

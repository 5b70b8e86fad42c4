"""Small lectures, and the command as it is typed in a terminal."""

from __future__ import annotations

from pathlib import Path

import nbformat
from PIL import Image
from typer.testing import CliRunner

from lecturekit.cli import app

README = """# A course

| | | you will be able to |
|---|---|---|
| 1 | [Waves](notebooks/01_waves.ipynb) | hear a *wave* |
| 2 | [More waves](notebooks/02_more_waves.ipynb) | add two of them |
"""
WORDS = "# Waves & particles\n\nWords.\n\n**Time:** an hour,\nor two.\n\n**How to use it.** Read."


def lecture(*sources: str) -> nbformat.NotebookNode:
    """A notebook with a title, a parameters cell, and these code cells."""
    first = nbformat.v4.new_code_cell(
        'profile = "auto"\nseed = 0', metadata={"tags": ["parameters"]}
    )
    cells = [first, *map(nbformat.v4.new_code_cell, sources)]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(WORDS), *cells])


def write_course(folder: Path) -> None:
    """Two small lectures, with all that is shared of the real ones."""
    for name in ("notebooks", "docs/start"):
        (folder / name).mkdir(parents=True)
    nbformat.write(lecture("print(profile, seed)"), folder / "notebooks" / "01_waves.ipynb")
    nbformat.write(lecture("1 + 1"), folder / "notebooks" / "02_more_waves.ipynb")
    (folder / "README.md").write_text(README, encoding="utf-8")
    (folder / "notebooks/glossary.md").write_text("# Words\n\n### Wave\n\nWhat waves.\n")
    for stem in ("01_waves", "02_more_waves"):
        Image.new("RGB", (3, 2)).save(folder / "docs" / "start" / f"{stem}.png")


def call(*arguments: object) -> tuple[int, str]:
    """The exit code, and what was printed, whatever the terminal's width."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, " ".join(result.output.split())

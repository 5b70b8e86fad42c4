"""The translators' notebooks on pictures that somebody brings: one marked line changes."""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from tests.notebooks.lectures import NOTEBOOKS, execute

TAG, LINE = "pictures", "folder = None"


def marked(path: Path) -> list[int]:
    """Where the cells are in which one's own pictures are named."""
    cells = nbformat.read(path, as_version=4).cells
    return [i for i, cell in enumerate(cells) if TAG in cell.metadata.get("tags", [])]


@pytest.fixture
def awkward(tmp_path):
    """Few pictures, of as many sizes and kinds as phones, scanners and editors make them."""
    rng = np.random.default_rng(0)
    for part, n in {"trainA": 11, "trainB": 10, "testA": 5, "testB": 4}.items():
        folder = tmp_path / "mine" / part
        folder.mkdir(parents=True)
        for i in range(n):
            pixels = rng.integers(0, 256, (30 + 7 * i, 61 - 3 * i, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{i}.jpg")
        Image.fromarray(pixels).convert("CMYK").save(folder / "print.jpg")
        Image.fromarray(pixels).convert("P").save(folder / "palette.gif")
        Image.fromarray(pixels[..., 0].astype(np.uint16) * 257).save(folder / "scan.png")
        Image.new("RGBA", (9, 50), (200, 0, 0, 90)).save(folder / "clear.png")
        (folder / "photograph.heic").write_bytes(b"ftypheic")
        (folder / "broken.png").write_bytes(b"no picture")
    return tmp_path / "mine"


@pytest.mark.notebook
@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if marked(p)], ids=lambda path: path.stem)
def test_runs_to_the_end_on_them_and_skips_what_only_a_truth_can_judge(path, awkward, tmp_path):
    notebook, (place,) = nbformat.read(path, as_version=4), marked(path)
    assert notebook.cells[place].source.startswith(LINE)
    notebook.cells[place].source = f"folder = {str(awkward)!r}"
    run = execute(notebook, tmp_path)
    outputs = [o for cell in run.cells if cell.cell_type == "code" for o in cell.outputs]
    printed = "".join(output.get("text", "") for output in outputs)
    assert "photograph.heic (HEIC: save it as JPEG)" in printed
    assert "few images (15 in trainA, 14 in trainB)" in printed
    assert "– skipped: nobody knows the truth of your own pictures" in printed

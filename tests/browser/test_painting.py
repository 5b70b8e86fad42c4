"""Painting in a live panel, with the mouse, as a person does it in JupyterLab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page

from tests.browser.lab import JupyterLab, Notebook, wait_until
from tests.browser.test_live import notebook_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

IMAGE, PRINT_IMAGE, POINTS, PRINT_POINTS = range(4)
CELLS = [
    """
    import torch
    from lecturekit import live, plots
    pad = live.PaintedImage(torch.zeros(3, 16, 16), "Paint", {"white": 1.0, "red": (1, 0, 0)})
    mirrored = live.View(lambda: plots.image_grid(pad.image.flip(3), "Mirrored"))
    run = live.explore([pad, mirrored], name="Painting")
    """,
    "print(*(f'{v:.2f}' for v in pad.image.mean(dim=(0, 2, 3))))",
    """
    g = torch.Generator().manual_seed(0)
    dots = live.PaintedPoints(torch.zeros(500, 2), "Spray", extent=(-2, 2, -2, 2), generator=g)
    centre = live.View(plots.scatter, {"mean": lambda: dots.data.mean(0)[None]}, "Mean",
                       extent=(-2, 2, -2, 2))
    spraying = live.explore([dots, centre], name="Spraying")
    """,
    "print(*(f'{v:.2f}' for v in dots.data.mean(dim=0)), len(dots.data.unique(dim=0)))",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    folder: Path = tmp_path_factory.mktemp("paint") / "notebooks"
    folder.mkdir()
    nbformat.write(notebook_of(CELLS), folder / "paint.ipynb")
    with JupyterLab(folder) as server:
        yield server


def stroke(page: Page, canvas: Locator, *corners: tuple[float, float]) -> None:
    """With the mouse held, along shares of the canvas's width and height."""
    box = canvas.bounding_box()
    places = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def test_strokes_are_painted_and_seen_in_the_pictures_beside(lab: JupyterLab, page: Page):
    notebook = Notebook(page, lab).open("paint.ipynb")
    notebook.run(IMAGE)
    panel = notebook.panel(IMAGE)
    canvases = panel.root.locator("canvas")
    wait_until(lambda: panel.blank() == [], 20, "pictures")
    before = panel.pictures()
    stroke(page, canvases.first, (0.2, 0.55), (0.7, 0.55))
    wait_until(lambda: panel.pictures()[1] != before[1], 20, "the mirrored picture to follow")
    panel.root.get_by_label("brush").select_option("red")
    stroke(page, canvases.first, (0.45, 0.3), (0.45, 0.8))
    page.wait_for_timeout(500)
    notebook.screenshot("painting", IMAGE)
    notebook.run(PRINT_IMAGE)
    red, green, blue = map(float, notebook.text(PRINT_IMAGE).split())
    assert red > green == blue > 0.02
    panel.press("Clear")
    wait_until(lambda: panel.pictures() == before, 20, "what was there before")

    notebook.run(POINTS)
    panel = notebook.panel(POINTS)
    wait_until(lambda: panel.blank() == [], 20, "pictures")
    before = panel.pictures()
    stroke(page, panel.root.locator("canvas").first, (0.75, 0.25), (0.9, 0.4))
    wait_until(lambda: panel.pictures()[1] != before[1], 20, "the mean to follow")
    notebook.screenshot("spraying", POINTS)
    notebook.run(PRINT_POINTS)
    x, y, n = map(float, notebook.text(PRINT_POINTS).split())
    assert 0.5 < x < 2  # where it was sprayed: on the right, and above the middle
    assert 0.2 < y < 2
    assert n > 10
    assert notebook.errors() == []
    notebook.shut_down()

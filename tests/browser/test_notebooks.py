"""Each notebook as a lecturer has it: run in JupyterLab, a slider dragged while a model trains."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import torch
from playwright.sync_api import Page, expect

from lecturekit.sections import SECTIONS
from tests.browser.lab import ROOT, JupyterLab, Notebook, Panel, wait_until
from tests.sections import LiveRun, live_run

pytestmark = [pytest.mark.browser, pytest.mark.notebook, pytest.mark.timeout(600)]


LAST = "that was all"  # what the last cell says

every_lecture = pytest.mark.parametrize(
    "lecture",  # `make test` is to take ten minutes: the first stands for all of them there
    [
        pytest.param(live_run(section), marks=[pytest.mark.lecture] if rank else [])
        for rank, section in enumerate(SECTIONS)
    ],
    ids=[section.stem for section in SECTIONS],
)


def probe(lecture: LiveRun) -> str:
    """A cell that tells how far the run is, what is set, and the trained numbers."""
    return textwrap.dedent(f"""
        import json
        numbers = {lecture.parameter}.detach().flatten()[:500].tolist()
        print(json.dumps([{lecture.run}.update, {lecture.setting}, numbers]))
    """).strip()


@pytest.fixture
def lab(tmp_path: Path, lecture: LiveRun, request: pytest.FixtureRequest) -> Iterator[JupyterLab]:
    """A JupyterLab on a copy of the notebook, with the probe after the cell that plays."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    notebook = nbformat.read(ROOT / "notebooks" / f"{lecture.notebook}", as_version=4)
    at = play_cell(notebook, lecture)
    notebook.cells.insert(at + 1, nbformat.v4.new_code_cell(probe(lecture)))
    notebook.cells.append(nbformat.v4.new_code_cell(f"print({LAST!r})"))
    nbformat.write(notebook, folder / f"{lecture.notebook}")
    profile = getattr(request, "param", "cpu")
    told = {"LECTUREKIT_PROFILE": profile, "LECTUREKIT_SHARE": str(lecture.share)}
    with JupyterLab(folder, LECTUREKIT_DATA="none", **told) as server:
        yield server


def play_cell(notebook: nbformat.NotebookNode, lecture: LiveRun) -> int:
    """The place of the cell that starts the lecture's run."""
    return next(
        place
        for place, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and lecture.play in cell.source
    )


@every_lecture
def test_a_slider_dragged_while_it_trains_changes_the_next_updates(
    lab: JupyterLab, lecture: LiveRun, page: Page
):
    source = nbformat.read(lab.folder / f"{lecture.notebook}", as_version=4)
    play = play_cell(source, lecture)
    notebook = Notebook(page, lab).open(f"{lecture.notebook}")
    for place in range(play + 1):
        if source.cells[place].cell_type == "code":
            notebook.run(place, timeout=120)
    panel = notebook.panel(play)

    def look() -> tuple[int, float, torch.Tensor]:
        notebook.run(play + 1)
        update, setting, numbers = json.loads(notebook.text(play + 1))
        return update, setting, torch.tensor(numbers)

    def speed() -> tuple[float, float]:
        """How far an update moves the numbers, on average over some, and the setting."""
        first, _, before = look()
        wait_until(lambda: panel.updates() >= first + 40, 60, "forty updates")
        last, setting, after = look()
        return (after - before).abs().max().item() / (last - first), setting

    panel.wait_for("playing")
    fast, setting = speed()
    seen = panel.pictures()
    panel.drag(lecture.slider, -300)
    slow, lowered = speed()
    assert lowered < setting / 50
    assert slow < fast / 10
    assert panel.state().count("playing") == 1
    assert panel.pictures() != seen
    notebook.screenshot(f"{lecture.notebook[:-6]}-live", play)
    assert notebook.errors() == []
    assert notebook.overflowing() == []
    notebook.shut_down()


@every_lecture
@pytest.mark.parametrize("lab", ["smoke"], indirect=True)
def test_every_panel_fits_the_screen(lab: JupyterLab, lecture: LiveRun, page: Page):
    """Title, buttons, sliders and pictures in sight together, in a notebook and in full screen."""
    notebook = Notebook(page, lab).open(lecture.notebook).run_all(timeout=0)
    # what the kernel says counts: JupyterLab now and then leaves a star at a cell that has ended
    expect(page.locator(".jp-Cell-outputArea", has_text=LAST)).to_be_visible(timeout=500_000)
    assert notebook.errors() == []
    assert notebook.overflowing() == []
    for image in page.locator(".jp-OutputArea-output figure img").all():
        assert image.get_attribute("alt")
        assert image.evaluate("image => image.naturalWidth") > 0
    panels = [Panel(root) for root in page.locator(".lecturekit-run").all()]
    assert panels
    for panel in panels:
        for width, height, side_bar in [(1280, 720, True), (1280, 720, False), (1920, 1080, True)]:
            page.set_viewport_size({"width": width, "height": height})
            notebook.show_side_bar(side_bar)
            panel.root.evaluate("panel => panel.scrollIntoView({block: 'start'})")
            wait_until(lambda panel=panel: panel.out_of_sight() == [], 10, f"all of {panel.name()}")
            wait_until(lambda panel=panel: panel.blank() == [], 10, f"pictures of {panel.name()}")
        page.set_viewport_size({"width": 1280, "height": 720})
        panel.press("Full screen")
        wait_until(lambda panel=panel: panel.out_of_sight() == [], 10, f"all of {panel.name()}")
        page.keyboard.press("f")
    notebook.shut_down()

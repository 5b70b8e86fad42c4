"""What is seen of a live run when its kernel, its page or its tab has gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.lab import JupyterLab, Notebook, wait_until
from tests.browser.test_live import CELLS, notebook_of

pytestmark = [pytest.mark.browser, pytest.mark.lecture, pytest.mark.timeout(300)]

SETUP, PLAY, SHOW, SPOIL, REPAIR = range(5)
NOTEBOOK = [
    CELLS[0],
    "pause = 0.01; run = live.play(lambda: begin(1500), views, settings, name='Long')",
    "run",
    "settings.learning_rate = float('nan')",
    "settings.learning_rate = 0.05; _ = run.play()",
]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[JupyterLab]:
    """A JupyterLab on a folder with one small notebook."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    nbformat.write(notebook_of(NOTEBOOK), folder / "toy.ipynb")
    with JupyterLab(folder, python_path=[Path(__file__).parents[1] / "live"]) as server:
        yield server


@pytest.fixture
def notebook(lab: JupyterLab, page: Page) -> Iterator[Notebook]:
    """The notebook while its run plays."""
    opened = Notebook(page, lab).open("toy.ipynb").run(SETUP).run(PLAY)
    opened.panel(PLAY).wait_for("left")
    yield opened
    opened.shut_down()


def save(notebook: Notebook) -> dict:
    """Save the notebook, and read its file."""
    notebook.page.keyboard.press("Escape")
    notebook.page.keyboard.press("Control+s")
    notebook.page.wait_for_timeout(1500)
    return json.loads((notebook.folder / "toy.ipynb").read_text(encoding="utf-8"))


def test_after_a_restart_the_panel_says_so_and_keeps_its_last_picture(notebook: Notebook):
    panel = notebook.panel(PLAY)
    notebook.restart()
    expect(panel.root.get_by_text("The kernel was restarted")).to_be_visible(timeout=30_000)
    assert panel.blank() == []
    expect(panel.root.locator(".lecturekit-state")).to_be_hidden()  # no number that runs on
    notebook.screenshot("live-kernel-restarted", PLAY)
    notebook.ready().run(SETUP).run(PLAY)
    panel.wait_for("playing")


def test_a_reload_catches_up_with_a_run_that_ended_meanwhile(notebook: Notebook):
    save(notebook)
    notebook.page.goto("about:blank")
    notebook.page.wait_for_timeout(25_000)
    notebook.open("toy.ipynb")
    panel = notebook.panel(PLAY)
    panel.wait_for("update 1,500 of 1,500 · finished", timeout=60)
    wait_until(lambda: panel.blank() == [], 10, "its pictures")
    assert notebook.errors() == []


def test_a_saved_notebook_shows_the_last_picture_without_its_kernel(
    notebook: Notebook, lab: JupyterLab, browser: Browser
):
    notebook.panel(PLAY).press("Pause")
    notebook.panel(PLAY).wait_for("paused")
    notebook.page.wait_for_timeout(1500)  # for the picture that is kept
    outputs = save(notebook)["cells"][PLAY]["outputs"]
    kept = "".join("".join(output["data"].get("text/html", "")) for output in outputs)
    assert "data:image/png;base64," in kept  # as GitHub and nbconvert show it
    notebook.shut_down()
    notebook.page.goto("about:blank")
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    later = Notebook(context.new_page(), lab).open("toy.ipynb")
    picture = later.cell(PLAY).locator(".lecturekit-kept img")
    expect(picture).to_be_visible(timeout=30_000)
    wait_until(lambda: picture.evaluate("image => image.naturalWidth") > 300, 10, "a picture")
    expect(later.page.get_by_text("Error displaying widget")).to_be_hidden()
    later.screenshot("live-without-kernel", PLAY)
    context.close()


def test_a_run_as_a_cells_value_brings_its_panel_back(notebook: Notebook):
    notebook.page.goto("about:blank")  # the tab was closed, nothing saved
    notebook.open("toy.ipynb")
    expect(notebook.cell(PLAY).locator(".lecturekit-run")).to_have_count(0)
    notebook.run(SHOW)
    panel = notebook.panel(SHOW)
    panel.wait_for("update")
    wait_until(lambda: panel.blank() == [], 10, "its pictures")


def test_a_setting_that_is_no_number_holds_the_run_and_says_why(notebook: Notebook):
    notebook.run(SPOIL)
    panel = notebook.panel(PLAY)
    panel.wait_for("must be a finite number")
    assert panel.number("learning rate α") == "nan"
    held = panel.updates()
    notebook.run(REPAIR)
    wait_until(lambda: panel.updates() > held, 20, "further updates")


def test_two_windows_show_one_run(notebook: Notebook, lab: JupyterLab, browser: Browser):
    save(notebook)
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    other = Notebook(context.new_page(), lab).open("toy.ipynb").panel(PLAY)
    other.wait_for("left")
    before = other.updates()
    wait_until(lambda: other.updates() > before, 20, "updates in the second window")
    other.press("Pause")
    notebook.panel(PLAY).wait_for("paused")
    assert other.blank() == []
    context.close()

"""Buttons while a cell waits for the end of a run: they act at once, always.

A busy machine is given some seconds. A quiet one needs no more than half a second, also where an
update takes .3 s and is not torn apart; the slowest of all tries is printed:

    LECTUREKIT_TRIES=20 LECTUREKIT_WITHIN=.5 pytest -rP tests/browser/test_finish.py
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab import JupyterLab, Notebook, Panel, wait_until
from tests.browser.test_live import CELLS, notebook_of

pytestmark = [pytest.mark.browser, pytest.mark.lecture, pytest.mark.timeout(900)]

TRIES = int(os.environ.get("LECTUREKIT_TRIES", "1"))
WITHIN = float(os.environ.get("LECTUREKIT_WITHIN", "8"))  # seconds
SETUP, PAUSE, PLAY, FINISH, TELL = range(5)
NOTEBOOK = [
    CELLS[0],
    "pause = {pause}",
    "run = live.play(lambda: begin(10**6), views, settings, name='Long')",
    "await run.finish()",
    "print(run.status)",
]
PAUSES = [0.001, 0.3]  # seconds of a training step


@pytest.fixture(params=["perCommTarget", "disabled"], scope="module", ids=["subshells", "none"])
def lab(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[JupyterLab]:
    """JupyterLab with and without threads of their own for what widgets say."""
    folder = tmp_path_factory.mktemp("lab") / "notebooks"
    folder.mkdir()
    for pause in PAUSES:
        cells = [cell.replace("{pause}", str(pause)) for cell in NOTEBOOK]
        nbformat.write(notebook_of(cells), folder / f"pause-{pause}.ipynb")
    server = JupyterLab(folder, python_path=[Path(__file__).parents[1] / "live"])
    choice = server.user_settings("@jupyterlab/apputils-extension", "kernels-settings")
    choice.write_text(json.dumps({"commsOverSubshells": request.param}))
    with server:
        yield server


def start(notebook: Notebook) -> None:
    """Play, and let the next cell wait for the end."""
    for cell in (SETUP, PAUSE, PLAY):
        notebook.run(cell)
    begin_to_finish(notebook)


def begin_to_finish(notebook: Notebook) -> None:
    """Shift-Enter in the cell that finishes, without waiting for it."""
    notebook.cell(FINISH).locator(".jp-InputArea-editor").click()
    notebook.page.keyboard.press("Shift+Enter")
    notebook.panel(FINISH).wait_for("finishing")  # the panel is where the eyes are


def seconds_until(panel: Panel, words: str) -> float:
    """How long until the panel says so."""
    begun = time.perf_counter()
    while words not in panel.state():
        assert time.perf_counter() - begun < 20, f"still {panel.state()}"
        time.sleep(0.01)
    return time.perf_counter() - begun


def after_nothing(notebook: Notebook) -> None:
    """A fresh kernel."""
    start(notebook)


def after_a_reload(notebook: Notebook) -> None:
    """The page was loaded anew while the run played."""
    for cell in (SETUP, PAUSE, PLAY):
        notebook.run(cell)
    notebook.page.keyboard.press("Control+s")
    notebook.page.wait_for_timeout(1000)
    notebook.page.reload()
    notebook.ready()
    notebook.panel(PLAY).wait_for("playing")
    begin_to_finish(notebook)


def after_an_interrupt(notebook: Notebook) -> None:
    """The cell was interrupted once, and executed again."""
    start(notebook)
    notebook.interrupt()
    notebook.wait(20)
    assert notebook.panel(PLAY).state().endswith("paused (interrupted)")
    assert "Interrupted. Long: update" in notebook.text(FINISH)
    assert "Traceback" not in notebook.text(FINISH)
    assert len(notebook.text(FINISH).splitlines()) == 1
    begin_to_finish(notebook)


def under_run_all(notebook: Notebook) -> None:
    """All cells were sent to the kernel at once."""
    notebook.run_all(timeout=0)
    notebook.panel(FINISH).wait_for("finishing")


@pytest.mark.parametrize("pause", PAUSES)
@pytest.mark.parametrize(
    "begin", [after_nothing, after_a_reload, after_an_interrupt, under_run_all]
)
def test_buttons_and_sliders_act_while_a_cell_waits_for_the_end(
    lab: JupyterLab, page: Page, request: pytest.FixtureRequest, begin, pause: float
):
    slowest: dict[str, float] = {}

    def act(panel: Panel, button: str, words: str) -> None:
        panel.press(button)
        slowest[button] = max(seconds_until(panel, words), slowest.get(button, 0))

    for _ in range(TRIES):
        notebook = Notebook(page, lab).open(f"pause-{pause}.ipynb")
        request.addfinalizer(notebook.shut_down)  # the next test begins with a fresh kernel
        begin(notebook)
        panel = notebook.panel(FINISH)
        first = panel.updates()
        wait_until(lambda panel=panel, first=first: panel.updates() > first, 20, "a moving number")
        panel.slider("batch size").press("ArrowRight")
        assert panel.number("batch size") == "9"
        act(panel, "Pause", "paused")
        held = panel.updates()
        act(panel, "Play", "finishing")
        wait_until(lambda panel=panel, held=held: panel.updates() > held, 20, "further updates")
        if begin is not under_run_all:  # a request of another cell waits meanwhile
            notebook.cell(TELL).locator(".jp-InputArea-editor").click()
            page.keyboard.press("Shift+Enter")
            page.wait_for_timeout(300)
            expect(notebook.cell(TELL).locator(".jp-InputPrompt")).to_have_text("[*]:")
        act(notebook.panel(PLAY), "Stop", "stopped by hand")  # the panel above is as good
        notebook.wait(30)
        assert notebook.text(TELL) == "stopped"
        expect(notebook.cell(FINISH).locator("img[alt]")).to_have_count(2)
        expect(notebook.cell(FINISH).locator(".lecturekit-run")).to_have_count(0)
        assert notebook.errors() == [] or begin is after_an_interrupt
        notebook.shut_down()
    print({button: f"{seconds:.2f} s" for button, seconds in slowest.items()})
    assert max(slowest.values()) < WITHIN

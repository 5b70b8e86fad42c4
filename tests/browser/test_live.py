"""Live runs as a person has them: JupyterLab in Chromium, buttons pressed, sliders dragged."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from lecturekit import training
from tests.browser.lab import JupyterLab, Notebook, wait_until
from tests.live.toy import Line, Settings, train

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SETUP, PLAY, FINISH, RESULT, LONG, SETTINGS = range(6)
CELLS = [
    """
    from lecturekit import live
    from toy import Line, Settings, train
    model, settings = Line(), Settings()
    def begin(total=2000):
        model.w.data.zero_()
        return train(model, settings, total=total)
    views = [
        live.Curves("Loss", ["loss"], ylabel="squared error", yscale="log"),
        live.ImageGrid("Weights", lambda: model.w.reshape(1, 1, 3), signed=True),
    ]
    """,
    "run = live.play(begin, views, settings, name='Linear regression')",
    "run.finish()",
    "print(settings, model.w.detach().numpy().tobytes().hex())",
    "long = live.play(lambda: begin(10**7), views, {'SGD': settings})",
    "print(settings.learning_rate, settings.batch_size, long.status)",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    """A JupyterLab on a folder with one small notebook."""
    folder = tmp_path_factory.mktemp("lab") / "notebooks"
    folder.mkdir()
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(textwrap.dedent(cell).strip()) for cell in CELLS]
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, folder / "toy.ipynb")
    with JupyterLab(folder, python_path=[Path(__file__).parents[1] / "live"]) as server:
        yield server


def test_run_all_ends_bit_for_bit_where_plain_python_does(lab: JupyterLab, page: Page):
    notebook = Notebook(page, lab).open("toy.ipynb").run_all()
    model = Line()
    training.finish(train(model, Settings(), total=2000))
    expected = f"{Settings()} {model.w.detach().numpy().tobytes().hex()}"
    assert notebook.errors() == []
    assert notebook.text(RESULT) == expected
    expect(notebook.cell(FINISH).locator("img[alt]")).to_have_count(2)
    assert "finished" in notebook.panel(PLAY).state()
    notebook.screenshot("live-run-all", PLAY)
    notebook.shut_down()


def test_a_person_plays_with_a_live_run(lab: JupyterLab, page: Page):
    notebook = Notebook(page, lab).open("toy.ipynb").run(SETUP).run(LONG)
    panel = notebook.panel(LONG)

    # pictures arrive while it trains, and no picture waits for a cell
    panel.wait_for("playing")
    before, seen = panel.updates(), panel.pictures()
    wait_until(lambda: panel.updates() > before, 30, "updates")
    wait_until(lambda: set(panel.pictures()).isdisjoint(seen), 30, "new pictures of every view")
    notebook.screenshot("live-playing", LONG)

    # a slider that is dragged changes what the next updates use; a key moves it too
    panel.drag("learning rate α", 40)
    panel.slider("batch size").press("ArrowRight")
    notebook.run(SETTINGS)
    rate, batch_size, status = notebook.text(SETTINGS).split()
    assert 0.05 < float(rate) <= 1.0
    assert (batch_size, status) == ("9", "playing")

    # pause, step, play, reset, stop
    panel.press("Pause")
    panel.wait_for("paused")
    held = panel.updates()
    panel.press("Step")
    panel.wait_for(f"update {held + 1:,} of")
    panel.press("Play")
    wait_until(lambda: panel.updates() > held + 1, 30, "further updates")
    panel.press("Pause")
    panel.wait_for("paused")
    panel.press("Reset")
    panel.wait_for("not started")
    panel.press("Stop")
    panel.wait_for("stopped")
    expect(panel.button("Play")).to_be_disabled()
    assert notebook.errors() == []

    # another run: nothing is left of the old one where the cell is run again
    notebook.run(LONG)
    panel.wait_for("playing")
    expect(notebook.cell(LONG).locator(".lecturekit-run")).to_have_count(1)
    notebook.run(PLAY)
    panel.wait_for("“Linear regression” is playing")
    assert notebook.overflowing() == []
    notebook.shut_down()

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

SETUP, PLAY, FINISH, RESULT, LONG, SETTINGS, COUNT = range(7)
CELLS = [
    """
    import time
    from lecturekit import live, plots
    from toy import Line, Settings, train
    model, settings = Line(), Settings()
    pause = 0.0
    def begin(total=2000):
        model.w.data.zero_()
        for step in train(model, settings, total=total):
            time.sleep(pause)
            yield step
    views = [
        live.Curves("Loss_θ", "loss", ylabel="squared error", yscale="log"),
        live.View(plots.image_grid, lambda: model.w.reshape(1, 1, 3), "Weights", signed=True),
    ]
    """,
    "run = live.play(begin, views, settings, name='Linear regression')",
    "await run.finish()",
    "print(settings, model.w.detach().numpy().tobytes().hex())",
    "long = live.play(lambda: begin(10**7), views, {'SGD': settings})",
    "print(settings.learning_rate, settings.batch_size, long.status)",
    "import ipywidgets; print(len(ipywidgets.Widget.widgets), len(live.REGISTRY))",
]


def notebook_of(cells: list[str]) -> nbformat.NotebookNode:
    """A notebook with these code cells."""
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(textwrap.dedent(cell).strip()) for cell in cells]
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    """A JupyterLab on a folder with one small notebook."""
    folder = tmp_path_factory.mktemp("lab") / "notebooks"
    folder.mkdir()
    nbformat.write(notebook_of(CELLS), folder / "toy.ipynb")
    with JupyterLab(folder, python_path=[Path(__file__).parents[1] / "live"]) as server:
        yield server


@pytest.fixture
def notebook(lab: JupyterLab, page: Page) -> Iterator[Notebook]:
    """The notebook with a fresh kernel, its first cell executed."""
    opened = Notebook(page, lab).open("toy.ipynb")
    opened.run(SETUP)
    yield opened
    opened.shut_down()


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


def test_a_person_plays_with_a_live_run(notebook: Notebook):
    notebook.run(LONG)
    panel = notebook.panel(LONG)

    # after Shift-Enter all of it is in sight, and pictures arrive while it trains
    panel.wait_for("left")
    wait_until(lambda: panel.out_of_sight() == [], 5, "the panel in sight")
    before, seen = panel.updates(), panel.pictures()
    wait_until(lambda: panel.updates() > before, 30, "updates")
    wait_until(lambda: panel.pictures()[0] != seen[0], 30, "new pictures")
    assert panel.blank() == []
    notebook.screenshot("live-playing")

    # a slider that is dragged changes what the next updates use; a key moves it too
    panel.drag("learning rate α", 20)
    panel.slider("batch size").press("ArrowRight")
    assert panel.number("batch size") == "9"
    notebook.run(SETTINGS)
    rate, batch_size, status = notebook.text(SETTINGS).split()
    assert 0.05 < float(rate) <= 1.0
    assert float(panel.number("learning rate α")) == float(rate)
    assert panel.slider("learning rate α").get_attribute("aria-valuetext") == rate
    assert (batch_size, status) == ("9", "playing")
    panel.press("Sliders back")
    expect(panel.slider("batch size")).to_have_js_property("ariaValueText", "8")

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


def test_keys_play_step_reset_and_fill_the_screen(notebook: Notebook):
    page = notebook.page
    notebook.run(LONG)
    panel = notebook.panel(LONG)
    panel.wait_for("left")
    panel.root.focus()
    page.keyboard.press("Space")
    panel.wait_for("paused")
    held = panel.updates()
    page.keyboard.press("ArrowRight")
    panel.wait_for(f"update {held + 1:,} of")
    page.keyboard.press("r")
    panel.wait_for("not started")
    page.keyboard.press("Space")
    panel.wait_for("left")
    page.keyboard.press("f")
    wait_until(lambda: page.evaluate("!!document.fullscreenElement"), 5, "the full screen")
    wait_until(lambda: panel.out_of_sight() == [], 5, "all in sight")
    wait_until(lambda: panel.blank() == [], 5, "pictures")
    notebook.screenshot("live-full-screen")
    page.keyboard.press("f")
    wait_until(lambda: not page.evaluate("!!document.fullscreenElement"), 5, "the page again")
    assert page.locator(".jp-Dialog").count() == 0  # JupyterLab took none of the keys
    assert page.locator(".jp-DocumentSearch-overlay").count() == 0


def test_a_slider_can_be_dragged_while_its_pictures_follow(notebook: Notebook):
    notebook.run(LONG)
    panel = notebook.panel(LONG)
    panel.wait_for("left")
    box = panel.slider("learning rate α").bounding_box()
    assert box is not None
    mouse, numbers = notebook.page.mouse, set()
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    for step in range(8):
        mouse.move(box["x"] + box["width"] / 2 - 6 * step, box["y"] + box["height"] / 2)
        notebook.page.wait_for_timeout(150)
        numbers.add(panel.number("learning rate α"))
        seen = panel.pictures()
        wait_until(lambda seen=seen: panel.pictures() != seen, 5, "pictures in mid-drag")
    mouse.up()
    assert len(numbers) >= 5


def test_a_person_saves_pictures_and_the_run(notebook: Notebook):
    notebook.run(LONG)
    panel = notebook.panel(LONG)
    panel.wait_for("left")
    for kind, beginning in [
        ("picture (PNG)", b"\x89PNG"),
        ("the run so far (film)", b"\x1aE\xdf\xa3"),
    ]:
        with notebook.page.expect_download(timeout=60_000) as download:
            panel.root.get_by_role("combobox", name="save").select_option(kind)
        assert Path(download.value.path()).read_bytes().startswith(beginning)
    with notebook.page.expect_download(timeout=60_000) as download:
        panel.root.get_by_role("combobox", name="save").select_option("pictures (SVG)")
    assert b"<svg" in Path(download.value.path()).read_bytes()


def test_twenty_reruns_leave_no_more_than_one(notebook: Notebook):
    notebook.run(LONG).run(COUNT)
    one = notebook.text(COUNT)
    for _ in range(19):
        notebook.run(LONG)
    notebook.run(COUNT)
    assert notebook.text(COUNT) == one

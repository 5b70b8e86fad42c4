"""A prediction as a person makes it in JupyterLab: by mouse, by keyboard, or not at all."""

from __future__ import annotations

from collections.abc import Iterator

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab import JupyterLab, Notebook
from tests.browser.test_live import notebook_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ASK, JUDGE, ANEW = range(3)
CELLS = [
    'from lecturekit import predictions\nguess = predictions.ask("1.b")',
    'guess.judge({"CD-1": 0.2, "PCD": 5.2, "FPCD": 1.1}, close=0.5, unit="nats")',
    'predictions.ask("1.b").given',
]


@pytest.fixture
def notebook(tmp_path, page: Page) -> Iterator[Notebook]:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    nbformat.write(notebook_of(CELLS), folder / "guess.ipynb")
    with JupyterLab(folder) as lab:
        yield Notebook(page, lab).open("guess.ipynb")


def test_a_click_commits_the_run_judges_and_the_notebook_remembers(notebook: Notebook):
    page = notebook.page
    notebook.run(ASK)
    panel = notebook.cell(ASK).locator(".lecturekit-prediction")
    expect(panel.get_by_role("status")).to_contain_text("A click commits you")
    panel.get_by_role("button", name="FPCD", exact=True).focus()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("status")).to_contain_text("Your prediction: FPCD. Now run on.")
    expect(panel.get_by_role("button", name="PCD", exact=True)).to_be_disabled()
    notebook.screenshot("prediction-made")
    notebook.run(JUDGE)
    expect(panel.get_by_role("status")).to_contain_text("The run says: PCD.")
    assert "The run says: PCD" in notebook.text(JUDGE)
    assert "You predicted: FPCD. A second set of weights" in notebook.text(JUDGE)
    notebook.screenshot("prediction-judged")

    # saved, and opened in another kernel: the answer is still there
    page.keyboard.press("Control+s")
    page.wait_for_timeout(1500)
    notebook.restart()
    notebook.ready()
    page.wait_for_timeout(1500)
    notebook.run(ASK)
    expect(panel.get_by_role("status")).to_contain_text("Your prediction: FPCD")
    notebook.run(ANEW)
    assert notebook.errors() == []
    notebook.shut_down()

"""Each lecture in a hall: `lecturekit lab --hall` at 1280 × 720, walked with Shift-Enter."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from lecturekit.cli import hall, short_path, start_page, working_copy
from lecturekit.sections import SECTIONS
from tests.browser.lab import ROOT, SCREENSHOTS, JupyterLab, Notebook, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.notebook, pytest.mark.timeout(600)]

# What of the slide that is shown is too tall for the screen, in pixels, and what is cut at a side.
FAULTS = """() => {
    const screen = document.querySelector('.jp-Deck .jp-WindowedPanel-outer');
    const room = screen.getBoundingClientRect(), faults = [];
    const cells = [...screen.querySelectorAll('.jp-Cell.jp-deck-mod-onscreen')];
    const title = cells.map(cell => cell.innerText.trim().split('\\n')[0]).find(Boolean);
    const tall = screen.scrollHeight - screen.clientHeight;
    if (tall > 1) faults.push(`${tall} px too tall`);
    const kinds = 'p, li, pre, table, img, canvas, mjx-math';
    for (const part of cells.flatMap(cell => [...cell.querySelectorAll(kinds)])) {
        const { left, right, width } = part.getBoundingClientRect();
        const sticksOut = width > 0 && Math.max(right - room.right, room.left - left);
        const inside = part.scrollWidth - part.clientWidth;
        const cut = Math.max(sticksOut, part.tagName === 'PRE' && inside);
        if (cut > 1) faults.push(`${part.tagName.toLowerCase()} is ${Math.round(cut)} px too wide`);
    }
    return faults.map(fault => `${title}: ${fault}`);
}"""


SETTLED = """async () => {
    const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done, 30)));
    await frame();
    const images = document.querySelectorAll('.jp-deck-mod-onscreen img');
    await Promise.all([...images].map(image => image.decode().catch(() => {})));
    await frame();
}"""


def hall_copy(source: Path, folder: Path) -> list[dict]:
    """Put what is shown in the hall into a folder, and return its cells."""
    [(path, _)] = working_copy.hand_out(source, folder, hall.for_hall)
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def hall_server(folder: Path) -> JupyterLab:
    """As `lecturekit lab --hall` starts it, with a way in for tests."""
    return JupyterLab(
        folder,
        settings=hall.HALL,
        options=["--LabApp.expose_app_in_browser=True"],
        LECTUREKIT_PROFILE="smoke",
        LECTUREKIT_DATA="none",
    )


class Deck:
    """A lecture that is being shown."""

    def __init__(self, page: Page, lab: JupyterLab, name: str, cells: list[dict]):
        self.page, self.cells = page, cells
        self.notebook = Notebook(page, lab).open(name)
        self.at = [k for k, cell in enumerate(cells) if short_path.kind(cell) != "skip"]
        expect(page.locator(".jp-Deck .jp-deck-mod-onscreen").first).to_be_visible(timeout=30_000)
        wait_until(lambda: self.active() == self.at[0], 10, "the first slide")

    def active(self) -> int:
        """The place of the active cell."""
        return self.page.evaluate(
            "[...document.querySelectorAll('.jp-Notebook .jp-Cell')]"
            ".findIndex(cell => cell.classList.contains('jp-mod-active'))"
        )

    def go_on(self, place: int, following: int) -> None:
        """Shift-Enter in one cell: its run has ended, and the next one is active."""
        self.page.keyboard.press("Shift+Enter")
        wait_until(lambda: self.active() == following, 10, f"cell {following} after {place}")
        if self.cells[place]["cell_type"] == "code":
            wait_until(lambda: self.has_run(place), 60, f"cell {place} to end")

    def has_run(self, place: int) -> bool:
        """Whether the kernel has answered; the prompts that say so are not shown."""
        cell = f"jupyterapp.shell.currentWidget.content.widgets[{place}]"
        return self.page.evaluate(f"{cell}.model.executionCount !== null")

    def touch(self, place: int) -> None:
        """Answer a question, touch a run: after that Shift-Enter must go on all the same."""
        if "predictions.ask(" in short_path.source(self.cells[place]):
            self.notebook.cell(place).locator(".lecturekit-answers button").first.click()
        if "live.play(" in short_path.source(self.cells[place]):
            self.look_at_run(place)
            self.notebook.panel(place).root.locator(".lecturekit-bar").click(
                position={"x": 2, "y": 2}
            )

    def look_at_run(self, place: int) -> None:
        """The live run that a cell has begun is in sight, as a whole, and plays or has played."""
        panel = self.notebook.panel(place)
        expect(panel.root).to_be_visible(timeout=20_000)
        wait_until(lambda: panel.out_of_sight() == [], 10, f"all of {panel.name()}")
        wait_until(lambda: panel.blank() == [], 10, f"pictures of {panel.name()}")
        if "playing=False" in short_path.source(self.cells[place]):  # it waits for what is painted
            panel.press("Play")
        if panel.root.locator(".lecturekit-state").is_visible():
            wait_until(lambda: panel.updates() > 0, 60, f"{panel.name()} to play")

    def walk(self) -> list[str]:
        """From the first slide to the last; what does not fit, a line each."""
        faults = dict.fromkeys(self.faults())
        for place, following in zip(self.at, self.at[1:], strict=False):
            self.go_on(place, following)
            self.touch(place)
            faults |= dict.fromkeys(self.faults())
        return list(faults)

    def faults(self) -> list[str]:
        """What of the present slide does not fit, once its pictures have taken their places."""
        self.page.evaluate(SETTLED)
        return self.page.evaluate(FAULTS)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[JupyterLab]:
    folder = tmp_path / "hall"
    start_page.hand_out(folder, hall.PAGE)
    with hall_server(folder) as server:
        yield server


def test_the_first_page_has_all_lectures_and_leads_to_one_and_the_button_out_of_the_slides(
    lab: JupyterLab, page: Page
):
    hall_copy(ROOT / "notebooks" / SECTIONS[0].notebook, lab.folder)
    page.goto(f"{lab.url}/lab/tree/{quote(start_page.NAME)}?token={lab.token}")
    for section in SECTIONS:
        link = page.get_by_role("link", name=re.compile(f"^{section.number} · "))
        expect(link).to_be_in_viewport(ratio=1, timeout=60_000)
    page.screenshot(path=SCREENSHOTS / "hall.png")
    page.get_by_role("link", name="1 · Restricted Boltzmann machines").click()
    title = page.locator(".jp-Deck .jp-deck-mod-onscreen h1")
    expect(title).to_contain_text("1 · Restricted Boltzmann machines", timeout=30_000)
    expect(page.get_by_role("menuitem", name="Run", exact=True)).not_to_be_visible()
    page.get_by_title("Exit Deck").click()
    expect(page.get_by_role("menuitem", name="Run", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    "section",
    [pytest.param(each, marks=[pytest.mark.lecture] if each.number != 3 else [], id=each.stem)
     for each in SECTIONS],
)  # fmt: skip
def test_every_slide_fits_and_every_run_plays_in_sight(section, lab: JupyterLab, page: Page):
    cells = hall_copy(ROOT / "notebooks" / section.notebook, lab.folder)
    deck = Deck(page, lab, section.notebook, cells)
    assert deck.walk() == []
    assert deck.notebook.errors() == []
    deck.notebook.shut_down()

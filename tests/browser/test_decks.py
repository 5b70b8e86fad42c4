"""Decks in a browser without a network, at the size of a projector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lecturekit.cli import book, decks
from lecturekit.sections import SECTIONS
from tests.browser.lab import ROOT, SCREENSHOTS
from tests.cli.decks.test_decks import write_lecture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

FAULTS = """async () => {
    const slide = Reveal.getCurrentSlide(), room = slide.getBoundingClientRect(), faults = [];
    await new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)));
    await Promise.all([...slide.querySelectorAll('img')].map(image => image.decode()));
    const tall = slide.scrollHeight - slide.clientHeight;
    if (tall > 1) faults.push(`${tall} px too tall`);
    for (const part of slide.querySelectorAll('p, li, pre, table, img, canvas, math, div.math')) {
        const { left, right, width } = part.getBoundingClientRect();
        const sticksOut = width > 0 && Math.max(right - room.right, room.left - left);
        const inside = part.scrollWidth - part.clientWidth;
        const cut = Math.max(sticksOut, part.tagName === 'DIV' && inside);
        if (cut > 1) faults.push(`${part.tagName.toLowerCase()} is ${Math.round(cut)} px too wide`);
    }
    return faults.map(fault => `${slide.innerText.trim().split('\\n')[0]}: ${fault}`);
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that reaches nothing but files; whatever else it asks for, and any slip, fails."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    slips = list[str]()

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: slips.append(str(error.stack or error)))
        page.on("console", lambda told: slips.append(told.text) if told.type == "error" else None)
        page.on("request", lambda asked: slips.append(asked.url) if _elsewhere(asked.url) else None)

    context.on("page", watch)
    yield context.new_page()
    context.close()
    assert not slips


def _elsewhere(url: str) -> bool:
    return not url.startswith(("file:", "blob:", "data:", "about:"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("decks")
    write_lecture(folder / "06_unit.ipynb")
    assert not decks.build({"unit": folder / "06_unit.ipynb"}, folder / "decks")
    return folder / "decks"


def open_deck(page: Page, path: Path) -> None:
    page.goto(f"file://{path}")
    page.wait_for_function("Reveal.isReady()")


def walk(page: Page) -> list[str]:
    """Space from the first slide to the last, each question answered; what does not fit."""
    faults = page.evaluate(FAULTS)
    for _ in range(100):
        if page.evaluate("Reveal.isLastSlide()"):
            return faults
        page.keyboard.press("Space")
        question = page.locator("section.present:not(.stack) .lecturekit-asked")
        for answer in question.locator("summary").all():
            answer.click()
            expect(question.get_by_text("The run says:").locator("visible=true")).to_have_count(1)
            faults += page.evaluate(FAULTS)
        faults += page.evaluate(FAULTS)
    raise AssertionError("Space does not go on to the last slide")


def test_space_goes_on_to_the_last_slide_and_each_fits(small, page):
    open_deck(page, small / "06_unit.html")
    expect(page.locator("section.present h1")).to_have_text("6 · UNIT")
    assert walk(page) == []
    assert page.evaluate("Reveal.getTotalSlides()") == 4


def test_a_run_plays_on_its_slide(small, page):
    open_deck(page, small / "06_unit.html")
    page.evaluate("Reveal.slide(1, 1)")
    run = page.locator("section.present .lecturekit-run")
    words = run.locator(".lecturekit-state")
    expect(words).to_have_text("update 2", timeout=20_000)
    run.get_by_label("moment of the run").fill("0")
    expect(words).to_have_text("update 0")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Enter")
    expect(words).to_have_text("update 2")
    assert page.evaluate("Reveal.getIndices().v") == 1


def test_the_first_page_opens_a_deck(small, page):
    page.goto(f"file://{small}/index.html")
    page.get_by_role("link", name="6 · UNIT").click()
    expect(page.locator("section.present h1")).to_be_visible()


def test_the_speaker_view_has_the_notes_and_goes_along(small, page):
    open_deck(page, small / "06_unit.html")
    with page.context.expect_page() as opened:
        page.keyboard.press("s")
    notes = opened.value.locator(".speaker-controls-notes .value")
    expect(notes).to_contain_text("Ask for", timeout=20_000)
    page.keyboard.press("Space")
    expect(notes).not_to_be_visible()


@pytest.mark.lecture
@pytest.mark.notebook
@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.stem)
def test_every_slide_of_a_lecture_fits(section, page, tmp_path):
    notebook = ROOT / "notebooks" / section.notebook
    assert not book.record([notebook], tmp_path, {"profile": "smoke", "seed": 0})
    assert not decks.build({section.stem: tmp_path / section.notebook}, tmp_path / "decks")
    open_deck(page, tmp_path / "decks" / f"{notebook.stem}.html")
    assert walk(page) == []
    page.screenshot(path=SCREENSHOTS / f"deck-{section.stem}.png")

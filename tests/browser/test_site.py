"""The book in a browser without a network, at the sizes of a phone, a projector and a desktop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from lecturekit.cli import book, notebooks
from tests.browser.lab import SCREENSHOTS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.notebook,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore:.*Sphinx"),
]
SIZES = {"phone": (390, 844), "projector": (1280, 720), "desktop": (1920, 1080)}
CHAPTER = "lectures/03_moment_matching.html"
INK = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let ink = 0;
  for (let i = 0; i < data.length; i += 4)
    ink = (31 * ink + data[i] + 3 * data[i + 1] + 7 * data[i + 2]) | 0;
  return ink;
}"""
NEAR_FILMS_OPEN = """() => [...document.querySelectorAll("[data-film]")].every(place => {
  const { top, bottom } = place.getBoundingClientRect();
  return bottom < -600 || top > window.innerHeight + 600 || place.querySelector(".lecturekit-run");
})"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The book of one lecture, as `lecturekit site` makes it, in the smoke profile."""
    folder = tmp_path_factory.mktemp("site")
    [notebook] = notebooks.select(["moment_matching"])
    assert not book.record([notebook], folder / "executed", {"profile": "smoke", "seed": 0})
    executed = {"moment_matching": folder / "executed" / notebook.name}
    assert not book.build(executed, folder / "book")
    return folder / "book"


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page that reaches nothing but files; whatever else it asks for, and any slip, fails."""
    width, height = SIZES[request.param]
    viewport = {"width": width, "height": height}
    context = browser.new_context(viewport=viewport, offline=True, has_touch=width < 500)
    page, slips = context.new_page(), list[str]()
    page.on("pageerror", lambda error: slips.append(str(error.stack or error)))
    page.on("console", lambda told: slips.append(told.text) if told.type == "error" else None)
    page.on("request", lambda asked: slips.append(asked.url) if _is_elsewhere(asked.url) else None)
    yield page
    context.close()
    assert not slips


def _is_elsewhere(url: str) -> bool:
    return not url.startswith(("file:", "blob:", "data:"))


def open_run(page: Page, site: Path, name: str) -> Locator:
    """The panel of a recorded run, in the page and in sight."""
    page.goto(f"file://{site}/{CHAPTER}")
    run = page.locator(f'.lecturekit-run[aria-label="{name}"]')
    for film in page.locator("[data-film]").all():
        film.scroll_into_view_if_needed()
        expect(film.locator(".lecturekit-run")).to_be_visible(timeout=20_000)
    run.scroll_into_view_if_needed()
    return run


def pixels(run: Locator) -> list[int]:
    run.page.wait_for_timeout(150)  # a picture is drawn with the next frame
    return [canvas.evaluate(INK) for canvas in run.locator("canvas").all()]


def test_a_recorded_run_is_scrubbed_played_and_switched(page: Page, site: Path):
    run = open_run(page, site, "Flow")
    words, moment = run.locator(".lecturekit-state"), run.locator(".lecturekit-moment")
    expect(words).to_have_text("update 10 of 10 · finished")
    last = pixels(run)
    moment.fill("0")
    expect(words).to_have_text("before the first update")
    first = pixels(run)
    assert all(a != b for a, b in zip(first, last, strict=True))

    moment.focus()
    page.keyboard.press("ArrowRight")
    expect(words).to_have_text("update 1 of 10")
    run.get_by_role("button", name="Play").click()
    expect(words).to_have_text("update 10 of 10 · finished", timeout=20_000)
    assert pixels(run) == last

    choice = run.get_by_label("number of bandwidths")
    assert choice.locator("option").all_inner_texts() == ["1", "2", "5"]
    assert choice.input_value() == "5"
    choice.select_option("1")
    assert pixels(run)[0] != last[0]
    choice.select_option("5")
    assert pixels(run) == last
    run.screenshot(path=SCREENSHOTS / f"site-run-{page.viewport_size['width']}.png")


def test_a_prediction_is_made_without_a_kernel(page: Page, site: Path):
    page.goto(f"file://{site}/{CHAPTER}")
    question = page.locator(".lecturekit-asked").first
    said = question.get_by_text("The run says:").first
    expect(said).to_be_hidden()
    question.scroll_into_view_if_needed()
    page.wait_for_function(NEAR_FILMS_OPEN)  # they move what stands below them
    question.locator("summary").first.click()
    expect(said).to_be_visible()
    question.screenshot(path=SCREENSHOTS / f"site-predicted-{page.viewport_size['width']}.png")


def test_no_page_is_wider_than_the_screen(page: Page, site: Path):
    for path in ("index.html", CHAPTER, "slides.html", "exercises.html", "reference/rbm.html"):
        page.goto(f"file://{site}/{path}")
        page.wait_for_timeout(300)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= page.viewport_size["width"], path
        page.screenshot(
            path=SCREENSHOTS / f"site-{Path(path).stem}-{page.viewport_size['width']}.png"
        )


def test_every_panel_stays_within_the_column_and_its_type_can_be_read(page: Page, site: Path):
    open_run(page, site, "Flow")
    width = page.viewport_size["width"]
    for run in page.locator(".lecturekit-run").all():
        box = run.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        for canvas in run.locator("canvas").all():
            inner = canvas.bounding_box()
            assert inner["width"] >= 150
            assert inner["x"] + inner["width"] <= box["x"] + box["width"] + 1


def test_formulas_are_drawn_by_the_browser(page: Page, site: Path):
    page.goto(f"file://{site}/{CHAPTER}")
    sizes = page.locator("math").evaluate_all(
        "all => all.map(m => m.getBoundingClientRect().height)"
    )
    assert len(sizes) > 100
    assert min(sizes) > 5
    assert "$" not in page.locator("article p").first.inner_text()


def test_search_finds_a_word_without_a_server(page: Page, site: Path):
    page.goto(f"file://{site}/search.html?q=bandwidth")
    found = page.locator("#search-results li a").first
    expect(found).to_be_visible(timeout=20_000)
    found.click()
    expect(page.locator("article")).to_contain_text("bandwidth")

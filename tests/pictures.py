"""Draw the moving pictures of the README from recorded runs: `make pictures` does.

python tests/pictures.py SITE       a book made by `lecturekit site`; writes docs/NAME.gif

The page's own module draws them, in a browser; so they are what a reader of the book sees.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).parents[1] / "docs"
COLOURS = 24
SECONDS = 0.12  # for a moment, and ten times as long for the last
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


class Film(NamedTuple):
    """A moving picture.

    Attributes:
        name: of its file in docs/.
        page: on which the run is.
        run: its name there.
        width: of the page, in which its pictures share the room.
    """

    name: str
    page: str
    run: str
    width: int


FILMS = (Film("landscape", "lectures/01_rbm.html", "PCD landscape", 640),)


def draw(page: Page, site: Path, film: Film) -> None:
    """Write one of them."""
    page.set_viewport_size({"width": film.width, "height": 520})
    page.goto(f"file://{site.resolve()}/{film.page}")
    for place in page.locator("[data-film]").all():  # a run opens when it comes near
        place.scroll_into_view_if_needed()
        place.locator(".lecturekit-run").wait_for()
    run = page.locator(f'.lecturekit-run[aria-label="{film.run}"]')
    moment = run.locator(".lecturekit-moment")
    frames = []
    for number in range(int(moment.get_attribute("max") or 0) + 1):
        moment.fill(str(number))
        page.wait_for_timeout(100)
        png = run.locator(".lecturekit-views").screenshot()
        frames.append(Image.open(io.BytesIO(png)).convert("RGB"))
    few = frames[-1].quantize(COLOURS)  # the same in all frames, so that what stays is kept once
    frames = [frame.quantize(palette=few, dither=Image.Dither.NONE) for frame in frames]
    lasting = [round(1000 * SECONDS)] * (len(frames) - 1) + [round(10_000 * SECONDS)]
    first, *others = frames
    path = DOCS / f"{film.name}.gif"
    first.save(path, save_all=True, append_images=others, duration=lasting, loop=0, optimize=True)
    print(f"{path}: {len(frames)} moments, {path.stat().st_size // 1024} KB")


def main(site: Path) -> None:
    """Write all of them."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(color_scheme="light")
        for film in FILMS:
            draw(page, site, film)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

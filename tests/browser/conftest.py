"""Chromium for the tests that drive a real JupyterLab."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium. CI must have it; elsewhere its tests are skipped without it.

    Playwright keeps an event loop running in this thread, so it must be gone before other tests.
    """
    if CHROMIUM is None:
        reason = "no chromium, chromium-browser or google-chrome was found"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page on a projector of 1280 × 720, in which no script of ours may break off."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page, slips = context.new_page(), list[str]()
    page.on("pageerror", lambda error: slips.append(str(error.stack or error)))
    page.on("console", lambda told: slips.append(told.text) if told.type == "error" else None)
    yield page
    context.close()
    assert not [slip for slip in slips if "lecturekit" in slip or "blob:" in slip]

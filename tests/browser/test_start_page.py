"""The first minute: `lecturekit lab` in a new folder, its start page, and a way into a lecture."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lecturekit.cli import start_page
from tests.browser.lab import ROOT, free_port, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where the browser goes: that of a server which the command itself has started."""
    folder, token, port = tmp_path / "mine", secrets.token_hex(16), free_port()
    command = [sys.executable, "-c", "from lecturekit.cli import app; app()"]
    own = {name: str(tmp_path / name) for name in ("settings", "workspaces", "runtime")}
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "JUPYTERLAB_SETTINGS_DIR": own["settings"],
        "JUPYTERLAB_WORKSPACES_DIR": own["workspaces"],
        "JUPYTER_RUNTIME_DIR": own["runtime"],
    }
    subprocess.run([*command, "copy", str(folder)], env=environment, check=True)
    options = ["--no-browser", f"--ServerApp.port={port}", f"--IdentityProvider.token={token}"]
    server = subprocess.Popen([*command, "lab", str(folder), "--", *options], env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(f"{url}/api/status?token={token}"), 120, "JupyterLab to answer")
        yield f"{url}/?token={token}"
    finally:
        server.terminate()
        try:
            server.wait(20)  # its kernel ends with it
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def test_a_newcomer_sees_the_lectures_and_opens_one(address: str, page: Page):
    page.goto(address)
    pictures = page.locator(".jp-RenderedMarkdown img")
    expect(pictures).to_have_count(6, timeout=60_000)
    for picture in pictures.all():
        wait_until(lambda p=picture: p.evaluate("p => p.naturalWidth") > 0, 20, "a picture")
    words = page.locator(".jp-RenderedMarkdown").inner_text()
    for lecture in start_page.lectures():
        assert lecture.title in words
    assert page.locator(".jp-Dialog, .Toastify__toast").count() == 0
    pictures.first.click()
    expect(page.locator(".jp-Notebook")).to_be_visible(timeout=60_000)
    expect(page).to_have_url(re.compile(r"01_rbm\.ipynb"))
    assert page.locator(".jp-OutputArea-output").count() == 0  # no ✓ under a cell that has not run


def _answers(url: str) -> bool:
    try:
        return bool(urllib.request.urlopen(url, timeout=5).status)
    except (urllib.error.URLError, OSError):
        return False

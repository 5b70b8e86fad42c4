"""A real JupyterLab, and a notebook in it as a person at the keyboard has it.

lab = stack.enter_context(JupyterLab(folder))
notebook = Notebook(browser.new_page(), lab).open("01_rbm.ipynb")
notebook.run_all()
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"

# What a first visitor is asked, and notebooks that take cells off the page while out of sight.
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}


class JupyterLab:
    """A server on a free port, with settings and files of its own, for the time of a `with`."""

    def __init__(
        self,
        folder: Path,
        *,
        theme: str = "JupyterLab Light",
        python_path: Sequence[Path] = (),
        **environment: str,
    ):
        self.folder = folder
        self.token = secrets.token_hex(16)
        self.url = f"http://127.0.0.1:{_free_port()}"
        self._settings = folder.parent / f"{folder.name}-settings"
        themes = {"@jupyterlab/apputils-extension/themes": {"theme": theme}}
        for name, values in {**SETTINGS, **themes}.items():
            path = self._settings / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))
        self._environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, [ROOT, *python_path])),
            "JUPYTERLAB_SETTINGS_DIR": str(self._settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(self._settings / "workspaces"),
            "JUPYTER_RUNTIME_DIR": str(self._settings / "runtime"),
            **environment,
        }

    def __enter__(self) -> JupyterLab:
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        options = {
            "ServerApp.port": self.url.rsplit(":", 1)[1],
            "ServerApp.port_retries": "0",
            "ServerApp.root_dir": str(self.folder),
            "IdentityProvider.token": self.token,
        }
        self._log = (self._settings / "server.log").open("w")
        self._process = subprocess.Popen(
            command + [f"--{name}={value}" for name, value in options.items()],
            env=self._environment,
            cwd=self.folder,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until(self._answers, 60, "JupyterLab to answer")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.terminate()  # its kernels end with it
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def request(self, path: str, method: str = "GET") -> Any:
        """What the server's REST interface answers at `path`."""
        request = urllib.request.Request(self.url + path, method=method)
        request.add_header("Authorization", f"token {self.token}")
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.loads(response.read() or b"null")

    def kernel(self, notebook: str) -> dict[str, Any] | None:
        """The kernel that the notebook is connected to."""
        sessions = [
            session for session in self.request("/api/sessions") if session["path"] == notebook
        ]
        return sessions[0]["kernel"] if sessions else None

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            self._log.flush()
            log = (self._settings / "server.log").read_text()
            raise RuntimeError(f"JupyterLab ended at once:\n{log}")
        try:
            return bool(self.request("/api/status"))
        except OSError:
            return False


class Notebook:
    """An open notebook. Cells are counted from 0, all of them, markdown too."""

    def __init__(self, page: Page, lab: JupyterLab):
        self.page, self._lab, self._path = page, lab, ""

    def open(self, path: str) -> Notebook:
        """Open a notebook of the server's folder, and wait for its kernel."""
        self._path = path
        self.page.goto(f"{self._lab.url}/lab/tree/{path}?token={self._lab.token}")
        expect(self.page.locator(".jp-Notebook")).to_be_visible(timeout=60_000)
        wait_until(self._ready, 60, "an idle, connected kernel")
        return self

    def run_all(self, timeout: float = 120) -> Notebook:
        """Run All Cells by the menu, and wait for the last one."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        return self.wait(timeout)

    def run(self, index: int, timeout: float = 60) -> Notebook:
        """Shift-Enter in one cell, and wait for it."""
        self.cell(index).locator(".jp-InputArea-editor").click()
        self.page.keyboard.press("Shift+Enter")
        return self.wait(timeout)

    def wait(self, timeout: float) -> Notebook:
        """Wait until no cell is being executed."""
        self.page.wait_for_timeout(300)  # until the prompts have turned into stars
        prompts = self.page.locator(".jp-InputPrompt", has_text="[*]")
        expect(prompts).to_have_count(0, timeout=1000 * timeout)
        return self

    def cell(self, index: int) -> Locator:
        """A cell, with its outputs."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def text(self, index: int) -> str:
        """The text of a cell's outputs."""
        return self.cell(index).locator(".jp-Cell-outputArea").inner_text().strip()

    def errors(self) -> list[str]:
        """Tracebacks in outputs, widgets that cannot be shown, and errors in live panels."""
        selectors = (
            '[data-mime-type="application/vnd.jupyter.error"]',
            ":text('Click to show javascript error'), :text('Error displaying widget')",
            ".lecturekit-run [role=alert]:visible",
        )
        return [text for one in selectors for text in self.page.locator(one).all_inner_texts()]

    def overflowing(self) -> list[str]:
        """Parts of outputs that do not fit and show a scroll bar, by their classes."""
        return self.page.evaluate(
            """() => Array.from(document.querySelectorAll('.jp-OutputArea-output *'))
                .filter(part => ['auto', 'scroll'].includes(getComputedStyle(part).overflowX)
                    && (part.scrollWidth > part.clientWidth + 1
                        || part.scrollHeight > part.clientHeight + 1))
                .map(part => part.className)"""
        )

    def panel(self, index: int) -> Panel:
        """The live panel in the output of a cell."""
        return Panel(self.cell(index).locator(".lecturekit-run"))

    def screenshot(self, name: str, index: int | None = None) -> Path:
        """Keep what is to be seen now, with the given cell in sight."""
        if index is not None:
            output = self.cell(index).locator(".jp-Cell-outputWrapper")
            output.evaluate("element => element.scrollIntoView({block: 'start'})")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def shut_down(self) -> None:
        """End the kernel, so that the next test has a fresh one and the processor to itself."""
        kernel = self._lab.kernel(self._path)
        if kernel is not None:
            self._lab.request(f"/api/kernels/{kernel['id']}", method="DELETE")

    def _ready(self) -> bool:
        kernel = self._lab.kernel(self._path)
        idle = kernel is not None and kernel["execution_state"] == "idle"
        return idle and kernel["connections"] > 0


class Panel:
    """A live panel: its buttons, sliders, pictures and what it says."""

    def __init__(self, root: Locator):
        self.root = root

    def press(self, button: str) -> None:
        """Press one of Play, Pause, Step, Stop, Reset."""
        self.button(button).click()

    def button(self, name: str) -> Locator:
        """One of the buttons."""
        return self.root.locator("button", has_text=name)

    def slider(self, label: str) -> Locator:
        """The handle of a slider; it takes focus, and the arrow keys move it."""
        named = self.root.locator(".widget-label", has_text=label)
        return named.locator("xpath=following-sibling::*[1]").locator(".noUi-handle")

    def drag(self, label: str, pixels: float) -> None:
        """Drag a slider with the mouse."""
        handle, mouse = self.slider(label), self.root.page.mouse
        handle.scroll_into_view_if_needed()
        box = handle.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + pixels, y, steps=10)
        mouse.up()

    def state(self) -> str:
        """The line of progress, such as `update 12 of 400 · playing · 310 updates/s`."""
        return self.root.locator(".lecturekit-state").inner_text()

    def updates(self) -> int:
        """The number of the last update that the panel tells."""
        words = self.state().split()
        return int(words[words.index("update") + 1].replace(",", "")) if "update" in words else 0

    def pictures(self) -> list[str]:
        """What the views show now: the addresses of their pictures, new for each picture."""
        images = self.root.locator("img").all()
        return [image.get_attribute("src") or "" for image in images]

    def wait_for(self, words: str, timeout: float = 30) -> None:
        """Wait until the line of progress has these words."""
        expect(self.root.locator(".lecturekit-state")).to_contain_text(
            words, timeout=1000 * timeout
        )


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for a condition.

    Raises:
        TimeoutError: it did not come true in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

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

from lecturekit.cli import server

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"


class JupyterLab:
    """A server on a free port, set as `lecturekit lab` sets it, for the time of a `with`.

    A user's own settings are a theme and nothing else. `settings` are its server's.
    """

    def __init__(
        self,
        folder: Path,
        *,
        theme: str = "JupyterLab Light",
        python_path: Sequence[Path] = (),
        options: Sequence[str] = (),
        settings: server.Settings = server.SETTINGS,
        **environment: str,
    ):
        self.folder, self._options = folder, options
        self.token = secrets.token_hex(16)
        self.url = f"http://127.0.0.1:{free_port()}"
        self._own = folder.parent / f"{folder.name}-server"
        themes = self.user_settings("@jupyterlab/apputils-extension", "themes")
        themes.write_text(json.dumps({"theme": theme}))
        self._environment = {
            **os.environ,
            **server.environment(self._own, settings),
            "PYTHONPATH": os.pathsep.join(map(str, [ROOT, *python_path])),
            "JUPYTERLAB_SETTINGS_DIR": str(self._own / "user"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self._own / "workspaces"),
            "JUPYTER_RUNTIME_DIR": str(self._own / "runtime"),
            **environment,
        }

    def user_settings(self, extension: str, plugin: str) -> Path:
        """The file in which a user's own settings of a plugin stand."""
        path = self._own / "user" / extension / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def __enter__(self) -> JupyterLab:
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        own = {
            "ServerApp.port": self.url.rsplit(":", 1)[1],
            "ServerApp.port_retries": "0",
            "IdentityProvider.token": self.token,
        }
        self._log = (self._own / "server.log").open("w")
        self._process = subprocess.Popen(
            [*command, *server.options(self.folder), *(f"--{k}={v}" for k, v in own.items()),
             *self._options],
            env=self._environment,
            cwd=self.folder,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
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
            log = (self._own / "server.log").read_text()
            raise RuntimeError(f"JupyterLab ended at once:\n{log}")
        try:
            return bool(self.request("/api/status"))
        except OSError:
            return False


class Notebook:
    """An open notebook. Cells are counted from 0, all of them, markdown too."""

    def __init__(self, page: Page, lab: JupyterLab):
        self.page, self._lab, self._path = page, lab, ""
        self.folder = lab.folder

    def open(self, path: str) -> Notebook:
        """Open a notebook of the server's folder, alone, and wait for its kernel."""
        self._path = path
        # In a workspace of its own: tabs of the test before would come back and begin kernels.
        place = f"/lab/workspaces/{secrets.token_hex(4)}/tree/{path}"
        self.page.goto(f"{self._lab.url}{place}?token={self._lab.token}")
        return self.ready()

    def ready(self) -> Notebook:
        """Wait for the page, and for a kernel that is connected to it."""
        expect(self.page.locator(".jp-Notebook")).to_be_visible(timeout=60_000)
        wait_until(self._connected, 60, "a connected kernel")
        return self

    def run_all(self, timeout: float = 120) -> Notebook:
        """Run All Cells by the menu, and wait for the last one; not at all with timeout 0."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        return self.wait(timeout) if timeout else self

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

    def show_side_bar(self, shown: bool) -> None:
        """The list of files at the left, or nothing there."""
        if self.page.locator("#jp-left-stack").is_visible() != shown:
            self.page.keyboard.press("Escape")
            self.page.locator("body").press("Control+b")
            wait_until(
                lambda: self.page.locator("#jp-left-stack").is_visible() == shown,
                10,
                "the side bar",
            )

    def shut_down(self) -> None:
        """End the kernel, so that the next test has a fresh one and the processor to itself."""
        kernel = self._lab.kernel(self._path)
        if kernel is not None:
            self._lab.request(f"/api/kernels/{kernel['id']}", method="DELETE")

    def interrupt(self) -> None:
        """As the black square does."""
        self._lab.request(f"/api/kernels/{self._kernel()['id']}/interrupt", method="POST")

    def restart(self) -> None:
        """Restart Kernel by the menu."""
        self.page.get_by_role("menuitem", name="Kernel", exact=True).click()
        self.page.locator('.lm-Menu-item[data-command="kernelmenu:restart"]').click()
        self.page.locator(".jp-Dialog .jp-mod-accept").click()

    def _kernel(self) -> dict[str, Any]:
        kernel = self._lab.kernel(self._path)
        assert kernel is not None
        return kernel

    def _connected(self) -> bool:
        kernel = self._lab.kernel(self._path)
        return kernel is not None and kernel["connections"] > 0


class Panel:
    """A live panel: its buttons, sliders, pictures and what it says."""

    def __init__(self, root: Locator):
        self.root = root

    def name(self) -> str:
        """The run's name."""
        return self.root.locator("strong").first.inner_text()

    def press(self, button: str) -> None:
        """Press one of Play, Pause, Step, Stop, Reset, Full screen, Sliders back."""
        self.button(button).click()

    def button(self, name: str) -> Locator:
        """One of the buttons."""
        return self.root.get_by_role("button", name=name, exact=True)

    def slider(self, label: str) -> Locator:
        """A slider; it takes focus, and the arrow keys move it."""
        return self.root.get_by_role("slider", name=label)

    def number(self, label: str) -> str:
        """What stands beside a slider."""
        return self.slider(label).locator("xpath=following-sibling::output").inner_text()

    def drag(self, label: str, pixels: float) -> None:
        """Drag a slider's thumb with the mouse."""
        slider, mouse = self.slider(label), self.root.page.mouse
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        assert box is not None
        share = slider.evaluate("s => (s.value - s.min) / (s.max - s.min)")
        x, y = box["x"] + 8 + share * (box["width"] - 16), box["y"] + box["height"] / 2
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + pixels, y, steps=10)
        mouse.up()

    def state(self) -> str:
        """The line of progress, such as `update 12 of 400 · playing · 310/s · 0:01 left`."""
        return self.root.locator(".lecturekit-state").inner_text()

    def updates(self) -> int:
        """The number of the last update that the panel tells."""
        words = self.state().split()
        return int(words[words.index("update") + 1].replace(",", "")) if "update" in words else 0

    def pictures(self) -> list[str]:
        """What the views show now, as data addresses."""
        canvases = self.root.locator("canvas").all()
        return [canvas.evaluate("canvas => canvas.toDataURL()") for canvas in canvases]

    def blank(self) -> list[int]:
        """The places of pictures on which nothing is drawn."""
        seen = """canvas => {
            const {width, height} = canvas;
            return canvas.getContext("2d").getImageData(0, 0, width, height).data.some(v => v)
        }"""
        canvases = self.root.locator("canvas").all()
        return [k for k, canvas in enumerate(canvases) if not canvas.evaluate(seen)]

    def wait_for(self, words: str, timeout: float = 30) -> None:
        """Wait until the line of progress has these words."""
        expect(self.root.locator(".lecturekit-state")).to_contain_text(
            words, timeout=1000 * timeout
        )

    def out_of_sight(self) -> list[str]:
        """Its parts that a person would have to scroll for, or that stick out of it."""
        return self.root.evaluate(
            """panel => {
                const scrolled = panel.closest('.jp-WindowedPanel-outer');
                const room = document.fullscreenElement
                    ? {left: 0, top: 0, right: innerWidth, bottom: innerHeight}
                    : scrolled.getBoundingClientRect();
                const parts = panel.querySelectorAll(
                    'strong, button, select, label, canvas, .lecturekit-state');
                return [...parts].filter(part => {
                        const box = part.getBoundingClientRect();
                        return box.width > 0 && (box.left < room.left - 1 || box.top < room.top - 1
                            || box.right > room.right + 1 || box.bottom > room.bottom + 1);
                    }).map(part => part.tagName + ' ' + (part.textContent || part.ariaLabel));
            }"""
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


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

"""What live pictures cost and how fast they follow, for every live run, in a real page.

`make bench-live` prints a table. Each notebook is opened in JupyterLab as `lecturekit lab` sets it,
at 1280×720, its cells executed one after the other; each live run is watched for some seconds and
then stopped. Times of the kernel are processor times, those of the page wall-clock times; a
headless browser draws on the same cores.
"""

from __future__ import annotations

import argparse
import ast
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Page, sync_playwright

from lecturekit.machine import processor

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import ARGUMENTS, CHROMIUM  # noqa: E402
from tests.browser.lab import JupyterLab, Notebook  # noqa: E402

WATCHED = 4.0  # seconds
KEYS = 10  # presses of an arrow on a slider
HEAD = (
    "run", "views", "fps", "draw ms", "p95", "compute ms", "p95",
    "draw @10/s", "slower", "key→number", "p95", "key→picture", "p95",
)  # fmt: skip
LISTEN = """panel => {
    const log = window.bench = {painted: [], keys: [], numbers: []};
    panel.addEventListener("lecturekit-painted",
        event => log.painted.push([event.detail ?? -1, performance.now()]));
    panel.addEventListener("keydown", event => log.keys.push(performance.now()), true);
    const numbers = new MutationObserver(() => log.numbers.push(performance.now()));
    for (const number of panel.querySelectorAll("output"))
        numbers.observe(number, {childList: true});
}"""


def runs_of(notebook: nbformat.NotebookNode) -> dict[int, str]:
    """Cell → the name to which it assigns a live run."""
    found = {}
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and (
            "live.play(" in cell.source or "live.explore(" in cell.source
        ):
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith(
                    ("live.play(", "live.explore(")
                ):
                    found[place] = ast.unparse(node.targets[0])
    return found


def probed(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """With a scratch cell after each cell that starts a run."""
    cells: list[Any] = []
    starts = runs_of(notebook)
    for place, cell in enumerate(notebook.cells):
        cells.append(cell)
        if place in starts:
            cells.append(nbformat.v4.new_code_cell("", metadata={"run": starts[place]}))
    notebook.cells = cells
    return notebook


class Scratch:
    """A cell whose text is replaced again and again."""

    def __init__(self, notebook: Notebook, place: int) -> None:
        self._notebook, self._place = notebook, place

    def run(self, code: str) -> str:
        """Execute it, and return what it printed."""
        page = self._notebook.page
        self._notebook.cell(self._place).locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(code)
        page.keyboard.press("Control+Enter")
        self._notebook.wait(60)
        return self._notebook.text(self._place)


def watch(notebook: Notebook, place: int, name: str) -> list[str] | None:
    """One row of the table, for the run that the cell at `place` has started."""
    page, scratch = notebook.page, Scratch(notebook, place + 1)
    panel = notebook.panel(place)
    if panel.root.count() == 0:
        return None
    scratch.run(
        f"from tests.benchmarks.live_probe import Probe\nprobe = Probe({name})\nprobe.look()"
    )
    panel.root.evaluate(LISTEN)
    panel.root.scroll_into_view_if_needed()
    explored = "explore" in notebook.cell(place).locator(".jp-InputArea-editor").inner_text()
    if not explored:
        scratch.run(f"_ = {name}.reset() if {name}.can_reset else None; _ = {name}.play()")
    seen = look_twice(scratch, page)
    fps = page.evaluate("bench.painted.length") / max(seen["seconds"], 1e-9)
    number, picture = press_keys(scratch, panel, page)
    slower = "–" if explored or seen["paced"] else f"{slowdown(scratch, page, seen):.0%}"
    scratch.run(f"probe.uncover(); _ = {name}.stop()")
    drawn, computed = seen["drawn"], seen["computed"]
    at_ten = 10 * seen["views"] * statistics.mean(drawn) if drawn else 0.0
    return [
        name, str(seen["views"]), f"{fps:.1f}", *milliseconds(drawn), *milliseconds(computed),
        f"{at_ten / (1 - at_ten):.1%}", slower, *milliseconds(number), *milliseconds(picture),
    ]  # fmt: skip


def look_twice(scratch: Scratch, page: Page) -> dict[str, Any]:
    """What happened within some seconds."""
    page.wait_for_timeout(700)
    before = json.loads(scratch.run("probe.look()"))
    page.evaluate("bench.painted.length = 0")
    page.wait_for_timeout(1000 * WATCHED)
    after = json.loads(scratch.run("probe.look()"))
    after["seconds"] = after["time"] - before["time"]
    after["rate"] = (after["update"] - before["update"]) / after["seconds"]
    return after


def slowdown(scratch: Scratch, page: Page, seen: dict[str, Any]) -> float:
    """How much slower it trains with its pictures, by the clock."""
    scratch.run("probe.cover()")
    alone = look_twice(scratch, page)
    return 1 - seen["rate"] / alone["rate"] if alone["rate"] else 0.0


def press_keys(scratch: Scratch, panel: Any, page: Page) -> tuple[list[float], list[float]]:
    """Seconds from a key on the first slider to its number, and to a picture that knows of it."""
    sliders = panel.root.get_by_role("slider")
    if sliders.count() == 0:
        return [], []
    sliders.first.focus()
    page.evaluate("bench.keys.length = bench.numbers.length = bench.painted.length = 0")
    scratch_look = json.loads(scratch.run("probe.look()"))
    if scratch_look["status"] not in ("playing", "paused", "finished"):
        return [], []
    for turn in range(KEYS):
        sliders.first.press("ArrowLeft" if turn % 2 else "ArrowRight")
        page.wait_for_timeout(350)
    heard = json.loads(scratch.run("probe.look()"))["heard"]
    log = page.evaluate("bench")
    numbers = [at(log["numbers"], key) for key in log["keys"]]
    playing = scratch_look["status"] == "playing"  # else there is a picture only after a key
    pictures = [
        next((t - key for f, t in log["painted"] if t > key and (f > sent or not playing)), None)
        for key, sent in zip(log["keys"], heard, strict=False)
    ]
    return [n / 1e3 for n in numbers if n is not None], [p / 1e3 for p in pictures if p is not None]


def at(times: list[float], key: float) -> float | None:
    """From the key to the first of the times after it."""
    return next((t - key for t in times if t >= key), None)


def milliseconds(seconds: list[float]) -> tuple[str, str]:
    """Median and 95th percentile."""
    if not seconds:
        return "–", "–"
    ordered = sorted(1e3 * s for s in seconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return f"{statistics.median(ordered):.1f}", f"{p95:.1f}"


def rows_of(source: Path, page: Page, folder: Path) -> Iterator[list[str]]:
    """The rows of one notebook."""
    notebook = probed(nbformat.read(source, as_version=4))
    nbformat.write(notebook, folder / source.name)
    with JupyterLab(folder, LECTUREKIT_PROFILE="cpu", LECTUREKIT_DATA="none") as lab:
        opened = Notebook(page, lab).open(source.name)
        starts = runs_of(notebook)
        for place, cell in enumerate(notebook.cells):
            if cell.cell_type != "code" or "run" in cell.metadata:
                continue
            opened.run(place, timeout=300)
            if place in starts and (row := watch(opened, place, starts[place])):
                yield [f"{source.stem[:2]} {row[0]}", *row[1:]]
        opened.shut_down()


def main() -> None:
    """Print the table, as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", help="such as 01; all by default")
    chosen = parser.parse_args().sections
    sources = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    print(f"{processor()}\n\n| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for source in sources:
            if chosen and source.stem[:2] not in chosen:
                continue
            folder = Path(scratch) / source.stem
            folder.mkdir()
            context = browser.new_context(viewport={"width": 1280, "height": 720})
            for row in rows_of(source, context.new_page(), folder):
                print(f"| {' | '.join(row)} |", flush=True)
            context.close()
            shutil.rmtree(folder, ignore_errors=True)
        browser.close()


if __name__ == "__main__":
    main()

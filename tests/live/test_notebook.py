"""Live runs in real kernels: they end with the parameters of plain Python, and hear the page."""

from __future__ import annotations

import itertools
import os
import queue
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

from lecturekit import training
from tests.live.toy import Line, Settings, train

TOTAL = 400
CELLS = {
    "setup": """
        from lecturekit import live, plots
        from toy import Line, Settings, train
        model, settings = Line(), Settings()
        def begin(total=TOTAL):
            model.w.data.zero_()
            return train(model, settings, total=total)
        """,
    "play": """
        views = [live.Curves("Loss", ["loss"], ylabel="squared error"),
                 live.View(plots.image_grid, lambda: model.w.reshape(1, 1, 3), "W", signed=True)]
        run = live.play(begin, views, settings, name="toy")
        """,
    "wait": "import asyncio; await asyncio.sleep(0.3); print(0 < run.update, run.status)",
    "finish": "await run.finish()",
    "result": "print(model.w.detach().numpy().tobytes().hex())",
}
HERE = Path(__file__).parent
PATH = os.pathsep.join(map(str, (HERE.parents[1], HERE)))


def source(name: str) -> str:
    return textwrap.dedent(CELLS[name]).strip().replace("TOTAL", str(TOTAL))


def notebook(*names: str) -> nbformat.NotebookNode:
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(source(name)) for name in names]
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


def expected() -> str:
    model = Line()
    training.finish(train(model, Settings(), total=TOTAL))
    return parameters(model)


def parameters(model: Line) -> str:
    """As the notebooks print them."""
    return model.w.detach().numpy().tobytes().hex() + "\n"


# ----------------------------------------------------------------- whole notebooks, run by others


def test_nbclient_ends_bit_for_bit_where_plain_python_does(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", PATH)
    made = notebook("setup", "play", "wait", "finish", "result")
    NotebookClient(made, timeout=120).execute()
    _, play, wait, finish, result = made.cells
    assert printed(wait).startswith("True ")  # it played between the cells
    assert printed(result) == expected()
    panel, without_kernel = play.outputs
    assert "application/vnd.jupyter.widget-view+json" in panel.data
    assert "run this cell to see it" in without_kernel.data["text/html"]
    (still,) = finish.outputs  # the picture, and no second value
    assert still.data["text/html"].count("<img ") == 2
    assert "1 image of 1 × 3 pixels" in still.data["text/html"]
    assert still.data["text/plain"].endswith(f"toy: update {TOTAL} of {TOTAL} · finished")


def test_papermill_ends_bit_for_bit_where_plain_python_does(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", PATH)
    nbformat.write(notebook("setup", "play", "finish", "result"), tmp_path / "in.ipynb")
    done = papermill.execute_notebook(
        str(tmp_path / "in.ipynb"), str(tmp_path / "out.ipynb"), progress_bar=False
    )
    assert printed(done.cells[-1]) == expected()


# ------------------------------------------------------------------ one kernel, cell by cell


class Kernel:
    """A kernel with the toy set up, and a frontend that says what it is told to."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": PATH}
        self.manager, self.client = start_new_kernel(env=environment)
        assert self.run(source("setup")).error is None

    def run(
        self, code: str, cell: str | None = None, meanwhile: Callable[[], None] = lambda: None
    ) -> Executed:
        """Execute a cell; `meanwhile` happens after a moment, while it works."""
        message = self.client.session.msg(
            "execute_request",
            {"code": code, "silent": False, "store_history": True, "stop_on_error": False},
            metadata={"cellId": cell} if cell else {},
        )
        self.client.shell_channel.send(message)
        done = Executed(self, message["header"]["msg_id"])
        if not done.within(0.5):
            meanwhile()
        assert done.within(60), "the cell did not end"
        return done

    def say(self, comm: str, **content: Any) -> None:
        """What a page says to a widget."""
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        self.client.shell_channel.send(message)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


class Executed:
    """What came of a cell."""

    def __init__(self, kernel: Kernel, request: str) -> None:
        self.text, self.error, self.comm = "", None, ""
        self.displayed: list[dict[str, Any]] = []
        self._client, self._request, self._idle = kernel.client, request, False

    def within(self, seconds: float) -> bool:
        """Whether it has ended."""
        until = time.monotonic() + seconds
        while not self._idle and (left := until - time.monotonic()) > 0:
            if self._client.iopub_channel.msg_ready() or left > 0.02:
                self._take(min(left, 0.1))
        return self._idle

    def _take(self, seconds: float) -> None:
        try:
            message = self._client.get_iopub_msg(timeout=seconds)
        except queue.Empty:
            return
        if message["parent_header"].get("msg_id") != self._request:
            return
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            self.text += content["text"]
        elif kind == "error":
            self.error = content
        elif kind in ("display_data", "execute_result", "update_display_data"):
            self.displayed.append(content["data"])
        elif kind == "comm_open" and "_esm" in str(content["data"].get("state", {}).keys()):
            self.comm = content["comm_id"]
        elif kind == "status":
            self._idle = content["execution_state"] == "idle"


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    yield kernel
    kernel.close()


COUNT = """
import gc
from ipywidgets.widgets.widget import _instances
from comm import get_comm_manager
gc.collect()
runs = sum(type(each).__name__ == "Run" for each in gc.get_objects())
print(len(_instances), len(get_comm_manager().comms), runs)
"""
AGAIN = "live.play(begin, [live.Curves('Loss', ylabel='')], settings); None"


@pytest.mark.parametrize("cell", ["a cell", None])
def test_twenty_re_runs_leave_as_many_widgets_as_one(kernel, cell):
    """With and without a frontend that names its cells."""
    code = AGAIN if cell else AGAIN + "  # unnamed"
    assert kernel.run(code, cell).error is None
    first = kernel.run(COUNT).text
    for _ in range(19):
        assert kernel.run(code, cell).error is None
    assert kernel.run(COUNT).text == first


LONG = "run = live.play(lambda: begin(10**7), [live.Curves('Loss', ylabel='')], settings)"


def test_stop_pressed_while_a_cell_awaits_the_end_is_obeyed(kernel):
    panel = kernel.run(LONG, "long").comm
    assert panel
    done = kernel.run("await run.finish()", meanwhile=lambda: kernel.say(panel, order="stop"))
    assert done.error is None
    assert "stopped by hand at update" in str(done.displayed[-1])
    assert kernel.run("print(run.status, 0 < run.update < 10**7)").text == "stopped True\n"


def test_pause_and_a_slider_act_while_a_cell_awaits_the_end(kernel):
    panel = kernel.run(LONG, "long").comm

    def act() -> None:
        kernel.say(panel, set=2, value=5)
        kernel.say(panel, order="pause")
        kernel.say(panel, order="stop")

    assert kernel.run("await run.finish()", meanwhile=act).error is None
    assert kernel.run("print(run.status, settings.batch_size)").text == "stopped 5\n"
    kernel.run("settings.batch_size = 8")


def test_an_interrupted_cell_says_so_in_one_line_and_leaves_a_whole_update(kernel):
    kernel.run(LONG.replace("settings)", "settings, name='PCD')"), "long")
    done = kernel.run("await run.finish()", meanwhile=kernel.manager.interrupt_kernel)
    assert done.error is not None
    assert done.error["ename"] == "Interrupted"
    assert len(done.error["traceback"]) == 1
    assert "PCD: update" in done.error["traceback"][0]
    updates = int(kernel.run("print(run.update)").text)
    model = Line()
    for _ in itertools.islice(train(model, Settings(), total=10**7), updates):
        pass
    assert kernel.run(source("result")).text == parameters(model)


def test_a_setting_that_is_none_ends_the_wait_with_words(kernel):
    kernel.run(LONG, "long")
    done = kernel.run("settings.learning_rate = float('nan'); await run.finish()")
    assert done.error["ename"] == "ValueError"
    assert "learning rate α (learning_rate) must be a finite number" in done.error["evalue"]
    repaired = "settings.learning_rate = .05; run.play(); print(run.status); run.stop()"
    assert kernel.run(repaired).text.startswith("playing")


def test_a_warm_up_leaves_nothing_in_its_cell(kernel):
    done = kernel.run("await live.finish(begin, 'warm-up')")
    assert done.error is None
    assert all(data.get("text/html", "") == "" for data in done.displayed[1:])

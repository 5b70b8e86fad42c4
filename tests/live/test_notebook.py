"""Live runs in real kernels: nbclient and papermill end with the parameters of plain Python."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import nbformat
import papermill
import pytest
from nbclient import NotebookClient

from lecturekit import training
from tests.live.toy import Line, Settings, train

TOTAL = 400
CELLS = {
    "setup": """
        from lecturekit import live
        from toy import Line, Settings, train
        model, settings = Line(), Settings()
        def begin():
            model.w.data.zero_()
            return train(model, settings, total=TOTAL)
        """,
    "play": """
        views = [live.Curves("Loss", ["loss"], ylabel="squared error"),
                 live.ImageGrid("Weights", lambda: model.w.reshape(1, 1, 3), signed=True)]
        run = live.play(begin, views, settings, name="toy")
        """,
    "wait": "import asyncio; await asyncio.sleep(0.2); print(0 < run.update, run.status)",
    "finish": "run.finish()",
    "result": "print(model.w.detach().numpy().tobytes().hex())",
}


@pytest.fixture(autouse=True)
def _kernel_finds_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (here.parents[1], here))))


def notebook(*names: str) -> nbformat.NotebookNode:
    made = nbformat.v4.new_notebook()
    sources = [textwrap.dedent(CELLS[name]).strip().replace("TOTAL", str(TOTAL)) for name in names]
    made.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


def expected() -> str:
    model = Line()
    training.finish(train(model, Settings(), total=TOTAL))
    return model.w.detach().numpy().tobytes().hex() + "\n"


def test_nbclient_ends_bit_for_bit_where_plain_python_does():
    made = notebook("setup", "play", "wait", "finish", "result")
    NotebookClient(made, timeout=120).execute()
    _, play, wait, finish, result = made.cells
    assert printed(wait).startswith("True ")  # it played between the cells
    assert printed(result) == expected()
    (panel,) = play.outputs
    assert "application/vnd.jupyter.widget-view+json" in panel.data
    (still,) = finish.outputs  # the picture, and no second value
    assert still.data["text/html"].count("<img ") == 2
    assert "1 images of 1 × 3 pixels" in still.data["text/html"]
    assert still.data["text/plain"].endswith(f"toy: update {TOTAL} of {TOTAL} · finished")


def test_papermill_ends_bit_for_bit_where_plain_python_does(tmp_path):
    nbformat.write(notebook("setup", "play", "finish", "result"), tmp_path / "in.ipynb")
    done = papermill.execute_notebook(
        str(tmp_path / "in.ipynb"), str(tmp_path / "out.ipynb"), progress_bar=False
    )
    assert printed(done.cells[-1]) == expected()

"""Checks in a real kernel: whose code lives in cells, and which people interrupt and restart."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

START = """
import torch
from lecturekit import exercises

def where(W, b, c, v):
    import os, sys
    print("worker", os.getppid() if sys.platform == "linux" else os.getpid())
"""


class Kernel:
    """A kernel whose cells are run one at a time."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient):
        self.manager, self._client = manager, client

    def run(self, code: str) -> dict[str, str]:
        """What the cell shows, by mime type, with what it prints under "stream"."""
        return self.outcome(self.begin(code))

    def begin(self, code: str) -> str:
        return self._client.execute(code)

    def outcome(self, cell: str) -> dict[str, str]:
        shown: dict[str, str] = {"stream": ""}
        while True:
            message = self._client.get_iopub_msg(timeout=120)
            if message["parent_header"].get("msg_id") != cell:
                continue
            content = message["content"]
            if message["msg_type"] == "execute_result":
                shown |= content["data"]
            elif message["msg_type"] == "stream":
                shown["stream"] += content["text"]
            elif message["msg_type"] == "error":
                shown["error"] = content["ename"]
            elif message["msg_type"] == "status" and content["execution_state"] == "idle":
                return shown

    def worker(self) -> int:
        """The id of the process by which checks are run."""
        text = self.run('exercises.check("1.1", where)')["text/plain"]
        return int(re.search(r"worker (\d+)", text)[1])


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    manager, client = start_new_kernel(startup_timeout=120)
    try:
        kernel = Kernel(manager, client)
        kernel.run(START)
        yield kernel
    finally:
        client.stop_channels()
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)


def is_gone(process: int) -> bool:
    deadline = time.monotonic() + 30
    while psutil.pid_exists(process) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not psutil.pid_exists(process)


@pytest.mark.notebook
def test_answers_given_in_cells(kernel: Kernel):
    stub = kernel.run(
        'exec(exercises.IMPORTS + exercises.catalogue("rbm")[0].stub)\n'
        'exercises.check("1.1", free_energy)'
    )
    assert "not attempted" in stub["text/plain"]
    assert "not attempted" in stub["text/html"]

    kernel.run("def total(x):\n    return x.sun(dim=1)  # in another cell")
    kernel.run("def free_energy(W, b, c, v):\n    return -v @ b - total(v @ W + c)")
    broken = kernel.run('exercises.check("1.1", free_energy)')["text/plain"]
    assert "broken" in broken
    assert "return x.sun(dim=1)  # in another cell" in broken

    kernel.run("def total(x):\n    return torch.nn.functional.softplus(x).sum(dim=1)")
    cell = 'result = exercises.check("1.1", free_energy)\nprint(result.function is free_energy)'
    right = kernel.run(f"{cell}\nresult")
    assert "correct" in right["text/plain"]
    assert right["stream"] == "True\n"

    process = kernel.worker()
    kernel.manager.shutdown_kernel()
    assert is_gone(process)


@pytest.mark.notebook
def test_an_interrupt_during_a_check_and_a_kernel_that_is_killed(kernel: Kernel, tmp_path: Path):
    first = kernel.worker()
    begun = tmp_path / "begun"
    kernel.run(
        "def loop(W, b, c, v):\n"
        f"    open({str(begun)!r}, 'w').close()\n"
        "    while True:\n"
        "        pass"
    )
    cell = kernel.begin('exercises.check("1.1", loop)')
    while not begun.exists():
        time.sleep(0.05)
    kernel.manager.interrupt_kernel()
    assert kernel.outcome(cell)["error"] == "KeyboardInterrupt"
    assert is_gone(first)

    second = kernel.worker()
    assert second != first
    kernel.manager.shutdown_kernel(now=True)
    assert is_gone(second)

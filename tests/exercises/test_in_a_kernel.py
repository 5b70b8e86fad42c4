"""Checks in a real kernel: whose code lives in cells, and which people interrupt and restart."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.kernel import Kernel, running

START = """
import torch
from lecturekit import exercises

def where(W, b, c, v):
    import os, sys
    print("worker", os.getppid() if sys.platform == "linux" else os.getpid())
"""


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    with running() as kernel:
        kernel.run(START)
        yield kernel


def worker(kernel: Kernel) -> int:
    """The id of the process by which checks are run."""
    text = kernel.run('exercises.check("1.1", where)')["text/plain"]
    return int(re.search(r"worker (\d+)", text)[1])


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

    process = worker(kernel)
    kernel.manager.shutdown_kernel()
    assert is_gone(process)


@pytest.mark.notebook
def test_an_interrupt_during_a_check_and_a_kernel_that_is_killed(kernel: Kernel, tmp_path: Path):
    first = worker(kernel)
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

    second = worker(kernel)
    assert second != first
    kernel.manager.shutdown_kernel(now=True)
    assert is_gone(second)

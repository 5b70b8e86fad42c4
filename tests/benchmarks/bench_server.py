"""What students on one server cost: memory and processor time, with as many kernels as asked for.

Each kernel does what a student's does: runs a notebook's imports, checks an exercise, plays a live
run. Memory is the proportional set size (PSS), in which a page that several processes share is
counted once among them all: summed over kernels and their processes it is what the server needs.

    python tests/benchmarks/bench_server.py --students 8 --share 0.1
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import psutil
from jupyter_client import BlockingKernelClient, KernelManager

from lecturekit.machine import processor

MB = 1024**2
Kernel = tuple[KernelManager, BlockingKernelClient]
IMPORTS = """
import math
import torch
import lecturekit
import lecturekit.plots.rbm
from lecturekit import data, evaluation, exercises, live, plots, predictions, progress, rbm
session = lecturekit.start("cpu", 0)
"""
CHECK = """
exercises.check("1.1", lambda W, b, c, v: -v @ b)
"""
LIVE = """
from lecturekit.training import repeatable
model, settings = rbm.RBM(16, 16), rbm.Settings(updates=10**6)
chain, generator = rbm.ContrastiveDivergence(), session.generator(1)
run = live.play(
    repeatable(
        *(rbm.train, model, data.bars_and_stripes(4), settings),
        negative_phase=chain,
        generator=generator,
    ),
    [live.Curves("Free energies", "*", ylabel="nats")],
    settings,
)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--students", type=int, default=8, help="kernels at once")
    parser.add_argument("--share", type=float, default=0.1, help="of a core, for each live run")
    parser.add_argument("--seconds", type=float, default=20.0, help="of live runs")
    told = parser.parse_args()
    os.environ["LECTUREKIT_SHARE"] = str(told.share)
    started = [_start() for _ in range(told.students)]
    try:
        _measure(started, told.seconds, told.share)
    finally:
        for manager, client in started:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def _measure(started: list[Kernel], seconds: float, share: float) -> None:
    n, kernels = len(started), [psutil.Process(manager.provisioner.pid) for manager, _ in started]
    print(f"{processor()} · {psutil.cpu_count()} cores · {n} students")
    print(f"{'a student, MB':36}{'PSS':>6}{'RSS':>6}{'processes':>11}")
    with _jupyter_server() as server:
        _row("Jupyter server, without a kernel", [server])
    _row("kernel started", kernels)
    begun = sum(_seconds(each) for each in kernels)
    _everywhere(started, "import torch")
    _row("... PyTorch alone imported", kernels)
    _everywhere(started, IMPORTS)
    used = (sum(_seconds(each) for each in kernels) - begun) / n
    _row(f"... all imports ({used:.1f} processor s)", kernels)
    _everywhere(started, CHECK)
    time.sleep(1.0)  # for what a check has left behind to end
    _row("... an exercise checked", kernels)
    _everywhere(started, LIVE)
    time.sleep(2.0)
    begun = sum(_seconds(each) for each in kernels)
    time.sleep(seconds)
    used = (sum(_seconds(each) for each in kernels) - begun) / n / seconds
    _row("... a live run plays", kernels)
    print(f"a live run takes {used:.2f} of a core (LECTUREKIT_SHARE={share:g})")


@contextlib.contextmanager
def _jupyter_server() -> Iterator[psutil.Process]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        told = [f"--ServerApp.root_dir={folder}", "--ServerApp.port=0"]
        server = subprocess.Popen([*command, *told], stderr=subprocess.PIPE, text=True)
        try:
            assert server.stderr is not None
            for line in server.stderr:
                if "is running at" in line:
                    break
            time.sleep(2.0)
            yield psutil.Process(server.pid)
        finally:
            server.terminate()
            server.wait()


def _start() -> Kernel:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=120)
    return manager, client


def _everywhere(started: list[Kernel], source: str) -> None:
    for _, client in started:
        reply = client.execute_interactive(source, timeout=300, output_hook=lambda message: None)
        if reply["content"]["status"] != "ok":
            raise RuntimeError("\n".join(reply["content"]["traceback"]))


def _row(what: str, kernels: list[psutil.Process]) -> None:
    each = [p for kernel in kernels for p in (kernel, *kernel.children(recursive=True))]
    used = [process.memory_full_info() for process in each]
    n = len(kernels)
    pss, rss = (sum(getattr(one, kind) for one in used) / n / MB for kind in ("pss", "rss"))
    print(f"{what:36}{pss:6.0f}{rss:6.0f}{len(each) / n:11.1f}")


def _seconds(process: psutil.Process) -> float:
    return sum(process.cpu_times()[:2])


if __name__ == "__main__":
    main()

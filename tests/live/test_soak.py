"""An hour of a lesson in a minute: what people do with live runs leaves nothing behind."""

from __future__ import annotations

import json
import random
import time

import pytest

from tests.kernel import Kernel, running

SETUP = """
import asyncio, gc, os, threading
import ipywidgets, psutil
import lecturekit
from lecturekit import data, exercises, live, rbm
from lecturekit.training import repeatable
session = lecturekit.start("cpu", 0)
patterns = data.bars_and_stripes(4)

def count():
    gc.collect()
    process = psutil.Process()
    return {
        "memory": process.memory_info().rss // 1024**2,
        "files": process.num_fds(),
        "threads": threading.active_count(),
        "tasks": len(asyncio.all_tasks()),
        "widgets": len(ipywidgets.widgets.widget._instances),
        "processes": len(process.children(recursive=True)),
        "runs": sum(isinstance(each, live.Run) for each in gc.get_objects()),
    }
"""
PLAY = """
model, settings = rbm.RBM(16, 16), rbm.Settings(updates={updates})
chain, generator = rbm.PersistentCD(n_particles=50), session.generator({seed})
begin = repeatable(
    rbm.train, model, patterns, settings, negative_phase=chain, generator=generator
)
run = live.play(begin, [live.Curves("Free energies", "*", ylabel="nats")], settings)
"""
ACTS = ["again", "again", "order", "order", "wait", "slide", "finish", "interrupt", "check"]
CELLS = {"live-1": 400, "live-2": 10**6}


def act(kernel: Kernel, chance: random.Random) -> None:
    """Something that a person does."""
    what = chance.choice(ACTS)
    if what == "again":
        cell, updates = chance.choice(list(CELLS.items()))
        source = PLAY.format(updates=updates, seed=chance.randrange(10**6))
        assert "error" not in kernel.run(source, cell)
    elif what == "order":
        order = chance.choice(["play", "pause", "step", "reset", "stop", "defaults", "redraw"])
        kernel.run(f"run.ask({order!r})", "order")
    elif what == "wait":
        time.sleep(0.2)
    elif what == "slide":
        kernel.run(f"settings.learning_rate = {chance.uniform(0.01, 0.2)}", "slide")
    elif what == "finish":
        kernel.run(PLAY.format(updates=300, seed=1), "live-1")
        assert "error" not in kernel.run("await run.finish()", "finish")
    elif what == "interrupt":
        kernel.run(PLAY.format(updates=10**6, seed=1), "live-2")
        waiting = kernel.begin("await run.finish()", "finish")
        time.sleep(0.3)
        kernel.manager.interrupt_kernel()
        kernel.outcome(waiting)
    else:
        kernel.run('exercises.check("1.1", lambda W, b, c, v: -v @ b)', "check")


def counted(kernel: Kernel) -> dict[str, int]:
    kernel.run("run.stop()")
    time.sleep(1.0)  # for what was stopped to end
    return json.loads(kernel.run("import json; print(json.dumps(count()))")["stream"])


@pytest.mark.lecture
def test_what_people_do_at_random_leaves_nothing_behind():
    chance = random.Random(5)
    with running() as kernel:
        assert "error" not in kernel.run(SETUP)
        kernel.run(PLAY.format(updates=10, seed=0), "live-1")
        for _ in range(40):
            act(kernel, chance)
        before = counted(kernel)
        for _ in range(120):
            act(kernel, chance)
        after = counted(kernel)
    for what in ("files", "threads", "tasks", "widgets", "processes", "runs"):
        assert after[what] <= before[what] + 3, (what, before, after)
    # of 120 acts a third make a run: one that stayed, with its pictures, would be seen
    assert after["memory"] <= before["memory"] + 30, (before, after)

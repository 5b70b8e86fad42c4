"""What a student's function may do to the worker, and what it can't do to us."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import textwrap
import threading
import time

import psutil
import pytest
import torch

from lecturekit.exercises import worker as worker_module
from lecturekit.exercises.exercise import Function
from lecturekit.exercises.observation import Foreign, Observation
from lecturekit.exercises.worker import PRINT_LIMIT, UnsendableError, Worker

LONG = 60.0  # seconds: never reached


@pytest.fixture(scope="module")
def worker():
    worker = Worker()
    yield worker
    worker.stop()


def run(worker: Worker, function: Function, seconds: float = LONG) -> Observation:
    """The first observation, on a single argument."""
    return worker.run(function, [(torch.ones(3, dtype=torch.float64),)], seconds)[0]


def double(x):
    return 2 * x


def test_a_value_comes_back(worker):
    seen = run(worker, double)
    assert seen.returned
    assert seen.value.tolist() == [2, 2, 2]


def test_it_runs_in_another_process_that_is_kept(worker):
    first, second = (run(worker, lambda _: os.getpid()).value for _ in range(2))
    assert first == second != os.getpid()


def test_every_case_is_observed_in_turn(worker):
    seen = worker.run(lambda x: x + 1, [(1,), (2,), (3,)], LONG)
    assert [each.value for each in seen] == [2, 3, 4]


def test_tuples_are_kept_and_other_objects_are_named(worker):
    seen = run(worker, lambda x: [x, (1, 2.5), x.numpy(), x.requires_grad_()])
    assert isinstance(seen.value, tuple)
    assert seen.value[1:3] == ((1, 2.5), Foreign("numpy.ndarray"))
    assert not seen.value[3].requires_grad


def test_an_exception_comes_with_the_line_that_raised_it(worker):
    def fails(x):
        y = x[0]
        return y.no_such_thing

    seen = run(worker, fails)
    assert (seen.returned, seen.error) == (False, "AttributeError")
    assert "no_such_thing" in seen.error_text
    assert seen.frame == (__file__, fails.__code__.co_firstlineno + 2)


def test_exit_is_an_error_like_another(worker):
    assert run(worker, lambda x: sys.exit(3)).error == "SystemExit"


def test_endless_recursion_is_an_error_like_another(worker):
    def recurse(x):
        return recurse(x)

    assert run(worker, recurse).error == "RecursionError"


def test_changed_arguments_are_noticed_and_stay_unchanged_here(worker):
    argument = torch.ones(2)
    nested = (torch.zeros(1), torch.zeros(1))
    seen = worker.run(lambda x, y, z: y[1].add_(1) + x.mul_(2), [(argument, nested, 1)], LONG)[0]
    assert seen.changed == (0, 1)
    assert argument.tolist() == [1, 1]
    assert nested[1].tolist() == [0]


def test_a_result_that_changes_from_call_to_call_is_noticed(worker):
    calls = []

    def counts(x):
        calls.append(x)
        return x * len(calls)

    assert not run(worker, counts).steady
    assert not run(worker, lambda x: torch.rand(3)).steady
    assert run(worker, double).steady
    assert run(worker, lambda x: x * float("nan")).steady


def test_what_is_printed_comes_back_once(worker):
    assert run(worker, lambda x: print("héllo", x.shape)).printed == "héllo torch.Size([3])\n"


def test_what_is_printed_before_a_crash_comes_back(worker):
    def crashes(x):
        print("so far")
        os._exit(1)

    seen = run(worker, crashes)
    assert (seen.ended, seen.printed) == ("crash", "so far\n")
    assert run(worker, double).returned


def test_endless_printing_is_cut_short_and_ended(worker):
    def prints(x):
        while True:
            print("again")

    run(worker, double)
    seen = run(worker, prints, seconds=0.5)
    assert seen.ended == "time"
    assert 0 < len(seen.printed) <= PRINT_LIMIT
    assert run(worker, double).returned


def test_nothing_is_run_after_the_worker_was_lost(worker):
    def crashes(x):
        return x if x < 2 else ctypes.string_at(0)

    seen = worker.run(crashes, [(1,), (2,), (3,)], LONG)
    assert [each.ended for each in seen] == ["", "crash"]


def test_a_memory_blow_up_is_stopped(worker, monkeypatch):
    def grows(x):
        held = []
        while True:
            held.append(bytearray(10**7))

    run(worker, double)
    monkeypatch.setattr(worker_module, "MEMORY_LIMIT", worker._process.memory_info().rss + 10**8)
    assert run(worker, grows).ended == "memory"


def test_what_it_needs_from_the_notebook_goes_with_it(worker):
    cell: dict = {}
    exec("import math\nscale = 3\ndef helper(x): return scale * x\n"
         "def answer(x): return helper(x) + math.pi", cell)  # fmt: skip
    assert run(worker, cell["answer"]).value[0].item() == pytest.approx(3 + 3.14159265)


def test_a_changed_module_is_run_as_it_is_now(worker, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "answers_of_a_student.py").write_text("def answer(x): return 1")
    import answers_of_a_student as answers

    assert run(worker, answers.answer).value == 1
    exec("def answer(x): return 2", answers.__dict__)
    assert run(worker, answers.answer).value == 2


def test_a_function_that_cannot_be_sent_names_what_is_in_the_way(worker):
    lock = threading.Lock()
    with pytest.raises(UnsendableError, match="it refers to `lock`"):
        run(worker, lambda x: lock.locked() and x)


# -------------------------------------------------------------------- the process that it serves

BESIDE_A_LOOP = textwrap.dedent(
    """
    import os, signal, sys, threading
    from lecturekit.exercises.worker import Worker

    worker = Worker()
    print(worker.run(lambda: os.getpid(), [()], 60)[0].value, flush=True)

    def end_this_process():
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))

    def loop():
        while True:
            pass

    threading.Timer(0.5, end_this_process).start()
    try:
        worker.run(loop, [()], 60)
    except KeyboardInterrupt:
        print("interrupted", worker.run(abs, [(-1,)], 60)[0].value, flush=True)
    """
)


def beside_a_loop(signal_name: str) -> tuple[int, str]:
    """Send a signal to a process whose worker is in an endless loop: the worker's id, the rest."""
    done = subprocess.run(
        [sys.executable, "-c", BESIDE_A_LOOP, signal_name],
        capture_output=True,
        text=True,
        timeout=120,
    )
    first, _, rest = done.stdout.partition("\n")
    return int(first), rest


def is_gone(process: int, within: float = 30) -> bool:
    deadline = time.monotonic() + within
    while psutil.pid_exists(process) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not psutil.pid_exists(process)


def test_an_interrupt_ends_the_loop_and_the_next_function_runs():
    process, rest = beside_a_loop("SIGINT")
    assert rest == "interrupted 1\n"
    assert is_gone(process)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no SIGKILL there")
def test_no_process_is_left_behind_by_one_that_was_killed():
    process, _ = beside_a_loop("SIGKILL")
    assert is_gone(process)

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
from lecturekit.exercises.process import PRINT_LIMIT
from lecturekit.exercises.worker import FORKS, UnsendableError, Worker

LONG = 60.0  # seconds: never reached


@pytest.fixture(scope="module", params=[True, False], ids=["forks", "spares"])
def worker(request):
    """On Linux, and as it is elsewhere."""
    if request.param and not FORKS:
        pytest.skip("no fork here")
    worker = Worker(forks=request.param)
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


def test_it_runs_in_another_process_and_each_time_in_a_fresh_one(worker):
    first, second = (run(worker, lambda _: os.getpid()).value for _ in range(2))
    assert len({first, second, os.getpid()}) == 3


def spoils(x):
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.nn.functional.softplus = torch.Tensor.__add__ = None
    os.chdir("/")
    sys.path.clear()
    os.environ.clear()
    return x


def test_no_function_touches_the_next(worker):
    run(worker, spoils)

    def state(x):
        x = x.requires_grad_()
        fine = torch.nn.functional.softplus(x + x).requires_grad
        return fine, torch.ones(1), os.getcwd() != "/" and bool(sys.path) and bool(os.environ)

    value = run(worker, state).value
    assert value[0] is True
    assert value[1].dtype == torch.float32
    assert value[2] is True


def test_a_function_of_our_own_is_not_touched_either(worker):
    run(worker, spoils)
    assert worker.call(lambda: float(torch.nn.functional.softplus(torch.ones(1))), LONG) > 1


def test_a_kernel_whose_own_state_is_odd_changes_nothing(worker):
    torch.set_default_dtype(torch.float64)
    try:
        assert run(worker, lambda x: torch.ones(2)).value.dtype == torch.float32
    finally:
        torch.set_default_dtype(torch.float32)


def test_every_case_is_observed_in_turn(worker):
    seen = worker.run(lambda x: x + 1, [(1,), (2,), (3,)], LONG)
    assert [each.value for each in seen] == [2, 3, 4]


def test_tuples_are_kept_and_other_objects_are_named(worker):
    seen = run(worker, lambda x: [x, (1, 2.5), x.numpy(), x.requires_grad_()])
    assert isinstance(seen.value, tuple)
    assert seen.value[1:3] == ((1, 2.5), Foreign("an object of type numpy.ndarray"))
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

    monkeypatch.setattr(worker_module, "MEMORY_LIMIT", 800 * 1024**2)
    assert run(worker, grows).ended == "memory"
    assert run(worker, double).returned


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork there")
def test_a_process_that_a_function_starts_does_not_outlive_it(worker):
    def forks(x):
        child = os.fork()
        if child == 0:
            os.setsid()  # out of the job's process group
            time.sleep(600)
        return child

    seen = worker.run(forks, [(1,)], LONG)[0]
    assert not seen.steady  # another child each time
    assert is_gone(seen.value)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork there")
def test_the_other_half_of_a_fork_says_nothing(worker):
    def forks(x):
        os.fork()
        return x

    assert [seen.value for seen in worker.run(forks, [(1,), (2,)], LONG)] == [1, 2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork there")
def test_a_function_that_kills_its_parent_does_the_next_no_harm(worker):
    if worker._forks:
        run(worker, lambda x: os.kill(os.getppid(), 9))
        assert run(worker, double).returned


def test_nothing_is_written_to_disk_or_shared_memory(worker, monkeypatch, tmp_path):
    """A temporary folder that is gone, as after a clean-up."""
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(tmp_path / "gone"))
    before = set(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else set()
    worker.stop()
    assert run(worker, double).returned
    if before:
        assert not {name for name in os.listdir("/dev/shm") if "loky" in name} - before


def test_an_idle_process_is_ended_and_the_next_job_finds_another(worker, monkeypatch):
    monkeypatch.setattr(worker_module, "KEPT", 0.1)
    assert run(worker, double).returned
    process = worker._process._popen.pid
    assert is_gone(process)
    monkeypatch.undo()
    assert run(worker, double).returned
    assert worker._process._popen.pid != process


def test_a_failure_of_our_own_is_not_passed_over(worker):
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        worker.call(lambda: 1 / 0, LONG)
    assert run(worker, double).returned


def test_what_it_needs_from_the_notebook_goes_with_it(worker):
    cell: dict = {}
    exec("import math\nscale = 3\ndef helper(x): return scale * x\n"
         "def answer(x): return helper(x) + math.pi", cell)  # fmt: skip
    assert run(worker, cell["answer"]).value[0].item() == pytest.approx(3 + 3.14159265)


def test_a_changed_module_is_run_as_it_is_now(worker, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "answers_of_a_student", raising=False)
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

    # a shell starts what it puts in the background with interrupts ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
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


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.func.grad(lambda y: (y * y).sum())(x),
        lambda x: torch.autograd.grad(x.requires_grad_() ** 2, x, grad_outputs=torch.ones(2))[0],
        lambda x: torch.zeros(torch.broadcast_shapes(x.shape, (1, 2))),
        lambda x: torch.vmap(lambda y: 2 * y)(x),
    ],
)
def test_what_torch_imports_late_is_imported_before_the_clock_begins(worker, function):
    """By the modules that are there when the function is called: no luck of a fast disk."""

    def watched(x):
        import sys

        import torch  # so that `function` finds it, wherever it is run

        before = {"sympy", "torch._dynamo"} & set(sys.modules)
        function(x)
        return torch.tensor(float(len(before)))

    (seen,) = worker.run(watched, [(torch.ones(2),)], seconds=60)
    assert seen.value == 2, seen


def test_what_nothing_needs_is_not_imported(worker):
    def watched(x):
        import sys

        return float("torch._dynamo" in sys.modules)

    (seen,) = Worker().run(watched, [(torch.ones(2),)], seconds=60)
    assert seen.value == 0


def test_a_verdict_waits_for_none_of_it():
    """Neither the exact answers of all exercises, nor the words for a slip without a name."""

    def late_in():
        import sys

        from lecturekit import exercises
        from lecturekit.exercises import verdict
        from lecturekit.exercises.observation import observe

        for stem in ("rbm", "deep_energy", "moment_matching", "denoising", "cycle_gan", "unit"):
            for exercise in exercises.catalogue(stem):
                through = tuple(exercise.parameters.index(name) for name in exercise.through)
                cases = verdict.cases(exercise)
                seen = [observe(exercise.reference, case, through) for case in cases]
                assert verdict.decide(exercise, seen).outcome == "correct"
        other = exercises.catalogue("unit")[1]
        off = [observe(lambda *a: other.reference(*a).sin(), c) for c in verdict.cases(other)]
        assert "In the case below" in verdict.decide(other, off).message
        return {"sympy", "torch._dynamo"} & set(sys.modules)

    assert Worker().call(late_in, LONG) == set()

"""A process of its own for a student's function, so that nothing it does can hurt the notebook.

An endless loop is ended at its time limit, a crash ends only the worker, a memory blow-up is
stopped before the machine begins to swap, and each comes back as an `Observation` like any other.
A function that can't be sent to the worker is refused rather than run in the notebook's process:
that would give up the protection in just those cases that are hardest to foresee.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import pickle
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import cloudpickle  # type: ignore[import-untyped]
import loky
import psutil  # type: ignore[import-untyped]
import torch
from loky.process_executor import BrokenProcessPool

from lecturekit.exercises.exercise import Arguments, Function
from lecturekit.exercises.observation import Observation, observe

MEMORY_LIMIT = 2 * 1024**3  # bytes that the worker may hold
PRINT_LIMIT = 2000  # characters of what a function prints; the rest is dropped
POLL = 0.05  # seconds between two looks at a worker that is busy


class UnsendableError(Exception):
    """A function that can't be sent to the worker."""


# -------------------------------------------------------------------------------- in the worker


class _Tape(io.TextIOWrapper):
    """A file of limited length, that has what was printed also when the worker is no more."""

    def __init__(self, path: str):
        super().__init__(io.FileIO(path, "w"), encoding="utf-8", write_through=True)
        self._room = PRINT_LIMIT

    def write(self, text: str) -> int:
        kept = text[: self._room]
        self._room -= len(kept)
        super().write(kept)
        return len(text)


def _settle_in(notebook: int) -> None:
    """Prepare a fresh worker. An interrupt of the kernel reaches its whole process group: the
    notebook's process decides what becomes of the worker, so the worker itself ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    threading.Thread(target=_leave_with, args=(notebook,), daemon=True).start()


def _leave_with(notebook: int) -> None:
    """A kernel that was killed could not end its worker; so the worker looks after that itself."""
    this_process = psutil.Process()
    while (parent := this_process.parent()) is not None and parent.pid == notebook:
        time.sleep(1)
    os._exit(0)


def _perform(function: bytes, arguments: bytes, tape_path: str) -> bytes:
    """`observe` on the pickled function and arguments, with what it prints going to the tape."""
    with _Tape(tape_path) as tape, contextlib.redirect_stdout(tape):
        try:
            answer = pickle.loads(function)
        except Exception as error:  # what it needs can't be imported here
            return pickle.dumps(Observation(error=type(error).__name__, error_text=str(error)))
        return pickle.dumps(observe(answer, pickle.loads(arguments)))


# --------------------------------------------------------------------- in the notebook's process


class Worker:
    """A process that is started when it is first needed, kept, and replaced when it is lost."""

    def __init__(self) -> None:
        self._executor: loky.ProcessPoolExecutor | None = None
        self._process: psutil.Process | None = None
        self._desk = tempfile.TemporaryDirectory(prefix="lecturekit-")

    def run(self, function: Function, cases: list[Arguments], seconds: float) -> list[Observation]:
        """Observe `function` on the cases in turn, up to the first that the worker doesn't survive.

        Raises:
            UnsendableError: the function can't be pickled, and why.
        """
        pickled = _pack(function)
        executor = self._ready()  # its start is not on the student's clock
        deadline = time.monotonic() + seconds
        tape = Path(self._desk.name, "printed.txt")
        observations: list[Observation] = []
        for arguments in cases:
            tape.write_text("")
            job = executor.submit(_perform, pickled, pickle.dumps(arguments), str(tape))
            seen = self._wait(job, deadline)
            observations.append(replace(seen, printed=tape.read_text(encoding="utf-8")))
            if seen.ended:
                break
        return observations

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        executor, self._executor, self._process = self._executor, None, None
        if executor is not None:
            executor.shutdown(wait=True, kill_workers=True)

    def _ready(self) -> loky.ProcessPoolExecutor:
        if self._executor is None or self._process is None or not self._process.is_running():
            self.stop()
            self._executor = loky.ProcessPoolExecutor(
                max_workers=1, initializer=_settle_in, initargs=(os.getpid(),)
            )
            with self._ended_on_interrupt():
                self._process = psutil.Process(self._executor.submit(os.getpid).result())
        return self._executor

    def _wait(self, job: Future[bytes], deadline: float) -> Observation:
        with self._ended_on_interrupt():
            while True:
                try:
                    return pickle.loads(job.result(timeout=POLL))
                except TimeoutError:
                    reason = "time" if time.monotonic() > deadline else self._too_large()
                except BrokenProcessPool:
                    reason = "crash"
                if reason:
                    self.stop()
                    return Observation(ended=reason)

    def _too_large(self) -> str:
        with contextlib.suppress(psutil.Error):  # it is gone: the next look at the job will say so
            if self._process and self._process.memory_info().rss > MEMORY_LIMIT:
                return "memory"
        return ""

    @contextlib.contextmanager
    def _ended_on_interrupt(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.stop()
            raise


def _pack(function: Function) -> bytes:
    """Pickle the function with all it refers to, by value: a student's module on disk may have
    changed since a worker imported it."""
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    by_value = module is not None and module.__name__.partition(".")[0] not in ("__main__", "torch")
    try:
        if by_value and module is not None:
            cloudpickle.register_pickle_by_value(module)
        return cloudpickle.dumps(function)
    except Exception as error:
        culprit = _unsendable_name(function)
        refers = f": it refers to `{culprit}`" if culprit else ""
        raise UnsendableError(
            f"The function can't be run by itself, in another process{refers} ({error}). "
            "Let it use its arguments only, and helper functions that do the same."
        ) from error
    finally:
        if by_value and module is not None:
            cloudpickle.unregister_pickle_by_value(module)


def _unsendable_name(function: Function) -> str | None:
    try:
        reached = inspect.getclosurevars(function)
    except TypeError:  # not a Python function
        return None
    for name, value in {**reached.globals, **reached.nonlocals}.items():
        try:
            cloudpickle.dumps(value)
        except Exception:
            return name
    return None

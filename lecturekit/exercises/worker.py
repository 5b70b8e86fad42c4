"""A process of its own for a student's function, so that nothing it does can hurt the notebook.

An endless loop is ended at its time limit, a crash ends only the worker, a memory blow-up is
stopped before the machine begins to swap, and each comes back as an `Observation` like any other.
A function that can't be sent to the worker is refused rather than run in the notebook's process:
that would give up the protection in just those cases that are hardest to foresee.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import os
import pickle
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import cloudpickle  # type: ignore[import-untyped]
import loky
import psutil  # type: ignore[import-untyped]
import torch
from loky.process_executor import BrokenProcessPool
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Function

MEMORY_LIMIT = 2 * 1024**3  # bytes that the worker may hold
PRINT_LIMIT = 2000  # characters of what a function prints; the rest is dropped
POLL = 0.05  # seconds between two looks at a worker that is busy


class Foreign(NamedTuple):
    """A returned object that is neither a tensor nor a number, nor a tuple of them."""

    type_name: str


class Frame(NamedTuple):
    """A line of the student's own code in a traceback."""

    filename: str
    line: int


@dataclass(frozen=True)
class Observation:
    """What a function did with one case's arguments.

    Attributes:
        value: what it returned, detached and on the CPU: a tensor, a number, a `Foreign`, or a
            tuple of these. None also when it did not return.
        error: the name of the exception that it raised, or "" if it returned.
        error_text: the text of that exception.
        frame: the student's line that raised it, where there is one.
        ended: why the worker had to end it or ended itself ("time", "memory", "crash"), or "".
        changed: the places of the arguments that it changed.
        steady: whether a second call with the same arguments gave the same.
        printed: what it printed.
    """

    value: Any = None
    error: str = ""
    error_text: str = ""
    frame: Frame | None = None
    ended: str = ""
    changed: tuple[int, ...] = ()
    steady: bool = True
    printed: str = ""

    @property
    def returned(self) -> bool:
        return not (self.error or self.ended)


class UnsendableError(Exception):
    """A function that can't be sent to the worker."""


# ---------------------------------------------------------------------------- in either process


def observe(function: Function, arguments: Arguments) -> Observation:
    """Call `function` twice on copies of `arguments`, and say what it did.

    The second call finds out whether the result follows from the arguments alone.
    """
    given = copy.deepcopy(arguments)
    try:
        value = _plain(function(*given))
        with contextlib.redirect_stdout(io.StringIO()):  # it has said so once already
            again = _plain(function(*copy.deepcopy(arguments)))
    except (Exception, SystemExit) as error:  # exit() too: in a notebook it would end the kernel
        return Observation(
            error=type(error).__name__, error_text=str(error), frame=_own_frame(function, error)
        )
    changed = (i for i, pair in enumerate(zip(given, arguments, strict=True)) if not same(*pair))
    return Observation(value=value, changed=tuple(changed), steady=same(value, again))


def same(left: Any, right: Any) -> bool:
    """Whether two arguments, or two returned values, are identical; NaN equals NaN."""
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        alike = left.shape == right.shape and left.dtype == right.dtype
        return alike and torch.allclose(left, right, rtol=0, atol=0, equal_nan=True)
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right or (left != left and right != right))


def _plain(value: Any) -> Any:
    """Only what can travel between processes and be compared."""
    if isinstance(value, Tensor):
        return value.detach().as_subclass(Tensor).to("cpu", copy=True)
    if isinstance(value, tuple | list):
        return tuple(_plain(part) for part in value)
    if value is None or value is ... or isinstance(value, bool | int | float):
        return value
    return Foreign(f"{type(value).__module__}.{type(value).__qualname__}")


def _own_frame(function: Function, error: BaseException) -> Frame | None:
    """The innermost line in the file of `function`, or in another cell of its notebook."""
    own_file = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [
        Frame(summary.filename, summary.lineno or 0)
        for summary in traceback.extract_tb(error.__traceback__)
        # the worker has no file for a notebook's cell
        if summary.filename == own_file or not os.path.exists(summary.filename)
    ]
    return frames[-1] if frames else None


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
    threading.Thread(target=_leave_with, args=(psutil.Process(notebook),), daemon=True).start()


def _leave_with(notebook: psutil.Process) -> None:
    """A kernel that was killed could not end its worker; so the worker looks after that itself."""
    while notebook.is_running():
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
            f"the function can't be run by itself in another process{refers} ({error}). "
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

"""A process apart for a student's function, so that nothing it does can hurt the notebook.

An endless loop is ended at its time limit, a crash ends only the job, a memory blow-up is stopped
before the machine begins to swap, and each comes back as an `Observation` like any other. Each job
begins in a fresh state (`process.py`), so no answer touches the next. A function that can't be sent
is refused rather than run in the notebook's process: that would give up the protection in just
those cases that are hardest to foresee.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import cloudpickle  # type: ignore[import-untyped]
import psutil  # type: ignore[import-untyped]

from lecturekit.exercises import process
from lecturekit.exercises.exercise import Arguments, Function
from lecturekit.exercises.observation import Observation, observe

MEMORY_LIMIT = 2 * 1024**3  # bytes that a job may hold
KEPT = 300.0  # seconds that an idle process is kept: it holds 150 MB, and takes 1 s to start
POLL = 0.05  # seconds between two looks at a job that is busy
START = 120.0  # seconds for a process to import torch on a slow disk
FORKS = sys.platform == "linux"  # macOS's frameworks don't survive a fork

# What torch imports when one of these is used, for seconds; they are sought in a pickled function.
LATE = "torch._dynamo"
LATE_FOR = (
    *(b"torch.func", b"\x04func", b"_functorch", b"vmap", b"jacobian", b"hessian"),
    *(b"grad_outputs", b"MultivariateNormal", b"broadcast_shapes", b"unravel_index"),
)


class UnsendableError(Exception):
    """A function that can't be sent to another process."""


class Worker:
    """A process that is started when it is first needed, kept for a while, and replaced when lost.

    It may be used from any thread, by one at a time.
    """

    def __init__(self, forks: bool = FORKS) -> None:
        self._forks = forks
        self._process: _Process | None = None
        self._busy = threading.RLock()
        self._idle: threading.Timer | None = None

    def run(
        self,
        function: Function,
        cases: Callable[[], list[Arguments]] | list[Arguments],
        seconds: float,
        through: tuple[int, ...] = (),
    ) -> list[Observation]:
        """Observe `function` on the cases in turn, up to the first that it doesn't survive.

        Raises:
            UnsendableError: the function can't be pickled, and why.
        """
        packed, seen = _pack(function), _Seen()
        late = any(name in packed for name in LATE_FOR)
        ended = self._do(_ObserveAll(packed, cases, through), seen, seconds, (LATE,) * late)
        if ended:
            seen.done.append(Observation(ended=ended, printed=seen.take()))
        return seen.done

    def call(self, function: Callable[[], Any], seconds: float) -> Any:
        """What a function of our own returns in a fresh process; TimeoutError if it does not."""
        seen = _Seen()
        ended = self._do(_Call(function), seen, seconds)
        if ended:
            raise TimeoutError(f"the process was ended: {ended}")
        return seen.result

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        ending, self._process = self._process, None
        if ending is not None:
            ending.end()

    def _do(self, job: Any, seen: _Seen, seconds: float, needs: tuple[str, ...] = ()) -> str:
        """Have a job done; why it had to be ended, or ""."""
        with self._busy:
            if self._idle is not None:
                self._idle.cancel()
            try:
                return self._do_now((cloudpickle.dumps(job), needs), seen, seconds)
            except BaseException:
                self.stop()
                raise
            finally:
                self._idle = threading.Timer(KEPT, self._rest, args=(self._process,))
                self._idle.daemon = True
                self._idle.start()

    def _rest(self, unused: _Process | None) -> None:
        """End a process that was not needed for a while."""
        if self._busy.acquire(blocking=False):  # it is needed now
            try:
                if self._process is unused:
                    self.stop()
            finally:
                self._busy.release()

    def _do_now(self, job: process.Job, seen: _Seen, seconds: float) -> str:
        try:
            ended = self._ready().do(job, seen, seconds)  # its start is not on the clock
        except BrokenPipeError:  # it was ended since it was looked at
            self.stop()
            ended = self._ready().do(job, seen, seconds)
        if not self._forks:
            self.stop()
            self._process = _Process(self._forks)  # in the background, for the next job
        return ended

    def _ready(self) -> _Process:
        if self._process is None or not self._process.alive:
            self.stop()
            self._process = _Process(self._forks)
        return self._process


class _Seen:
    """What has come back from a job so far."""

    def __init__(self) -> None:
        self.done: list[Observation] = []
        self.result: Any = None
        self._printed: list[str] = []

    def hear(self, kind: str, *content: Any) -> None:
        if kind == "printed":
            self._printed.append(content[0])
        elif kind == "seen":
            self.done.append(replace(content[0], printed=self.take()))

    def take(self) -> str:
        printed, self._printed = "".join(self._printed), []
        return printed


class _ObserveAll:
    """The job of running a student's function, seen from the process that does it."""

    def __init__(self, packed: bytes, cases: Any, through: tuple[int, ...]):
        self._packed, self._cases, self._through = packed, cases, through

    def __call__(self, send: process.Send, hear: Callable[[bool], None]) -> None:
        # before anything of the student's runs
        cases = self._cases() if callable(self._cases) else self._cases
        for arguments in cases:
            hear(True)
            send("seen", self._observe(arguments, functools.partial(hear, False)))

    def _observe(self, arguments: Arguments, hush: Callable[[], None]) -> Observation:
        try:
            function = cloudpickle.loads(self._packed)
        except BaseException as error:  # what it needs can't be imported here
            return Observation(error=type(error).__name__, error_text=str(error)[:500])
        return observe(function, arguments, self._through, hush)


class _Call:
    """The job of running a function of our own."""

    def __init__(self, function: Callable[[], Any]):
        self._function = function

    def __call__(self, send: process.Send, hear: Callable[[bool], None]) -> Any:
        return self._function()


class _Process:
    """One process apart, and what it says."""

    def __init__(self, forks: bool):
        self._forks = forks
        paths = [path or os.getcwd() for path in sys.path]
        self._popen = subprocess.Popen(
            [sys.executable, "-c", _START, str(int(forks))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"},
            start_new_session=True,  # an interrupt of the kernel reaches its whole session
        )
        self._heard: queue.Queue[tuple[Any, ...] | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._started = self._clearing = False

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    def do(self, job: process.Job, seen: _Seen, seconds: float) -> str:
        """Have a job done; why it had to be ended, or ""."""
        if not self._started:
            message = self._heard.get(timeout=START)
            if message != ("ready",):
                raise RuntimeError(f"the process for exercises did not start: {message}")
            self._started = True
        if self._clearing:  # the last job's process is still being ended
            next((None for message in self._messages() if message == ("ended",)), None)
            self._clearing = False
        assert self._popen.stdin is not None
        working, reason = self._popen.pid, ""
        deadline = time.monotonic() + START + seconds  # until it has what it needs, and begins
        process.write(self._popen.stdin, ([path or os.getcwd() for path in sys.path], *job))  # type: ignore[arg-type]
        for message in self._messages():
            if message is None:  # nothing yet
                if not reason:
                    late = time.monotonic() > deadline
                    reason = "time" if late else _too_large(working)
                if reason and not self._end_job(working):
                    return reason
                continue
            kind, *content = message
            if kind == "process":
                working, deadline = content[0], time.monotonic() + seconds
            elif kind == "failed":
                self._clearing = self._forks
                raise RuntimeError(content[0])
            elif kind == "result":
                seen.result, self._clearing = content[0], self._forks
                return ""
            elif kind == "ended":
                return reason or "crash"
            else:
                seen.hear(kind, *content)
        self._end_job(working)
        return reason or "crash"

    def _end_job(self, working: int) -> bool:
        """End the job alone, where that is possible: whether the process stays."""
        if self._forks and working != self._popen.pid:
            with contextlib.suppress(OSError):
                os.killpg(working, signal.SIGKILL)
            return True
        return False

    def end(self) -> None:
        """End it, and what it has started."""
        with contextlib.suppress(psutil.Error):
            mine = psutil.Process(self._popen.pid)
            for each in [*mine.children(recursive=True), mine]:
                with contextlib.suppress(psutil.Error):
                    each.kill()
        with contextlib.suppress(OSError):
            if self._popen.stdin is not None:
                self._popen.stdin.close()
        self._popen.wait()

    def _messages(self) -> Iterator[tuple[Any, ...] | None]:
        """Each message, None for every while without one; ends with the process."""
        while True:
            try:
                message = self._heard.get(timeout=POLL)
            except queue.Empty:
                yield None
                continue
            if message is None:
                return
            yield message

    def _listen(self) -> None:
        assert self._popen.stdout is not None
        with contextlib.suppress(Exception):  # EOF, or what is no message
            while True:
                self._heard.put(process.read(self._popen.stdout))  # type: ignore[arg-type]
        self._heard.put(None)


_START = "import sys; from lecturekit.exercises.process import serve; serve(bool(int(sys.argv[1])))"


def _too_large(working: int) -> str:
    with contextlib.suppress(psutil.Error):  # it is gone: the next message will say so
        if psutil.Process(working).memory_info().rss > MEMORY_LIMIT:
            return "memory"
    return ""


def _pack(function: Function) -> bytes:
    """Pickle the function with all it refers to, by value: a student's module on disk may have
    changed since a process imported it."""
    written = function.func if isinstance(function, functools.partial) else function
    module = sys.modules.get(getattr(written, "__module__", None) or "")
    by_value = module is not None and module.__name__.partition(".")[0] not in ("__main__", "torch")
    try:
        if by_value and module is not None:
            cloudpickle.register_pickle_by_value(module)
        packed: bytes = cloudpickle.dumps(function)
        return packed
    except Exception as error:
        culprit = _unsendable_name(function)
        refers = f": it refers to `{culprit}`" if culprit else ""
        raise UnsendableError(
            f"The function can't be run by itself, in another process{refers} ({error!s:.300}). "
            "Let it use its arguments only, and helper functions that do the same."
        ) from error
    finally:
        if by_value and module is not None:
            cloudpickle.unregister_pickle_by_value(module)


def _unsendable_name(function: Function) -> str | None:
    try:
        reached = inspect.getclosurevars(function)
    except (TypeError, ValueError):  # not a Python function
        return None
    for name, value in {**reached.globals, **reached.nonlocals}.items():
        try:
            cloudpickle.dumps(value)
        except Exception:
            return name
    return None

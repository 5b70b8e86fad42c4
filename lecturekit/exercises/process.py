"""The process in which students' functions run, and its side of the pipe.

On Linux it keeps itself clean: it imports what is needed, and forks a child for each job, so that
every function finds a fresh Python, within milliseconds. Elsewhere it does one job and ends, and
the notebook has the next one ready. Nothing is written to disk or to shared memory.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import io
import os
import pickle
import select
import signal
import struct
import sys
import threading
from collections.abc import Callable
from typing import Any, BinaryIO

import psutil  # type: ignore[import-untyped]

PRINT_LIMIT = 2000  # characters of what a function prints; the rest is dropped

HEAD = struct.Struct("<Q")  # a message's length stands before it

Send = Callable[..., None]
Job = tuple[bytes, tuple[str, ...]]  # a pickled function of `send` and `hear`; modules it needs
_Request = tuple[list[str], bytes, tuple[str, ...]]  # with the notebook's sys.path before it


def write(pipe: BinaryIO, message: Any) -> None:
    """Put one message on a pipe."""
    body = pickle.dumps(message)
    pipe.write(HEAD.pack(len(body)) + body)
    pipe.flush()


def read(pipe: BinaryIO) -> Any:
    """The next message on a pipe; EOFError at its end."""
    head = pipe.read(HEAD.size)
    if len(head) < HEAD.size:
        raise EOFError
    return pickle.loads(pipe.read(*HEAD.unpack(head)))


def serve(forks: bool) -> None:
    """Do the jobs that come in, each in a fresh process, until the notebook is gone."""
    requests, answers = _take_the_pipes()
    with contextlib.suppress(ValueError):  # not in the main thread, as a test may have it
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the notebook decides what an interrupt does
    import torch

    torch.set_num_threads(1)
    _preload()
    write(answers, ("ready",))
    if not forks:
        job = read(requests)
        threading.Thread(target=_end_with, args=(requests,), daemon=True).start()
        _import(job)
        write(answers, ("process", os.getpid()))
        return _perform(job, answers)
    _adopt_orphans()
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker)
    while True:
        try:
            job = read(requests)
        except EOFError:
            return
        _import(job)
        child = os.fork()
        if child == 0:
            signal.set_wakeup_fd(-1)
            os.setpgid(0, 0)
            requests.close()
            _perform(job, answers)
            os._exit(0)
        with contextlib.suppress(OSError):  # whichever comes first, the child or this
            os.setpgid(child, child)
        write(answers, ("process", child))
        alone = _wait(child, requests, wake)
        _end_all(child)
        if not alone:
            return
        write(answers, ("ended",))


def _preload() -> None:
    """What a job needs, imported before it is on the student's clock."""
    from lecturekit.sections import SECTIONS

    for name in ("torch.distributions", "torch.func", "lecturekit.exercises.verdict"):
        importlib.import_module(name)
    for section in SECTIONS:
        importlib.import_module(f"lecturekit.exercises.{section.stem}")


def _import(job: _Request) -> None:
    """What this job needs besides, before its clock begins."""
    for name in job[2]:
        with contextlib.suppress(Exception):  # a torch that has it elsewhere needs it not at all
            importlib.import_module(name)


def _take_the_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the notebook, out of reach of a function that prints or reads."""
    requests, answers = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    return os.fdopen(requests, "rb"), os.fdopen(answers, "wb")


class _Tape(io.TextIOBase):
    """A file of limited length that sends what is written at once, in case of a crash."""

    def __init__(self, send: Send):
        self._send, self._room = send, PRINT_LIMIT

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        kept = text[: self._room]
        self._room -= len(kept)
        if kept:
            self._send("printed", kept)
        return len(text)


def _perform(job: _Request, answers: BinaryIO) -> None:
    """Run a job, and answer with what it returns."""
    this = os.getpid()

    def send(*message: Any) -> None:
        if os.getpid() != this:  # the function has forked, and its child has got this far
            os._exit(0)
        write(answers, message)

    def hear(listening: bool) -> None:
        sys.stdout = _Tape(send) if listening else io.StringIO()

    path, pickled, _ = job
    sys.path[:] = path
    try:
        result = pickle.loads(pickled)(send, hear)
    except BaseException as error:
        return send("failed", f"{type(error).__name__}: {error}")
    send("result", result)


def _wait(child: int, requests: BinaryIO, wake: int) -> bool:
    """Wait for the child; False if the notebook has gone meanwhile."""
    while True:
        if os.waitpid(child, os.WNOHANG)[0] == child:
            return True
        ready, _, _ = select.select([requests.fileno(), wake], [], [], 5)
        if wake in ready:
            os.read(wake, 100)
        if requests.fileno() in ready:  # nothing is asked for while a job runs: the pipe has ended
            os.kill(child, signal.SIGKILL)
            return False


def _end_with(requests: BinaryIO) -> None:
    requests.read(1)
    os._exit(0)


def _adopt_orphans() -> None:
    """Become the parent of whatever a function leaves behind, so that it can be ended."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def _end_all(child: int) -> None:
    """End what a job has started and not ended."""
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(psutil.Error):
        left = psutil.Process().children(recursive=True)
        for each in left:
            with contextlib.suppress(psutil.Error):
                each.kill()
        psutil.wait_procs(left, timeout=2)  # they have become children of this process
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass

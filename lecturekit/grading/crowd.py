"""Several notebooks at once, each in a process of its own, with limits of time and memory."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import psutil  # type: ignore[import-untyped]

from lecturekit.door import NOT_EMPTY, Count, Positive, door, refuse
from lecturekit.grading.grader import Verdict

GRADER = ["-m", "lecturekit.grading.grader"]
SECONDS = 300.0  # for all exercises of one notebook; each has a limit of its own besides


@door
@dataclass(frozen=True)
class Graded:
    """One notebook.

    Attributes:
        student: whose it is: the folder in which it lies, or its own name.
        path: the file.
        verdicts: of its exercises, as far as they were judged.
        problem: why it could not be judged, or not to the end; else empty.
    """

    student: str
    path: Path
    verdicts: tuple[Verdict, ...]
    problem: str = ""


@door
def notebooks(folders: Annotated[Sequence[Path], NOT_EMPTY]) -> list[tuple[str, Path]]:
    """Student and file of all notebooks in these folders and below, in order.

    A folder in one of these is a student's; a notebook that lies in none is its own student's.

    Raises:
        ValueError: a folder that is not there, or no notebook at all.
    """
    found: list[tuple[str, Path]] = []
    for folder in folders:
        if not folder.exists():
            refuse("folders", "to be there", str(folder))
        files = [folder] if folder.is_file() else sorted(folder.rglob("*.ipynb"))
        for path in files:
            inside = path.relative_to(folder).parts if folder.is_dir() else (path.name,)
            if any(part.startswith(".") for part in inside):
                continue  # checkpoints of Jupyter
            found.append((inside[0] if len(inside) > 1 else path.stem, path))
    if not found:
        raise ValueError(f"no notebook in {', '.join(map(str, folders))}")
    return found


@door
def grade(
    found: Sequence[tuple[str, Path]],
    *,
    at_once: Count | None = None,
    seconds: Positive = SECONDS,
) -> Iterator[Graded]:
    """Judge notebooks; they come as they are done.

    Args:
        found: student and file of each.
        at_once: how many processes; by default one for each two processors.
        seconds: for one notebook.

    Raises:
        ValueError: a file that is not there; before any is judged.
    """
    for student, path in found:
        if not path.exists():
            refuse("found", "to be files that are there", f"{path} of {student}")
    return _judged(found, at_once, seconds)


def _judged(
    found: Sequence[tuple[str, Path]], at_once: int | None, seconds: float
) -> Iterator[Graded]:
    at_once = at_once or max(1, (os.cpu_count() or 2) // 2)
    with ThreadPoolExecutor(at_once) as pool:
        jobs = [pool.submit(_grade, student, path, seconds) for student, path in found]
        try:
            for job in as_completed(jobs):
                yield job.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _grade(student: str, path: Path, seconds: float) -> Graded:
    process = subprocess.Popen(
        [sys.executable, *GRADER, str(path.resolve())],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    problem = ""
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        output, _ = process.communicate()
        problem = f"ended after {seconds:g} seconds"
    except BaseException:
        _end(process)
        raise
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    problem = next((line["problem"] for line in lines if "problem" in line), problem)
    if process.returncode and not problem:
        problem = f"the grading process ended with {process.returncode}"
    verdicts = tuple(Verdict(**line) for line in lines if "problem" not in line)
    return Graded(student, path, verdicts, problem)


def _end(process: subprocess.Popen[str]) -> None:
    """With the worker that it may have."""
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    process.kill()

"""The runs behind a figure, one after the other; interrupted, it goes on where it was.

Each point of a figure is a run of its own, whose rate falls linearly to 0 over its time. The
shortest runs try every rate of the grid; those of twice and four times the time try the two that
did best on the validation images. Longer ones try the best of the time before and the next lower
one, since the longer a run the lower its best rate; the grid goes on downwards as far as they do. A
method stops when two doublings in a row have not gained what the experiment asks for, so that one
noisy run ends nothing, and all stop when the next run would not fit into the budget.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch

from lecturekit.door import Positive, door
from lecturekit.files import replacing
from lecturekit.reproduce.experiment import Experiment, Task
from lecturekit.reproduce.record import Record, Run

SORTING = 2  # doublings whose runs try the two best rates of the time before
CHECKPOINT_EVERY = 10.0  # seconds of training
CPU = torch.device("cpu")


class Job(NamedTuple):
    """A run that is to be made."""

    method: str
    rate: float
    seconds: float


class Event(NamedTuple):
    """Where a campaign is.

    Attributes:
        job: the run under way.
        spent: training time of all runs up to now, in seconds of the process.
        finished: the run that has just been made and scored, else None.
    """

    job: Job
    spent: float
    finished: Run | None = None


@dataclass
class Attempt:
    """A run under way, as it is kept in a checkpoint."""

    job: Job
    state: Any
    process_seconds: float = 0.0
    wall_seconds: float = 0.0
    updates: int = 0


@door
def campaign(
    experiment: Experiment,
    record: Record,
    path: Path,
    *,
    minutes: Positive,
    device: torch.device = CPU,
    checkpoint_every: Positive = CHECKPOINT_EVERY,
) -> Iterator[Event]:
    """Make the runs that `record` lacks, as far as the budget goes, and add them to it.

    The record is written after each run, and a run under way is kept beside it every few seconds.
    So an interrupted campaign is called again, with the record read from `path`.

    Args:
        experiment: what is trained.
        record: runs made so far; grows.
        path: where the record is written.
        minutes: budget of training time of the process, with that of the runs made so far.
        device: where it trains.
        checkpoint_every: seconds of training after which a run under way is kept.

    Yields:
        Events, several a second.
    """
    task, kept = experiment.task(record.pixels, device), path.with_suffix(".checkpoint")
    clock, attempt = _clock(device), _load(kept)
    for job in jobs(experiment, record, 60 * minutes):
        if attempt is None or attempt.job != job:
            seed = record.seed + len(record.runs)
            attempt = Attempt(job, task.begin(job.method, job.rate, seed))
        yield from _train(task, attempt, clock, record.training_seconds, kept, checkpoint_every)
        begun = clock()
        scores = task.scores(attempt.state)
        run = Run(
            *job,
            round(attempt.process_seconds, 3),
            round(attempt.wall_seconds, 3),
            attempt.updates,
            round(scores.validation, 4),
            _rounded(scores.test),
            _rounded(scores.low),
            _rounded(scores.high),
            {name: round(value, 4) for name, value in scores.measures.items()},
        )
        record.add(run, round(clock() - begun, 3))
        record.write(path)
        kept.unlink(missing_ok=True)
        attempt = None
        yield Event(job, record.training_seconds, run)


def jobs(experiment: Experiment, record: Record, budget: float) -> Iterator[Job]:
    """The runs that are still to be made; what the record holds is looked at anew for each."""
    going = list(experiment.methods)
    doublings = 0
    while going:
        seconds = experiment.shortest * 2**doublings
        for method in going:
            for rate in _rates(experiment, record, method, doublings):
                job = Job(method, rate, seconds)
                if any((run.method, run.rate, run.seconds) == job for run in record.runs):
                    continue
                if record.training_seconds + seconds > budget:
                    return
                yield job
        going = [method for method in going if _gains(experiment, record, method, doublings)]
        doublings += 1


def _rates(experiment: Experiment, record: Record, method: str, doublings: int) -> list[float]:
    if doublings == 0 or len(experiment.rates) == 1:
        return list(experiment.rates)
    before = experiment.shortest * 2 ** (doublings - 1)
    runs = [run for run in record.runs if run.method == method and run.seconds == before]
    best, *others = sorted(runs, key=lambda run: run.validation, reverse=True)
    if doublings <= SORTING:
        return [run.rate for run in (best, *others[:1])]
    return [best.rate, _next_lower(experiment.rates, best.rate)]


def _next_lower(rates: tuple[float, ...], rate: float) -> float:
    """Of the grid; below it, by the factor between its two lowest."""
    lower = [each for each in rates if each < rate]
    return max(lower) if lower else float(f"{rate * rates[0] / rates[1]:.3g}")


def _gains(experiment: Experiment, record: Record, method: str, doublings: int) -> bool:
    """Whether one of the last two doublings beat all shorter times by what is asked for."""
    if doublings <= SORTING:
        return True
    values = [run.validation for run in record.best(method)][: doublings + 1]
    return any(values[k] - max(values[:k]) >= experiment.least_gain for k in (-2, -1))


def _train(
    task: Task,
    attempt: Attempt,
    clock: Callable[[], float],
    spent: float,
    kept: Path,
    checkpoint_every: float,
) -> Iterator[Event]:
    job, saved_at = attempt.job, attempt.process_seconds
    began, wall_began = clock(), time.monotonic()
    shown_at = wall_began
    while attempt.process_seconds < job.seconds:
        task.update(attempt.state, 1 - attempt.process_seconds / job.seconds)
        attempt.updates += 1
        now, wall_now = clock(), time.monotonic()
        attempt.process_seconds += now - began
        attempt.wall_seconds += wall_now - wall_began
        if attempt.process_seconds - saved_at >= checkpoint_every:
            _save(attempt, kept)
            saved_at = attempt.process_seconds
        if wall_now - shown_at >= 0.25:
            yield Event(job, spent + attempt.process_seconds)
            shown_at = wall_now
        began, wall_began = clock(), time.monotonic()  # keeping, showing: no training


def _clock(device: torch.device) -> Callable[[], float]:
    """Seconds of the process on a CPU; elsewhere of the wall, once the device has done its work."""
    if device.type == "cpu":
        return time.process_time

    def seconds() -> float:
        torch.accelerator.synchronize(device)
        return time.monotonic()

    return seconds


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 4)


def _save(attempt: Attempt, path: Path) -> None:
    with replacing(path) as new:
        torch.save(attempt, new)


def _load(path: Path) -> Attempt | None:
    return torch.load(path, weights_only=False) if path.exists() else None

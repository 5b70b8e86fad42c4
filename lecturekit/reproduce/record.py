"""What came out of an experiment, as JSON."""

from __future__ import annotations

import datetime
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

import torch

from lecturekit._version import __version__
from lecturekit.door import RefusedError, door, refuse
from lecturekit.files import replacing
from lecturekit.machine import processor
from lecturekit.reproduce.curves import Curve, Line, lines
from lecturekit.reproduce.experiment import Pixels

_FOLDER = Path(__file__).parent / "recorded"


@door
@dataclass(frozen=True)
class Run:
    """One training run and its scores.

    Attributes:
        method: its name.
        rate: the learning rate at the start; it falls linearly to 0 over `seconds`.
        seconds: the training time that it was given, of the process.
        process_seconds: the training time that it took.
        wall_seconds: what a clock on the wall showed meanwhile.
        updates: how many were made.
        validation: score on the images held out; the rate is chosen by it.
        test: score on the test images; None where no value deserves to be named.
        low, high: what it lies between, where that is known.
        measures: what else was measured on the test images, by name.
    """

    method: str
    rate: float
    seconds: float
    process_seconds: float
    wall_seconds: float
    updates: int
    validation: float
    test: float | None
    low: float | None = None
    high: float | None = None
    measures: dict[str, float] = field(default_factory=dict)


@door
@dataclass
class Record:
    """All runs of an experiment, with what is needed to judge and to repeat them.

    Attributes:
        name: of the experiment.
        quantity: what validation and test are.
        pixels: "sampled", "thresholded", "grey" or "colour".
        seed: of the first run; the others count on from it.
        commands: what made it, one after the other.
        device: what it was trained on.
        lecturekit, torch: versions.
        date: of the last run.
        evaluation_seconds: process time spent on the scores, which is not training time.
        runs: in the order in which they were made.
    """

    name: str
    quantity: str
    pixels: Pixels
    seed: int
    commands: list[str] = field(default_factory=list)
    device: str = ""
    lecturekit: str = __version__
    torch: str = torch.__version__
    date: str = ""
    evaluation_seconds: float = 0.0
    runs: list[Run] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.device = self.device or device_name()

    @property
    def training_seconds(self) -> float:
        """Process time of all runs together."""
        return sum(run.process_seconds for run in self.runs)

    @property
    def methods(self) -> tuple[str, ...]:
        """In the order in which they were begun."""
        return tuple(dict.fromkeys(run.method for run in self.runs))

    def best(self, method: str) -> list[Run]:
        """For each training time the run with the best validation score, in the order of time."""
        by_time: dict[float, Run] = {}
        for run in self.runs:
            known = by_time.get(run.seconds)
            if run.method == method and (known is None or run.validation > known.validation):
                by_time[run.seconds] = run
        return [by_time[seconds] for seconds in sorted(by_time)]

    @property
    def curves(self) -> dict[str, Curve]:
        """By method, points (training seconds, test score) where there is one.

        Rates are chosen by validation.
        """
        return {
            method: tuple(
                (run.process_seconds, run.test) for run in self.best(method) if run.test is not None
            )
            for method in self.methods
        }

    @property
    def lines(self) -> dict[str, Line]:
        """By method, (seconds, test scores) as two lists, to be drawn."""
        return lines(self.curves)

    def add(self, run: Run, evaluation_seconds: float) -> None:
        """Take note of a run that is done."""
        self.runs.append(run)
        self.evaluation_seconds += evaluation_seconds
        self.date = datetime.date.today().isoformat()

    def write(self, path: Path) -> None:
        """Write JSON; what was there stays until it is complete."""
        with replacing(path) as new:
            new.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote."""
        if not isinstance(path, Path) or not path.is_file():
            refuse("path", "to be the path of a record", str(path))
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{**content, "runs": [Run(**run) for run in content["runs"]]})
        except (ValueError, KeyError, TypeError) as error:
            words = f"expected path to be that of a record, got {path}, which is none"
            raise RefusedError(words) from error

    @classmethod
    def of_the_package(cls, name: str, pixels: Pixels) -> Self | None:
        """The one that comes with the package; None if there is none."""
        path = _FOLDER / file_name(name, pixels)
        return cls.read(path) if path.exists() else None


def file_name(name: str, pixels: Pixels) -> str:
    return f"{name}-{pixels}.json"


def device_name(device: torch.device | None = None) -> str:
    """What the system calls it; of a processor also how many threads work. Without one, that."""
    if device is not None and device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device is not None and device.type != "cpu":
        return f"{device.type} of {processor()}"
    n = torch.get_num_threads()
    return f"{processor()}, {n} thread{'s' if n > 1 else ''}"

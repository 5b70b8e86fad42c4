"""What a figure or a table needs so that it can be made anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol, get_args

import torch

from lecturekit.door import door

Pixels = Literal["sampled", "thresholded", "grey", "colour"]
PIXELS: tuple[Pixels, ...] = get_args(Pixels)


class Scores(NamedTuple):
    """How good what was trained is; higher is better.

    Attributes:
        validation: on images held out from training; rates are chosen by it.
        test: on the test images; only looked at. None where no value deserves to be named.
        low, high: what the test score lies between, where that is known; the experiment's
            `uncertainty` says in what sense.
        measures: what else was measured on the test images, by name; chooses nothing.
    """

    validation: float
    test: float | None
    low: float | None = None
    high: float | None = None
    measures: Mapping[str, float] = MappingProxyType({})


class Task(Protocol):
    """Data, and what is trained on it. A run's state is any object that can be pickled."""

    def begin(self, method: str, rate: float, seed: int) -> Any:
        """The state of a run before its first update."""

    def update(self, state: Any, left: float) -> None:
        """One parameter update at `left` times the rate; `left` falls linearly from 1 to 0."""

    def scores(self, state: Any) -> Scores:
        """Measured once, after the run, outside of its training time."""


@door
@dataclass(frozen=True)
class Experiment:
    """Methods that race, each with a rate of its own, over training times that double.

    Attributes:
        names: of the figures or tables that it makes; the first is the record's.
        title: what is trained on what.
        quantity: what the scores are, with their unit.
        methods: by name, in the order in which they are run.
        rates: the grid of learning rates, rising; each falls linearly to 0 over its run, unless
            the task makes another course of it. A single one stays, whatever the time.
        shortest: training time of the shortest runs in seconds; the others double it.
        least_gain: a method stops when two doublings of its time in a row gain less than this.
        task: makes the task, for pixels of a kind, on a device; loads the data.
        pixels: the kinds that it takes; the first is the papers'.
        uncertainty: a sentence on what stands around a test score; none without it.

    Every one of `names` has what was published in `published`.
    """

    names: tuple[str, ...]
    title: str
    quantity: str
    methods: tuple[str, ...]
    rates: tuple[float, ...]
    shortest: float
    least_gain: float
    task: Callable[[Pixels, torch.device], Task]
    pixels: tuple[Pixels, ...] = ("sampled", "thresholded")
    uncertainty: str = ""

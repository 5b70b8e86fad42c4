"""Steps: what a trainer yields, and what can be done with them as they pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Literal, NamedTuple, cast

import torch
from torch import Tensor

from lecturekit.door import (
    NOT_EMPTY,
    OF_ANY_TYPE,
    Count,
    Natural,
    came,
    door,
    refuse,
    refuse_uncallable,
    watched,
)

Metrics = Mapping[str, Tensor]


class Step(NamedTuple):
    """One parameter update.

    Attributes:
        index: 1 for the first update, `total` for the last.
        total: how many updates the run will make.
        metrics: detached scalar tensors by name. They stay on their device; whoever looks turns
            them into floats, so that training never waits for the device.
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which no step needs
    total: int
    metrics: Metrics


Steps = Iterator[Step]


def checked_steps(name: str, steps: object) -> Steps:
    """What a function among the arguments has returned, if it is steps.

    Raises:
        ValueError: it is anything else.
    """
    if not hasattr(steps, "__next__"):
        refuse(name, "to return steps", came(steps))
    return cast(Steps, steps)


def as_step(step: object) -> Step:
    """What steps have yielded, if it is one.

    Raises:
        ValueError: it is anything else.
    """
    if not isinstance(step, Step):
        refuse("steps", "to yield Step(index, total, metrics)", came(step))
    return step


@door
def minibatches(
    data: Annotated[Tensor, "n …", OF_ANY_TYPE], batch_size: Count, *, generator: torch.Generator
) -> Iterator[Tensor]:
    """Minibatches of rows without end, each epoch in a new random order.

    A batch may span two epochs, so that all have `batch_size` rows, also when the data has fewer.

    Args:
        data: (n, ...), n ≥ 1.
        batch_size: rows in a batch, ≥ 1.
        generator: source of the order, on the device of `data`.

    Yields:
        (batch_size, ...)
    """
    return _Minibatches(data, batch_size, generator)


class _Minibatches(Iterator[Tensor]):
    """An iterator whose state can be put back, and saved: the rows whose turn is still to come."""

    def __init__(self, data: Tensor, batch_size: int, generator: torch.Generator) -> None:
        if len(data) == 0 or batch_size < 1:
            raise ValueError(
                f"expected data with rows and batch_size ≥ 1, got {len(data)} rows, {batch_size}"
            )
        self._rows = data.index_select  # a function: snapshots and checkpoints leave data alone
        self._n, self._size, self._generator = len(data), batch_size, generator
        self._epochs = -(-32 * batch_size // len(data))  # at once: tiny data would shuffle all day
        self._order = torch.empty(0, dtype=torch.long, device=data.device)

    def __next__(self) -> Tensor:
        if len(self._order) < self._size:
            keys = torch.rand(
                self._epochs, self._n, generator=self._generator, device=self._order.device
            )
            self._order = torch.cat([self._order, keys.argsort(1).flatten()])
        batch = self._rows(0, self._order[: self._size])
        self._order = self._order[self._size :]
        return batch


@door
class Progress:
    """How far a run is: it counts the updates, on from where a checkpoint has put it.

    Attributes:
        done: updates that are made.
    """

    def __init__(self) -> None:
        self.done = 0

    def updates(self, total: Natural) -> Iterator[int]:
        """The numbers of the updates to come, from 1 to `total`."""
        while self.done < total:
            self.done += 1
            yield self.done


@door
def finish(steps: Steps) -> Step | None:
    """Run what is left of `steps`; returns the last one, or None if nothing was left."""
    last = None
    for last in steps:  # noqa: B007
        pass
    return last


@door
def measure(steps: Steps, every: Count, **measurements: Callable[[], Tensor | float]) -> Steps:
    """Add measurements to the metrics of every `every`-th update, and of the last one.

    They are taken at fixed updates rather than when a picture happens to be drawn, so that a
    curve is the same whoever watches.

    Raises:
        ValueError: `every` is below 1.

    Example:
        >>> steps = measure(steps, 100, log_likelihood=lambda: exact(model))  # doctest: +SKIP
    """
    if every < 1:
        raise ValueError(f"expected every ≥ 1, got {every}")
    for name, take in measurements.items():
        refuse_uncallable(f"measurement {name}", take, 0)
    return _measured(steps, every, measurements)


def _measured(
    steps: Steps, every: int, measurements: Mapping[str, Callable[[], Tensor | float]]
) -> Steps:
    for step in map(as_step, steps):
        if step.index % every == 0 or step.index == step.total:
            with watched():
                taken = {name: _number(name, take()) for name, take in measurements.items()}
            step = step._replace(metrics={**step.metrics, **taken})
        yield step


def _number(name: str, value: object) -> Tensor:
    """What a measurement has returned, if it is a number."""
    if (
        value is None
        or isinstance(value, str | complex)
        or (isinstance(value, Tensor) and (value.numel() != 1 or value.is_complex()))
    ):
        refuse(f"measurement {name}", "to return a number", came(value))
    return torch.as_tensor(value).detach()


@door
def clocked(steps: Steps) -> Steps:
    """Add `seconds` to the metrics: the time on the wall that the steps themselves have taken.

    What is done between two steps, such as drawing, measuring or a pause, does not count. So it
    comes first, and `measure` after it.
    """
    spent = 0.0
    while True:
        begun = time.perf_counter()
        step = next(steps, None)
        spent += time.perf_counter() - begun
        if step is None:
            return
        step = as_step(step)
        yield step._replace(metrics={**step.metrics, "seconds": torch.tensor(spent)})


Until = Literal["first", "last"]


@door
def side_by_side(
    runs: Annotated[Mapping[str, Steps], NOT_EMPTY], *, until: Until = "first"
) -> Steps:
    """Several runs in lockstep, one update each per step: a fair race.

    Metrics are named `"run/metric"`.

    Args:
        runs: by name.
        until: which run ends the race: the first to be done, or the last, which then has the
            steps to itself.

    Raises:
        ValueError: no runs, or another `until`.
    """
    if not runs or until not in ("first", "last"):
        raise ValueError(
            f'expected runs, and until "first" or "last", got {len(runs)} runs and {until!r}'
        )
    if len({id(steps) for steps in runs.values()}) < len(runs):
        refuse("runs", "to be different", f"the same steps as more than one of {', '.join(runs)}")
    return _lockstep({name: iter(steps) for name, steps in runs.items()}, until)


def _lockstep(runs: dict[str, Steps], until: Until) -> Steps:
    while True:
        taken: dict[str, Step] = {}
        for name, steps in list(runs.items()):
            step = next(steps, None)
            if step is not None:
                taken[name] = as_step(step)
            elif until == "first":
                return
            else:
                del runs[name]
        if not taken:
            return
        yield _together(taken, until)


def _together(taken: Mapping[str, Step], until: Until) -> Step:
    metrics = {
        f"{name}/{metric}": value
        for name, step in taken.items()
        for metric, value in step.metrics.items()
    }
    ends = [step.total for step in taken.values()]
    total = min(ends) if until == "first" else max(ends)
    return Step(max(step.index for step in taken.values()), total, metrics)

"""The course of every metric, in bounded memory and without making the device wait."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.training import Step

Points = tuple[list[int], list[float]]

CAPACITY = 4096  # points kept of one metric; a screen has fewer columns
PENDING = 1024  # values that may stay on the device before they are fetched together


class Series:
    """One metric's values by update; when there are too many, every second one goes."""

    def __init__(self, capacity: int = CAPACITY):
        self._capacity = capacity
        self._stride, self._seen = 1, 0
        self._updates: list[int] = []
        self._values: list[float] = []
        self._pending: list[tuple[int, Tensor]] = []
        self._last: tuple[int, Tensor] | None = None

    def add(self, update: int, value: Tensor) -> None:
        """Note a scalar tensor; it stays on its device for now."""
        self._last = (update, value)
        if self._seen % self._stride == 0:
            self._pending.append(self._last)
        self._seen += 1
        if len(self._pending) >= PENDING:
            self._fetch()

    def points(self) -> Points:
        """Updates and values, always with the first and the latest."""
        self._fetch()
        updates, values = list(self._updates), list(self._values)
        if self._last is not None and self._last[0] != updates[-1]:
            updates.append(self._last[0])
            values.append(float(self._last[1]))
        return updates, values

    def _fetch(self) -> None:
        if self._pending:  # all in one transfer
            updates, values = zip(*self._pending, strict=True)
            self._updates += updates
            self._values += torch.stack([torch.as_tensor(value) for value in values]).tolist()
            self._pending.clear()
        while len(self._updates) > self._capacity:
            self._updates, self._values = self._updates[::2], self._values[::2]
            self._stride *= 2


class History:
    """The course of all metrics of a run. A step with a lower index begins a new course."""

    def __init__(self) -> None:
        self._series: dict[str, Series] = {}
        self.update = 0

    def observe(self, step: Step) -> None:
        """Note the metrics of one step."""
        if step.index <= self.update:
            self._series.clear()
        self.update = step.index
        for name, value in step.metrics.items():
            if name not in self._series:
                self._series[name] = Series()
            self._series[name].add(step.index, value)

    def __contains__(self, name: str) -> bool:
        return name in self._series

    def __getitem__(self, name: str) -> Points:
        return self._series[name].points() if name in self._series else ([], [])

    def names(self) -> list[str]:
        """The metrics seen so far."""
        return list(self._series)

    def as_dict(self) -> dict[str, Points]:
        """Name → (updates, values)."""
        return {name: self[name] for name in self._series}

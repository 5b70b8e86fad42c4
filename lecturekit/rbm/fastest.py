"""The fastest of several ways to do one job, found out by measuring on this very machine."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import torch
from platformdirs import user_cache_path

from lecturekit.files import replacing
from lecturekit.machine import processor

ROUNDS = 5  # each way has its turn in each; its best one counts
CLEARLY = 0.9  # of the first way's time: only then is another one taken


class Fastest:
    """Chooses between ways that differ in speed and in rounding, and in nothing else.

    A choice is made once per machine and kept in a file, so that the same seed gives the same bits
    tomorrow; a machine goes by its processor and its torch. Where the file cannot be written, the
    choice holds for this process.

    Attributes:
        chosen: job → the name of its way.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.chosen = self._kept().get(machine(), {})

    def way(self, job: str, ways: Mapping[str, Callable[[], object]]) -> str:
        """The name of the fastest way; the first one, unless another is clearly faster."""
        if self.chosen.get(job) not in ways:
            measured = _measure(ways)
            kept = self._kept()
            here = kept.setdefault(machine(), {})
            if here.get(job) not in ways:  # else another process has measured first, and uses it
                here[job] = measured
                self._keep(kept)
            self.chosen |= here
        return self.chosen[job]

    def _kept(self) -> dict[str, dict[str, str]]:
        """What the file has, of all machines; nothing, if it is damaged."""
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            return {name: dict(choices) for name, choices in kept.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _keep(self, kept: Mapping[str, Mapping[str, str]]) -> None:
        with contextlib.suppress(OSError), replacing(self._file) as new:
            new.write_text(json.dumps(kept, indent=1, ensure_ascii=False), encoding="utf-8")


def _measure(ways: Mapping[str, Callable[[], object]]) -> str:
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for name, way in ways.items():
            begun = time.perf_counter()
            way()
            best[name] = min(best[name], time.perf_counter() - begun)
    first = next(iter(ways))
    fastest = min(best, key=lambda name: best[name])
    return fastest if best[fastest] < CLEARLY * best[first] else first


@cache
def machine() -> str:
    """What speed depends on: the processor and torch."""
    capability = torch.backends.cpu.get_cpu_capability()
    return f"{processor()}, {capability}, torch {torch.__version__}"


@cache
def on_this_machine() -> Fastest:
    """The choices of this machine, kept where the data that were fetched are."""
    return Fastest(user_cache_path("lecturekit") / "fastest.json")

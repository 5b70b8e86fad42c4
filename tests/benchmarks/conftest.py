"""Interleaved measurement: what is compared runs in turns, in one process, on one thread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping

import pytest
from threadpoolctl import threadpool_limits

BLOCK, ROUNDS = 3, 25


def interleave(
    contenders: Mapping[str, Callable[[], object]], *, block: int = BLOCK, rounds: int = ROUNDS
) -> dict[str, list[float]]:
    """CPU seconds per call, for each round in which all contenders had their turn.

    A busy machine slows neighbours in time alike, so the ratio of two contenders in one round says
    more than that of their totals.
    """
    for call in contenders.values():  # warm up
        for _ in range(block):
            call()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, call in contenders.items():
            start = time.process_time()
            for _ in range(block):
                call()
            seconds[name].append((time.process_time() - start) / block)
    return seconds


def speed_relative_to(seconds: Mapping[str, list[float]], bound: str) -> dict[str, float]:
    """Median over the rounds of the bound's time over the contender's: 1 is as fast."""
    return {
        name: statistics.median(b / t for b, t in zip(seconds[bound], times, strict=True))
        for name, times in seconds.items()
    }


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """In NumPy's BLAS too; the tests' own conftest sees to torch."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a measured number although the test passes."""

    def speak(line: str) -> None:
        with capsys.disabled():
            print(f"\n    {line}", end="")

    return speak

"""The history of metrics: whole when short, bounded when long, never reading the device early."""

from __future__ import annotations

import itertools

import torch

from lecturekit.live import history
from lecturekit.live.history import CAPACITY, PENDING, History, Series
from lecturekit.training import Step


def test_a_short_course_is_kept_whole():
    series = Series()
    for update in range(1, 101):
        series.add(update, torch.tensor(float(update**2)))
    assert series.points() == (list(range(1, 101)), [float(u**2) for u in range(1, 101)])


def test_a_long_course_is_thinned_evenly_and_keeps_first_and_last():
    series = Series(capacity=64)
    for update in range(1, 20_001):
        series.add(update, torch.tensor(float(update)))
    updates, values = series.points()
    assert len(updates) <= 65
    assert len(updates) > 24
    assert updates == values
    assert (updates[0], updates[-1]) == (1, 20_000)
    gaps = {later - earlier for earlier, later in itertools.pairwise(updates[:-1])}
    assert len(gaps) == 1  # evenly spaced, but for the latest point


def test_memory_stays_bounded_when_nobody_looks():
    series = Series()
    for update in range(1, 5 * CAPACITY):
        series.add(update, torch.tensor(0.5))
        assert len(series._pending) < PENDING
    assert len(series._updates) <= CAPACITY + PENDING


def test_values_are_fetched_together_and_only_when_looked_at(monkeypatch):
    fetches = []
    stack = torch.stack
    monkeypatch.setattr(history.torch, "stack", lambda v: fetches.append(len(v)) or stack(v))
    series = Series()
    for update in range(1, 501):
        series.add(update, torch.tensor(1.0))
    assert fetches == []
    series.points()
    series.points()
    assert fetches == [500]


def test_a_metric_measured_now_and_then_has_its_own_updates():
    course = History()
    for update in range(1, 11):
        metrics = {"loss": torch.tensor(1.0)}
        if update % 5 == 0:
            metrics["likelihood"] = torch.tensor(-float(update))
        course.observe(Step(update, 10, metrics))
    assert course["likelihood"] == ([5, 10], [-5.0, -10.0])
    assert len(course["loss"][0]) == 10
    assert course["never seen"] == ([], [])


def test_a_lower_index_begins_a_new_course():
    course = History()
    for update in (1, 2, 3, 1, 2):
        course.observe(Step(update, 3, {"loss": torch.tensor(float(update))}))
    assert course.as_dict() == {"loss": ([1, 2], [1.0, 2.0])}

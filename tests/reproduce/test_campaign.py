"""Which runs are made, what is training time, and that an interrupt loses nothing."""

from __future__ import annotations

import dataclasses
import itertools
import math
import time
from dataclasses import dataclass, field

import pytest

from lecturekit.reproduce import Experiment, Record, Run, Scores, campaign
from lecturekit.reproduce.campaign import Job, jobs

QUALITY = {"good": 2.0, "poor": 0.01}  # gained by each doubling of the time


@dataclass
class State:
    """Of a toy run, which remembers the shares of its time that were left."""

    method: str
    rate: float
    shares: list[float] = field(default_factory=list)


class Toy:
    """Spends a millisecond on an update, and is interrupted when it is told to be."""

    def __init__(self, scoring: float = 0.0):
        self.begun, self.made, self.interrupt_at = [], 0, None
        self.scored, self.scoring = [], scoring

    def begin(self, method, rate, seed):
        self.begun.append((method, rate, seed))
        return State(method, rate)

    def update(self, state, left):
        self.made += 1
        if self.made == self.interrupt_at:
            raise KeyboardInterrupt
        burn(0.001)
        state.shares.append(left)

    def scores(self, state):
        self.scored.append(state)
        burn(self.scoring)
        return Scores(-abs(state.rate - 0.1), 0.0, measures={"rate": state.rate / 3})


def burn(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def toy_experiment(task, shortest=0.02, methods=("good", "poor")):
    return Experiment(
        ("toy",), "A toy", "points", methods, (0.01, 0.1, 1.0), shortest, 0.5,
        lambda pixels, device: task,
    )  # fmt: skip


def empty():
    return Record("toy", "points", "sampled", 5)


def made(job, validation):
    return Run(*job, process_seconds=job.seconds, wall_seconds=0, updates=1,
               validation=validation, test=0.0)  # fmt: skip


def planned(record, minutes, score=None):
    """The jobs, in order, if each is done as it comes; the best rate is .1, the next 1."""
    experiment, done = toy_experiment(None, shortest=1.0), []
    for job in jobs(experiment, record, 60 * minutes):
        record.add(made(job, (score or usual)(job)), 0.0)
        done.append(job)
    return done


def usual(job):
    rank = {0.1: 0.0, 1.0: -0.1}.get(job.rate, -0.2)
    return QUALITY[job.method] * math.log2(job.seconds) + rank


def rates_of(done, method="good"):
    """By seconds."""
    rates = {}
    for job in done:
        if job.method == method:
            rates.setdefault(job.seconds, []).append(job.rate)
    return rates


def interrupted(task, experiment, path, *, at):
    """A campaign of two runs that is broken off at its update `at`."""
    task.interrupt_at = at
    with pytest.raises(KeyboardInterrupt):
        list(campaign(experiment, empty(), path, minutes=0.11 / 60, checkpoint_every=0.01))
    task.interrupt_at = None


class TestPlan:
    def test_short_runs_try_all_rates_longer_ones_the_best_of_before_and_the_next_lower(self):
        rates = rates_of(planned(empty(), minutes=3))
        assert rates[1] == [0.01, 0.1, 1.0]
        assert rates[2] == rates[4] == [0.1, 1.0]
        assert rates[8] == rates[16] == [0.1, 0.01]

    def test_the_rate_falls_with_the_time_and_below_the_grid_by_its_factor(self):
        """A toy whose best rate is 1 / seconds."""

        def score(job):
            return QUALITY[job.method] * math.log2(job.seconds) - abs(
                math.log(job.rate * job.seconds)
            )

        rates = rates_of(planned(empty(), minutes=60, score=score))
        assert rates[4] == [1.0, 0.1]
        assert rates[8] == rates[16] == [0.1, 0.01]
        assert rates[64] == [0.01, 0.001]
        assert min(rates[max(rates)]) <= 0.001

    def test_a_single_rate_stays_whatever_the_time(self):
        experiment, record = dataclasses.replace(toy_experiment(None, 1.0), rates=(0.1,)), empty()
        for job in jobs(experiment, record, 60.0):
            record.add(made(job, usual(job)), 0.0)
        assert max(run.seconds for run in record.runs) == 16
        assert {run.rate for run in record.runs} == {0.1}

    def test_a_method_stops_after_two_doublings_in_a_row_without_gain(self):
        done = planned(empty(), minutes=30)
        assert max(rates_of(done, "poor")) == 8
        assert max(rates_of(done, "good")) >= 256

    def test_one_noisy_run_ends_nothing_and_what_only_makes_up_for_it_is_no_gain(self):
        """`good` falls back at 8 s and is better than ever at 16, and stands still from 32 on."""
        noise = {8: -9.0, 32: -9.0, 64: -3.9, 128: -100.0}

        def score(job):
            return usual(job) + (noise.get(job.seconds, 0.0) if job.method == "good" else 0.0)

        assert max(rates_of(planned(empty(), minutes=60, score=score))) == 64

    def test_no_run_is_begun_that_does_not_fit_into_the_budget(self):
        record = empty()
        planned(record, minutes=1)
        assert 60 - 16 < record.training_seconds <= 60

    def test_a_longer_budget_goes_on_where_a_shorter_one_ended(self):
        record = empty()
        first = planned(record, minutes=0.5)
        assert first + planned(record, minutes=2) == planned(empty(), minutes=2)


class TestCampaign:
    def test_makes_runs_writes_them_down_and_leaves_nothing_else(self, tmp_path):
        task, record, path = Toy(), empty(), tmp_path / "toy.json"
        events = list(campaign(toy_experiment(task), record, path, minutes=0.2 / 60))
        assert [event.finished for event in events if event.finished] == record.runs
        assert Record.read(path) == record
        assert all(run.measures == {"rate": round(run.rate / 3, 4)} for run in record.runs)
        assert [file.name for file in tmp_path.iterdir()] == ["toy.json"]
        assert 6 <= len(record.runs) <= 9
        assert [seed for *_, seed in task.begun] == list(range(5, 5 + len(record.runs)))

    def test_what_is_left_falls_from_one_to_zero_over_the_time(self, tmp_path):
        task = Toy()
        list(campaign(toy_experiment(task), empty(), tmp_path / "toy.json", minutes=0.03 / 60))
        (shares,) = [state.shares for state in task.scored]
        assert shares[0] == 1
        assert all(a > b for a, b in itertools.pairwise(shares))
        assert 0 < shares[-1] < 0.2

    def test_scoring_is_no_training_time(self, tmp_path):
        record = empty()
        experiment = toy_experiment(Toy(scoring=0.1))
        list(campaign(experiment, record, tmp_path / "toy.json", minutes=0.045 / 60))
        assert len(record.runs) == 2
        assert record.training_seconds < 0.08
        assert record.evaluation_seconds >= 0.2

    def test_an_interrupted_run_goes_on_where_it_was(self, tmp_path):
        """Interrupted in the second run: the first is not made again, the second not begun anew."""
        task, path = Toy(), tmp_path / "toy.json"
        experiment = toy_experiment(task, shortest=0.05)
        interrupted(task, experiment, path, at=70)
        before = Record.read(path)
        assert len(before.runs) == 1
        record = Record.read(path)
        list(campaign(experiment, record, path, minutes=0.11 / 60, checkpoint_every=0.01))
        assert record.runs[0] == before.runs[0]
        assert [run.rate for run in record.runs] == [0.01, 0.1]
        assert [begun[:2] for begun in task.begun] == [("good", 0.01), ("good", 0.1)]
        second = task.scored[1]
        assert len(second.shares) == record.runs[1].updates
        assert all(a > b for a, b in itertools.pairwise(second.shares))
        assert record.runs[1].process_seconds == pytest.approx(0.05, abs=0.01)

    def test_what_was_kept_of_another_run_is_left_alone(self, tmp_path):
        """A checkpoint of a run that is not the next one belongs to other circumstances."""
        task, path = Toy(), tmp_path / "toy.json"
        experiment = toy_experiment(task, shortest=0.05)
        interrupted(task, experiment, path, at=30)
        record = empty()
        record.add(made(Job("good", 0.01, 0.05), 0.0), 0.0)
        list(campaign(experiment, record, path, minutes=0.11 / 60))
        assert task.begun[-1][:2] == ("good", 0.1)


class TestRecord:
    def test_curves_choose_a_rate_by_validation_and_show_the_test_score(self):
        record = empty()
        for rate, validation, test in ((0.1, 2.0, 1.0), (1.0, 1.0, 9.0)):
            run = Run("good", rate, 4.0, 4.01, 5.0, 10, validation=validation, test=test)
            record.add(run, 1.0)
        record.add(Run("good", 0.1, 2.0, 2.01, 5.0, 10, validation=0.0, test=0.5), 1.0)
        assert record.curves == {"good": ((2.01, 0.5), (4.01, 1.0))}
        assert record.lines == {"good": ([2.01, 4.01], [0.5, 1.0])}
        assert record.training_seconds == pytest.approx(10.03)
        assert record.methods == ("good",)
        assert record.evaluation_seconds == 3.0

    def test_a_test_score_that_nobody_knows_is_no_point_and_survives_the_file(self, tmp_path):
        record = empty()
        record.add(Run("good", 0.1, 2.0, 2.01, 5.0, 10, -9.0, None, low=-12.0, high=-8.0), 0.0)
        record.add(Run("good", 0.1, 4.0, 4.01, 5.0, 10, -8.0, -8.1, low=-8.4, high=-7.8), 0.0)
        assert record.curves == {"good": ((4.01, -8.1),)}
        record.write(tmp_path / "toy.json")
        assert Record.read(tmp_path / "toy.json") == record

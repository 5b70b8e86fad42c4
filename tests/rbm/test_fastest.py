"""The choice between ways of one job: by measuring, once, and kept."""

from __future__ import annotations

import json
import time

import pytest

from lecturekit.rbm.fastest import Fastest, machine


def lasting(seconds: float, calls: list[float]):
    def way() -> None:
        calls.append(seconds)
        time.sleep(seconds)

    return way


def ways(calls: list[float], first: float, second: float):
    return {"first": lasting(first, calls), "second": lasting(second, calls)}


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [(0.01, 0.002, "second"), (0.002, 0.01, "first"), (0.01, 0.0098, "first")],
)
def test_the_clearly_faster_way_is_taken_and_in_doubt_the_first(first, second, chosen, tmp_path):
    assert Fastest(tmp_path / "kept.json").way("a job", ways([], first, second)) == chosen


def test_it_is_measured_once_and_kept_for_other_processes(tmp_path):
    calls: list[float] = []
    file = tmp_path / "folder" / "kept.json"
    first = Fastest(file)
    first.way("a job", ways(calls, 0.002, 0.0001))
    taken = len(calls)
    assert first.way("a job", ways(calls, 0.002, 0.0001)) == "second"
    assert Fastest(file).way("a job", ways(calls, 0.0001, 0.002)) == "second"
    assert len(calls) == taken
    assert json.loads(file.read_text())[machine()] == {"a job": "second"}
    assert [each.name for each in file.parent.iterdir()] == ["kept.json"]


def test_who_has_measured_first_is_right(tmp_path):
    one, other = (Fastest(tmp_path / "kept.json") for _ in range(2))
    one.way("a job", ways([], 0.002, 0.0001))
    other.way("another job", ways([], 0.002, 0.0001))
    assert other.chosen == {"a job": "second", "another job": "second"}


def test_choices_of_another_machine_are_left_alone(tmp_path):
    file = tmp_path / "kept.json"
    file.write_text(json.dumps({"another machine": {"a job": "first"}}))
    assert Fastest(file).way("a job", ways([], 0.002, 0.0001)) == "second"
    assert json.loads(file.read_text())["another machine"] == {"a job": "first"}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"x": 1}'])
def test_a_damaged_file_does_no_harm(content, tmp_path):
    file = tmp_path / "kept.json"
    file.write_text(content.replace("x", machine()))
    assert Fastest(file).way("a job", ways([], 0.002, 0.0001)) == "second"


def test_where_nothing_can_be_written_the_choice_holds_for_the_process(tmp_path):
    calls: list[float] = []
    (tmp_path / "a file").touch()
    here = Fastest(tmp_path / "a file" / "kept.json")
    assert here.way("a job", ways(calls, 0.002, 0.0001)) == "second"
    taken = len(calls)
    assert here.way("a job", ways(calls, 0.002, 0.0001)) == "second"
    assert len(calls) == taken


def test_a_way_that_is_no_longer_there_is_measured_again(tmp_path):
    file = tmp_path / "kept.json"
    file.write_text(json.dumps({machine(): {"a job": "gone"}}))
    assert Fastest(file).way("a job", ways([], 0.002, 0.0001)) == "second"

"""How fast a run may go, and how fast it went."""

from __future__ import annotations

import pytest

from lecturekit.live.pace import CATCH_UP, SHARE, Pace, Rate, pause_after, share_of_a_core
from lecturekit.training import tunables


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("lecturekit.live.pace.perf_counter", lambda: now[0])
    return now


def taken(pace: Pace, start: float, seconds: float, every: float = 0.001) -> int:
    """Updates allowed while somebody asks again and again."""
    return sum(pace.allows(start + k * every) for k in range(round(seconds / every)))


@pytest.mark.parametrize("per_second", [1.0, 50.0, 200.0])
def test_no_more_updates_than_were_asked_for(per_second):
    pace = Pace(per_second)
    assert taken(pace, 100.0, 10.0) == pytest.approx(10 * per_second, abs=CATCH_UP * per_second + 1)


def test_a_long_cell_is_not_made_up_for():
    pace = Pace(100.0)
    taken(pace, 0.0, 1.0)
    assert taken(pace, 60.0, 0.001 * 20, every=0.001) <= 100 * CATCH_UP + 3


def test_a_new_speed_counts_from_the_next_update():
    pace = Pace(1.0)
    assert taken(pace, 0.0, 3.0) <= 4
    pace.updates_per_second = 100.0
    assert taken(pace, 4.0, 1.0) == pytest.approx(100, abs=12)


def test_it_has_a_slider():
    assert list(tunables(Pace())) == ["updates_per_second"]


def test_nothing_is_said_before_anything_is_known(clock):
    rate = Rate()
    rate.look(10)
    assert rate.in_words(5) == ""


def test_speed_and_time_left_in_words(clock):
    rate = Rate()
    clock[0] += 0.5  # the first number comes early
    rate.look(155)
    assert rate.in_words(8680) == "310/s · 0:28 left"
    clock[0] += 0.5  # then it holds for a second
    rate.look(9999)
    assert rate.per_second == 310
    clock[0] += 0.5
    rate.look(155 + 2)
    assert rate.in_words(242) == "2.0/s · 2:01 left"
    assert rate.in_words(0).endswith("0:00 left")


def test_a_run_that_begins_anew_has_no_speed_yet(clock):
    rate = Rate()
    clock[0] += 1.0
    rate.look(1000)
    rate.begin(0)
    assert rate.in_words(10) == ""
    clock[0] += 1.0
    rate.look(50)
    assert rate.per_second == 50
    clock[0] += 1.0
    rate.look(10)  # was reset: no negative speed
    assert rate.per_second == 0


@pytest.mark.parametrize("worked", [1e-5, 0.02, 0.3])
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_run_takes_no_more_than_its_share_of_a_core(worked, share):
    assert worked / (worked + pause_after(worked, share)) <= share + 1e-9


def test_alone_on_a_machine_a_run_leaves_only_what_an_order_needs():
    assert pause_after(0.02) == pytest.approx(0.001)
    assert pause_after(10.0) == pytest.approx(0.02)


def test_the_share_is_read_when_a_run_is_made(monkeypatch):
    monkeypatch.delenv(SHARE, raising=False)
    assert share_of_a_core() == 1
    monkeypatch.setenv(SHARE, "0.25")
    assert share_of_a_core() == 0.25


@pytest.mark.parametrize("wrong", ["0", "-1", "2", "half", "nan"])
def test_a_share_that_is_none_is_refused_by_its_name(monkeypatch, wrong):
    monkeypatch.setenv(SHARE, wrong)
    with pytest.raises(ValueError, match=f"expected {SHARE} to be a number above 0"):
        share_of_a_core()

"""Solutions that a lecturer has closed: until a day, or for whoever lacks the key."""

from __future__ import annotations

import datetime

import pytest

from lecturekit import exercises
from lecturekit.exercises.closing import FILE, close

TODAY = datetime.date.today()
WEEK = datetime.timedelta(days=7)


@pytest.fixture(autouse=True)
def notebooks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(*told: str) -> str:
    return exercises.solution("1.1", *told).markdown


def test_without_a_word_from_a_lecturer_solutions_are_open(notebooks):
    assert "def free_energy" in shown()


def test_until_a_day_they_say_which(notebooks):
    until = TODAY + WEEK
    close(notebooks, until)
    assert "def free_energy" not in shown()
    assert f"Solution 1.1 opens on {until.day} {until:%B %Y}." in shown()


@pytest.mark.parametrize("past", [TODAY, TODAY - WEEK])
def test_on_that_day_they_open(notebooks, past):
    close(notebooks, past)
    assert "def free_energy" in shown()


def test_without_a_day_only_the_key_opens_them(notebooks):
    key = close(notebooks)
    assert "your lecturer has the key" in shown()
    assert "'plum' is not the key. Solution 1.1 is closed" in shown("plum")
    assert "def free_energy" in shown(key)
    assert key not in (notebooks / FILE).read_text()


def test_a_new_key_replaces_the_old_one(notebooks):
    old, new = close(notebooks), close(notebooks)
    assert "def free_energy" not in shown(old)
    assert "def free_energy" in shown(new)


@pytest.mark.parametrize("spoilt", ["", "[]", "{}", '{"until": "soon", "key": ""}', "\x00"])
def test_a_spoilt_file_closes_nothing_and_breaks_nothing(notebooks, spoilt):
    (notebooks / FILE).write_text(spoilt)
    assert "def free_energy" in shown()

"""Homework: copies whose solutions are closed, and a sheet of all exercises."""

from __future__ import annotations

import datetime
import re

import pytest

from lecturekit import exercises
from lecturekit.sections import SECTIONS
from tests.cli.toy import call

ALL = [each for section in SECTIONS for each in exercises.catalogue(section.stem)]


@pytest.fixture
def handed_out(tmp_path):
    day = datetime.date.today() + datetime.timedelta(days=3)
    code, said = call("copy", tmp_path, "--without-solutions", "--until", day)
    assert code == 0
    return tmp_path, day, said


def test_the_sheet_has_every_exercise_with_points_and_minutes(handed_out):
    folder, day, _ = handed_out
    sheet = (folder / "homework.md").read_text()
    rows = re.findall(r"^\| (\d+\.\d+) \| (.+?) \| (\d+) \| (\d+) \|$", sheet, re.MULTILINE)
    assert rows == [(e.number, e.title, str(e.points), str(e.minutes)) for e in ALL]
    totals = re.findall(r"\*\*together\*\* \| \*\*(\d+)\*\* \| (\d+) \|", sheet)
    assert sum(int(points) for points, _ in totals) == sum(each.points for each in ALL)
    assert sum(int(minutes) for _, minutes in totals) == sum(each.minutes for each in ALL)
    assert f"Solutions open on {day.day} {day:%B %Y}." in sheet
    linked = re.findall(r"\]\((\S+\.ipynb)\)", sheet)
    assert linked == [section.notebook for section in SECTIONS]
    assert all((folder / name).is_file() for name in linked)


def test_its_solutions_are_closed_and_the_key_that_was_said_opens_them(handed_out, monkeypatch):
    folder, day, said = handed_out
    monkeypatch.chdir(folder)
    assert f"opens on {day.day} {day:%B %Y}" in exercises.solution("3.2").markdown
    (key,) = re.findall(r'key="(\w+)"', said)
    assert "def " in exercises.solution("3.2", key=key).markdown


def test_a_refreshed_copy_stays_closed(handed_out, monkeypatch):
    folder, _, _ = handed_out
    assert call("copy", folder)[0] == 0
    monkeypatch.chdir(folder)
    assert "opens on" in exercises.solution("3.2").markdown


def test_a_day_alone_is_refused(tmp_path):
    code, said = call("copy", tmp_path / "new", "--until", "2030-01-01")
    assert code == 2
    assert "only with --without-solutions" in said
    assert not (tmp_path / "new").exists()


def test_a_homework_of_two_to_three_hours_is_what_the_notebooks_promise():
    for section in SECTIONS:
        minutes = sum(each.minutes for each in exercises.catalogue(section.stem))
        assert 100 <= minutes <= 180


def test_a_point_stands_for_five_minutes():
    assert all(each.points >= 1 for each in ALL)
    assert all(abs(5 * each.points - each.minutes) <= 2.5 for each in ALL)

"""The last cell of a notebook: what is right, not yet, and open."""

from __future__ import annotations

import pytest

from lecturekit import exercises, predictions, progress
from lecturekit.exercises import Outcome
from lecturekit.predictions import Prediction


@pytest.fixture(autouse=True)
def nothing_yet(monkeypatch):
    for registry in (exercises.LATEST, predictions.ASKED):
        for key in list(registry):
            monkeypatch.delitem(registry, key)


def states(rows):
    return {row.number: row.state for row in rows}


def test_at_first_all_is_open():
    summary = progress.sum_up("rbm")
    assert set(states(summary.exercises).values()) == {"open"}
    assert set(states(summary.predictions).values()) == {"open"}
    n = len(exercises.catalogue("rbm"))
    assert f"Exercises: 0 right, 0 not yet, {n} open" in repr(summary)


def test_the_latest_check_counts(monkeypatch):
    first, second, third, *_ = exercises.catalogue("rbm")
    exercises.check(first.number, first.reference)
    exercises.check(second.number, lambda *_: None)
    monkeypatch.setitem(exercises.LATEST, third.number, Outcome.BROKEN)
    rows = states(progress.sum_up("rbm").exercises)
    assert [rows[each.number] for each in (first, second, third)] == ["right", "open", "not yet"]


def test_predictions_stand_with_what_was_said(monkeypatch):
    for number, given in (("1.a", "PCD"), ("1.b", "FPCD"), ("1.c", "a half")):
        question = predictions.QUESTIONS[number]
        asked = Prediction(number, question.text, question.answers)
        asked.commit(given)
        monkeypatch.setitem(predictions.ASKED, number, asked)
        if number != "1.c":
            values = {answer: float(answer == "PCD") for answer in question.answers}
            asked.judge(values, close=0)
    summary = progress.sum_up("rbm")
    assert states(summary.predictions) == {"1.a": "right", "1.b": "not yet", "1.c": "open"}
    assert "you: FPCD; the run: PCD" in repr(summary)
    assert "you: a half" in summary._repr_html_()


def test_an_unknown_section_is_refused():
    with pytest.raises(ValueError, match="expected a section among rbm, "):
        progress.sum_up("flows")

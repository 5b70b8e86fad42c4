"""What a notebook calls: check, hint, solution, catalogue; and how their answers look."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser

import pytest
import torch

from lecturekit import exercises
from lecturekit.exercises.result import Note, Outcome, Result

FREE_ENERGY = exercises.catalogue("rbm")[0]


@pytest.mark.parametrize("number", ["1.99", "99.1", "", "1", 1.1])
@pytest.mark.parametrize("ask", [exercises.hint, exercises.solution])
def test_an_unknown_exercise_is_refused_with_those_there_are(ask, number):
    with pytest.raises(ValueError, match=r"1\.1, 1\.2|sections 1"):
        ask(number)


def test_an_unknown_section_is_refused():
    with pytest.raises(ValueError, match="expected a section among rbm"):
        exercises.catalogue("statistics")


def test_check_accepts_the_students_own_function():
    def mine(W, b, c, v):
        return -(v @ b) - torch.logaddexp(torch.zeros(1).double(), v @ W + c).sum(1)

    result = exercises.check("1.1", mine)
    assert result.outcome == "correct", result
    assert result.function is mine


def test_each_hint_says_more_and_the_last_one_stays():
    hints = [exercises.hint("1.1").markdown for _ in range(5)]
    for place, text in enumerate(hints[:3]):
        assert f"Hint {place + 1} of 3" in text
        assert FREE_ENERGY.hints[place] in text
    assert hints[3] == hints[4] == hints[2]
    assert 'solution("1.1")' in hints[2]
    assert "Hint 1 of 3" in exercises.hint("1.2").markdown  # counted for each exercise by itself


@pytest.mark.parametrize("exercise", exercises.catalogue("rbm"), ids=lambda each: each.number)
def test_a_solution_has_the_derivation_and_the_references_source(exercise):
    text = exercises.solution(exercise.number).markdown
    assert exercise.derivation.strip() in text
    assert f"```python\n{exercise.source}```" in text


def test_importing_the_exercises_imports_no_section():
    code = (
        "import sys, lecturekit.exercises; "
        "print([m for m in sys.modules if m.startswith('lecturekit.exercises.rbm')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ------------------------------------------------------------------------------- how results look


class _Tags(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


HOSTILE = "<script>alert('&amp;')</script>"


@pytest.mark.parametrize("outcome", Outcome)
def test_html_and_text_say_the_same_and_are_escaped(outcome):
    result = Result("1.1", HOSTILE, outcome, HOSTILE, abs, excerpts=((HOSTILE, HOSTILE),))
    page = _Tags(result._repr_html_())
    assert {*page.tags} == {"div", "strong", "pre"}
    assert page.text.count(HOSTILE) == 4
    assert outcome in page.text
    text = repr(result)
    assert str(result) == text
    assert text.count(HOSTILE) == 4
    assert outcome in text


def test_every_outcome_has_a_sign_of_its_own():
    shown = [repr(Result("1.1", "t", outcome, "m", abs))[0] for outcome in Outcome]
    assert len({*shown}) == 4


def test_a_note_is_markdown_in_jupyter_and_text_elsewhere():
    note = Note("**a** $x$")
    assert note._repr_markdown_() == repr(note) == str(note) == "**a** $x$"

"""Grading: only the answers' own functions count, whatever else stands in a notebook."""

from __future__ import annotations

import ast
import csv
import json
import math

import psutil
import pytest
import torch

from lecturekit import exercises, grading
from lecturekit.grading import crowd
from lecturekit.grading.answers import (
    Answer,
    NotebookError,
    RefusedError,
    definitions,
    function_of,
    sections_of,
)
from lecturekit.grading.crowd import Graded
from lecturekit.grading.grader import REFUSED, Verdict, verdicts
from tests.cli.toy import call
from tests.grading import class_of
from tests.grading.class_of import CHEATS, RIGHT, hand_in, unanswered
from tests.notebooks.lectures import NOTEBOOKS, solution


def made(source):
    (definition,) = ast.parse(source).body
    return function_of(Answer(definition, {}))


def answer_in(folder, *cells):
    """The function `f` of a notebook with these cells."""
    path = folder / "n.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": c} for c in cells]}))
    return function_of(definitions(path)["f"])


def outcomes(path):
    return {verdict.exercise: verdict.outcome for verdict in verdicts(path)}


class TestAnswers:
    def test_a_function_has_what_exercises_promise(self):
        function = made("def f(x: Tensor) -> Tensor:\n    return torch.exp(x) * math.pi")
        assert function(torch.zeros(2)).tolist() == pytest.approx([math.pi] * 2)

    def test_nothing_runs_when_it_is_made(self):
        marks = []
        source = (
            "@marks.append\ndef f(x: marks.append(1), y=2) -> marks.append(2):\n    return x + y"
        )
        assert made(source)(3) == 5
        assert marks == []
        with pytest.raises(RefusedError, match="default value"):
            made("def f(x=print('ran')):\n    return x")

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("import os", "imports `os`"),
            ("from lecturekit.exercises import rbm", "imports `lecturekit.exercises`"),
            ("from . import x", "imports `.`"),
            ("return eval('1')", "uses `eval`"),
            ("return (lambda: getattr(x, 'a'))()", "uses `getattr`"),
            ("return x.__class__", "uses `.__class__`"),
            ("global y", "outside of itself"),
        ],
    )
    def test_what_reaches_out_is_refused(self, line, reason):
        with pytest.raises(RefusedError, match=reason):
            made(f"def f(x):\n    {line}")

    def test_what_an_answer_may_need_is_allowed(self):
        lines = ("import itertools", "from torch.nn import functional", "from math import pi")
        assert made("\n    ".join(["def f(x):", *lines, "return pi"]))(0) == math.pi

    def test_of_several_definitions_the_last_counts_and_magics_are_passed_over(self, tmp_path):
        cells = ["%matplotlib inline\ndef f():\n    return 1", "def f():\n    return 2", "def ("]
        path = tmp_path / "n.ipynb"
        path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": c} for c in cells]}))
        found = definitions(path)
        assert function_of(found["f"])() == 2

    @pytest.mark.parametrize(
        "cells",
        [
            ["def half(x):\n    return x / 2\ndef f(x):\n    return half(x) + 0.5"],
            ["def f(x):\n    return (lambda: half(x))() + 0.5\ndef half(x):\n    return x / 2"],
            ["HALF = 1 / -2 + 1\nimport math as m\ndef f(x):\n    return m.fsum([x, 1]) * HALF"],
            [
                "def half(x):\n    return x * share()",
                "def share():\n    return 0.5",
                "def f(x):\n    return half(x + 1)",
            ],
            [
                "def f(x):\n    return half(x) + 0.5",
                "@print\ndef half(x: print(1)):\n    return x / 2",
            ],
            [
                "up = torch.exp2\nF = torch.nn.functional",
                "def f(x):\n    return F.relu(up(x / x) + x / 8)",
            ],
            [
                "half = lambda x, share=0.5: share * other(x)",
                "other = lambda x: x + 1",
                "def f(x):\n    return half(x)",
            ],
            ["LOG = math.log(2.0)\ndef f(x):\n    return x / 2 + round(LOG) / 2"],
        ],
    )
    def test_what_an_answer_reaches_by_name_goes_along(self, tmp_path, cells, capsys):
        assert answer_in(tmp_path, *cells)(torch.tensor(4.0)) == 2.5
        assert capsys.readouterr().out == ""  # nothing else has run

    def test_the_names_of_its_own_cell_come_first_then_the_nearest(self, tmp_path):
        one, two, three = (f"def g():\n    return {n}" for n in (1, 2, 3))
        f = "def f():\n    return g()"
        assert answer_in(tmp_path, one, f"{two}\n{f}", three)() == 2
        assert answer_in(tmp_path, one, two, f, three)() == 2
        assert answer_in(tmp_path, f, three, one)() == 3

    def test_helpers_are_sent_along_to_the_process_that_runs_the_answer(self, tmp_path):
        """The free energy in two functions and a constant, right as a whole."""
        helper = "ZERO = 0.0\ndef softplus(x):\n    return torch.logaddexp(x, ZERO * x)"
        answer = "return -(v @ b) - softplus(v @ W + c).sum(1)"
        first = exercises.catalogue("rbm")[0]
        found = answer_in(tmp_path, helper, f"def f({', '.join(first.parameters)}):\n    {answer}")
        assert exercises.check("1.1", found).outcome == "correct"

    @pytest.mark.parametrize(
        ("beside", "reason"),
        [
            ("from lecturekit.exercises import rbm as g", "it imports `lecturekit.exercises`"),
            ("import os as g", "it imports `os`"),
            ("def g():\n    return eval('1')", "its helper `g` uses `eval`"),
            ("def g():\n    return h()\ndef h():\n    import sys", "its helper `h` imports `sys`"),
            ("def g(x=print('ran')):\n    pass", "its helper `g` has a default value"),
            ("g = torch.zeros(3)", "it uses `g`, which is made outside"),
            ("g = print('ran')", "it uses `g`, which is made outside"),
            ("g = lambda: eval('1')", "its helper `g` uses `eval`"),
            ("g = lambda x=print('ran'): x", "its helper `g` has a default value"),
            ("g = torch.nn.Linear(2, 2)", "it uses `g`, which is made outside"),
            ("g = torch.nn._reduction", "it uses `g`, which is made outside"),
            ("g = math.__loader__", "it uses `g`, which is made outside"),
            ("g, h = 1, 2", "it uses `g`, which is made outside"),
            ("for g in range(3):\n    pass", "it uses `g`, which is made outside"),
            ("class g:\n    pass", "it uses `g`, which is made outside"),
            ("from math import nothing as g", "fails .ImportError"),
            ("g = 1 / 0", "fails .ZeroDivisionError"),
        ],
    )
    def test_what_stands_beside_it_keeps_to_the_same(self, tmp_path, beside, reason, capsys):
        with pytest.raises(RefusedError, match=reason):
            answer_in(tmp_path, beside, "def f():\n    return g")
        assert capsys.readouterr().out == ""

    def test_what_it_does_not_reach_is_left_out(self, tmp_path):
        beside = "import os\nx = os.getcwd()\ntorch.equal = None\ndef g():\n    return eval('1')"
        assert answer_in(tmp_path, beside, "def f(x):\n    return x")(3) == 3

    @pytest.mark.parametrize("content", ["", "[]", '{"cells": 3}', '{"cells": [{}]}'])
    def test_what_is_no_notebook_is_said_to_be_none(self, tmp_path, content):
        path = tmp_path / "n.ipynb"
        path.write_text(content)
        with pytest.raises(NotebookError, match="not a notebook"):
            definitions(path)


class TestVerdicts:
    def test_solutions_are_correct_and_stubs_are_not_attempted(self, tmp_path):
        assert set(outcomes(hand_in(tmp_path, "a", solution)).values()) == {"correct"}
        path = hand_in(tmp_path, "b", unanswered, class_of.REDEFINED, class_of.PATCHED)
        class_of.paste_a_verdict(path)
        assert outcomes(path) == dict.fromkeys(sorted(RIGHT), "not attempted")

    @pytest.mark.parametrize("cheat", CHEATS)
    def test_cheats_are_refused(self, tmp_path, cheat):
        path = hand_in(tmp_path, "a", CHEATS[cheat])
        assert set(outcomes(path).values()) == {REFUSED}

    @pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
    def test_a_notebook_is_of_one_section_though_names_occur_in_two(self, path):
        (found,) = sections_of(definitions(path))
        assert found == exercises.catalogue(path.stem.split("_", 1)[1])

    def test_what_is_left_of_a_notebook_still_has_a_section(self):
        first = exercises.catalogue("rbm")[0].stub_name
        assert sections_of([first, "helper"]) == [exercises.catalogue("rbm")]
        assert sections_of(["helper"]) == []

    def test_a_notebook_of_something_else_is_named(self, tmp_path):
        path = tmp_path / "n.ipynb"
        path.write_text(json.dumps({"cells": []}))
        with pytest.raises(NotebookError, match="no exercise"):
            list(verdicts(path))


def test_twenty_students_in_one_table(tmp_path):
    """Among them one whose notebook is no notebook, and one that never ends."""
    hall = tmp_path / "hall"
    hand_in(hall, "Ada", solution)
    hand_in(hall, "Bob", unanswered)
    hand_in(hall, "Eve", CHEATS["imports the reference"])
    (hall / "Mallory").mkdir()
    (hall / "Mallory" / "01_rbm.ipynb").write_text("=HYPERLINK()")
    (hall / "Ada" / ".ipynb_checkpoints").mkdir()
    (hall / "Ada" / ".ipynb_checkpoints" / "x.ipynb").write_text("")
    code, output = call("grade", hall, "--output", tmp_path / "out", "--at-once", "2")
    assert code == 0, output
    assert "Mallory/01_rbm.ipynb: not a notebook" in output
    with (tmp_path / "out" / "grades.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    by_student = {}
    for row in rows:
        by_student.setdefault(row["student"], []).append(row["outcome"])
    n = len(exercises.catalogue("rbm"))
    assert by_student == {
        "Ada": ["correct"] * n,
        "Bob": ["not attempted"] * n,
        "Eve": ["refused"] * n,
        "Mallory": ["not judged"],
    }
    page = (tmp_path / "out" / "grades.html").read_text()
    assert f"4 students, 4 notebooks; {n} of {3 * n} answers are correct." in page
    assert "<td>Mallory</td>" in page
    numbers = ", ".join(exercise.number for exercise in exercises.catalogue("rbm"))
    assert f"Eve, {numbers}: Not judged: it imports `lecturekit.exercises`." in page


def test_a_notebook_that_takes_too_long_is_ended_and_named(tmp_path):
    path = hand_in(tmp_path, "a", class_of.ENDLESS)
    before = set(psutil.Process().children(recursive=True))
    (graded,) = grading.grade([("a", path)], seconds=0.5)
    assert graded.problem == "ended after 0.5 seconds"
    assert set(psutil.Process().children(recursive=True)) <= before


def test_what_was_judged_before_the_end_is_kept(tmp_path, monkeypatch):
    """A process that prints one verdict and then dies, in place of the grader's."""
    line = json.dumps(Verdict("1.1", "A", "correct", "Right.")._asdict())
    dies = tmp_path / "dies.py"
    dies.write_text(f"import os\nprint({line!r}, flush=True)\nos._exit(137)")
    monkeypatch.setattr(crowd, "GRADER", [str(dies)])
    (graded,) = grading.grade([("a", tmp_path)])
    assert graded.verdicts == (Verdict("1.1", "A", "correct", "Right."),)
    assert graded.problem == "the grading process ended with 137"


def test_a_notebook_that_is_missing_or_nothing_to_grade_is_said(tmp_path):
    code, output = call("grade", tmp_path / "gone")
    assert code == 1
    assert "expected folders to be there" in output
    code, output = call("grade", tmp_path)
    assert code == 1
    assert "no notebook in" in output


def test_slips_that_differ_in_numbers_alone_are_one_and_formulas_stay_words(tmp_path):
    said = ("should be 0.75 and is 1e-5", "should be -2 and is 3", "the sign is wrong")
    graded = [
        Graded(name, NOTEBOOKS[0], (Verdict("1.1", "A", "not yet", message),))
        for name, message in zip(("=a", "b", "c"), said, strict=True)
    ]
    grading.write_page(graded, tmp_path / "p.html")
    page = (tmp_path / "p.html").read_text()
    assert "<li>2 × should be" in page
    assert "<li>1 × the sign is wrong" in page
    grading.write_csv(graded, tmp_path / "c.csv")
    assert "'=a" in (tmp_path / "c.csv").read_text(encoding="utf-8-sig")

"""Predictions: committed once, judged by numbers, remembered by the notebook, never in the way."""

from __future__ import annotations

import json
import re

import nbformat
import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook

from lecturekit import predictions
from lecturekit.predictions.memory import metadata, remembered
from lecturekit.predictions.panel import Panel
from lecturekit.predictions.prediction import Prediction
from lecturekit.predictions.questions import QUESTIONS
from tests.notebooks.lectures import NOTEBOOKS, execute

ANSWERS = {"up": "Rates look harmless.", "down": "One falls with a rate too high.", "stays": "No."}


def asked():
    return Prediction("1.a", "What does the likelihood do?", dict(ANSWERS))


class TestVerdict:
    def test_the_largest_value_is_right(self):
        guess = asked()
        guess.commit("down")
        verdict = guess.judge({"up": -1.5, "down": torch.tensor(1.5), "stays": 0}, close=0.5)
        assert verdict.holds
        assert verdict.right == "down"
        assert repr(verdict) == (
            "The run says: down [up: -1.5, down: 1.5, stays: 0]\n✓ As you predicted: down."
        )

    def test_a_wrong_one_is_told_why_it_tempts(self):
        guess = asked()
        guess.commit("up")
        verdict = guess.judge({"up": -1, "down": 1, "stays": 0}, close=0.5, unit="nats")
        assert verdict.holds is False
        assert "stays: 0 nats]" in repr(verdict)
        assert "You predicted: up. Rates look harmless." in repr(verdict)
        assert "<p>You predicted: up." in verdict._repr_html_()

    def test_what_comes_near_counts_as_well_and_it_is_said(self):
        guess = asked()
        guess.commit("stays")
        verdict = guess.judge({"up": -1, "down": 0.4, "stays": 0}, close=0.5)
        assert verdict.holds
        assert "it was close, stays counts as well" in repr(verdict)

    def test_the_least_may_be_asked_for(self):
        verdict = asked().judge({"up": 3, "down": 1, "stays": 1.2}, close=0.3, least=True)
        assert verdict.right == "down"
        assert verdict.close == ("stays",)

    def test_answers_that_name_numbers_are_right_where_they_are_nearest(self):
        said = {"up": 0.9, "down": 0.1, "stays": 0.5}
        verdict = asked().judge(said, close=0.05, measured=torch.tensor(0.58), unit="of 1")
        assert verdict.right == "stays"
        assert verdict.close == ()
        assert verdict.readings == "measured 0.58 of 1"
        assert asked().judge(said, close=0.05, measured=0.69).close == ("up",)

    def test_nobody_has_to_predict(self):
        verdict = asked().judge({"up": 1, "down": -1, "stays": 0}, close=0)
        assert verdict.holds is None
        assert repr(verdict).endswith("Nobody predicted.")

    def test_only_the_first_answer_counts_and_none_after_the_run_has_spoken(self):
        guess = asked()
        guess.commit("up")
        guess.commit("down")
        assert guess.given == "up"
        late = asked()
        late.judge(dict.fromkeys(ANSWERS, 0.0), close=0)
        late.commit("down")
        assert late.given is None

    def test_values_that_are_no_numbers_cannot_win(self):
        verdict = asked().judge({"up": torch.nan, "down": -3, "stays": -4}, close=0.1)
        assert verdict.right == "down"
        with pytest.raises(ValueError, match="a number among"):
            asked().judge(dict.fromkeys(ANSWERS, torch.nan), close=0)

    def test_refuses(self):
        with pytest.raises(ValueError, match="a number for each of"):
            asked().judge({"up": 1}, close=0)
        with pytest.raises(ValueError, match="expected answer among"):
            asked().commit("sideways")
        with pytest.raises(ValueError, match=r"expected number among 1\.a, .*, got '0\.a'"):
            predictions.ask("0.a")


class TestPanel:
    def test_a_click_commits_and_the_page_is_told(self):
        panel = Panel(guess := asked())
        assert panel.widget.asked["answers"] == list(ANSWERS)
        panel._hear(panel.widget, {"commit": "stays"}, [])
        assert guess.given == "stays"
        assert panel.widget.said == {"given": "stays", "right": []}
        guess.judge({"up": 0, "down": 1, "stays": 0.9}, close=0.2)
        assert panel.widget.said == {"given": "stays", "right": ["down", "stays"]}

    def test_what_is_no_answer_is_not_heard(self):
        panel = Panel(guess := asked())
        panel._hear(panel.widget, {"commit": "sideways"}, [])
        panel._hear(panel.widget, {"order": "play"}, [])
        assert guess.given is None

    def test_in_words_for_those_without_a_kernel(self):
        panel = Panel(guess := asked())
        guess.commit("up")
        words = panel._bundle()
        assert words["text/plain"].splitlines() == [
            "What does the likelihood do?", "  ◦ up", "  ◦ down", "  ◦ stays", "Predicted: up"
        ]  # fmt: skip
        assert "<li>down</li>" in words["text/html"]
        assert not any(why in words["text/html"] for why in ANSWERS.values())

    def test_without_a_kernel_every_answer_opens_once_the_run_has_spoken(self):
        panel = Panel(guess := asked())
        guess.judge({"up": 0, "down": 1, "stays": 0.9}, close=0.2)
        opened = re.findall(
            r"<summary>(\w+)</summary>(.*?)</details>", panel._bundle()["text/html"]
        )
        said = dict(opened)
        assert list(said) == list(ANSWERS)
        assert all("The run says: down" in words for words in said.values())
        assert ANSWERS["up"] in said["up"]
        assert "✓ As you predicted: down" in said["down"]
        assert "✓ As you predicted: stays" in said["stays"]  # it was close
        assert guess.given is None


class TestMemory:
    def test_the_answer_is_in_the_notebooks_file(self, tmp_path, monkeypatch):
        cell = new_code_cell("predictions.ask(…)")
        cell.outputs = [
            nbformat.v4.new_output(
                "display_data", {"text/plain": "…"}, metadata=metadata("1.a", "down")
            )
        ]
        nbformat.write(new_notebook(cells=[cell]), tmp_path / "n.ipynb")
        monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "n.ipynb"))
        assert remembered("1.a") == "down"
        assert remembered("1.b") is None

    @pytest.mark.parametrize("content", ["", "{}", "[]", json.dumps({"cells": [None]})])
    def test_a_file_that_cannot_be_read_is_none(self, tmp_path, monkeypatch, content):
        (tmp_path / "n.ipynb").write_text(content)
        monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "n.ipynb"))
        assert remembered("1.a") is None
        monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "gone.ipynb"))
        assert remembered("1.a") is None
        monkeypatch.delenv("JPY_SESSION_NAME")
        assert remembered("1.a") is None


@pytest.mark.notebook
def test_a_notebook_runs_through_unanswered_and_answered(tmp_path):
    cells = [
        'profile = "smoke"',
        'from lecturekit import predictions\nguess = predictions.ask("1.b")',
        'values = {"CD-1": 0.0, "PCD": 3.0, "FPCD": 1.0}\nguess.judge(values, close=0.1)',
        'guess = predictions.ask("1.b")\nguess.commit("FPCD")',
        'predictions.ask("1.b").judge(values, close=0.1)',
    ]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    notebook.cells[0].metadata.tags = ["parameters"]
    run = execute(notebook, tmp_path)
    outputs = [cell.outputs for cell in run.cells if cell.source in cells]
    assert "Nobody predicted" in outputs[2][0].data["text/plain"]
    assert "You predicted: FPCD. A second set of weights" in outputs[4][-1].data["text/plain"]
    answered = [o for o in outputs[3] if "lecturekit" in o.metadata]
    assert answered[-1].metadata["lecturekit"] == {"prediction": "1.b", "answer": "FPCD"}


@pytest.mark.parametrize("number", QUESTIONS)
def test_every_question_has_answers_of_which_each_is_told_something(number):
    question = QUESTIONS[number]
    assert question.text.endswith("?")
    assert 2 <= len(question.answers) <= 5
    for answer, tempts in question.answers.items():
        assert len(tempts) > 30, answer
        assert tempts.endswith(".")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_asks_its_questions_and_judges_them(path):
    section = path.stem[1]
    source = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
    own = [number for number in QUESTIONS if number.startswith(f"{section}.")]
    asked = re.findall(r'(\w+) = predictions\.ask\("(\S+?)"\)', source)
    assert [number for _, number in asked] == own
    assert len(own) >= 3
    for name, _ in asked:
        assert source.index(f"{name}.judge(") > source.index(f"{name} = ")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_last_cell_of_a_notebook_sums_up(path):
    last = nbformat.read(path, as_version=4).cells[-1]
    assert last.source == f'progress.sum_up("{path.stem.split("_", 1)[1]}")'

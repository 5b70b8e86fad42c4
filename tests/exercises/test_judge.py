"""The four outcomes, on a small exercise made for the purpose, and what the messages say."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from lecturekit.exercises.exercise import Exercise, Function, Misconception
from lecturekit.exercises.judge import judge
from lecturekit.exercises.observation import Observation
from lecturekit.exercises.result import Outcome, Result
from lecturekit.exercises.worker import UnsendableError, Worker


def scale_rows(x: Tensor, factor: Tensor) -> tuple[Tensor, Tensor]:
    """Scale the rows of x, and sum them.

    Args:
        x: (rows, columns)
        factor: (rows,)
    """
    scaled = x * factor[:, None]
    return scaled, scaled.sum(dim=1)


def _scale_columns(x: Tensor, factor: Tensor) -> tuple[Tensor, Tensor]:
    scaled = x * factor  # other numbers where x is square, an exception where it is not
    return scaled, scaled.sum(dim=1)


EXERCISE = Exercise(
    number="9.1",
    title="scaled rows",
    reference=scale_rows,
    cases=lambda generator: [
        (torch.rand(shape, generator=generator).double(), torch.arange(shape[0]).double() + 1)
        for shape in ((2, 3), (3, 3), (1, 2))
    ],
    exact=lambda x, factor: (
        torch.diag(factor) @ x,
        factor * (x @ torch.ones(x.shape[1]).double()),
    ),
    returns=("the scaled rows", "their sums"),
    wrong=(Misconception(_scale_columns, "Those are the columns."),),
    hints=("a", "b", "c"),
    derivation="",
)


@pytest.fixture
def check(judge_here):
    def check(function: Function) -> Result:
        return judge_here(EXERCISE, function)

    return check


def test_a_right_answer_is_correct_and_is_the_function_to_go_on_with(check):
    def mine(x, factor):
        return [(x.T * factor).T, (x.T * factor).sum(0)]

    result = check(mine)
    assert result.outcome is Outcome.CORRECT
    assert result.outcome == "correct"
    assert result.function is mine
    assert "all 3 cases" in result.message


@pytest.mark.parametrize("name", ["not attempted", "not yet", "broken"])
def test_until_then_it_is_the_reference(check, name):
    answers = {
        "not attempted": lambda x, factor: ...,
        "not yet": lambda x, factor: (x, x.sum(1)),
        "broken": lambda x, factor: 1 / 0,
    }
    result = check(answers[name])
    assert result.outcome == name
    assert result.function is scale_rows


# --------------------------------------------------------------------------------- not attempted


def _ellipsis(x, factor):
    """Docstring."""
    return ...


def _bare(x, factor):
    """Docstring."""


class _NoWorker(Worker):
    def run(self, *_: object) -> list[Observation]:
        raise AssertionError("the worker was started")


@pytest.mark.parametrize("stub", [_ellipsis, _bare, lambda x, factor: ...])
def test_stubs_are_judged_without_a_worker(stub):
    assert judge(EXERCISE, stub, _NoWorker()).outcome == "not attempted"


def test_a_function_that_does_anything_is_run_in_the_worker():
    def prints(x, factor):
        print("no stub")
        return ...

    with pytest.raises(AssertionError, match="the worker was started"):
        judge(EXERCISE, prints, _NoWorker())


def test_not_implemented_is_not_attempted(check):
    def not_implemented(x, factor):
        raise NotImplementedError

    assert check(not_implemented).outcome == "not attempted"


# ---------------------------------------------------------------------------------------- not yet


def test_a_misconception_is_named_also_by_where_it_fails(check):
    assert check(_scale_columns).outcome == "not yet"
    assert check(_scale_columns).message == "Those are the columns."


def test_what_only_resembles_a_misconception_is_not_called_one(check):
    def columns_only_where_square(x, factor):
        return _scale_columns(x, factor) if len(x) == 3 else scale_rows(x, factor)

    assert check(columns_only_where_square).message != "Those are the columns."


def test_other_wrong_numbers_are_shown_with_their_case(check):
    def wrong_sum(x, factor):
        scaled, total = scale_rows(x, factor)
        return scaled, total + torch.arange(len(total))

    result = check(wrong_sum)
    assert result.outcome == "not yet"
    exact = EXERCISE.exact(*result.arguments)
    torch.testing.assert_close(result.expected, exact)
    should, is_ = exact[1][1].item(), exact[1][1].item() + 1
    assert f"entry [1] of their sums should be {should:.6g} and is {is_:.6g}" in result.message
    assert "1 of 3 cases are right" in result.message
    assert dict(result.excerpts)["The case"] == "x: shape (2, 3)\nfactor: shape (2,)"


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (lambda value: -2 * value, "Every number is -2 times the right one."),
        (lambda value: value + math.pi, "Every number is too high by 3.14159."),
        (lambda value: value - 1, "Every number is too low by 1."),
    ],
)
def test_a_common_factor_or_shift_is_noticed(check, alter, message):
    def altered(x, factor):
        return tuple(alter(value) for value in scale_rows(x, factor))

    assert check(altered).message.endswith(message)


def test_a_right_answer_that_changes_its_arguments_is_told_so(check):
    def in_place(x, factor):
        x *= factor[:, None]
        return x, x.sum(dim=1)

    result = check(in_place)
    assert result.outcome == "not yet"
    assert result.message.startswith("The numbers are right, but the function changes its argument")
    assert "`x`" in result.message


def test_a_wrong_answer_that_changes_its_arguments_is_told_so_besides(check):
    def in_place(x, factor):
        factor += 1
        return scale_rows(x, factor)

    result = check(in_place)
    assert result.outcome == "not yet"
    assert "should be" in result.message
    assert "Besides, the function changes its argument `factor`" in result.message


@pytest.mark.parametrize("wrong", ["first", "second"])
def test_an_unsteady_answer_is_told_so(check, wrong):
    """Whichever of the two calls with a case's arguments goes wrong."""
    calls = []

    def unsteady(x, factor):
        calls.append(x)
        goes_wrong = len(calls) % 2 == ["second", "first"].index(wrong)
        return scale_rows(x + goes_wrong, factor)

    result = check(unsteady)
    assert result.outcome == "not yet"
    assert "Two calls with the same arguments" in result.message


# ----------------------------------------------------------------------------------------- broken


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda x, f: (x * f[:, None], x.sum(1)[:, None]),
         "Expected a tensor of shape (2,), their sums; got (2, 1)."),
        (lambda x, f: x * f[:, None],
         "Expected 2 tensors, (the scaled rows, their sums); got a tensor of shape (2, 3)."),
        (lambda x, f: (x * f[:, None], 3),
         "Expected a tensor of shape (2,), their sums; got int 3."),
        (lambda x, f: (x.numpy(), x.sum(1)),
         "a tensor of shape (2, 3), the scaled rows; got an object of type numpy.ndarray."),
        (lambda x, f: (x > 0, x.sum(1)), "got torch.bool"),
        (lambda x, f: tuple(each.float() for each in scale_rows(x, f)), "got torch.float32"),
        (lambda x, f: (x * math.nan, x.sum(1)), "got NaN in 6 of 6 entries"),
        (lambda x, f: (x, x.sum(1) / 0), "got an infinite number in 2 of 2 entries"),
        (lambda x, f: print("lost"), "returned nothing"),
    ],
)  # fmt: skip
def test_a_wrong_form_is_explained(check, answer, message):
    result = check(answer)
    assert result.outcome == "broken"
    assert message in result.message


@pytest.mark.parametrize(
    ("answer", "raised", "advice"),
    [
        (lambda x, f: x @ x.T @ x.T, "shapes cannot be multiplied", "equal inner sizes"),
        (lambda x, f: x + torch.ones(7), "must match the size", "aligned from the right"),
        (lambda x, f: undefined_name, "NameError: name 'undefined_name'", "Is the name spelled"),  # noqa: F821
        (lambda x, f: _ellipsis(x, f) + x, "TypeError", "still a stub"),
        (lambda x, f: x @ torch.ones(3, 1), "RuntimeError", "dtype=W.dtype"),
        (lambda x, f: exit(1), "SystemExit: 1", "by `return`"),
        (lambda x, f: x[99], "IndexError", "shapes in the docstring"),
        (lambda x, f: torch.empty(2**60), "RuntimeError", "more states than it needs"),
    ],
)
def test_an_exception_is_explained(check, answer, raised, advice):
    result = check(answer)
    assert result.outcome == "broken"
    assert result.message.startswith("It raised")
    assert raised in result.message
    assert advice in result.message


def test_the_students_own_line_is_shown(check):
    def fails(x, factor):
        return x.softplus()  # is in torch.nn.functional

    excerpts = dict(check(fails).excerpts)
    line = fails.__code__.co_firstlineno + 1
    assert excerpts[f"Line {line} of your code"].startswith("return x.softplus()")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (5, 'got int 5: write check("9.1", scale_rows), without calling it'),
        (torch.zeros(2, 3), "got a tensor of shape (2, 3)"),
        (lambda x: x, "Expected a function of (x, factor), in this order; yours takes (x)."),
        (lambda x, factor, more: x, "yours takes (x, factor, more)"),
    ],
)
def test_what_cannot_be_called_is_refused_before_it_is_run(function, message):
    result = judge(EXERCISE, function, _NoWorker())
    assert result.outcome == "broken"
    assert message in result.message


class _Loses(Worker):
    """A worker in which every function ends in the same way."""

    def __init__(self, ended: str):
        super().__init__()
        self._ended = ended

    def run(self, *_: object) -> list[Observation]:
        if self._ended == "unsendable":
            raise UnsendableError("It refers to `figure`.")
        return [Observation(ended=self._ended, printed="line\n" * 99)]


@pytest.mark.parametrize(
    ("ended", "message"),
    [
        ("time", "stopped after 20 s"),
        ("memory", "more than 2 GB"),
        ("crash", "ended the Python process"),
        ("unsendable", "It refers to `figure`."),
    ],
)
def test_the_end_of_the_worker_is_explained(ended, message):
    result = judge(EXERCISE, lambda x, f: x, _Loses(ended))
    assert result.outcome == "broken"
    assert message in result.message


def test_much_printing_is_shown_in_part():
    result = judge(EXERCISE, lambda x, f: x, _Loses("time"))
    printed = dict(result.excerpts)["Your function printed"].splitlines()
    assert printed == ["line"] * 15 + ["…"]


# -------------------------------------------------------------------------------------- tolerance


@pytest.mark.parametrize(("error", "outcome"), [(0.04, "correct"), (0.06, "not yet")])
def test_an_estimate_may_be_as_far_off_as_its_exercise_says(judge_here, error, outcome):
    exercise = Exercise(
        number="9.2",
        title="an estimate",
        reference=lambda x: x.sum(),
        cases=lambda generator: [(torch.full((2,), 50.0).double(),)],
        exact=lambda x: x.sum(),
        returns=("the sum",),
        wrong=(),
        hints=(),
        derivation="",
        tolerance=0.05,
    )
    assert judge_here(exercise, lambda x: x.sum() + error).outcome == outcome
    assert judge_here(exercise, lambda x: (x.sum() + error).item()).outcome == outcome

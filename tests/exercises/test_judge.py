"""The four outcomes, on a small exercise made for the purpose, and what the messages say."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from lecturekit.exercises.exercise import Exercise, Function, Slips
from lecturekit.exercises.general import WORDS
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


def answer(on: Slips, x: Tensor, factor: Tensor) -> tuple[Tensor, Tensor]:
    # other numbers where x is square, an exception where it is not
    scaled = x * factor if on("columns") else torch.diag(factor) @ x
    ones = torch.ones(x.shape[1]).to(x)
    return scaled, scaled @ (0.5 * ones if on("half") else ones) + on("one more")


EXERCISE = Exercise(
    number="9.1",
    title="scaled rows",
    minutes=5,
    reference=scale_rows,
    case=lambda make, n, m: (make.uniform(n, m), torch.arange(n).double() + 1),
    sizes=((2, 3), (3, 3), (1, 2)),
    by_hand=(2, 2),
    answer=answer,
    slips={
        "columns": "Those are the columns.",
        "half": "Those are halves of the sums.",
        "one more": "The sums are too high by one.",
    },
    returns=("the scaled rows", "their sums"),
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
    assert "all 4 cases" in result.message


def _not_implemented(x, factor):
    raise NotImplementedError


@pytest.mark.parametrize("name", ["not attempted", "not yet", "broken"])
def test_until_then_it_is_the_reference(check, name):
    answers = {
        "not attempted": _not_implemented,
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
    assert check(_not_implemented).outcome == "not attempted"


# ---------------------------------------------------------------------------------------- not yet


def test_a_slip_is_named_also_by_where_it_fails(check):
    result = check(lambda x, factor: (x * factor, (x * factor).sum(1)))
    assert (result.outcome, result.message) == ("not yet", "Those are the columns.")


def test_what_only_resembles_a_slip_is_not_called_one(check):
    def columns_only_where_square(x, factor):
        scaled = x * factor if len(x) == 3 else x * factor[:, None]
        return scaled, scaled.sum(dim=1)

    assert "Those are the columns." not in check(columns_only_where_square).message


def test_two_slips_at_once_are_both_named(check):
    result = check(lambda x, f: (x * f[:, None], (x * f[:, None]).sum(1) / 2 + 1))
    assert result.message == (
        "Two things. Those are halves of the sums. Besides: The sums are too high by one. "
        "The scaled rows: right."
    )


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (lambda a, b: (-a, -b), "This is the exact negative of what is asked for."),
        (lambda a, b: (-a, b), "In the scaled rows: This is the exact negative of what is asked "
         "for. Their sums: right."),
        (lambda a, b: (2 * a, b), "In the scaled rows: Every number is twice the right one."),
        (lambda a, b: (len(a) * a, len(a) * b), "with N the number of rows of `x`: a sum stands"),
        (lambda a, b: (a, b / a.shape[1]), "1/N times the right one, with N the number of columns"),
        (lambda a, b: (a.T, b), "In the scaled rows: This is transposed"),
        (lambda a, b: (a, b.sum()), "In their sums: This is the sum over everything"),
        (lambda a, b: (a, a), "In their sums: One dimension is still there: sum over it."),
        (lambda a, b: (b, a), "returned in the wrong order"),
        (lambda a, b: (a, b.sqrt()), "In their sums: This is the square root"),
        (lambda a, b: (a, 0 * b), "In their sums: Every number is 0"),
        (lambda a, b: (-2 * a, -2 * b), "Every number is -2 times the right one."),
        (lambda a, b: (a + math.pi, b + math.pi), "Every number is too high by 3.14159."),
        (lambda a, b: a, "This is the scaled rows alone, and right; return all of them."),
        (lambda a, b: ((a, b),), "nested in another way"),
        (lambda a, b: (-a, b / 2), "Two things. Those are halves of the sums. Besides: In the "
         "scaled rows: This is the exact negative"),
    ],
)  # fmt: skip
def test_what_any_exercise_can_get_wrong_is_named(check, alter, message):
    result = check(lambda x, factor: alter(*scale_rows(x, factor)))
    assert result.outcome == "not yet"
    assert message in result.message


def test_an_argument_handed_back_is_recognised(check):
    result = check(lambda x, factor: (x, scale_rows(x, factor)[1]))
    assert "This is the argument `x`, as it came." in result.message


def test_other_wrong_numbers_are_narrowed_down_and_shown_with_a_case_to_follow_by_hand(check):
    def wrong_sum(x, factor):
        scaled, total = scale_rows(x, factor)
        return scaled, total + torch.arange(len(total)) ** 2

    result = check(wrong_sum)
    assert result.outcome == "not yet"
    assert result.arguments[0].shape == (2, 2)
    exact = EXERCISE.right(*result.arguments)
    torch.testing.assert_close(result.expected, exact)
    should, is_ = exact[1][1].item(), exact[1][1].item() + 1
    assert f"entry [1] of their sums should be {should:.6g} and is {is_:.6g}" in result.message
    assert "1 of 4 cases are right. Right in all cases: the scaled rows." in result.message
    assert "entries in their sums are right" in result.message
    shown = dict(result.excerpts)
    x = result.arguments[0].tolist()
    assert shown["The case"].splitlines()[0] == f"x: {x}"
    assert shown["It gave"].endswith(f"[{exact[1][0]:g}, {is_:g}])")


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (lambda y: y + 1e-3 * y.sin(), "right to within 0.1 %"),
        (lambda y: y * 1.005 + 1e-3, "right to within 1 %."),
        (lambda y: y * torch.tensor([1, -1, 1])[: len(y)], "entries in their sums are right"),
        (lambda y: -(y**2) - 3 * y, "All signs in their sums are the wrong way round."),
        (lambda y: y**2 + 3, "All numbers in their sums are too high."),
    ],
)
def test_a_pattern_in_the_numbers_is_noticed(check, alter, message):
    def altered(x, factor):
        scaled, total = scale_rows(x, factor)
        return scaled, alter(total)

    assert message in check(altered).message


@pytest.mark.parametrize(
    "rounded",
    [
        lambda x, f: (x * f[:, None], (x.float() * f[:, None].float()).sum(1)),
        lambda x, f: (x * f[:, None] * torch.tensor(3.0).log() / math.log(3), scale_rows(x, f)[1]),
    ],
)
def test_what_is_right_to_the_precision_of_float32_is_right(check, rounded):
    assert check(rounded).outcome == "correct"


def test_what_is_rounded_further_is_not_and_is_told_so(check):
    result = check(lambda x, f: tuple(each.half().double() for each in scale_rows(x, f)))
    assert result.outcome == "not yet"
    assert "`.half()`" in result.message


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
    assert "Besides, the function changes its argument `factor`" in result.message


def test_only_changing_its_arguments_is_said_without_contradiction(check):
    def in_place(x, factor):
        factor *= 2
        return scale_rows(x, factor / 2)

    message = check(in_place).message
    assert message.startswith("The numbers are right, but")
    assert "cases are right" not in message
    assert "times the right one" not in message


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


@pytest.mark.parametrize(
    "draws",
    [
        lambda x, f: (torch.rand(x.shape), x.sum(1)),
        lambda x, f: (torch.bernoulli(0.0 * x + 0.5), x.sum(1)),
        lambda x, f: (x, (torch.rand(len(x)) < 0.9).double()),
    ],
)
def test_numbers_of_its_own_are_recognised_before_anything_else(check, draws):
    """Also where two calls may well agree by luck."""
    for _ in range(10):
        assert "Two calls with the same arguments" in check(draws).message


def test_drawing_without_using_it_is_no_fault(check):
    def idle(x, factor):
        torch.nn.Linear(3, 3)
        return scale_rows(x, factor)

    assert check(idle).outcome == "correct"


# ----------------------------------------------------------------------------------------- broken


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda x, f: (x * f[:, None], x.sum(1)[:, None]),
         "Expected a tensor of shape (2,), their sums; got (2, 1)."),
        (lambda x, f: x,
         "Expected 2 tensors, (the scaled rows, their sums); got a tensor of shape (2, 2)."),
        (lambda x, f: (x,), "got a tuple that holds nothing but a tensor of shape (2, 2)."),
        (lambda x, f: (x * f[:, None], 10**400), "got int"),
        (lambda x, f: (x * f[:, None], 10**5000), "got int."),
        (lambda x, f: (x.to_sparse(), x.sum(1)), "got a tensor in the layout torch.sparse_coo"),
        (lambda x, f: (x.to("meta"), x.sum(1)), "got a meta tensor"),
        (lambda x, f: (torch.quantize_per_tensor(x.float(), 0.1, 0, torch.qint8), x.sum(1)),
         "got a quantised tensor"),
        (lambda x, f: (torch.nested.nested_tensor([x, x]), x.sum(1)), "got a nested tensor"),
        (lambda x, f: {"scaled": x}, "got an object of type builtins.dict"),
        (lambda x, f: (x.to(torch.complex128), x.sum(1)), "got torch.complex128"),
        (lambda x, f: (x * f[:, None], 3),
         "Expected a tensor of shape (2,), their sums; got int 3."),
        (lambda x, f: (x.numpy(), x.sum(1)),
         "a tensor of shape (2, 2), the scaled rows; got an object of type numpy.ndarray."),
        (lambda x, f: (x > 0, x.sum(1)), "got torch.bool"),
        (lambda x, f: (x.half(), x.sum(1)), "got torch.float16"),
        (lambda x, f: (x * math.nan, x.sum(1)), "got NaN in 4 of 4 entries"),
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
        (lambda x, f: x @ torch.ones(x.shape[1], 1), "RuntimeError", "dtype=x.dtype"),
        (lambda x, f: x if x > 0 else f, "Boolean value of Tensor", "need one truth value"),
        (lambda x, f: torch.autograd.grad(x.sum(), x), "does not require grad", "Autograd has"),
        (
            lambda x, f: torch.autograd.grad(f.clone().requires_grad_().sum(), x.requires_grad_()),
            "to not have been used in the graph",
            "does not depend on",
        ),
        (
            lambda x, f: [y.backward() for y in [(x.requires_grad_() ** 2).sum()] * 2],
            "backward through the graph a second time",
            "retain_graph=True",
        ),
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


class _Loud(BaseException):
    """An exception whose text is ten megabytes."""

    def __str__(self) -> str:
        return "x" * 10**7


class _Mute(BaseException):
    """An exception that can't even be printed."""

    def __str__(self) -> str:
        raise ValueError


@pytest.mark.parametrize("error", [_Loud, _Mute, KeyboardInterrupt, GeneratorExit, SystemExit])
def test_no_exception_is_too_odd_and_long_texts_are_cut(check, error):
    def fails(x, factor):
        raise error

    result = check(fails)
    assert result.outcome == "broken"
    assert result.message.startswith(f"It raised {error.__name__}")
    assert len(repr(result)) < 2000


def test_a_float_subclass_is_a_float(judge_here):
    class Own(float):
        def __eq__(self, other):
            raise ValueError

        __hash__ = float.__hash__

    assert judge_here(TOTAL, lambda x: Own(x.sum())).outcome == "correct"


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

    def call(self, function, seconds):
        return function()

    def run(self, *_: object) -> list[Observation]:
        if self._ended == "unsendable":
            raise UnsendableError("It refers to `figure`.")
        return [Observation(ended=self._ended, printed="line\n" * 99)]


@pytest.mark.parametrize(
    ("ended", "message"),
    [
        ("time", "stopped after 10 s"),
        ("time", "over far more states than are needed"),
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


# ------------------------------------------------------------------------- what a live run needs

TOTAL = Exercise(
    number="9.2",
    title="a sum",
    minutes=5,
    reference=lambda x: x.sum(),
    case=lambda make, n: (make.normal(n),),
    sizes=((2,), (5,)),
    by_hand=(2,),
    answer=lambda on, x: (2 if on("two") else 1) * x.sum(),
    slips={"two": "Twice."},
    returns=("the sum",),
    hints=(),
    derivation="",
)
LIVE = replace(TOTAL, live=True)
TRAINED = replace(LIVE, through=("x",))


def _without(x):
    with torch.no_grad():
        return x.sum()


@pytest.mark.parametrize(
    ("answer", "culprit"),
    [
        (lambda x: x.detach().sum(), "`.detach()`"),
        (lambda x: torch.tensor(x.tolist(), dtype=x.dtype).sum(), "`.tolist()`"),
        (lambda x: x.sum().item(), "`.item()`"),
        (lambda x: x.data.sum(), "`.data`"),
        (lambda x: torch.as_tensor(x.detach().numpy().sum(), dtype=x.dtype), "`.numpy()`"),
        (_without, "`torch.no_grad()`"),
    ],
)
def test_a_value_without_its_gradient_is_refused_where_a_live_run_trains_by_it(
    judge_here, answer, culprit
):
    result = judge_here(TRAINED, answer)
    assert result.outcome == "not yet"
    assert "The numbers are right, but no gradient reaches `x`" in result.message
    assert culprit in result.message
    assert judge_here(TOTAL, answer).outcome == "correct"


def test_a_gradient_that_is_cut_off_in_part_is_refused(judge_here):
    result = judge_here(TRAINED, lambda x: (x + x.detach()).sum() / 2)
    assert "the gradient that reaches `x` is not" in result.message


def test_an_answer_that_fails_only_when_gradients_are_asked_for_is_told_why(judge_here):
    result = judge_here(TRAINED, lambda x: torch.as_tensor(x.numpy().sum(), dtype=x.dtype))
    assert "but not when gradients are asked for" in result.message
    assert "Can't call numpy" in result.message


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: x.double().sum(),
        lambda x: x @ torch.ones_like(x).double(),
        lambda x: (x + 1e9).sum() - 1e9 * len(x),
    ],
)
def test_what_works_in_float64_alone_is_called_in_it_by_a_live_run(judge_here, answer):
    result = judge_here(TRAINED, answer)
    assert result.outcome == "correct", result
    assert "calls it in float64" in result.message
    x = torch.tensor([0.25, 0.5], requires_grad=True)
    total = result.function(x)
    assert total.dtype == torch.float32
    torch.testing.assert_close(total, x.sum())
    total.backward()
    torch.testing.assert_close(x.grad, torch.ones(2))
    assert judge_here(TOTAL, answer).function is answer


def test_a_python_number_is_as_good_as_a_scalar(judge_here):
    assert judge_here(TOTAL, lambda x: x.sum().item()).outcome == "correct"
    assert judge_here(TOTAL, lambda x: math.fsum(x.tolist())).outcome == "correct"


def test_a_return_that_was_forgotten_is_not_taken_for_a_stub(check):
    def forgotten(x, factor):
        x = x * factor[:, None]
        return ...

    result = check(forgotten)
    assert result.outcome == "not yet"
    assert "still ends in `return ...`" in result.message


# --------------------------------------------------------------------------- nothing false is said


def test_what_is_handed_back_twice_is_not_called_another_order(judge_here):
    square = replace(EXERCISE, sizes=((2, 2), (3, 3)), returns=("one", "other"))
    twice = judge_here(square, lambda x, f: (scale_rows(x, f)[0],) * 2)
    assert "wrong order" not in twice.message


def test_another_order_and_a_slip_are_both_named(check):
    result = check(lambda x, f: (scale_rows(x, f)[1] / 2, scale_rows(x, f)[0]))
    assert result.outcome == "not yet"
    assert result.message.startswith("Two things. By their shapes, the results are returned in the")
    assert "Besides: Those are halves of the sums. The scaled rows: right." in result.message


def test_an_order_that_only_the_shapes_show_is_said_with_what_is_left(check):
    result = check(lambda x, f: (scale_rows(x, f)[1].sin(), scale_rows(x, f)[0]))
    assert "wrong order" in result.message
    assert "They are not all right either." in result.message


@pytest.mark.parametrize(
    ("alter", "named"),
    [
        (lambda y: -(y + 1), "The sums are too high by one. On top of that, in their sums: Every "
         "sign is the wrong way round. The scaled rows: right."),
        (lambda y: 2 * (y + 1), "On top of that, in their sums: Every number is twice what it "
         "would then be."),
        (lambda y: 7.3 * (y + 1), None),  # a number without a meaning would explain too much
    ],
)  # fmt: skip
def test_a_slip_on_top_of_another_is_said_of_what_it_would_then_be(check, alter, named):
    result = check(lambda x, f: (scale_rows(x, f)[0], alter(scale_rows(x, f)[1])))
    assert result.outcome == "not yet"
    assert (named or "In the case below, ") in result.message


def test_a_small_relative_error_is_that_of_each_number(check):
    """One number off by a half, beside others that are far larger."""

    def off(x, factor):
        scaled, total = scale_rows(x, factor)
        return 1000 * scaled / 1000, total + 0.5 * (torch.arange(len(total)) == 0)

    assert "right to within" not in check(off).message


# ------------------------------------------------------------------------ several things at once


def test_wrong_numbers_without_a_gradient_are_told_both(judge_here):
    result = judge_here(TRAINED, lambda x: 2 * x.detach().sum())
    assert result.message.startswith("Twice. Besides, no gradient reaches `x`"), result
    assert "`.detach()`" in result.message
    assert "Besides" not in judge_here(TRAINED, lambda x: 2 * x.sum()).message
    assert "Besides" not in judge_here(TOTAL, lambda x: 2 * x.detach().sum()).message


def test_a_slip_is_named_where_there_are_numbers_and_that_there_are_cases_without(check):
    def mine(x, factor):
        scaled, total = scale_rows(x, factor)
        return scaled, torch.nan * total if len(x) == 1 else total + 1

    said = check(mine).message
    assert said.startswith("Two things. The sums are too high by one."), said
    assert "Besides: On 1 of 4 cases there is no finite number" in said


def test_no_numbers_on_too_many_cases_are_no_sign_of_a_slip(check):
    def mine(x, factor):
        scaled, total = scale_rows(x, factor)
        return scaled, torch.nan * total if len(x) < 3 else total + 1

    assert "too high" not in check(mine).message


def test_the_numbers_are_said_to_be_negative_and_in_bits(judge_here):
    said = judge_here(TOTAL, lambda x: -x.sum() / torch.log(torch.tensor(2.0).double())).message
    assert said == f"Two things. {WORDS['negated']} Besides: {WORDS['in bits']}"


def test_what_is_right_but_for_some_cases_is_not_said_to_be_right_beside_another_slip(judge_here):
    slips = {**EXERCISE.slips, "half": "Right at first, but then those are halves."}
    exercise = replace(EXERCISE, slips=slips)
    alone = judge_here(exercise, lambda x, f: exercise.slipping("half")(x, f)).message
    assert alone.startswith(slips["half"])
    both = judge_here(exercise, lambda x, f: exercise.slipping("half", "one more")(x, f)).message
    assert both.startswith("Two things. Then those are halves. Besides: The sums are too high")

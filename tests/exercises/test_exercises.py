"""One suite for all exercises of all sections: references, cases, stubs, and every slip."""

from __future__ import annotations

import math
import random
import re
from itertools import combinations

import pytest
import torch
from torch import Tensor

from lecturekit.exercises import catalogue, general
from lecturekit.exercises.compare import close, leaves
from lecturekit.exercises.diagnose import RAISED, Table, _in_company, confusions, diagnose
from lecturekit.exercises.exercise import IMPORTS, Exercise
from lecturekit.exercises.judge import judge
from lecturekit.exercises.observation import Observation, gradients_of
from lecturekit.exercises.worker import Worker
from lecturekit.sections import SECTIONS

EXERCISES = [exercise for section in SECTIONS for exercise in catalogue(section.stem)]

each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.number)


def own(exercise: Exercise) -> list[str]:
    """The slips that are switches of the exercise's answer."""
    return [name for name in exercise.slips if name not in general.WORDS]


def defined(source: str, name: str):
    """The function that a notebook has after running `source` below its imports."""
    cell: dict = {}
    exec(IMPORTS + source, cell)
    return cell[name]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.stem)
def test_numbers_follow_each_other(section):
    numbers = [exercise.number for exercise in catalogue(section.stem)]
    assert numbers == [f"{section.number}.{place}" for place in range(1, len(numbers) + 1)]


# ----------------------------------------------------------------------- what answers are judged by


@each_exercise
def test_reference_answer_and_exact_answer_agree_on_many_seeds(exercise: Exercise):
    """Far more closely than an answer has to."""
    for seed in range(20):
        for arguments in exercise.cases(seed):
            reference, exact = exercise.reference(*arguments), exercise.right(*arguments)
            answer = exercise.slipping()(*arguments)
            assert close(reference, exact, 1e-9), f"seed {seed}: {reference} ≠ {exact}"
            assert close(answer, exact, 1e-9), f"seed {seed}: {answer} ≠ {exact}"
            assert len(leaves(exact)) == len(exercise.returns)


@each_exercise
def test_the_cases_are_in_float64_and_begin_with_sizes_that_differ(exercise: Exercise):
    """So that the shape in a message is telling, and a transpose does not go unnoticed."""
    cases = exercise.cases(0)
    tensors = [leaf for leaf in leaves(tuple(cases)) if isinstance(leaf, Tensor)]
    assert {tensor.dtype for tensor in tensors} <= {torch.float64, torch.int64, torch.bool}
    shapes = {leaf.shape for leaf in leaves(cases[0]) if isinstance(leaf, Tensor)}
    rows_alone = all(len(shape) < 2 for shape in shapes)
    assert rows_alone or len({size for shape in shapes for size in shape}) > 1
    square = {shape for shape in shapes if len(shape) > 1 and shape[0] == shape[1]}
    assert all(len(set(shape)) == len(shape) for shape in shapes - square)


@each_exercise
def test_the_last_case_can_be_followed_by_hand(exercise: Exercise):
    """Few numbers, most of them with one or two decimals."""
    for seed in range(3):
        arguments = exercise.cases(seed)[-1]
        tensors = [leaf for leaf in leaves(arguments) if isinstance(leaf, Tensor)]
        numbers = torch.cat([tensor.double().flatten() for tensor in tensors])
        assert len(numbers) <= 50
        assert ((100 * numbers - (100 * numbers).round()).abs() < 1e-9).double().mean() > 0.5


@each_exercise
def test_a_live_run_trains_by_the_gradient_of_the_exact_answer(exercise: Exercise):
    """The reference's gradient against central differences of the exact answer."""
    if not exercise.through:
        return
    through = tuple(exercise.parameters.index(name) for name in exercise.through)
    arguments = exercise.cases(1)[0]
    found = gradients_of(exercise.reference, arguments, through)
    places = [leaf for place in through for leaf in leaves(arguments[place])]

    def total() -> Tensor:
        value = leaves(exercise.right(*arguments))
        return sum((v * torch.linspace(1, 2, v.numel()).to(v).view_as(v)).sum() for v in value)

    for tensor, gradient in zip(places, found, strict=True):
        flat = tensor.view(-1)
        for index in range(len(flat)):
            kept, sides = flat[index].item(), []
            for step in (1e-5, -1e-5):
                flat[index] = kept + step
                sides.append(total())
            flat[index] = kept
            slope = (sides[0] - sides[1]) / 2e-5
            assert abs(slope - gradient.flatten()[index]) < 1e-6 * (1 + slope.abs())


@each_exercise
def test_the_reference_can_stand_in_place_of_the_stub(exercise: Exercise, judge_here):
    pasted = defined(exercise.source, exercise.stub_name)
    result = judge_here(exercise, pasted)
    assert result.outcome == "correct", result
    assert result.function is pasted


@each_exercise
def test_the_stub_is_not_attempted_and_needs_no_worker(exercise: Exercise, monkeypatch):
    monkeypatch.setattr(Worker, "run", lambda *_: pytest.fail("a stub started the worker"))
    stub = defined(exercise.stub, exercise.stub_name)
    assert stub.__doc__ == exercise.reference.__doc__
    result = judge(exercise, stub, Worker())
    assert result.outcome == "not attempted"
    assert result.function is exercise.reference


# --------------------------------------------------------------------------------------- the slips


@each_exercise
@pytest.mark.parametrize("seed", range(2))
def test_any_two_slips_differ_on_some_case(exercise: Exercise, seed: int):
    """From each other and from the right answer, pair by pair."""
    assert list(confusions(exercise, exercise.cases(seed))) == []


@each_exercise
def test_every_slip_gets_its_message(exercise: Exercise, judge_here):
    for name in own(exercise):
        result = judge_here(exercise, exercise.slipping(name))
        assert result.outcome == "not yet", (name, result)
        assert result.message.startswith(exercise.slips[name]), name
        assert result.function is exercise.reference


@each_exercise
def test_every_slip_is_recognised_on_other_cases_too(exercise: Exercise):
    table = Table(exercise, exercise.cases(1))
    for name in own(exercise):
        found = diagnose(exercise, table.cases, seen(table, (name,)), table)
        assert found is not None
        assert found.names == (name,)


@each_exercise
def test_a_general_slip_in_the_exercises_own_words_gets_them(exercise: Exercise):
    table = Table(exercise, exercise.cases(0))
    for name in exercise.slips.keys() & general.WORDS.keys():
        assert same(seen(table, (name,)), seen(table, ())), f"{name!r} is a switch as well"
        slipped = [
            Observation(value=general.apply(name, table.value((), place)))
            for place in range(len(table.cases))
        ]
        found = diagnose(exercise, table.cases, slipped, table)
        assert found is not None, name
        assert found.says.startswith(exercise.slips[name])


def seen(table: Table, names: tuple[str, ...]) -> list[Observation]:
    """What would be observed of the answer with these slips."""
    values = [table.value(names, place) for place in range(len(table.cases))]
    return [
        Observation(error="RuntimeError") if value is RAISED else Observation(value=value)
        for value in values
    ]


@each_exercise
def test_two_slips_at_once_are_named_or_one_hides_the_other(exercise: Exercise):
    """Fifteen pairs of the exercise's own: what is named explains all that is seen."""
    table = Table(exercise, exercise.cases(0))
    right, pairs = seen(table, ()), list(combinations(own(exercise), 2))
    for pair in random.Random(0).sample(pairs, min(15, len(pairs))):
        observed = seen(table, pair)
        if not any(each.returned for each in observed) or same(observed, right):
            continue  # two that undo each other
        found = diagnose(exercise, table.cases, observed, table)
        assert found is not None, pair
        if set(found.names) != set(pair) and set(found.names) <= set(own(exercise)):
            parts = found.says.count("In ") + found.says.count(": right")
            assert parts or same(observed, seen(table, found.names)), (pair, found)


def same(some: list[Observation], others: list[Observation]) -> bool:
    return all(
        a.returned == b.returned and close(a.value, b.value)
        for a, b in zip(some, others, strict=True)
    )


@each_exercise
def test_what_is_said_of_a_result_agrees_with_it(exercise: Exercise):
    """In single slips and pairs: a result that is called right is, and one of another slip is not.

    No slip says on its own that a result is right: beside another slip it need not be.
    """
    claims = re.compile(r"\b(is|are) right[;,.] |\bright, but\b")
    assert not [name for name, text in exercise.slips.items() if claims.search(text)]
    beside = [_in_company(text) for text in exercise.slips.values()]
    assert not [text for text in beside if text.startswith("Right ")]
    table, names = Table(exercise, exercise.cases(0)), own(exercise)
    right = seen(table, ())
    pairs = [*combinations(names, 2)]
    pairs = random.Random(1).sample(pairs, min(6, len(names), len(pairs)))
    for slips in [*((name,) for name in names), *pairs]:
        observed = seen(table, slips)
        if not all(each.returned for each in observed) or same(observed, right):
            continue
        found = diagnose(exercise, table.cases, observed, table)
        assert found is not None, slips
        for place, meaning in enumerate(exercise.returns):
            fine = place in table.unchanged(slips)
            called_right = meaning.lower() in _listed(r"[.)] ([^.:]*): right\.", found.says)
            called_wrong = meaning.lower() in _listed(r"\bin ([^.:]*): ", found.says)
            assert not called_right or fine, (slips, meaning, found.says)
            assert not called_wrong or not fine, (slips, meaning, found.says)


def _listed(lists: str, says: str) -> list[str]:
    """All that the lists in a text name."""
    found = re.findall(lists, says.lower())
    return [name for listed in found for name in re.split(r", | and (?=the )", listed)]


@each_exercise
def test_a_factor_is_what_its_words_say(exercise: Exercise):
    """Every factor that can be named, read back from the sentence and computed again."""
    cases = exercise.cases(0)
    slips, values = general.Scales(exercise.parameters, cases)._factors
    checked = 0
    for slip, factors in zip(slips, values.tolist(), strict=True):
        read = re.match(
            r"Every number is (.+?) times the right one(, with N (.+?))?[.:]", slip.says
        )
        if not read or "`" in read[1]:
            continue
        sizes = _sizes(read[3], exercise, cases)
        for size, factor in zip(sizes, factors, strict=True):
            written = read[1].replace("−", "-").replace("·", "*").replace("²", "**2")
            written = re.sub(r"√(\(.+?\)|N)", r"math.sqrt(\1)", written)
            if size > 1:
                checked += 1
                assert eval(written, {"N": size, "math": math}) == pytest.approx(factor), slip.says
    assert checked > 20


def _sizes(meaning: str, exercise: Exercise, cases: list) -> list[float]:
    what, name = re.match(r"the number of (.+) of `(.+)`", meaning).groups()
    tensors = [case[exercise.parameters.index(name)] for case in cases]
    dims = {"rows": 0, "entries": 0, "columns": 1, "entries in the last dimension": 2}
    return [float(t.numel() if what == "all entries" else t.shape[dims[what]]) for t in tensors]


@each_exercise
def test_an_unknown_error_is_named_nothing(exercise: Exercise):
    """Random numbers in the place of the right ones, of the same form."""
    table, generator = Table(exercise, exercise.cases(0)), torch.Generator().manual_seed(3)

    def disturbed(value):
        if isinstance(value, tuple):
            return tuple(map(disturbed, value))
        return value + torch.randn(value.shape, generator=generator, dtype=value.dtype)

    values = [disturbed(table.value((), place)) for place in range(len(table.cases))]
    observed = [Observation(value=value) for value in values]
    assert diagnose(exercise, table.cases, observed, table) is None


@each_exercise
def test_hints_lead_to_the_solution(exercise: Exercise):
    assert len(exercise.hints) >= 2
    assert len(set(exercise.hints)) == len(exercise.hints)
    assert exercise.derivation.strip()
    assert exercise.derivation.count("$$") % 2 == 0
    assert exercise.derivation.replace("$$", "").count("$") % 2 == 0

"""The slips that any exercise has, found by what they do to a result.

A factor, a shift, a transpose, a sum over too much or too little: each is read off the numbers of
all cases at once, so that no list of factors has to be tried. A factor or shift that changes from
case to case is named only if it is a size or a number among the arguments.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lecturekit.exercises.compare import PRECISION, leaves_close
from lecturekit.exercises.exercise import Arguments


class Slip(NamedTuple):
    """A slip found in one result of a function: its name, and a sentence about that result."""

    name: str
    says: str
    weak: bool = False  # a number without a meaning


WORDS = {
    "negated": "This is the exact negative of what is asked for.",
    "doubled": "Every number is twice the right one.",
    "halved": "Every number is half the right one.",
    "transposed": "This is transposed: rows and columns have changed places.",
    "total": "This is the sum over everything, in one number; keep what the docstring keeps apart.",
    "average": "This is the mean over everything, in one number; keep what the docstring keeps "
    "apart.",
    "not summed": "One dimension is still there: sum over it.",
    "not averaged": "One dimension is still there: take the mean over it.",
    "all pairs": "Two rows of numbers were combined as a column and a row, which gives all pairs: "
    "the right numbers stand on the diagonal. Give both the same shape.",
    "root": "This is the square root of what is asked for.",
    "squared": "This is the square of what is asked for.",
    "exponential": "This is the exponential of what is asked for.",
    "logarithm": "This is the logarithm of what is asked for.",
    "reciprocal": "This is 1 divided by what is asked for.",
    "complement": "This is 1 minus what is asked for.",
    "modulus": "These are moduli: the signs are lost.",
    "nothing": "Every number is 0: is a factor 0, is a share of whole numbers rounded down, or is "
    "a gradient cut off?",
    "in bits": "These are numbers in bits: use natural logarithms.",
    "exchanged": "The results are right, but returned in the wrong order.",
    "reversed": "The numbers are right, in the opposite order.",
}

_ELEMENTWISE: dict[str, Callable[[Tensor], Tensor]] = {
    "negated": lambda y: -y,
    "root": torch.sqrt,
    "squared": torch.square,
    "exponential": torch.exp,
    "logarithm": torch.log,
    "reciprocal": torch.reciprocal,
    "complement": lambda y: 1 - y,
    "modulus": torch.abs,
    "nothing": torch.zeros_like,
}
_RESHAPING: dict[str, Callable[[Tensor], Tensor]] = {
    "transposed": lambda y: y.T if y.ndim == 2 else y,
    "reversed": lambda y: y.flip(0) if y.ndim else y,
    "total": torch.sum,
    "average": torch.mean,
}


def apply(name: str, value: Any) -> Any:
    """A value with one of the slips in `WORDS`, for those that can be made of it."""
    change = {
        **_ELEMENTWISE,
        **_RESHAPING,
        "doubled": lambda y: 2 * y,
        "halved": lambda y: y / 2,
        "in bits": lambda y: y / math.log(2),
    }
    if name == "exchanged":
        return value[::-1]
    if isinstance(value, tuple):
        return tuple(apply(name, part) for part in value)
    return change[name](value)


class Scales:
    """The sizes and numbers among the arguments, and the factors and shifts that they make."""

    def __init__(self, parameters: Sequence[str], cases: list[Arguments]):
        measures = list(_measures(parameters, cases))
        self._factors = _table(_factors(measures, len(cases)))
        self._shifts = _table(_shifts(measures, len(cases)))

    def factor(self, found: list[float]) -> Slip | None:
        """What these factors are, one for each case."""
        return _look_up(self._factors, found) or _constant(found, _other_factor)

    def shift(self, found: list[float]) -> Slip | None:
        """What these differences are, one for each case."""
        return _look_up(self._shifts, found) or _constant(found, _other_shift)


def relation(got: list[Tensor], right: list[Tensor], scales: Scales) -> Slip | None:
    """The slip that makes what came of what is right, on every case, or None."""
    if all(g.shape == r.shape for g, r in zip(got, right, strict=True)):
        return _of_the_same_shape(got, right, scales)
    for name, change in _RESHAPING.items():
        if _holds(change, right, got):
            return Slip(name, WORDS[name])
    for name, reduce in (("not summed", torch.sum), ("not averaged", torch.mean)):
        for dim in range(max(g.ndim for g in got)):
            if all(dim < g.ndim for g in got) and _holds(
                functools.partial(reduce, dim=dim), got, right
            ):
                return Slip(name, WORDS[name])
    square = all(g.ndim == 2 and g.shape[0] == g.shape[1] for g in got)
    if square and _holds(torch.diagonal, got, right):
        return Slip("all pairs", WORDS["all pairs"])
    return None


def _of_the_same_shape(got: list[Tensor], right: list[Tensor], scales: Scales) -> Slip | None:
    for name, change in (*_ELEMENTWISE.items(), *list(_RESHAPING.items())[:2]):
        if _holds(change, right, got):
            return Slip(name, WORDS[name])
    pairs = list(zip(got, right, strict=True))
    if (factors := _all(_factor, pairs)) and (found := scales.factor(factors)):
        return found
    shifts = _all(_shift, pairs)
    return scales.shift(shifts) if shifts else None


def _all(
    measure: Callable[[Tensor, Tensor], float | None], pairs: list[tuple[Tensor, Tensor]]
) -> list[float] | None:
    """What is measured on every case, or None at the first on which it can't be."""
    found = []
    for pair in pairs:
        if (value := measure(*pair)) is None:
            return None
        found.append(value)
    return found


def _shift(got: Tensor, right: Tensor) -> float | None:
    """The one difference between them, or None."""
    difference = got - right
    mean = difference.mean()
    one = mean.isfinite() and leaves_close(difference, mean.expand_as(difference))
    return float(mean) if one else None


def factor_of_a_part(
    got: list[Tensor], right: list[Tensor], without: list[Tensor], scales: Scales
) -> Slip | None:
    """The factor with which a part of a sum counts, where all else is right; or None."""
    factors = []
    for g, r, w in zip(got, right, without, strict=True):
        if not g.shape == r.shape == w.shape:
            return None
        part, left = r - w, g - w
        if (factor := _factor(left, part)) is None:
            return None
        factors.append(factor)
    return scales.factor(factors) if len(factors) == len(got) else None


def of_a_part(factor: Slip, part: str) -> Slip:
    """What a factor of a part of the result means."""
    head = re.split(" (?:of|for|in) ", part)[0]
    many = head.endswith("s") and not head.endswith(("ss", "bias"))
    simple = {
        "negated": f"The {part} {'have' if many else 'has'} the wrong sign.",
        "doubled": f"The {part} {'count' if many else 'counts'} twice.",
        "halved": f"The {part} {'count' if many else 'counts'} half.",
    }
    says = factor.says.replace("Every number is", f"The {part} {'are' if many else 'is'}", 1)
    says = says.replace(": it is divided", ": they are divided") if many else says
    says = says.replace("times the right one", "times what it should be", 1)
    return Slip(f"{factor.name}, {part}", simple.get(factor.name, says), factor.weak)


def on_top(says: str) -> str:
    """The same of a result that has another slip already, whose cause can't be guessed."""
    says = re.sub(r": (a sum stands|it is divided|is a factor 0).*", ".", says)
    says = says.replace(WORDS["negated"], "Every sign is the wrong way round.")
    return re.sub(r"the right one|what is asked for", "what it would then be", says)


def _holds(change: Callable[[Tensor], Tensor], before: list[Tensor], after: list[Tensor]) -> bool:
    return all(leaves_close(change(b), a) for b, a in zip(before, after, strict=True))


def _factor(got: Tensor, right: Tensor) -> float | None:
    """The one factor between them, or None."""
    square = float((right * right).sum())
    if not 0 < square < math.inf or not got.isfinite().all():
        return None
    factor = float((got * right).sum()) / square
    size = float(got.abs().max())
    fits = torch.allclose(factor * right, got, rtol=0, atol=PRECISION * size)
    return factor if fits and size > 0 else None


# -------------------------------------------------------------------- what factors and shifts mean

Named = tuple[Slip, list[float]]


def _table(named: Iterator[Named]) -> tuple[list[Slip], Tensor]:
    listed = list(named)
    return [slip for slip, _ in listed], torch.tensor([v for _, v in listed], dtype=torch.float64)


def _look_up(table: tuple[list[Slip], Tensor], found: list[float]) -> Slip | None:
    slips, values = table
    near = (values - torch.tensor(found, dtype=torch.float64)).abs() <= 1e-5 * values.abs()
    matches = near.all(dim=1).nonzero()
    return slips[int(matches[0])] if len(matches) else None


def _constant(found: list[float], slip: Callable[[float], Slip]) -> Slip | None:
    spread = max(found) - min(found)
    return slip(found[0]) if len(found) > 1 and spread <= 1e-5 * abs(found[0]) else None


def _other_factor(factor: float) -> Slip:
    return Slip(f"times {factor:.5g}", f"Every number is {factor:.6g} times the right one.", True)


def _other_shift(shift: float) -> Slip:
    way = "high" if shift > 0 else "low"
    return Slip(f"plus {shift:.5g}", f"Every number is too {way} by {abs(shift):.6g}.", True)


class _Measure(NamedTuple):
    letter: str
    meaning: str
    values: list[float]
    counts: bool  # a size, and not a number among the arguments


def _measures(parameters: Sequence[str], cases: list[Arguments]) -> Iterator[_Measure]:
    """Every size and every number among the arguments, once for all that agree on all cases."""
    seen: set[tuple[float, ...]] = set()
    for measure in (*_sizes(parameters, cases), *_numbers(parameters, cases)):
        values = tuple(measure.values)
        if len(set(values)) > 1 and values not in seen and min(values) > 0:
            seen.add(values)
            yield measure


def _sizes(parameters: Sequence[str], cases: list[Arguments]) -> Iterator[_Measure]:
    tensors = [
        (name, [arguments[place] for arguments in cases])
        for place, name in enumerate(parameters)
        if all(isinstance(arguments[place], Tensor) for arguments in cases)
    ]
    for dim, what in enumerate(("rows", "columns", "entries in the last dimension")):
        for name, column in tensors:
            if all(dim < tensor.ndim for tensor in column):
                flat = all(tensor.ndim == 1 for tensor in column)
                meaning = f"the number of {'entries' if flat else what} of `{name}`"
                yield _Measure("N", meaning, [float(t.shape[dim]) for t in column], True)
    for name, column in tensors:
        meaning = f"the number of all entries of `{name}`"
        yield _Measure("N", meaning, [float(tensor.numel()) for tensor in column], True)


def _numbers(parameters: Sequence[str], cases: list[Arguments]) -> Iterator[_Measure]:
    for place, name in enumerate(parameters):
        column = [arguments[place] for arguments in cases]
        if all(isinstance(each, float) for each in column):
            yield _Measure(f"`{name}`", "", column, False)
        elif all(isinstance(each, Tensor) and each.shape == () for each in column):
            yield _Measure(f"`{name}`", "", [float(each) for each in column], False)


def _factors(measures: list[_Measure], n_cases: int) -> Iterator[Named]:
    known = {"negated": -1.0, "doubled": 2.0, "halved": 0.5, "in bits": 1 / math.log(2)}
    for name, factor in known.items():
        yield Slip(name, WORDS[name]), [factor] * n_cases
    words = f"Two things. {WORDS['negated']} Besides: {WORDS['in bits']}"
    yield Slip("negated, in bits", words), [-known["in bits"]] * n_cases
    for scale in (1.0, -1.0, 2.0, 0.5, -2.0):
        for letter, meaning, values, counts in measures:
            legend = f", with N {meaning}" if meaning else ""
            for above, below, what, tail in _POWERS if counts else _POWERS[:6]:
                expression = _written(scale, above.format(letter), below.format(letter))
                hint = tail if counts and scale in (1.0, -1.0) else ""
                yield (
                    Slip(
                        f"times {expression} {meaning}",
                        f"Every number is {expression} times the right one{legend}{hint}.",
                        weak=scale == -1 and not counts,  # better a slip of its own, and the sign
                    ),
                    [scale * what(value) for value in values],
                )


def _written(scale: float, above: str, below: str) -> str:
    """The fraction of the two, times one of the simple scales."""
    sign = "−" if scale < 0 else ""
    if abs(scale) == 2:
        above = f"2 · {above}" if above else "2"
    elif scale == 0.5:
        below = f"(2 · {below})" if below else "2"
    return f"{sign}{above or 1}/{below}" if below else f"{sign}{above}"


_POWERS: tuple[tuple[str, str, Callable[[float], float], str], ...] = (
    ("{}", "", lambda n: n, ": a sum stands where a mean belongs"),
    ("", "{}", lambda n: 1 / n, ": it is divided once too often, as a mean where a sum belongs"),
    ("√{}", "", math.sqrt, ""),
    ("", "√{}", lambda n: 1 / math.sqrt(n), ""),
    ("{}²", "", lambda n: n * n, ""),
    ("", "{}²", lambda n: 1 / (n * n), ""),
    ("{}", "({} − 1)", lambda n: n / (n - 1) if n > 1 else math.nan, ""),
    ("({} − 1)", "{}", lambda n: (n - 1) / n, ""),
    ("√{}", "√({} − 1)", lambda n: math.sqrt(n / (n - 1)) if n > 1 else math.nan, ""),
    ("√({} − 1)", "√{}", lambda n: math.sqrt((n - 1) / n), ""),
)


def _shifts(measures: list[_Measure], n_cases: int) -> Iterator[Named]:
    for sign, way in ((1.0, "high"), (-1.0, "low")):
        for letter, meaning, values, _ in measures:
            legend = f", with N {meaning}" if meaning else ""
            for form, what in _SHIFTS:
                expression = form.format(letter)
                yield (
                    Slip(
                        f"plus {sign:g} {expression} {meaning}",
                        f"Every number is too {way} by {expression}{legend}.",
                    ),
                    [sign * what(value) for value in values],
                )
        yield (
            Slip(f"plus {sign:g} log 2", f"Every number is too {way} by log 2."),
            [sign * math.log(2)] * n_cases,
        )


_SHIFTS: tuple[tuple[str, Callable[[float], float]], ...] = (
    ("{}", lambda n: n),
    ("{}/2", lambda n: n / 2),
    ("log {}", lambda n: math.log(n) if n > 1 else math.nan),
    ("{} log 2", lambda n: n * math.log(2)),
    ("{}/2 · log 2π", lambda n: n / 2 * math.log(2 * math.pi)),
)

"""Which slips explain a wrong answer, on every case and in every result.

The exercise's own slips are tried alone and in pairs; the general ones are read off the numbers,
alone or on top of one of the exercise's own. Each result of several is explained by itself, so that
one may be right and another wrong, and the fewest slips that explain all of them are named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import combinations, permutations, product
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lecturekit.exercises import general
from lecturekit.exercises.compare import as_numbers, close, leaves, leaves_close, structure
from lecturekit.exercises.exercise import Arguments, Exercise
from lecturekit.exercises.observation import Observation

MOST_ORDERED = 4  # results: of so many, other orders are tried

RAISED = object()  # in place of a value where a function did not return

Names = frozenset[str]


class Diagnosis(NamedTuple):
    """The slips found, in the order in which to speak of them, and what is said of them."""

    names: tuple[str, ...]
    says: str


class Table:
    """What the answer gives with some slips on, case by case; computed when it is asked for."""

    def __init__(self, exercise: Exercise, cases: list[Arguments]):
        self.exercise, self.cases = exercise, cases
        self.own = tuple(name for name in exercise.slips if name not in general.WORDS)
        self.scales = general.Scales(exercise.parameters, cases)
        self._values: dict[tuple[tuple[str, ...], int], Any] = {}

    def value(self, names: tuple[str, ...], place: int) -> Any:
        """With these slips, on one case."""
        if (names, place) not in self._values:
            self._values[names, place] = self._attempt(names, place)
        return self._values[names, place]

    def leaves(self, names: tuple[str, ...], leaf: int) -> list[Any] | None:
        """One of the results on all cases, or None where it is not there on each."""
        found = []
        for place in range(len(self.cases)):
            value = self.value(names, place)
            parts = () if value is RAISED else leaves(value)
            if leaf >= len(parts):
                return None
            found.append(parts[leaf])
        return found

    def unchanged(self, names: tuple[str, ...]) -> list[int]:
        """The results that these slips leave right."""
        columns = range(len(self.exercise.returns))
        pairs = [(self.leaves(names, leaf), self.leaves((), leaf)) for leaf in columns]
        return [
            leaf
            for leaf, (slipped, right) in enumerate(pairs)
            if slipped and right and all(map(leaves_close, slipped, right))
        ]

    def _attempt(self, names: tuple[str, ...], place: int) -> Any:
        try:
            value = self.exercise.slipping(*names)(*self.cases[place])
        except Exception:
            return RAISED
        return _detached(value)


def _detached(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_detached, value))
    return value.detach() if isinstance(value, Tensor) else value


def diagnose(
    exercise: Exercise,
    cases: list[Arguments],
    observations: list[Observation],
    table: Table | None = None,
) -> Diagnosis | None:
    """The slips that explain every case, or None."""
    if len(observations) < len(cases) or not any(seen.returned for seen in observations):
        return None
    table = table or Table(exercise, cases)
    got = [seen.value if seen.returned else RAISED for seen in observations]
    right = [table.value((), place) for place in range(len(cases))]
    for name in table.own:
        if _whole(table, (name,), got):
            return _say(table, {name: None}, right=table.unchanged((name,)))
    if RAISED not in got and list(map(structure, got)) == list(map(structure, right)):
        if found := _Search(table, got).found() or _in_another_order(table, got, right):
            return found
    elif found := _another_structure(table, got, right):
        return found
    for pair in combinations(table.own, 2):
        if _whole(table, pair, got):
            return _say(table, dict.fromkeys(pair), right=table.unchanged(pair))
    return _where_it_has_numbers(exercise, cases, observations)


def _where_it_has_numbers(
    exercise: Exercise, cases: list[Arguments], observations: list[Observation]
) -> Diagnosis | None:
    """The slips on the cases with finite numbers, and that there are others: exp overflows, say."""
    kept = [pair for pair in zip(cases, observations, strict=True) if _finite(pair[1])]
    n = len(cases) - len(kept)
    if not n or len(kept) < 3:
        return None
    found = diagnose(exercise, [given for given, _ in kept], [seen for _, seen in kept])
    if found is None:
        return None
    says = found.says.removeprefix("Two things. ")
    things = "Three things." if says != found.says else "Two things."
    says = (
        f"{things} {says} Besides: On {n} of {len(cases)} cases there is no finite number: exp "
        "of a large number, the logarithm of 0, or a division by 0."
    )
    return Diagnosis((*found.names, "not finite"), says)


def _finite(seen: Observation) -> bool:
    """Whether all numbers that came are finite, as those of every right answer are."""
    numbers = [as_numbers(leaf) for leaf in leaves(seen.value)]
    return seen.returned and all(n is None or bool(n.isfinite().all()) for n in numbers)


def _whole(table: Table, names: tuple[str, ...], got: list[Any]) -> bool:
    """Whether these slips do the same on every case: the same values, or no value."""
    return all(_alike(table.value(names, place), seen) for place, seen in enumerate(got))


def _alike(value: Any, seen: Any) -> bool:
    if value is RAISED or seen is RAISED:
        return value is seen
    return close(seen, value)


def _another_structure(table: Table, got: list[Any], right: list[Any]) -> Diagnosis | None:
    """A single result in place of several, or the right ones nested in another way."""
    if RAISED in got:
        return None
    returns = table.exercise.returns
    if all(close(leaves(g), leaves(r)) for g, r in zip(got, right, strict=True)):
        return Diagnosis(
            ("nested",), "The numbers are right; they are nested in another way than asked for."
        )
    for place, meaning in enumerate(returns if len(returns) > 1 else ()):
        if all(leaves_close(g, leaves(r)[place]) for g, r in zip(got, right, strict=True)):
            return Diagnosis(
                ("one result",), f"This is {meaning} alone, and right; return all of them."
            )
    return None


def _in_another_order(table: Table, got: list[Any], right: list[Any]) -> Diagnosis | None:
    """Results that have the right shapes only in one other order, and a slip besides."""
    columns, wanted = ([*zip(*map(leaves, each), strict=True)] for each in (got, right))
    shapes, fitting = ([[*map(_shape, column)] for column in each] for each in (columns, wanted))
    orders = [order for order in permutations(range(len(shapes))) if len(shapes) <= MOST_ORDERED]
    orders = [order for order in orders if [shapes[place] for place in order] == fitting]
    if len(orders) != 1 or shapes == fitting or structure(got[0]) != (None,) * len(shapes):
        return None
    sorted_out = [tuple(leaves(each)[place] for place in orders[0]) for each in got]
    besides = diagnose(
        table.exercise, table.cases, [Observation(value=each) for each in sorted_out], table
    )
    says = (
        "By their shapes, the results are returned in the wrong order: it is "
        f"{_listed(table.exercise.returns)}."
    )
    if besides is None:
        return Diagnosis(("exchanged",), f"{says} They are not all right either.")
    says = f"Two things. {says} Besides: {besides.says.removeprefix('Two things. ')}"
    return Diagnosis(("exchanged", *besides.names), says)


def _shape(value: Any) -> tuple[int, ...] | None:
    number = as_numbers(value)
    return None if number is None else tuple(number.shape)


class _Search:
    """The fewest slips that explain each of the results, one by one."""

    def __init__(self, table: Table, got: list[Any]):
        self._table, self._values = table, got
        self._got = [list(column) for column in zip(*map(leaves, got), strict=True)]
        self._says: dict[str, str] = {}  # of the general slips found
        self._weak: dict[str, str] = {}  # of those that are numbers without a meaning
        self._naturals: dict[str, set[int]] = {}
        self._explained: list[set[Names]] = [set() for _ in self._got]

    def found(self) -> Diagnosis | None:
        for leaf, column in enumerate(self._got):
            self._by_single(leaf, column)
        if names := self._fewest(1):
            return self._diagnosis(names)
        self._by_exchange()
        if names := self._fewest(1):
            return self._diagnosis(names)
        for leaf, column in enumerate(self._got):
            if not any(names <= set(self._table.own) for names in self._explained[leaf]):
                self._by_pair(leaf, column)
        if names := self._fewest(2):
            return self._diagnosis(names)
        self._says |= self._weak
        names = self._fewest(2)
        return self._diagnosis(names) if names else None

    def _by_single(self, leaf: int, column: list[Any]) -> None:
        explained, numbers = self._explained[leaf], [as_numbers(each) for each in column]
        for names in ((), *((name,) for name in self._table.own)):
            values = self._table.leaves(names, leaf)
            if values is None:
                continue
            if all(leaves_close(g, v) for g, v in zip(column, values, strict=True)):
                explained.add(frozenset(names))
            elif frozenset() not in explained:
                rights = [as_numbers(each) for each in values]
                if not any(each is None for each in (*numbers, *rights)):
                    slip = general.relation(numbers, rights, self._table.scales)  # type: ignore[arg-type]
                    if slip and not (slip.weak and names):
                        (self._weak if slip.weak else self._says)[slip.name] = slip.says
                        explained.add(frozenset({*names, slip.name}))
        if frozenset() not in explained:
            self._by_argument(leaf, column)
            if not any(each is None for each in numbers):
                self._by_part(leaf, numbers)  # type: ignore[arg-type]

    def _by_part(self, leaf: int, got: list[Tensor]) -> None:
        """A part of a sum that counts with a factor; a slip "no …" says what is without it."""
        right = self._table.leaves((), leaf)
        for name in self._table.own:
            without = self._table.leaves((name,), leaf) if name.startswith("no ") else None
            if right and without:
                factor = general.factor_of_a_part(got, right, without, self._table.scales)
                if factor:
                    slip = general.of_a_part(factor, name.removeprefix("no "))
                    (self._weak if slip.weak else self._says)[slip.name] = slip.says
                    self._explained[leaf].add(frozenset({slip.name}))

    def _by_argument(self, leaf: int, column: list[Any]) -> None:
        """An argument handed back as it came."""
        for place, parameter in enumerate(self._table.exercise.parameters):
            given = [arguments[place] for arguments in self._table.cases]
            floats = all(isinstance(each, Tensor) and each.dtype == torch.float64 for each in given)
            if floats and all(map(leaves_close, column, given)):
                name = f"argument {parameter}"
                self._says[name] = f"This is the argument `{parameter}`, as it came."
                self._explained[leaf].add(frozenset({name}))

    def _by_exchange(self) -> None:
        """All results right, but in each other's places."""
        rights = [self._table.leaves((), leaf) for leaf in range(len(self._got))]
        fitting = [
            [
                place
                for place, values in enumerate(rights)
                if values and all(map(leaves_close, column, values))
            ]
            for column in self._got
        ]
        if any(len(set(places)) == len(places) for places in product(*fitting)):
            order = _listed(self._table.exercise.returns)
            self._says["exchanged"] = f"{general.WORDS['exchanged'].rstrip('.')}: it is {order}."
            for explained in self._explained:
                explained.add(frozenset({"exchanged"}))

    def _by_pair(self, leaf: int, column: list[Any]) -> None:
        for pair in combinations(self._table.own, 2):
            first = self._table.value(pair, 0)
            parts = () if first is RAISED else leaves(first)
            if leaf < len(parts) and leaves_close(column[0], parts[leaf]):
                values = self._table.leaves(pair, leaf)
                if values and all(map(leaves_close, column, values)):
                    self._explained[leaf].add(frozenset(pair))

    def _fewest(self, most: int) -> Names | None:
        """At most so many slips that explain every result, the exercise's own before others."""
        if any(not explained for explained in self._explained):
            return None
        keys = [
            key
            for key in (*self._table.own, *self._says)
            if any(key in names for explained in self._explained for names in explained)
        ]
        for size in range(1, most + 1):
            covering = [
                frozenset(chosen)
                for chosen in combinations(keys, size)
                if all(any(n <= set(chosen) for n in each) for each in self._explained)
            ]
            if covering:
                return min(covering, key=self._cost)
        return None

    def _cost(self, names: Names) -> tuple[int, int]:
        """An own slip that is in some of its results only may be another one in truth."""
        affected = self._affected(names)
        own = names & set(self._table.own)
        partial = sum(not affected[name] >= self._natural(name) for name in own)
        return partial, len(names - own)

    def _affected(self, names: Names) -> dict[str, set[int]]:
        """The results in which each of the slips is."""
        affected: dict[str, set[int]] = {name: set() for name in names}
        for leaf, explained in enumerate(self._explained):
            fitting = [each for each in explained if each <= names]
            for name in max(fitting, key=lambda each: len(each & set(self._table.own))):
                affected[name].add(leaf)
        pair = tuple(name for name in self._table.own if name in names)
        if len(pair) == len(names) == 2 and _whole(self._table, pair, self._values):
            return {name: self._natural(name) for name in names}
        return {name: affected[name] & self._natural(name) for name in names}

    def _diagnosis(self, names: Names) -> Diagnosis:
        """What to say: of each slip, in which results it is, where that is not all it would do."""
        affected = self._affected(names)
        order = [name for name in (*self._table.own, *self._says) if name in names]
        whole = {name for name in order if affected[name] >= self._natural(name)} | {"exchanged"}
        places = {name: None if name in whole else sorted(affected[name]) for name in order}
        right = {leaf for leaf, each in enumerate(self._explained) if frozenset() in each}
        first, *others = order
        over = {
            name
            for name in others
            if name not in self._table.own and affected[name] & affected[first] - right
        }
        return _say(self._table, places, self._says, over, sorted(right))

    def _natural(self, name: str) -> set[int]:
        """The results that a slip changes."""
        if name not in self._naturals:
            same = self._table.unchanged((name,)) if name in self._table.own else ()
            self._naturals[name] = set(range(len(self._got))) - set(same)
        return self._naturals[name]


def _say(
    table: Table,
    places: dict[str, list[int] | None],
    says: Mapping[str, str] = MappingProxyType({}),
    over: Set[str] = frozenset(),
    right: Iterable[int] = (),
) -> Diagnosis:
    """One sentence or two: of each slip, its results where these are not all that it would change.

    Slips in `over` are on top of the first one. `right` are the results that need no change.
    """
    exercise, text = table.exercise, ""
    for name, affected in places.items():
        own = name in table.own or (affected is None and name not in over)
        said = exercise.slips.get(name, says.get(name, "")) if own else says[name]
        said = general.on_top(said) if name in over else said
        said = _in_company(said) if len(places) > 1 else said
        where = f"n {_listed(exercise.returns[leaf] for leaf in affected)}: " if affected else ""
        if not text:
            text = f"I{where}{said}" if where else said
        elif name in over:
            text = f"Two things. {text} On top of that{', i' + where if where else ': '}{said}"
        else:
            text = f"Two things. {text} Besides: {'I' + where if where else ''}{said}"
    if listed := _listed(exercise.returns[leaf] for leaf in right):
        text += f" {listed[0].upper()}{listed[1:]}: right."
    return Diagnosis(tuple(places), text)


def _in_company(said: str) -> str:
    """Without its beginning "Right for small weights, but": with another slip it is not right."""
    rest = re.sub(r"^Right [^.,;]*[.,;] (but )?", "", said)
    return said if rest == said else rest[0].upper() + rest[1:]


def _listed(parts: Iterable[str]) -> str:
    *most, last = [*parts] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def confusions(exercise: Exercise, cases: list[Arguments]) -> Iterator[tuple[str, str]]:
    """Slips that no case tells apart, or from the right answer (""): an exercise has none."""
    table = Table(exercise, cases)
    for one, other in combinations(("", *table.own), 2):
        names = [(name,) if name else () for name in (one, other)]
        if all(
            _alike(table.value(names[0], c), table.value(names[1], c)) for c in range(len(cases))
        ):
            yield one, other

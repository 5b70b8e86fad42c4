"""Rules for plain values: numbers, strings, functions, lists of them, one kind or another."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lecturekit.door.declared import ENDS, MANY, RECTANGLE, In, Trait
from lecturekit.door.together import Call
from lecturekit.door.words import came, refuse

UNBOUNDED = In()


class Rule:
    """Anything will do."""

    wanted = ""

    def fits(self, value: object) -> bool:
        """Whether it is of this kind at all."""
        return True

    def check(self, name: str, value: Any, call: Call) -> None:
        if not self.fits(value):
            refuse(name, *self.words(value), self.hint(name, value))

    def words(self, value: object) -> tuple[str, str]:
        """What would be right, and what came."""
        return self.wanted, came(value)

    def is_one(self, value: object) -> bool:
        """Whether it is surely one of this kind, and not several."""
        return False

    def hint(self, name: str, value: object) -> str:
        return ""


@dataclasses.dataclass
class NumberRule(Rule):
    """A number: finite, not True or False."""

    whole: bool
    inside: In = UNBOUNDED
    finite: bool = True

    @property
    def wanted(self) -> str:  # type: ignore[override]
        limits = "" if self.inside == UNBOUNDED else f" {self.inside}"
        return f"to be a {'whole' if self.whole else 'finite'} number{limits}"

    def fits(self, value: object) -> bool:
        if isinstance(value, bool | np.bool_):
            return False
        if isinstance(value, Tensor):
            real = not (value.is_complex() or value.dtype == torch.bool)
            return value.ndim == 0 and real and not (self.whole and value.is_floating_point())
        return isinstance(value, numbers.Integral if self.whole else numbers.Real)

    def check(self, name: str, value: Any, call: Call) -> None:
        super().check(name, value, call)
        if isinstance(value, Tensor) and value.device.type == "meta":
            refuse(name, self.wanted, "a tensor on meta")
        # item() is silent about a gradient that float() warns of.
        number = float(value.item() if isinstance(value, Tensor) else value)
        if self.finite and not math.isfinite(number):
            refuse(name, self.wanted, came(value))
        if MANY == self.inside.high < number:
            refuse(name, f"≤ {MANY:,}", came(value))
        if not math.isnan(number) and not self.inside.allow(number, number):
            refuse(name, str(self.inside), came(value))


@dataclasses.dataclass
class TestRule(Rule):
    """What a small function tells."""

    fits_it: Callable[[Any], bool]
    wanted: str

    def fits(self, value: object) -> bool:
        return self.fits_it(value)


class FunctionRule(Rule):
    """A function, or a net in the place of one."""

    wanted = "to be a function"

    def fits(self, value: object) -> bool:
        return callable(value)

    def check(self, name: str, value: Any, call: Call) -> None:
        super().check(name, value, call)
        owner = getattr(value, "__self__", value)
        if isinstance(owner, nn.Module):
            call.owners.append(owner)
            call.model(name, owner)


@dataclasses.dataclass
class ChoiceRule(Rule):
    """One of some values."""

    options: tuple[Any, ...]

    @property
    def wanted(self) -> str:  # type: ignore[override]
        return f"among {', '.join(map(str, self.options))}"

    def fits(self, value: object) -> bool:
        return any(type(value) is type(each) and value == each for each in self.options)


@dataclasses.dataclass
class EachRule(Rule):
    """Several: a list, a tuple, the values of a mapping."""

    each: Rule
    kind: Any
    least: int = 0
    exactly: tuple[Rule, ...] | None = None
    names: Rule | None = None  # of a mapping
    trait: Trait | None = None

    @property
    def wanted(self) -> str:  # type: ignore[override]
        if self.exactly is not None:
            return f"to be {self.trait.value if self.trait else f'{len(self.exactly)} values'}"
        what = "a mapping by name" if self.kind is Mapping else "a list"
        return f"to be {what}{' with at least one element' if self.least else ''}"

    def fits(self, value: object) -> bool:
        if isinstance(value, str | bytes) or not isinstance(value, self.kind):
            return False
        if isinstance(value, np.ndarray | Tensor) and value.ndim == 0:
            return False
        size = len(value)  # type: ignore[arg-type]
        return size >= self.least and (self.exactly is None or size == len(self.exactly))

    def check(self, name: str, value: Any, call: Call) -> None:
        super().check(name, value, call)
        if self.each.is_one(value):
            refuse(name, self.wanted, came(value), f"pass [{name}]")
        odd = [key for key in value if self.names and not self.names.fits(key)]
        if self.names and odd:
            refuse(f"the names in {name}", self.names.wanted, came(odd[0]))
        rules = self.exactly or (self.each,) * len(value)
        if type(rules[0]) is Rule if rules else True:
            return
        parts = value.items() if isinstance(value, Mapping) else enumerate(value)
        for rule, (place, part) in zip(rules, parts, strict=True):
            rule.check(f"{name}[{place!r}]", part, call)
        if self.trait is not None and not SPAN[self.trait](*value):
            refuse(name, self.wanted, came(value))


SPAN: dict[Trait, Callable[..., bool]] = {
    RECTANGLE: lambda left, right, bottom, top: left < right and bottom < top,
    ENDS: lambda first, last: first != last,
}


@dataclasses.dataclass
class AnyOfRule(Rule):
    """One of several kinds."""

    rules: tuple[Rule, ...]

    @property
    def wanted(self) -> str:  # type: ignore[override]
        first, *others = (rule.wanted for rule in self.rules)
        return " or ".join([first, *(each.removeprefix("to be ") for each in others)])

    def fits(self, value: object) -> bool:
        return any(rule.fits(value) for rule in self.rules)

    def words(self, value: object) -> tuple[str, str]:
        usual = self.wanted, came(value)
        each = (rule.words(value) for rule in self.rules)
        return next((words for words in each if words[1] != usual[1]), usual)

    def hint(self, name: str, value: object) -> str:
        return next(filter(None, (rule.hint(name, value) for rule in self.rules)), "")

    def check(self, name: str, value: Any, call: Call) -> None:
        super().check(name, value, call)
        next(rule for rule in self.rules if rule.fits(value)).check(name, value, call)

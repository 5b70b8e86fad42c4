"""What an annotation says, as a rule; instances of classes, and the fields of settings."""

from __future__ import annotations

import collections.abc
import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import torch
from torch import Tensor

from lecturekit.door.declared import ANYWHERE, FREE, NOT_EMPTY, NUMBERS, OF_ANY_TYPE, In, Trait
from lecturekit.door.rules import (
    SPAN,
    AnyOfRule,
    ChoiceRule,
    EachRule,
    FunctionRule,
    NumberRule,
    Rule,
    TestRule,
)
from lecturekit.door.tensors import HELD, NumbersRule, TensorRule
from lecturekit.door.together import Call
from lecturekit.door.words import RefusedError, a_, came, refuse, whole_name


def rule_of(hint: Any) -> Rule:
    """What an annotation says."""
    metadata: tuple[Any, ...] = ()
    if typing.get_origin(hint) is Annotated:
        hint, *rest = typing.get_args(hint)
        metadata = tuple(rest)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(hint, TypeVar):
        return (
            rule_of(Annotated[(hint.__bound__, *(metadata or (None,)))])
            if hint.__bound__
            else Rule()
        )
    if origin in (types.UnionType, typing.Union):
        if torch.device in arguments:  # which a string may name, though not any
            arguments = tuple(each for each in arguments if each is not str)
        return AnyOfRule(tuple(rule_of(each) for each in arguments))
    if origin is Literal:
        return ChoiceRule(arguments)
    if hint is Tensor:
        return _tensor_rule(metadata)
    if hint in (int, float):
        inside = next((m for m in metadata if isinstance(m, In)), In())
        return NumberRule(hint is int, inside, FREE not in metadata)
    if hint in SIMPLE:
        return TestRule(*SIMPLE[hint])
    if origin is not None:
        return _generic_rule(origin, arguments, metadata)
    if NUMBERS in metadata:
        return NumbersRule(_tensor_rule((*metadata, OF_ANY_TYPE, ANYWHERE)))
    if hint is torch.Generator and ANYWHERE in metadata:
        return KindRule(hint, anywhere=True)
    if isinstance(hint, type) and hint is not object and hint is not Any:
        return KindRule(hint, diverged=FREE in metadata)
    return Rule()


def _tensor_rule(metadata: tuple[Any, ...]) -> TensorRule:
    written = [each for each in metadata if isinstance(each, str)]
    shapes = tuple(tuple(shape.split()) for each in written for shape in each.split("|"))
    inside = next((each for each in metadata if isinstance(each, In)), None)
    return TensorRule(shapes, inside, frozenset(m for m in metadata if isinstance(m, Trait)))


def _generic_rule(origin: Any, arguments: tuple[Any, ...], metadata: tuple[Any, ...]) -> Rule:
    least = int(NOT_EMPTY in metadata)
    if origin in (collections.abc.Callable,):
        return FunctionRule()
    if origin is collections.abc.Mapping or origin is dict:
        return EachRule(rule_of(arguments[1]), Mapping, least, names=rule_of(arguments[0]))
    if origin is tuple and arguments[-1] is not Ellipsis:
        exactly = tuple(rule_of(each) for each in arguments)
        trait = next((each for each in metadata if each in SPAN), None)
        return EachRule(Rule(), (Sequence, np.ndarray, Tensor), exactly=exactly, trait=trait)
    if origin in (collections.abc.Sequence, list, tuple):
        return EachRule(rule_of(arguments[0]), (Sequence, np.ndarray, Tensor), least)
    if origin is collections.abc.Iterator:
        return TestRule(lambda value: hasattr(value, "__next__"), "to be an iterator")
    if isinstance(origin, type):
        return KindRule(origin)
    return Rule()


def _is_device(value: object) -> bool:
    if not isinstance(value, str | torch.device):
        return False  # newer versions of torch take a number for a GPU, wherever they are
    try:
        return torch.device(value).type != "meta"  # where tensors have no values
    except RuntimeError:
        return False


SIMPLE: dict[Any, tuple[Callable[[Any], bool], str]] = {
    bool: (lambda value: isinstance(value, bool | np.bool_), "to be True or False"),
    str: (lambda value: isinstance(value, str), "to be a string"),
    Path: (lambda value: isinstance(value, Path), "to be a path"),
    type(None): (lambda value: value is None, "to be None"),
    torch.device: (_is_device, 'to be a device, such as "cpu" or "cuda"'),
    torch.dtype: (
        lambda value: isinstance(value, torch.dtype) and value.is_floating_point,
        "to be a torch.dtype of real numbers",
    ),
}


@dataclasses.dataclass
class KindRule(Rule):
    """An instance of a class, and what it holds: settings within their limits, sound tensors."""

    kind: Any
    anywhere: bool = False  # on whatever device
    diverged: bool = False  # a model, finite or not

    @property
    def wanted(self) -> str:  # type: ignore[override]
        return f"to be {a_(self.kind.__name__)}"

    def words(self, value: object) -> tuple[str, str]:
        if type(value).__name__ == self.kind.__name__:  # of another module
            return f"to be {a_(whole_name(self.kind))}", a_(whole_name(type(value)))
        return self.wanted, came(value)

    def fits(self, value: object) -> bool:
        if getattr(self.kind, "_is_protocol", False):
            return not isinstance(value, type) and not self.lacks(value)
        return isinstance(value, self.kind)

    def lacks(self, value: object) -> list[str]:
        """What an object has not that follows a protocol; `name()` is a method."""
        methods = {name: callable(getattr(self.kind, name, None)) for name in members(self.kind)}
        return [
            f"{name}()" if is_method else name
            for name, is_method in methods.items()
            if not hasattr(value, name) or (is_method and not callable(getattr(value, name)))
        ]

    def hint(self, name: str, value: object) -> str:
        if isinstance(value, type):
            return f"make one: {value.__name__}(…)"
        if getattr(self.kind, "_is_protocol", False):
            lacks, wanted = self.lacks(value), members(self.kind)
            return f"it lacks {', '.join(lacks)}" if len(lacks) < len(wanted) else ""
        return ""

    def check(self, name: str, value: Any, call: Call) -> None:
        super().check(name, value, call)
        if isinstance(value, torch.Generator):
            if not self.anywhere:
                call.places[name] = value.device
            return
        call.owners.append(value)
        call.model(name, value, diverged=self.diverged)
        for field, part in _parts(value):
            if isinstance(part, Tensor):
                HELD.check(f"{name}.{field}", part, call)
        if dataclasses.is_dataclass(value):
            check_settings(value)


def members(protocol: Any) -> list[str]:
    """What a class must have to follow a protocol."""
    own = [c for c in protocol.__mro__ if getattr(c, "_is_protocol", False)]
    own = [c for c in own if c is not typing.Protocol]
    names = [n for c in own for n in (*vars(c), *vars(c).get("__annotations__", ()))]
    return [name for name in names if name[0] != "_" or name == "__call__"]


def _parts(value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        yield from zip(value._fields, value, strict=True)
    elif dataclasses.is_dataclass(value):
        yield from ((f.name, getattr(value, f.name, None)) for f in dataclasses.fields(value))
    elif not isinstance(value, torch.nn.Module) and hasattr(value, "__dict__"):  # a mixture
        yield from ((name, part) for name, part in vars(value).items() if name[0] != "_")


# -------------------------------------------------------------------------------------- settings


@functools.cache
def _hints(kind: type) -> Mapping[str, Rule]:
    """What the fields of a dataclass may be that declare no limits of their own."""
    try:
        hints = typing.get_type_hints(kind, include_extras=True)
    except NameError:  # a class made in a cell or a test, of names that only it knows
        return {}
    fields = [f for f in dataclasses.fields(kind) if f.init and "limits" not in f.metadata]
    judged = (ChoiceRule, TestRule, NumberRule, KindRule, AnyOfRule)
    rules = {f.name: rule_of(hints[f.name]) for f in fields if f.name in hints}
    return {name: rule for name, rule in rules.items() if isinstance(rule, judged)}


def check_settings(settings: object) -> None:
    """Refuse settings outside their limits.

    Args:
        settings: a dataclass; fields made by `tunable`, `limited` and `choice` are looked at, and
            others by their annotation.

    Raises:
        ValueError: says which field is what, and what would be right.
    """
    kind: Any = type(settings)
    refuse_no_settings(settings)
    for field in dataclasses.fields(settings):  # type: ignore[arg-type]
        limits, value = field.metadata.get("limits"), getattr(settings, field.name, None)
        if limits is not None and not limits.allow(value):
            raise RefusedError(f"{kind.__name__}.{field.name} must be {limits}, got {came(value)}")
    for name, rule in _hints(kind).items():
        rule.check(f"{kind.__name__}.{name}", getattr(settings, name), Call())


def has_limits(value: object) -> bool:
    """Whether it is settings: a dataclass with fields that declare limits."""
    if not dataclasses.is_dataclass(value):
        return False
    return any("limits" in field.metadata for field in dataclasses.fields(value))


def refuse_no_settings(settings: object) -> None:
    """Refuse what has no fields.

    Raises:
        ValueError: the settings are no dataclass.
    """
    if not dataclasses.is_dataclass(settings) or isinstance(settings, type):
        refuse("settings", "to be a dataclass", came(settings))


def settings_now(settings: object) -> tuple[Any, ...]:
    """The values that `check_settings` would look at."""
    kind: Any = type(settings)
    values = tuple(_comparable(getattr(settings, name, None)) for name in _read(kind))
    return (*values, *map(type, values))  # True is equal to 1


def _comparable(value: object) -> object:
    """Several numbers, which nothing here may be, by their shape: they cannot be compared."""
    return tuple(value.shape) if isinstance(value, Tensor | np.ndarray) and value.ndim else value


@functools.cache
def _read(kind: type) -> tuple[str, ...]:
    with_limits = [f.name for f in dataclasses.fields(kind) if "limits" in f.metadata]
    return (*with_limits, *_hints(kind))

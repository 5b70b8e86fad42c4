"""The door itself: calls from outside the package are looked at before they begin."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor

from lecturekit.door.declared import FREE
from lecturekit.door.finite import refuse_overflow
from lecturekit.door.kinds import KindRule, check_settings, has_limits, rule_of
from lecturekit.door.lasting import Lasting
from lecturekit.door.together import Call

PACKAGE = "lecturekit"
HANDS_ON = (f"{PACKAGE}.live.views", f"{PACKAGE}.training.repeat")  # calls that somebody else meant
TRANSPARENT = ("torch.", f"{PACKAGE}.door")  # between a call and who meant it

# the special methods that people call
SPECIAL = ("__init__", "__call__", "__add__", "__sub__", "__mul__", "__rmul__")

Public = TypeVar("Public", bound=Callable[..., Any])


def door(public: Public) -> Public:
    """Let a function, or a class's maker and public methods, refuse what its signature excludes.

    Raises:
        ValueError: at a call, before it begins: says which argument, what came, and what would be
            right.
    """
    if not isinstance(public, type):
        return typing.cast(Public, _guarded(public))
    for name, method in list(vars(public).items()):
        if isinstance(method, types.FunctionType) and (name in SPECIAL or name[0] != "_"):
            setattr(public, name, _guarded(method))
    if hasattr(public, "_fields"):  # a NamedTuple is made by __new__
        made = _guarded(public.__new__, vars(sys.modules[public.__module__]))
        public.__new__ = staticmethod(made)  # type: ignore[method-assign]
    return public


def _guarded(
    function: Callable[..., Any], names: Mapping[str, Any] | None = None
) -> Callable[..., Any]:
    rules: Rules | None = None

    @functools.wraps(function)
    def at_the_door(*args: Any, **kwargs: Any) -> Any:
        nonlocal rules
        caller = sys._getframe(1)
        if caller.f_globals.get("__name__") not in _INSIDE and _from_outside(caller):
            rules = rules or Rules(function, names)
            tensors = rules.check(args, kwargs)
            with _sources_kept(args, kwargs):
                result = function(*args, **kwargs)
                rules.check_result(result)
            if isinstance(result, Lasting):
                result.look_again_at(tensors, functools.partial(rules.check, args, kwargs))
            return result
        return function(*args, **kwargs)

    return at_the_door


@contextlib.contextmanager
def _sources_kept(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[None]:
    """What fails has drawn nothing."""
    given = [each for each in (*args, *kwargs.values()) if isinstance(each, torch.Generator)]
    states = [each.get_state() for each in given]
    try:
        yield
    except Exception:
        for each, state in zip(given, states, strict=True):
            each.set_state(state)
        raise


# Modules whose calls are the package's own, as they are met: an update of a small model makes a
# dozen of them, which must not cost it a look at the frames each time.
_INSIDE: set[str] = set()


def called_from_outside() -> bool:
    """Whether the function that asks this was called by a person."""
    return _from_outside(sys._getframe(2))


def _from_outside(frame: types.FrameType | None) -> bool:
    while frame is not None:
        caller = frame.f_globals.get("__name__", "")
        if not caller.startswith(TRANSPARENT):
            if not caller.startswith(PACKAGE) or caller.startswith(HANDS_ON):
                return True
            _INSIDE.add(caller)
            return False
        frame = frame.f_back
    return True


class Rules:
    """What a function's signature says about its arguments."""

    def __init__(
        self, function: Callable[..., Any], names: Mapping[str, Any] | None = None
    ) -> None:
        bare = inspect.unwrap(function)
        self.signature = inspect.signature(function)
        scope = {**vars(typing), **getattr(bare, "__globals__", {}), **(names or {})}
        hints = typing.get_type_hints(bare, scope, include_extras=True)
        self.makes = bare.__name__ in ("__init__", "__new__")
        self.begins_anew = bare.__name__ == "initialise"  # whatever it was before
        self.is_method = next(iter(self.signature.parameters), "") == "self"
        self.free = FREE in typing.get_args(hints.get("return"))
        self.name = bare.__name__
        self.rules = {
            name: rule_of(hints.get(name, Any))
            for name in self.signature.parameters
            if name not in ("self", "_cls")
        }

    def check(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Tensor]:
        """Refuse arguments; returns those that are tensors, alone or in a list."""
        try:
            given = self.signature.bind(*args, **kwargs).arguments
        except TypeError:
            return []  # Python itself says which argument is missing, or unknown
        call = Call()
        for name, value in given.items():
            if name in ("self", "_cls"):
                if not self.makes:
                    call.owners.append(value)
                    call.model("the model", value, diverged=self.begins_anew)
                    if has_limits(value):
                        check_settings(value)
                continue
            kind = self.signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                for each, part in value.items():
                    self.rules[name].check(each, part, call)
            elif kind is inspect.Parameter.VAR_POSITIONAL:
                for part in value:
                    self.rules[name].check(name, part, call)
            else:
                self.rules[name].check(name, value, call)
        call.settle()
        return [tensor for _, tensor, rule in call.tensors if not rule.held]

    def check_result(self, result: object) -> None:
        """Refuse arguments whose numbers overflow on the way."""
        if isinstance(result, Tensor) and result.is_floating_point() and not self.free:
            refuse_overflow(self.name, result)


def check_arguments(function: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    """Refuse some arguments of a function by its annotations, before it is called.

    Raises:
        ValueError: says which, what came, and what would be right.
    """
    rules, call = Rules(function).rules, Call()
    for name, value in arguments.items():
        rules[name].check(name, value, call)
    call.settle()


def check_alike(annotation: Any, tensors: Mapping[str, Any], **others: Any) -> None:
    """Refuse tensors that an annotation excludes, or that do not fit each other or `others`.

    Args:
        annotation: what each of them has to be.
        tensors: by name.
        **others: models and generators, by name: the tensors have their type and lie with them.

    Raises:
        ValueError: says which, what came, and what would be right.
    """
    call, rule = Call(), rule_of(annotation)
    for name, other in others.items():
        KindRule(type(other)).check(name, other, call)
    for name, tensor in tensors.items():
        rule.check(name, tensor, call)
    call.settle()

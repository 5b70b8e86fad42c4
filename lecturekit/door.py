"""The door of public functions: what does not fit is refused before anything has happened.

`@door` above a public function, or a class, checks what comes in by the annotations of its
signature. They say it once, for the reader too:

    @door
    def parzen(samples: Rows, points: Annotated[Tensor, "m n_dims"], *, width: Positive) -> Tensor:

A plain annotation says the kind: a tensor is one of real numbers, finite, with at least one entry,
and all tensors and models of a call have one type and lie on one device. `Annotated` adds

- a shape, `"n n_visible"`: a name is a size that is the same wherever it stands in the call, and
  that of the attribute of an argument, such as `model.n_visible`, if it has one; `n≥2` has a least
  size (else 1), `4·height` is a multiple of 4, `…` is any number of axes, `|` separates
  alternatives;
- `In(low, high)`: what the numbers may be, for tensors too;
- `BINARY`, `WHOLE`, `MASK`, `FREE`, `ANYWHERE`, `OF_ANY_TYPE`, `NOT_EMPTY`, `NUMBERS`,
  `RECTANGLE`, `ENDS`.

What fails leaves sources of randomness as they were, so that a call that is put right gives what it
would have given at first. What a function among the arguments gives is looked at by `returned`.

Only calls from outside the package are checked: its rooms know each other, and an update costs what
it did. What hands on calls of others (`live`, `training.repeat`) counts as outside.
"""

from __future__ import annotations

import collections.abc
import contextlib
import dataclasses
import enum
import functools
import inspect
import itertools
import math
import numbers
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

PACKAGE = "lecturekit"
HANDS_ON = (f"{PACKAGE}.live.views", f"{PACKAGE}.training.repeat")  # calls that somebody else meant
TRANSPARENT = ("torch.", f"{PACKAGE}.door")  # between a call and who meant it


# --------------------------------------------------------------------------- what can be declared


@dataclasses.dataclass(frozen=True)
class In:
    """What numbers may be: from `low` to `high`, without the ends that are `open`."""

    low: float = -math.inf
    high: float = math.inf
    open: Literal["", "low", "high", "both"] = ""

    def allow(self, low: float, high: float) -> bool:
        """Whether numbers from `low` to `high` are so."""
        above = low > self.low if self.open in ("low", "both") else low >= self.low
        below = high < self.high if self.open in ("high", "both") else high <= self.high
        return above and below

    def __str__(self) -> str:
        """In words, such as `≥ 1`, `in [0, 1)`."""
        left = "(" if self.open in ("low", "both") else "["
        right = ")" if self.open in ("high", "both") else "]"
        if self.high >= MANY:
            return f"{'>' if left == '(' else '≥'} {self.low:g}"
        if self.low == -math.inf:
            return f"{'<' if right == ')' else '≤'} {self.high:g}"
        return f"in {left}{self.low:g}, {self.high:g}{right}"


class Trait(enum.Enum):
    """What else an annotation may say."""

    BINARY = "of zeros and ones"
    WHOLE = "of whole numbers (int64)"
    MASK = "of True and False"
    FREE = "finite or not"
    ANYWHERE = "on any device"
    OF_ANY_TYPE = "of any type"
    NOT_EMPTY = "with at least one element"
    NUMBERS = "numbers: a tensor, an array, a list, or a function that returns them"
    RECTANGLE = "(left < right, bottom < top)"
    ENDS = "two different numbers"


BINARY, WHOLE, MASK, FREE = Trait.BINARY, Trait.WHOLE, Trait.MASK, Trait.FREE
ANYWHERE, OF_ANY_TYPE, NOT_EMPTY = Trait.ANYWHERE, Trait.OF_ANY_TYPE, Trait.NOT_EMPTY
NUMBERS, RECTANGLE, ENDS = Trait.NUMBERS, Trait.RECTANGLE, Trait.ENDS

MANY = 10_000_000  # more of anything is a slip: it would not fit into memory, or never end
Count = Annotated[int, In(1, MANY)]
Natural = Annotated[int, In(0)]
Positive = Annotated[float, In(0, open="low")]
NonNegative = Annotated[float, In(0)]
Share = Annotated[float, In(0, 1)]
Rows = Annotated[Tensor, "n n_dims"]
AnyGenerator = Annotated[torch.Generator, ANYWHERE]
AnyNumber = Annotated[float, FREE]
AnyNumbers = Annotated[Tensor, FREE, OF_ANY_TYPE, ANYWHERE]
Extent = Annotated[tuple[float, float, float, float], RECTANGLE]  # left, right, bottom, top
Ends = Annotated[tuple[float, float], ENDS]  # of an axis, which may also fall
Fineness = Annotated[int, In(1, 2000)]  # points along each axis of a grid in the plane

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
        if isinstance(method, types.FunctionType) and (
            name in ("__init__", "__call__") or name[0] != "_"
        ):
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
            rules.check(args, kwargs)
            with _sources_kept(args, kwargs):
                return function(*args, **kwargs)
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


# ------------------------------------------------------------------------------ what is refused


class RefusedError(ValueError):
    """An argument that does not fit."""


def refuse(name: str, wanted: str, came: str, hint: str = "") -> typing.NoReturn:
    """Say which argument, what would be right, and what came."""
    raise RefusedError(f"expected {name} {wanted}, got {came}{'; ' + hint if hint else ''}")


def returned(name: str, value: object, *shape: int | None) -> Tensor:
    """What a function among the arguments has returned, if it is a tensor of that shape.

    None is any size.

    Raises:
        ValueError: says whose result it is, what came, and what would be right.
    """
    if not isinstance(value, Tensor) or not _has_shape(value, shape):
        words = str(shape).replace("None", "any")
        kind = f"a tensor of shape {words}" if shape else "a single number"
        refuse(name, f"to return {kind}", came(value))
    return value


def _has_shape(tensor: Tensor, shape: tuple[int | None, ...]) -> bool:
    pairs = itertools.zip_longest(shape, tensor.shape, fillvalue=-1)
    return all(wanted in (None, size) for wanted, size in pairs)


def asked(name: str, function: Callable[[Tensor], Any], x: Tensor, *shape: int | None) -> Tensor:
    """What a function among the arguments makes of `x`, if it takes it, and gives that shape.

    Raises:
        ValueError: says whose result it is, what came, and what would be right.
    """
    try:
        value = function(x)
    except (RuntimeError, TypeError) as error:  # a width or arguments that do not fit
        raise RefusedError(
            f"expected {name} to take shape {tuple(x.shape)}, got {error}"
        ) from error
    return returned(name, value, *shape)


def refuse_uncallable(
    name: str, function: object, n: int, named: Mapping[str, Any] | None = None
) -> None:
    """Refuse a function that cannot be called with `n` arguments, and these by name.

    Raises:
        ValueError: says how many it takes.
    """
    try:
        signature = inspect.signature(function)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return  # such as one that is written in C
    try:
        signature.bind(*[None] * n, **(named or {}))
    except TypeError:
        refuse(name, f"to be a function of {n} argument{'s' * (n > 1)}", f"one of {signature}")


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
        self.is_method = next(iter(self.signature.parameters), "") == "self"
        self.rules = {
            name: rule_of(hints.get(name, Any))
            for name in self.signature.parameters
            if name not in ("self", "_cls")
        }

    def check(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        try:
            given = self.signature.bind(*args, **kwargs).arguments
        except TypeError:
            return  # Python itself says which argument is missing, or unknown
        call = Call()
        for name, value in given.items():
            if name in ("self", "_cls"):
                if not self.makes:
                    call.owners.append(value)
                    call.model("the model", value)
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


class Call:
    """What has come in by one call: models and tensors, to be seen together."""

    def __init__(self) -> None:
        self.owners: list[object] = []
        self.tensors: list[tuple[str, Tensor, TensorRule]] = []
        self.places: dict[str, torch.device] = {}
        self.dtype: tuple[str, torch.dtype] | None = None
        self.sizes: dict[str, int] = {}

    def model(self, name: str, module: object) -> None:
        if isinstance(module, nn.Module):
            parameter: Tensor | None = next(module.parameters(), None)
        elif dataclasses.is_dataclass(module) and not _is_frozen(module):
            return  # what it remembers is looked at field by field
        else:
            held = getattr(module, "__dict__", {}).values()
            parameter = next((each for each in held if isinstance(each, Tensor)), None)
        if parameter is not None:
            self.places[name] = parameter.device
            if self.dtype is None and parameter.is_floating_point():
                self.dtype = name, parameter.dtype

    def size(self, name: str) -> int | None:
        """What an argument says that it is, or a tensor before."""
        if name in self.sizes:
            return self.sizes[name]
        for owner in self.owners if name.startswith("n_") else ():
            size = getattr(owner, name, None)
            if isinstance(size, int) and not isinstance(size, bool):
                return size
        return None

    def settle(self) -> None:
        """Look at the tensors together, when all that can be known of them is known."""
        for name, tensor, rule in self.tensors:
            rule.check_shape(name, tensor, self)
        if len({str(place) for place in self.places.values()}) > 1:
            where = ", ".join(f"{name} on {place}" for name, place in self.places.items())
            raise RefusedError(f"expected {', '.join(self.places)} on one device, got {where}")
        for name, tensor, rule in self.tensors:
            rule.check_dtype(name, tensor, self)
        for name, tensor, rule in self.tensors:
            rule.check_values(name, tensor)


# --------------------------------------------------------------------------------- rule by rule


ROUNDING = 1e-6  # a probability may be that much above 1


class Rule:
    """Anything will do."""

    wanted = ""

    def fits(self, value: object) -> bool:
        """Whether it is of this kind at all."""
        return True

    def check(self, name: str, value: Any, call: Call) -> None:
        if not self.fits(value):
            refuse(name, self.wanted, came(value), self.hint(name, value))

    def hint(self, name: str, value: object) -> str:
        return ""


@dataclasses.dataclass
class NumberRule(Rule):
    """A number: finite, not True or False."""

    whole: bool
    inside: In = In()
    finite: bool = True

    @property
    def wanted(self) -> str:  # type: ignore[override]
        limits = "" if self.inside == In() else f" {self.inside}"
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
class TensorRule(Rule):
    """A tensor: of real numbers and finite, unless it says otherwise."""

    shapes: tuple[tuple[str, ...], ...] = ()
    inside: In | None = None
    traits: frozenset[Trait] = frozenset()
    held: bool = False  # by an argument, whose own business its shape is

    wanted = "to be a tensor"

    def fits(self, value: object) -> bool:
        return isinstance(value, Tensor)

    def hint(self, name: str, value: object) -> str:
        if isinstance(value, np.ndarray | list | tuple):
            kind = "" if WHOLE in self.traits else ", dtype=torch.float32"
            return f"pass torch.as_tensor({name}{kind})"
        return ""

    def check(self, name: str, value: Any, call: Call) -> None:
        super().check(name, value, call)
        call.tensors.append((name, value, self))
        if ANYWHERE not in self.traits or value.device.type == "meta":
            call.places[name] = value.device

    def check_shape(self, name: str, tensor: Tensor, call: Call) -> None:
        if self.shapes and not any(_match(shape, tensor, call) for shape in self.shapes):
            wanted = " or ".join(_written(shape, call) for shape in self.shapes)
            got = tuple(tensor.shape)
            refuse(name, f"of shape {wanted}", f"{got}", self._reshape(name, tensor, call))
        if not self.shapes and not self.held and tensor.numel() == 0:
            refuse(name, "with at least one entry", f"shape {tuple(tensor.shape)}")

    def _reshape(self, name: str, tensor: Tensor, call: Call) -> str:
        axes = {len(shape) for shape in self.shapes if "…" not in shape}
        if axes == {2} and tensor.ndim == 1:
            return f"for one row pass {name}[None]"
        if axes == {2} and tensor.ndim > 2:
            return f"flatten images with {name}.flatten(1)"
        if axes == {2} and tensor.ndim == 2:
            flipped = any(_match(shape, tensor.t(), call) for shape in self.shapes)
            return f"rows are what is counted: pass {name}.T" if flipped else ""
        if 4 in axes and tensor.ndim == 3:
            return f"give grey images a channel: {name}[:, None]"
        return ""

    def check_dtype(self, name: str, tensor: Tensor, call: Call) -> None:
        if tensor.device.type == "meta":
            refuse(name, "with values", "a tensor on meta, which has none")
        if tensor.is_complex():
            refuse(name, "of real numbers", str(tensor.dtype), f"pass {name}.real")
        if OF_ANY_TYPE in self.traits:
            return
        lowered = call.dtype is not None and call.dtype[1] in (torch.bfloat16, torch.float16)
        if WHOLE in self.traits:
            if tensor.dtype != torch.long:
                refuse(name, WHOLE.value, str(tensor.dtype), f"pass {name}.long()")
        elif MASK in self.traits:
            if tensor.dtype != torch.bool:
                refuse(name, MASK.value, str(tensor.dtype), f"pass {name}.bool()")
        elif not tensor.is_floating_point():
            refuse(name, "of real numbers", str(tensor.dtype), f"pass {name}.float()")
        elif call.dtype is None:
            call.dtype = name, tensor.dtype
        elif call.dtype[1] != tensor.dtype and not lowered:
            whose, dtype = call.dtype
            refuse(
                name,
                f"of {_possessive(whose)} {dtype}",
                str(tensor.dtype),
                f"pass {name}.to({dtype})",
            )

    def check_values(self, name: str, tensor: Tensor) -> None:
        tensor = tensor.detach()
        try:
            self._check_values(name, tensor)
        except RuntimeError as error:  # inside torch.func nobody can look at numbers
            if "vmap" not in str(error) and "functorch" not in str(error):
                raise

    def _check_values(self, name: str, tensor: Tensor) -> None:
        real = tensor.is_floating_point()
        if real and FREE not in self.traits and not _is_finite(tensor):
            odd = int((~tensor.isfinite()).sum())
            refuse(name, "finite", f"{odd} NaN or infinite among {tensor.numel()} values")
        if BINARY in self.traits:
            if not bool((tensor * (1 - tensor) == 0).all()):
                refuse(
                    name,
                    BINARY.value,
                    _span(tensor),
                    f"threshold them: ({name} > 0.5).float()",
                )
        elif self.inside is not None and tensor.numel():
            low, high = (float(each) for each in tensor.aminmax())
            ends = self.inside.open
            low_end = low if ends in ("low", "both") else low + ROUNDING
            high_end = high if ends in ("high", "both") else high - ROUNDING
            if not self.inside.allow(low_end, high_end):
                hint = f"divide by 255: {name} / 255" if self._are_bytes(high) else ""
                refuse(name, str(self.inside), _span(tensor), hint)

    def _are_bytes(self, high: float) -> bool:
        return self.inside == In(0, 1) and 2 < high <= 255


@dataclasses.dataclass
class NumbersRule(Rule):
    """Numbers to be shown: of any kind; a function is asked later, and none at all are none yet."""

    inner: TensorRule

    wanted = f"to be {NUMBERS.value}"

    def fits(self, value: object) -> bool:
        return _are_numbers(value)

    def check(self, name: str, value: Any, call: Call) -> None:
        super().check(name, value, call)
        if callable(value):
            return
        if not isinstance(value, Tensor):
            value = torch.as_tensor(np.asarray(value))
        if value.numel() or NOT_EMPTY in self.inner.traits:
            call.tensors.append((name, value, self.inner))


HELD = TensorRule(traits=frozenset({OF_ANY_TYPE}), held=True)


@dataclasses.dataclass
class KindRule(Rule):
    """An instance of a class, and what it holds: settings within their limits, sound tensors."""

    kind: Any

    @property
    def wanted(self) -> str:  # type: ignore[override]
        return f"to be {_a(self.kind.__name__)}"

    def fits(self, value: object) -> bool:
        if getattr(self.kind, "_is_protocol", False):
            return not isinstance(value, type) and all(
                hasattr(value, name) for name in members(self.kind)
            )
        return isinstance(value, self.kind)

    def hint(self, name: str, value: object) -> str:
        return f"make one: {value.__name__}(…)" if isinstance(value, type) else ""

    def check(self, name: str, value: Any, call: Call) -> None:
        super().check(name, value, call)
        if isinstance(value, torch.Generator):
            call.places[name] = value.device
            return
        call.owners.append(value)
        call.model(name, value)
        for field, part in _parts(value):
            if isinstance(part, Tensor):
                HELD.check(f"{name}.{field}", part, call)
        if dataclasses.is_dataclass(value):
            check_settings(value)


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
        odd = [key for key in value if self.names and not self.names.fits(key)]
        if self.names and odd:
            refuse(f"the names in {name}", self.names.wanted, came(odd[0]))
        rules = self.exactly or (self.each,) * len(value)
        if type(rules[0]) is Rule if rules else True:
            return
        parts = value.items() if isinstance(value, Mapping) else enumerate(value)
        for rule, (place, part) in zip(rules, parts, strict=True):
            rule.check(f"{name}[{place!r}]", part, call)
        if self.trait is not None and not _SPAN[self.trait](*value):
            refuse(name, self.wanted, came(value))


_SPAN: dict[Trait, Callable[..., bool]] = {
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

    def hint(self, name: str, value: object) -> str:
        return next(filter(None, (rule.hint(name, value) for rule in self.rules)), "")

    def check(self, name: str, value: Any, call: Call) -> None:
        super().check(name, value, call)
        next(rule for rule in self.rules if rule.fits(value)).check(name, value, call)


def rule_of(hint: Any) -> Rule:
    """What an annotation says."""
    metadata: tuple[Any, ...] = ()
    if typing.get_origin(hint) is Annotated:
        hint, *rest = typing.get_args(hint)
        metadata = tuple(rest)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(hint, TypeVar):
        return rule_of(hint.__bound__) if hint.__bound__ else Rule()
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
        return TestRule(lambda value: isinstance(value, torch.Generator), "to be a Generator")
    if isinstance(hint, type) and hint is not object and hint is not Any:
        return KindRule(hint)
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
        trait = next((each for each in metadata if each in _SPAN), None)
        return EachRule(Rule(), (Sequence, np.ndarray, Tensor), exactly=exactly, trait=trait)
    if origin in (collections.abc.Sequence, list, tuple):
        return EachRule(rule_of(arguments[0]), (Sequence, np.ndarray, Tensor), least)
    if origin is collections.abc.Iterator:
        return TestRule(lambda value: hasattr(value, "__next__"), "to be an iterator")
    if isinstance(origin, type):
        return KindRule(origin)
    return Rule()


def _are_numbers(value: object) -> bool:
    if isinstance(value, Tensor):
        return value.device.type != "meta" and not value.is_complex()
    if value is None or isinstance(value, str | bytes | type):
        return False
    if callable(value):
        return True
    try:
        array = np.asarray(value)  # a list of tensors too
    except (TypeError, ValueError, RuntimeError):
        return False
    return array.dtype.kind in "buif"


def _is_device(value: object) -> bool:
    try:
        return torch.device(value) is not None  # type: ignore[call-overload]
    except (RuntimeError, TypeError):
        return False


SIMPLE: dict[Any, tuple[Callable[[Any], bool], str]] = {
    bool: (lambda value: isinstance(value, bool | np.bool_), "to be True or False"),
    str: (lambda value: isinstance(value, str), "to be a string"),
    Path: (lambda value: isinstance(value, Path), "to be a path"),
    type(None): (lambda value: value is None, "to be None"),
    torch.device: (_is_device, "to be a device"),
    torch.dtype: (
        lambda value: isinstance(value, torch.dtype) and value.is_floating_point,
        "to be a torch.dtype of real numbers",
    ),
}


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


# ----------------------------------------------------------------------------------- in words


def came(value: object) -> str:
    """What it is, in a few words."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"a numpy array of shape {value.shape}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if value is None or isinstance(value, str | bytes | bool | numbers.Number):
        return repr(value)
    if isinstance(value, list | tuple) and len(repr(value)) < 60:
        return repr(value)
    return _a(type(value).__name__)


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


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'AEIOUaeiou' else 'a'} {noun}"


def _is_frozen(part: Any) -> bool:
    return bool(part.__dataclass_params__.frozen)


def _possessive(name: str) -> str:
    return f"{name}'s" if name.startswith("the ") or name == "model" else f"the type of {name},"


def _is_finite(tensor: Tensor) -> bool:
    if bool(tensor.sum().isfinite()):  # one pass without memory; what overflows is looked at again
        return True
    return bool(tensor.isfinite().all())


def _span(tensor: Tensor) -> str:
    if tensor.dtype == torch.bool:
        return "True and False"
    low, high = tensor.aminmax()
    return f"values from {low:g} to {high:g}"


def _match(shape: tuple[str, ...], tensor: Tensor, call: Call) -> bool:
    sizes = list(tensor.shape)
    if "…" in shape:
        place = shape.index("…")
        after = len(shape) - place - 1
        if len(sizes) < len(shape) - 1:
            return False
        if 0 in sizes:
            return False
        sizes = sizes[:place] + sizes[len(sizes) - after :]
        shape = shape[:place] + shape[place + 1 :]
    if len(sizes) != len(shape):
        return False
    found: dict[str, int] = {}
    for token, size in zip(shape, sizes, strict=True):
        name, _, least = token.partition("≥")
        if size < int(least or 1):
            return False
        if "·" in name:  # a multiple of it
            if size % int(name.partition("·")[0]):
                return False
            continue
        if name == "_":  # of its own
            continue
        known = int(name) if name.isdigit() else found.get(name, call.size(name))
        if known is not None and known != size:
            return False
        found[name] = size
    call.sizes |= {name: size for name, size in found.items() if not name.isdigit()}
    return True


def _written(shape: tuple[str, ...], call: Call) -> str:
    words = []
    for token in shape:
        name, _, least = token.partition("≥")
        size = None if name.isdigit() else call.size(name)
        plain = f"{name} ≥ {least}" if least not in ("", "0") else name
        words.append(str(size) if size is not None else plain.replace("…", "..."))
    return f"({', '.join(words)}{',' if len(words) == 1 else ''})"

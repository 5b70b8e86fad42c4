"""Settings that sliders can change while a run is under way, and their limits."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

from lecturekit.door import NOT_EMPTY, AnyNumber, Count, Share, door, refuse, refuse_no_settings

MOST_STEPS = 10_000  # of a chain in one update: with more, an update would never end


@door
@dataclasses.dataclass(frozen=True)
class Limits:
    """What a number among the settings may be: finite, and within its limits.

    Attributes:
        minimum, maximum: the least and the most.
        whole: whether it has to be a whole number, as its default is.

    Raises:
        ValueError: nothing lies between them.
    """

    minimum: AnyNumber
    maximum: AnyNumber
    whole: bool

    def __post_init__(self) -> None:
        if not self.minimum <= self.maximum:
            refuse("maximum", f"≥ minimum = {self.minimum:g}", f"{self.maximum:g}")

    def allow(self, value: Any) -> bool:
        """Whether a setting may be so; what is no number may not."""
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            return False
        number = float(value)
        if not math.isfinite(number) or (self.whole and not number.is_integer()):
            return False
        return self.minimum <= number <= self.maximum

    def __str__(self) -> str:
        """In words, such as `a whole number ≥ 1`."""
        kind = "a whole number" if self.whole else "a finite number"
        if self.maximum == math.inf:
            return f"{kind} ≥ {self.minimum:g}"
        ends = f"from {self.minimum:g} to {self.maximum:g}"
        return f"{kind} {ends}" if self.minimum > -math.inf else f"{kind} ≤ {self.maximum:g}"


@door
@dataclasses.dataclass(frozen=True)
class Tunable(Limits):
    """A setting that may change while a run is under way.

    `low` and `high` bound the slider, not the setting: only what is beyond the limits is refused,
    because a lecturer may want to type a rate that no slider offers.
    """

    low: float
    high: float
    scale: Literal["linear", "log"]
    label: str

    def __post_init__(self) -> None:
        Limits.__post_init__(self)
        if not self.low < self.high:
            refuse("high", f"> low = {self.low:g}", f"{self.high:g}")
        if self.scale == "log" and self.low <= 0:
            refuse("low", "> 0 on a logarithmic scale", f"{self.low:g}")


@door
def limited(default: float, minimum: AnyNumber, maximum: AnyNumber = math.inf) -> Any:
    """A dataclass field that stays as it is during a run; whole if the default is.

    Example:
        >>> @dataclasses.dataclass
        ... class Settings:
        ...     updates: int = limited(1000, 1)
        >>> check_settings(Settings(updates=0))
        Traceback (most recent call last):
        ValueError: Settings.updates must be a whole number ≥ 1, got 0
    """
    _check_default(default, minimum, maximum)
    limits = Limits(minimum, maximum, isinstance(default, int))
    return dataclasses.field(default=default, metadata={"limits": limits})


@door
def tunable(
    default: float,
    low: float,
    high: float,
    *,
    scale: Literal["linear", "log"] = "linear",
    label: str = "",
    minimum: AnyNumber = 0.0,
    maximum: AnyNumber = math.inf,
) -> Any:
    """A dataclass field that a slider can set; the next update uses the new value.

    Example:
        >>> @dataclasses.dataclass
        ... class Settings:
        ...     learning_rate: float = tunable(0.05, 1e-4, 1.0, scale="log", label="rate α")
        >>> tunables(Settings())["learning_rate"].high
        1.0
    """
    _check_default(default, minimum, maximum)
    limits = Tunable(minimum, maximum, isinstance(default, int), low, high, scale, label)
    return dataclasses.field(default=default, metadata={"limits": limits})


def _check_default(default: float, minimum: float, maximum: float) -> None:
    if not minimum <= default <= maximum:
        refuse("default", f"from minimum = {minimum:g} to maximum = {maximum:g}", f"{default:g}")


@door
@dataclasses.dataclass(frozen=True)
class Choice:
    """What a setting may be that is chosen rather than tuned; a run begins anew with it.

    Raises:
        ValueError: no options, or one twice.
    """

    options: Annotated[tuple[str, ...], NOT_EMPTY]
    label: str = ""

    def __post_init__(self) -> None:
        if len(set(self.options)) != len(self.options):
            refuse("options", "to be different", f"{list(self.options)}")

    def allow(self, value: Any) -> bool:
        """Whether it is one of them."""
        return isinstance(value, str) and value in self.options

    def __str__(self) -> str:
        """In words, such as `one of ring, spiral`."""
        return f"one of {', '.join(self.options)}"


@door
def choice(default: str, options: Annotated[Sequence[str], NOT_EMPTY], *, label: str = "") -> Any:
    """A dataclass field that a drop-down list can set; choosing begins the run anew.

    Raises:
        ValueError: the default is not among the options.

    Example:
        >>> @dataclasses.dataclass
        ... class Shape:
        ...     name: str = choice("ring", ["ring", "spiral"], label="data")
        >>> choices(Shape())["name"].options
        ('ring', 'spiral')
    """
    if default not in options:
        refuse("default", f"among the options {', '.join(options)}", repr(default))
    domain = Choice(tuple(options), label)
    return dataclasses.field(default=default, metadata={"limits": domain})


def choices(settings: object) -> dict[str, Choice]:
    """The fields of a settings dataclass that are chosen, in the order of their declaration."""
    return _declared(settings, Choice)


def tunables(settings: object) -> dict[str, Tunable]:
    """The tunable fields of a settings dataclass, in the order in which they were declared."""
    return _declared(settings, Tunable)


def refuse_moved(settings: object, first: object) -> None:
    """Refuse settings that stay as they are during a run (`limited`) and have not.

    Args:
        settings: as they are now.
        first: a copy of them, as the run began.

    Raises:
        ValueError: says which field, and what it was: half of the run would use either.
    """
    for field in dataclasses.fields(settings):  # type: ignore[arg-type]
        if type(field.metadata.get("limits")) is not Limits:
            continue
        was, now = getattr(first, field.name), getattr(settings, field.name)
        if was != now:
            name = f"{type(settings).__name__}.{field.name}"
            hint = "set it back; for another value make a new run"
            refuse(name, f"to stay {was} during a run", f"{now}", hint)


Declared = TypeVar("Declared", bound="Limits | Choice")


def _declared(settings: object, kind: type[Declared]) -> dict[str, Declared]:
    refuse_no_settings(settings)
    return {
        field.name: field.metadata["limits"]
        for field in dataclasses.fields(settings)  # type: ignore[arg-type]
        if isinstance(field.metadata.get("limits"), kind)
    }


@dataclasses.dataclass
class Schedule:
    """What the settings of every trainer begin with: how long it is, and how its rates fall.

    Attributes:
        updates: number of parameter updates.
        batch_size: rows of a minibatch.
        constant_share: of the run, in which all rates are constant; from there they fall linearly
            to 0. With 1 they stay.
    """

    updates: int = limited(1000, 1)
    batch_size: int = limited(100, 1)
    constant_share: float = limited(0.0, 0.0, 1.0)

    @door
    def decay(self, index: Count) -> float:
        """The factor of all rates at an update, 1 to `updates`; 0 beyond."""
        if index > self.updates:  # they were made fewer while the run was under way
            return 0.0
        return linear_decay(index, self.updates, self.constant_share)


@door
def linear_decay(index: Count, total: Count, constant_share: Share = 0.0) -> float:
    """The factor of a rate that is constant for a share of the run, and then falls linearly to 0.

    It is 1 at the first update; at the last 1/total, if it falls all the time.

    Args:
        index: of the update, 1 to `total`.
        total: updates of the run.
        constant_share: 0 to 1.
    """
    if index > total:
        refuse("index", f"≤ total = {total}", f"{index}")
    left, falling = 1 - (index - 1) / total, 1 - constant_share
    return min(1.0, left / falling) if falling else 1.0

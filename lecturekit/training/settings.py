"""Settings that sliders can change while a run is under way, and the door that checks them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor


@dataclasses.dataclass(frozen=True)
class Tunable:
    """The range of a setting that may change while a run is under way.

    `low` and `high` bound the slider, not the setting: only `minimum` and `maximum` are refused
    by `check_settings`, because a lecturer may want to type a rate that no slider offers.
    """

    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"
    label: str = ""
    minimum: float = -math.inf
    maximum: float = math.inf


def tunable(
    default: float,
    low: float,
    high: float,
    *,
    scale: Literal["linear", "log"] = "linear",
    label: str = "",
    minimum: float = 0.0,
    maximum: float = math.inf,
) -> Any:
    """A dataclass field that a slider can set; the next update uses the new value.

    Example:
        >>> @dataclasses.dataclass
        ... class Settings:
        ...     learning_rate: float = tunable(0.05, 1e-4, 1.0, scale="log", label="rate α")
        >>> tunables(Settings())["learning_rate"].high
        1.0
    """
    metadata = Tunable(low, high, scale, label, minimum, maximum)
    return dataclasses.field(default=default, metadata={"tunable": metadata})


@dataclasses.dataclass(frozen=True)
class Choice:
    """What a setting may be that is chosen rather than tuned; a run begins anew with it."""

    options: tuple[str, ...]
    label: str = ""


def choice(default: str, options: Sequence[str], *, label: str = "") -> Any:
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
        raise ValueError(f"expected a default among {', '.join(options)}, got {default!r}")
    domain = Choice(tuple(options), label)
    return dataclasses.field(default=default, metadata={"choice": domain})


def choices(settings: object) -> dict[str, Choice]:
    """The fields of a settings dataclass that are chosen, in the order of their declaration."""
    return _declared(settings, "choice")


def tunables(settings: object) -> dict[str, Tunable]:
    """The tunable fields of a settings dataclass, in the order in which they were declared."""
    return _declared(settings, "tunable")


def _declared(settings: object, kind: str) -> dict[str, Any]:
    return {
        field.name: field.metadata[kind]
        for field in dataclasses.fields(settings)  # type: ignore[arg-type]
        if kind in field.metadata
    }


def check_settings(settings: object, **least: int) -> None:
    """Refuse settings outside their domain.

    Args:
        settings: a dataclass.
        **least: its fields that must be whole numbers, and the least that each may be.

    Raises:
        ValueError: a tunable field is not finite, or lies outside its minimum and maximum, or a
            field named here is no whole number or too small.
    """
    for name, limits in tunables(settings).items():
        value = getattr(settings, name)
        if not (math.isfinite(value) and limits.minimum <= value <= limits.maximum):
            raise ValueError(
                f"{type(settings).__name__}.{name} must be a finite number from "
                f"{limits.minimum:g} to {limits.maximum:g}, got {value!r}"
            )
    for name, lowest in least.items():
        value = getattr(settings, name)
        if not math.isfinite(value) or value != int(value) or value < lowest:
            raise ValueError(f"expected a whole number {name} ≥ {lowest}, got {value!r}")


def check_devices(**parts: Tensor | torch.Generator) -> None:
    """Refuse tensors and generators that are not all on one device.

    Args:
        **parts: by the names under which the message speaks of them.

    Raises:
        ValueError: says which is where.
    """
    if len({part.device for part in parts.values()}) > 1:
        places = ", ".join(f"{name} on {part.device}" for name, part in parts.items())
        raise ValueError(f"expected {', '.join(parts)} on one device, got {places}")

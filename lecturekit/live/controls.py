"""The settings that a person may change while a run is under way."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lecturekit.training import Choice, Tunable, choices, tunables


class Control:
    """One field of a settings object that a person may set, and what the page needs to draw it.

    A tunable field is a slider, a chosen one a drop-down list. To show a setting must never change
    it, not even in its last digit: runs would no longer repeat. So the field is set only when
    somebody moves the slider, to the very number that the page shows, and read whenever the panel
    tells its state.
    """

    def __init__(
        self, settings: object, field: str, domain: Tunable | Choice, group: str = ""
    ) -> None:
        self._settings, self.field, self._domain = settings, field, domain
        self._first = self.value
        self.group, self.label = group, domain.label or field.replace("_", " ")

    @property
    def begins_anew(self) -> bool:
        """Whether a new value is for a new run, and not for the next update."""
        return isinstance(self._domain, Choice)

    @property
    def moved(self) -> bool:
        """Whether it is no longer what it was when the panel was made."""
        return bool(self.value != self._first)

    @property
    def value(self) -> Any:
        """What the field is now, whoever has set it."""
        return getattr(self._settings, self.field)

    def set(self, value: float | str) -> None:
        """What the page says. May be called on any thread: it only sets the field."""
        if isinstance(self._domain, Tunable):
            value = round(float(value)) if self._domain.whole else float(value)
        setattr(self._settings, self.field, value)

    def put_back(self) -> None:
        """To the value it had when the panel was made."""
        setattr(self._settings, self.field, self._first)

    def complaint(self) -> str:
        """What is wrong with the present value, if a cell has set one that no trainer can use."""
        value, domain = self.value, self._domain
        if domain.allow(value):
            return ""
        return f"{self.label} ({self.field}) must be {domain}, got {value!r}"

    def as_shown(self) -> float | str:
        """The value for the page: a number, or words for what is none."""
        value = self.value
        plain = isinstance(value, int | float) and math.isfinite(value)
        return value if plain else str(value)

    @property
    def options(self) -> tuple[str, ...]:
        """What it can be, if it is chosen and not tuned."""
        return self._domain.options if isinstance(self._domain, Choice) else ()

    def places(self, number: int) -> list[float]:
        """So many places of its slider, from the left to the right."""
        assert isinstance(self._domain, Tunable)
        low, high = self._domain.low, self._domain.high
        log = self._domain.scale == "log"
        places = np.geomspace(low, high, number) if log else np.linspace(low, high, number)
        rounded = [
            round(place) if self._domain.whole else float(f"{place:.3g}") for place in places
        ]
        return sorted(set(rounded))

    def drawn(self) -> dict[str, Any]:
        """What the page needs to draw it."""
        named = {"group": self.group, "label": self.label}
        if isinstance(self._domain, Choice):
            return named | {"options": self._domain.options}
        low, high = self._domain.low, self._domain.high
        whole = self._domain.whole
        step = 1.0 if whole else 10.0 ** math.floor(math.log10((high - low) / 50))
        log = self._domain.scale == "log"
        return named | {"low": low, "high": high, "log": log, "whole": whole, "step": step}


def controls_of(settings: Mapping[str, object] | Sequence[object]) -> list[Control]:
    """A control for each field that is tuned or chosen, the chosen ones first.

    Args:
        settings: dataclasses, or label → dataclass.
    """
    named = settings.items() if isinstance(settings, Mapping) else (("", s) for s in settings)
    controls = []
    for group, each in named:
        domains: dict[str, Tunable | Choice] = {**choices(each), **tunables(each)}
        controls += [Control(each, field, domain, group) for field, domain in domains.items()]
    return controls

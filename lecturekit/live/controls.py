"""Sliders made from the tunable fields of settings."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import ipywidgets as widgets

from lecturekit.training import Tunable, tunables

Slider: TypeAlias = widgets.FloatSlider | widgets.FloatLogSlider | widgets.IntSlider


class Control:
    """A slider bound to one field of a settings object, in both directions.

    The slider's callback, on whatever thread, only sets the field. The other way, `follow` looks
    whether the field was changed by code.

    To show a setting must never change it, not even in its last digit: runs would no longer
    repeat. So a value outside the slider's range widens the range, and the slider reports when it
    is released or moved by a key (`continuous_update=False`): otherwise it also reports, rounded
    to its steps, each value that it is merely told to show.
    """

    def __init__(self, settings: object, field: str, tunable: Tunable):
        self._settings, self._field, self._tunable = settings, field, tunable
        self._value = getattr(settings, field)
        self._whole = isinstance(self._value, int)
        self._following = False
        self.label = tunable.label or field.replace("_", " ")
        self.widget = self._slider()
        self.widget.observe(self._set, "value")

    def follow(self) -> None:
        """Move the slider to where the field is, if code has changed it."""
        value = getattr(self._settings, self._field)
        if value == self._value:
            return
        self._value = value
        self._following = True
        try:
            self._show(value)
        finally:
            self._following = False

    def _set(self, change: Any) -> None:
        if not self._following:
            self._value = round(change["new"]) if self._whole else change["new"]
            setattr(self._settings, self._field, self._value)

    def _slider(self) -> Slider:
        low, high = self._tunable.low, self._tunable.high
        if self._tunable.scale == "log":
            slider = widgets.FloatLogSlider(
                value=low,
                min=math.log10(low),
                max=math.log10(high),
                step=_log_step(low, self._value),
                readout_format=".0f" if self._whole else ".3g",
            )
        elif self._whole:
            slider = widgets.IntSlider(value=low, min=low, max=high)
        else:
            step = 10.0 ** math.floor(math.log10((high - low) / 50))
            digits = max(0, -math.floor(math.log10(step)))
            slider = widgets.FloatSlider(
                value=low, min=low, max=high, step=step, readout_format=f".{digits}f"
            )
        slider.continuous_update = False
        self.widget = slider
        self._show(self._value)
        return slider

    def _show(self, value: float) -> None:
        slider = self.widget
        if self._tunable.scale == "log":
            if value <= 0:  # no place on a logarithmic scale: the lowest one stands for it
                slider.value = 10.0**slider.min
                return
            slider.min = min(slider.min, math.log10(value))
            slider.max = max(slider.max, math.log10(value))
        else:
            slider.min, slider.max = min(slider.min, value), max(slider.max, value)
        slider.value = value


def _log_step(low: float, value: float) -> float:
    """About a hundredth of a decade, such that `value` lies on a step and is shown exactly."""
    decades = math.log10(value / low) if value > 0 else 1.0
    return abs(decades) / max(round(100 * abs(decades)), 1) or 0.01


def make_controls(settings: object) -> list[Control]:
    """A control for each tunable field, in the order in which they were declared."""
    return [Control(settings, name, limits) for name, limits in tunables(settings).items()]

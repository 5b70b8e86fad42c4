"""Sliders: made from tunable fields, setting them, following them, and never changing them."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass

import pytest

from lecturekit.live.controls import make_controls
from lecturekit.training import tunable
from tests.live.toy import Settings


def by_label(settings: object) -> dict:
    return {control.label: control for control in make_controls(settings)}


def test_each_tunable_field_gets_the_slider_of_its_kind():
    controls = by_label(Settings())
    kinds = {label: type(control.widget).__name__ for label, control in controls.items()}
    assert kinds == {
        "learning rate α": "FloatLogSlider",
        "momentum": "FloatSlider",
        "batch size": "IntSlider",
    }
    rate = controls["learning rate α"].widget
    assert (rate.min, rate.max) == pytest.approx((-4.0, 0.0))


def test_a_slider_sets_the_field_also_from_another_thread():
    settings = Settings()
    controls = by_label(settings)

    def drag() -> None:
        controls["learning rate α"].widget.value = 0.25
        controls["batch size"].widget.value = 3

    thread = threading.Thread(target=drag)
    thread.start()
    thread.join()
    assert settings == Settings(learning_rate=0.25, batch_size=3)
    assert isinstance(settings.batch_size, int)


def test_sliders_follow_what_code_sets_and_leave_it_exactly_so():
    settings = Settings()
    controls = by_label(settings)
    settings.learning_rate, settings.momentum = 0.1 + 0.2, 1 / 3
    for control in controls.values():
        control.follow()
    assert (settings.learning_rate, settings.momentum) == (0.1 + 0.2, 1 / 3)
    assert controls["learning rate α"].widget.value == pytest.approx(0.3)
    assert controls["momentum"].widget.value == pytest.approx(1 / 3)


@pytest.mark.parametrize("rate", [0.0, 1e-9, 0.0371, 5.0, 1e6])
def test_to_show_a_setting_never_changes_it(rate):
    at_first, later = Settings(learning_rate=rate, momentum=2.5), Settings()
    made, following = by_label(at_first), by_label(later)
    later.learning_rate, later.momentum = rate, 2.5
    for control in following.values():
        control.follow()
    for settings, controls in ((at_first, made), (later, following)):
        assert (settings.learning_rate, settings.momentum) == (rate, 2.5)
        assert controls["momentum"].widget.max == 2.5
        if rate > 0:
            assert controls["learning rate α"].widget.value == pytest.approx(rate)


def test_sliders_report_only_what_a_person_does():
    """With continuous updates the browser sends back, rounded, what it was told to show."""
    assert not any(c.widget.continuous_update for c in make_controls(Settings()))


def test_a_setting_lies_on_a_step_of_its_slider():
    slider = by_label(Settings(learning_rate=0.05))["learning rate α"].widget
    steps = (math.log10(0.05) - slider.min) / slider.step
    assert steps == pytest.approx(round(steps))
    assert 0.005 < slider.step < 0.02


def test_a_whole_number_on_a_logarithmic_scale_stays_whole():
    @dataclass
    class Phase:
        k: int = tunable(1, 1, 1000, scale="log")

    phase = Phase()
    (control,) = make_controls(phase)
    control.widget.value = 9.9
    assert phase.k == 10
    assert isinstance(phase.k, int)
    assert control.label == "k"

"""Settings that a person may change: made from fields, set by the page, not changed by showing."""

from __future__ import annotations

import json
import math
import threading
from dataclasses import dataclass

import pytest

from lecturekit.live.controls import Control, controls_of
from lecturekit.training import tunable
from tests.live.toy import Settings, Shape


def by_label(settings: object) -> dict[str, Control]:
    return {control.label: control for control in controls_of([settings])}


def test_each_tunable_field_gets_the_slider_of_its_kind():
    controls = by_label(Settings())
    assert list(controls) == ["learning rate α", "momentum", "batch size"]
    rate, momentum, size = (control.drawn() for control in controls.values())
    assert (rate["low"], rate["high"], rate["log"], rate["whole"]) == (1e-4, 1.0, True, False)
    assert (momentum["low"], momentum["high"], momentum["log"]) == (0.0, 0.99, False)
    assert (size["low"], size["high"], size["whole"], size["step"]) == (1, 64, True, 1.0)


def test_a_chosen_field_is_a_list_and_stands_first():
    name, size = controls_of([Shape()])
    assert name.drawn() == {"group": "", "label": "data", "options": ("ring", "two_moons")}
    assert name.begins_anew
    assert not size.begins_anew
    assert size.label == "size"
    name.set("two_moons")
    assert (name.value, name.as_shown(), name.moved) == ("two_moons", "two_moons", True)


def test_settings_with_a_label_are_a_group():
    groups = [control.group for control in controls_of({"G": Shape(), "D": Shape()})]
    assert groups == ["G", "G", "D", "D"]


@pytest.mark.parametrize(("high", "step"), [(1.0, 0.01), (0.99, 0.01), (6.0, 0.1), (200.0, 1.0)])
def test_a_linear_slider_has_some_hundred_places(high, step):
    @dataclass
    class One:
        value: float = tunable(0.5, 0.0, high)

    (control,) = controls_of([One()])
    assert control.drawn()["step"] == pytest.approx(step)
    assert 50 <= high / step <= 500


def test_the_page_sets_the_field_also_from_another_thread():
    settings = Settings()
    controls = by_label(settings)

    def drag() -> None:
        controls["learning rate α"].set(0.25)
        controls["batch size"].set(3.0)

    thread = threading.Thread(target=drag)
    thread.start()
    thread.join()
    assert settings == Settings(learning_rate=0.25, batch_size=3)
    assert isinstance(settings.batch_size, int)
    controls["momentum"].set(0)  # JSON has 0 for 0.0
    assert isinstance(settings.momentum, float)


def test_the_page_follows_what_code_sets():
    settings = Settings()
    controls = by_label(settings)
    settings.learning_rate, settings.momentum = 0.1 + 0.2, 1 / 3
    assert controls["learning rate α"].as_shown() == 0.1 + 0.2
    assert controls["momentum"].as_shown() == 1 / 3


@pytest.mark.parametrize("rate", [0.0, 1e-9, 0.0371, 5.0, 1e6, 0.1 + 0.2])
def test_to_show_a_setting_never_changes_it(rate):
    settings = Settings(learning_rate=rate, momentum=2.5)
    controls = by_label(settings)
    for control in controls.values():
        control.drawn()
        control.as_shown()
        control.complaint()
    assert (settings.learning_rate, settings.momentum) == (rate, 2.5)
    assert controls["learning rate α"].as_shown() == rate


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None, "fast"])
def test_what_is_no_number_can_be_shown_too(value):
    """The page gets JSON, which has no NaN."""
    settings = Settings()
    controls = by_label(settings)
    settings.momentum = value
    json.dumps(controls["momentum"].as_shown(), allow_nan=False)
    assert controls["momentum"].as_shown() == str(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -1e-9, None, "0.5", 1 + 2j])
def test_what_no_trainer_can_use_is_complained_of(value):
    settings = Settings()
    (_, momentum, _) = controls_of([settings])
    assert momentum.complaint() == ""
    settings.momentum = value
    expected = f"momentum (momentum) must be a finite number ≥ 0, got {value!r}"
    assert momentum.complaint() == expected


def test_a_number_that_no_slider_offers_is_no_reason_to_complain():
    """A lecturer may type a rate beyond the slider, to show what happens then."""
    settings = Settings(learning_rate=50.0, momentum=2.0)
    assert [control.complaint() for control in controls_of([settings])] == ["", "", ""]
    settings.batch_size = 0
    assert "batch size (batch_size) must be a whole number ≥ 1" in (
        controls_of([settings])[2].complaint()
    )


def test_a_name_that_is_not_among_the_options_is_complained_of():
    shape = Shape()
    name, _ = controls_of([shape])
    shape.name = "spiral"
    assert name.complaint() == "data (name) must be one of ring, two_moons, got 'spiral'"


def test_all_can_be_put_back():
    settings = Settings(momentum=0.7)
    controls = controls_of([settings])
    settings.momentum, settings.batch_size = 0.1, 1
    assert [control.moved for control in controls] == [False, True, True]
    for control in controls:
        control.put_back()
    assert settings == Settings(momentum=0.7)


def test_a_whole_number_on_a_logarithmic_scale_stays_whole():
    @dataclass
    class Phase:
        k: int = tunable(1, 1, 1000, scale="log")

    phase = Phase()
    (control,) = controls_of([phase])
    control.set(9.9)
    assert phase.k == 10
    assert isinstance(phase.k, int)
    assert control.label == "k"

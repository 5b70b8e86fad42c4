"""Sliders in a page: where they stand, by what names they are found, what a key does."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page

from lecturekit.live.controls import controls_of
from lecturekit.live.panel import PanelWidget, module
from tests.live.toy import Settings

pytestmark = pytest.mark.browser

SHOW = """(controls) => {
    MODULE
    window.said = [];
    const shown = new Controls(controls, (place, value) => window.said.push([place, value]));
    document.body.append(make("div", { className: "lecturekit-run" }, [shown.root]));
}"""


def show(page: Page, groups: dict[str, object]) -> None:
    """Put the controls of these settings into an empty page."""
    page.set_content(f"<style>{PanelWidget._css}</style>")
    inside = (
        module().replace("export default", "const panel =").replace("export function", "function")
    )
    page.evaluate(
        SHOW.replace("MODULE", inside), [control.drawn() for control in controls_of(groups)]
    )


def slider(page: Page, group: str, label: str) -> Locator:
    return page.get_by_role("group", name=group, exact=True).get_by_role("slider", name=label)


def place(part: Locator) -> tuple[int, int]:
    box = part.bounding_box()
    assert box is not None
    return round(box["x"]), round(box["y"])


LABELS = ("learning rate α", "momentum")


def test_three_groups_of_the_same_settings_are_the_columns_of_a_table(page: Page) -> None:
    groups = ("CD-1", "PCD", "FPCD")
    show(page, {name: Settings() for name in groups})
    places = [[place(slider(page, name, label)) for label in LABELS] for name in groups]
    rates, momenta = zip(*places, strict=True)
    assert len({y for _, y in rates}) == len({y for _, y in momenta}) == 1
    assert rates[0][0] < rates[1][0] < rates[2][0]
    assert [x for x, _ in rates] == [x for x, _ in momenta]
    for label, (_, y) in zip(LABELS, places[0], strict=True):  # said once, before its row
        visible = page.get_by_text(label, exact=True).filter(visible=True)
        assert visible.count() == 1
        assert abs(place(visible)[1] - y) < 8
        assert place(visible)[0] < rates[0][0]


def test_other_groups_have_a_row_each(page: Page) -> None:
    show(page, {"CD-1": Settings(), "PCD": Settings()})
    first, second = (place(slider(page, name, "momentum")) for name in ("CD-1", "PCD"))
    assert first[1] < second[1]
    assert page.get_by_text("momentum", exact=True).filter(visible=True).count() == 2


@pytest.mark.parametrize("groups", [("CD-1", "PCD"), ("CD-1", "PCD", "FPCD")])
def test_a_key_moves_the_slider_of_its_group(page: Page, groups: tuple[str, ...]) -> None:
    show(page, {name: Settings() for name in groups})
    slider(page, "PCD", "momentum").press("End")
    [[moved, value]] = page.evaluate("window.said")
    controls = controls_of({name: Settings() for name in groups})
    assert (controls[moved].group, controls[moved].label) == ("PCD", "momentum")
    assert value == controls[moved].drawn()["high"]

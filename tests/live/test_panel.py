"""The panel, without a browser: what it shows, and that its buttons reach the run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import ipywidgets
import pytest
import torch

from lecturekit import live
from lecturekit.live.panel import Panel
from lecturekit.live.run import Pace, Run
from lecturekit.training import Step, Steps
from tests.live.test_run import begin, until
from tests.live.test_views import pixels
from tests.live.toy import Line, Settings, train


def everything(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from everything(child)


def texts(panel: Panel) -> str:
    kinds = (ipywidgets.HTML, ipywidgets.Label)
    return "\n".join(part.value for part in everything(panel) if isinstance(part, kinds))


def buttons(panel: Panel) -> dict[str, ipywidgets.Button]:
    found = [part for part in everything(panel) if isinstance(part, ipywidgets.Button)]
    return {button.description: button for button in found}


def panelled(steps: object, **options: object) -> tuple[Run, Panel]:
    model = Line()
    views = [live.ImageGrid("Weights", lambda: model.w.reshape(1, 1, 3), alt="three weights")]
    run = Run(steps or begin(model, total=10**6), views, name="Toy <1>")
    panel = Panel(run, options.get("settings", [Settings()]))
    run.watch(panel)
    return run, panel


def test_it_tells_name_views_settings_and_progress():
    run, panel = panelled(None, settings={"slow <weights>": Settings()})
    assert all(
        words in texts(panel)
        for words in (
            "Toy &lt;1&gt;",
            "Weights",
            "three weights",
            "slow &lt;weights&gt;",
            "learning rate α",
            "not started",
        )
    )
    run.step()
    assert "update 1 of 1,000,000 · paused" in texts(panel)


def test_pictures_change_with_the_model():
    run, panel = panelled(None)
    (image,) = [part for part in everything(panel) if isinstance(part, ipywidgets.Image)]
    before = image.value
    run.step()
    assert image.value[:4] == b"\x89PNG"
    assert image.value != before


def test_finish_leaves_sharp_pictures_as_wide_as_live_ones_until_it_goes_on():
    model = Line()
    curves = live.Curves("Loss", ["loss"], ylabel="squared error")
    run = Run(begin(model, total=3), [curves])
    panel = Panel(run, [])
    run.watch(panel)
    (image,) = [part for part in everything(panel) if isinstance(part, ipywidgets.Image)]
    playing = pixels(image.value).shape[1]
    assert image.width == ""
    run.finish()
    assert pixels(image.value).shape[1] == 2 * playing
    assert image.width == str(playing)
    assert "from" in texts(panel)  # its words are new, too
    run.reset()
    assert pixels(image.value).shape[1] == playing
    assert image.width == ""


def test_buttons_reach_the_run_and_show_what_can_be_done():
    async def lecture() -> None:
        run, panel = panelled(None)
        run.play()
        assert set(buttons(panel)) == {"Pause", "Step", "Stop", "Reset"}
        await until(lambda: run.update > 10)
        buttons(panel)["Pause"].click()
        await until(lambda: run.status == "paused")
        assert "Play" in buttons(panel)
        held = run.update
        buttons(panel)["Step"].click()
        await until(lambda: run.update == held + 1)
        buttons(panel)["Play"].click()
        await until(lambda: run.update > held + 10)
        buttons(panel)["Stop"].click()
        await until(lambda: run.status == "stopped")
        assert "stopped by hand at update" in texts(panel)
        off = {name for name, button in buttons(panel).items() if button.disabled}
        assert off == {"Play", "Step", "Stop"}
        buttons(panel)["Reset"].click()
        await until(lambda: run.update == 0)
        assert not buttons(panel)["Play"].disabled

    asyncio.run(lecture())


def test_without_a_function_that_begins_anew_there_is_no_reset():
    _, panel = panelled(train(Line(), Settings()))
    assert "Reset" not in buttons(panel)


def test_an_error_stands_in_the_panel_with_its_traceback_until_reset():
    broken = [True]

    def steps() -> Steps:
        if broken[0]:
            raise KeyError("<no data>")
        yield Step(1, 1, {})

    run, panel = panelled(steps)
    with pytest.raises(KeyError):
        run.step()
    assert "Traceback" in texts(panel)
    assert "&lt;no data&gt;" in texts(panel)
    broken[0] = False
    run.reset()
    assert panel._error.layout.display == "none"


def test_a_divergence_is_a_sentence_not_a_traceback():
    model, settings = Line(), Settings(learning_rate=1e12)
    run, panel = panelled(begin(model, settings))
    with pytest.raises(live.run.DivergenceError):
        run.finish()
    assert "training diverged between update 0 and 10" in texts(panel)
    assert "Traceback" not in texts(panel)
    assert torch.equal(model.w, torch.zeros(3))


def test_leaving_closes_every_widget():
    run, panel = panelled(None)
    parts = list(everything(panel))
    run.retire()
    assert all(part.comm is None for part in parts)


def test_its_plain_text_says_where_it_can_be_seen():
    _, panel = panelled(None)
    assert repr(panel) == "Live panel of the run “Toy <1>”; to be seen where a kernel is running."


def test_a_slider_moved_while_paused_redraws_and_the_pace_has_a_slider():
    async def lecture() -> None:
        settings, drawn = Settings(), []
        view = live.Figure("Rate", lambda axes: drawn.append(settings.learning_rate), alt="none")
        run = Run(begin(Line()), [view], pace=Pace(50.0))
        panel = Panel(run, [settings], transport=False)
        run.watch(panel)
        assert not buttons(panel)
        sliders = [part for part in everything(panel) if hasattr(part, "readout_format")]
        sliders[0].value = 0.5
        await until(lambda: drawn[-1] == 0.5)
        sliders[-1].value = 10.0
        assert run.pace.updates_per_second == 10.0

    asyncio.run(lecture())

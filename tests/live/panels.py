"""Panels of small runs, what they send to a page, and a page that talks to them."""

from __future__ import annotations

from typing import Any

import pytest

from lecturekit import live, plots
from lecturekit.live.controls import controls_of
from lecturekit.live.panel import Panel
from lecturekit.live.run import Run
from tests.live.probes import begin
from tests.live.toy import Line, Settings

Message = tuple[dict[str, Any], list[bytes]]


def panelled(steps: object = None, views: object = None, **options: Any) -> tuple[Run, Panel]:
    """A run with two pictures of a model and a panel."""
    model, settings = Line(), Settings()
    if views is None:
        weights = live.View(plots.image_grid, lambda: model.w.reshape(1, 1, 3), "Weights")
        views = [live.Curves("Loss", ["loss"], ylabel="error"), weights]
    run = Run(
        steps or begin(model, settings, 10**6), views, "Toy", controls=controls_of([settings])
    )  # type: ignore[arg-type]
    panel = Panel(run, **options)
    run.watch(panel)
    return run, panel


def sent(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """What the page gets from now on, besides what it keeps."""
    messages: list[Message] = []
    monkeypatch.setattr(panel.widget, "send", lambda *message: messages.append(message))
    return messages


def say(panel: Panel, buffers: Any = (), **message: Any) -> None:
    """What the page says."""
    panel.widget._handle_custom_msg(message, list(buffers))

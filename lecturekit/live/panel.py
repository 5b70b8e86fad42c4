"""The panel of a run in a notebook: buttons, progress, sliders, and the views beside each other."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets
from IPython.display import display

from lecturekit.live.controls import Control, make_controls
from lecturekit.live.run import Run
from lecturekit.live.views import View
from lecturekit.plots import Panels

SLIDER_WIDTH = "230px"  # track and number

_TITLE = '<div style="font-weight:600;font-size:1.1em;line-height:1.5">{}</div>'
_STATE = '<span style="font-variant-numeric:tabular-nums;white-space:nowrap">{}</span>'
_ERROR = (
    '<div role="alert" style="border-left:4px solid #D55E00;padding:4px 12px;overflow-x:auto">'
    '<b>{kind}</b><pre style="white-space:pre-wrap;line-height:1.3;margin:4px 0 0">{text}</pre>'
    "</div>"
)
_UNSEEN = (  # to be read aloud: an Image widget takes no text alternative
    '<span style="position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)">'
    "{}</span>"
)
_MARGIN = "4px 8px 4px 0"
_WRAP = {"flex_flow": "row wrap", "overflow": "visible", "width": "100%"}


class Panel(widgets.VBox):
    """What a person sees of a run and does to it. The run calls `show` and `leave`."""

    def __init__(
        self,
        run: Run,
        settings: Mapping[str, object] | Sequence[object],
        *,
        transport: bool = True,
    ):
        self._run, self._transport = run, transport
        self._groups = _control_groups(settings)
        if run.pace is not None:
            self._groups.append(("", make_controls(run.pace)))
        for control in self._controls():
            control.widget.observe(self._redraw_unless_playing, "value")
        self._play = self._button("Play", "play", "train, or hold on", self._toggle)
        self._step = self._button("Step", "step-forward", "one update", self._order("step"))
        self._stop = self._button("Stop", "stop", "end here for good", self._order("stop"))
        self._reset = self._button("Reset", "undo", "begin anew", self._order("reset"))
        self._progress = widgets.FloatProgress(
            value=0.0, min=0.0, max=1.0, layout=widgets.Layout(width="110px", margin="2px 8px")
        )
        self._state = widgets.HTML()
        self._state.add_class("lecturekit-state")
        self._error = widgets.HTML(layout=widgets.Layout(display="none"))
        self._frames = [_Frame(view) for view in run.views]
        super().__init__(self._rows(), layout=widgets.Layout(overflow="visible", width="100%"))
        self.add_class("lecturekit-run")

    def __repr__(self) -> str:
        named = f" “{self._run.name}”" if self._run.name else ""
        return f"Live panel of the run{named}; to be seen where a kernel is running."

    def show(self, run: Run, pictures: Sequence[bytes] | None) -> None:
        """Show the state, and new pictures if there are any."""
        self._show_state(run)
        for control in self._controls():
            control.follow()
        for frame, picture in zip(self._frames, pictures or (), strict=pictures is not None):
            frame.show(picture)
            if run.status != "playing":  # ten descriptions a second would be read by nobody
                frame.describe()

    def keep(self, still: Panels) -> None:
        """Show these pictures, and leave them in the output of the present cell."""
        for frame, picture in zip(self._frames, still.pictures, strict=True):
            frame.show(picture.png, picture.width)
            frame.describe()
        display(still)

    def leave(self) -> None:
        """Close all widgets: a newer run has taken the place."""
        _close(self)

    # -------------------------------------------------------------------------------- parts

    def _rows(self) -> list[widgets.Widget]:
        title = [widgets.HTML(_TITLE.format(html.escape(self._run.name)))] if self._run.name else []
        buttons = [self._play, self._step, self._stop]
        if self._run.can_reset:
            buttons.append(self._reset)
        transport = widgets.HBox(
            [*buttons, self._progress, self._state],
            layout=widgets.Layout(**_WRAP, align_items="center"),
        )
        groups = [_group(name, controls) for name, controls in self._groups if controls]
        sliders = [widgets.Box(groups, layout=widgets.Layout(**_WRAP))] if groups else []
        views = widgets.Box(
            [frame.widget for frame in self._frames],
            layout=widgets.Layout(**_WRAP, align_items="flex-start"),
        )
        return [*title, *([transport] if self._transport else []), *sliders, self._error, views]

    def _controls(self) -> list[Control]:
        return [control for _, controls in self._groups for control in controls]

    def _button(
        self, text: str, icon: str, tooltip: str, pressed: Callable[[Any], None]
    ) -> widgets.Button:
        button = widgets.Button(
            description=text, icon=icon, tooltip=tooltip, layout=widgets.Layout(width="80px")
        )
        button.on_click(pressed)
        return button

    def _order(self, order: Any) -> Callable[[Any], None]:
        return lambda button: self._run.ask(order)

    def _toggle(self, button: Any) -> None:
        self._run.ask("pause" if self._run.status == "playing" else "play")

    def _redraw_unless_playing(self, change: Any) -> None:
        if self._run.status not in ("playing", "finishing"):  # these redraw by themselves
            self._run.ask("redraw")

    def _show_state(self, run: Run) -> None:
        playing = run.status == "playing"
        self._play.description = "Pause" if playing else "Play"
        self._play.icon = "pause" if playing else "play"
        self._play.disabled = run.status not in ("playing", "paused")
        self._step.disabled = run.status not in ("playing", "paused")
        self._stop.disabled = run.status not in ("playing", "paused", "finishing")
        self._reset.disabled = run.status == "finishing"
        self._progress.max = max(run.total, 1)
        self._progress.value = run.update
        self._progress.bar_style = {"finished": "success", "failed": "danger"}.get(run.status, "")
        speed = f" · {_readable(run.rate)} updates/s" if playing and run.rate else ""
        self._state.value = _STATE.format(html.escape(run.summary() + speed))
        self._show_error(run)

    def _show_error(self, run: Run) -> None:
        self._error.layout.display = "none" if run.error is None else ""
        if run.error is not None:
            kind = type(run.error).__name__
            self._error.value = _ERROR.format(kind=kind, text=html.escape(run.explain()))


class _Frame:
    """A view's title, its picture, and its text alternative for screen readers."""

    def __init__(self, view: View):
        self._view = view
        self._image = widgets.Image(
            format="png", layout=widgets.Layout(max_width="100%", margin="0")
        )
        self._words = widgets.HTML(layout=widgets.Layout(width="0", height="0"))
        self.widget = widgets.VBox(
            [widgets.HTML(_TITLE.format(html.escape(view.title))), self._image, self._words],
            layout=widgets.Layout(overflow="visible", margin=_MARGIN, max_width="100%"),
        )

    def show(self, picture: bytes, width: int | None = None) -> None:
        """A picture as wide as its pixels, or `width` page pixels wide."""
        with self._image.hold_sync():
            self._image.value = picture
            self._image.width = "" if width is None else str(width)

    def describe(self) -> None:
        self._words.value = _UNSEEN.format(html.escape(self._view.alt))


def _control_groups(
    settings: Mapping[str, object] | Sequence[object],
) -> list[tuple[str, list[Control]]]:
    named = settings.items() if isinstance(settings, Mapping) else (("", s) for s in settings)
    return [(name, make_controls(each)) for name, each in named]


def _group(name: str, controls: Sequence[Control]) -> widgets.Widget:
    """Sliders under each other, their tracks aligned; a column as wide as the longest label."""
    cells: list[widgets.Widget] = []
    for control in controls:
        control.widget.layout = widgets.Layout(width=SLIDER_WIDTH)
        control.widget.tooltip = control.label
        cells += [widgets.Label(control.label), control.widget]
    grid = widgets.GridBox(
        cells,
        layout=widgets.Layout(grid_template_columns="max-content auto", overflow="visible"),
    )
    title = [widgets.HTML(_TITLE.format(html.escape(name)))] if name else []
    return widgets.VBox([*title, grid], layout=widgets.Layout(overflow="visible", margin=_MARGIN))


def _readable(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"


def _close(widget: widgets.Widget) -> None:
    for child in getattr(widget, "children", ()):
        _close(child)
    widget.close()

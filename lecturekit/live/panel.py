"""The panel of a run in a notebook: this is the kernel's half, `panel.js` the page's.

What the page keeps (`state`, `controls`, the last `pictures`) are traits of one widget; while a
run plays, each new picture is a message, and the page tells which ones it has drawn.
"""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from IPython.display import HTML, display

from lecturekit.live.painted import Painted
from lecturekit.live.registry import notebook_shell, present_place
from lecturekit.live.run import Run
from lecturekit.plots import Panels, Picture, look
from lecturekit.plots.encode import Encoded, encode
from lecturekit.plots.scales import Steady

UNDER_WAY = 3  # rounds of pictures that the page may not have drawn yet

# Where a notebook is opened without its kernel, there is no widget to be found. Then JupyterLab
# would say so in red; this picture takes the place of both, and hides while the panel is there.
_FALLBACK = (
    "<style>"
    ".jp-OutputArea-child:has(.lecturekit-run) + .jp-OutputArea-child:has(.lecturekit-kept),"
    ".jp-OutputArea-child:not(:has(.lecturekit-run)):has(+ .jp-OutputArea-child .lecturekit-kept)"
    "{{display:none}}</style>"
    '<div class="lecturekit-kept">{content}</div>'
)
_NOTHING_YET = "<em>A live picture: run this cell to see it.</em>"
_LAST = '<img alt="{alt}" src="data:image/png;base64,{data}" style="max-width:100%">'


def module() -> str:
    """The page's half as one ES module: the table of looks, the renderer, the panel's parts."""
    here = Path(__file__).parent
    names = ("../plots/draw.js", "controls.js", "room.js", "panel.js")
    parts = [here / name for name in names]
    table = json.dumps(look.table(), ensure_ascii=False)
    return "\n".join([f"const LOOK = {table};", *(p.read_text(encoding="utf-8") for p in parts)])


def styles(own: Path) -> str:
    """The buttons of all that stands in a notebook, and what is a widget's own."""
    shared = Path(__file__).with_name("buttons.css")
    return "".join(path.read_text(encoding="utf-8") for path in (shared, own))


class PanelWidget(anywidget.AnyWidget):
    """What the page knows of a run."""

    _esm = module()
    _css = styles(Path(__file__).with_name("panel.css"))
    state: Any = traitlets.Dict().tag(sync=True)
    controls: Any = traitlets.List().tag(sync=True)
    pictures: Any = traitlets.List().tag(sync=True)

    def __repr__(self) -> str:
        named = f" “{self.state['name']}”" if self.state.get("name") else ""
        return f"Live panel of the run{named}; to be seen where a kernel is running."


class Panel:
    """What a person sees of a run and does to it; the run's listener."""

    def __init__(self, run: Run, *, transport: bool = True, buttons_wait: bool = False) -> None:
        self._run, self._transport, self._buttons_wait = run, transport, buttons_wait
        self._axes = [Steady() for _ in run.views]
        self._told: dict[int, str] = {}  # view → the description that went with the last message
        self._watchers: dict[str, int] = {}  # each page that looks → the last frame it has drawn
        self._alts = ["" for _ in run.views]  # the pictures in words, as they last held still
        self._frame = 0
        self._joined: Any = None  # the output of a cell that waits for the end of the run
        self._fallback: Any = None
        self._opened_in: str | None = None  # the request that executed the cell
        self.widget = PanelWidget(
            controls=[control.drawn() for control in run.controls],
            pictures=[self._kept(k, picture) for k, picture in enumerate(run.pictures())],
            state=self._state(),
        )
        self.widget.on_msg(self._hear)

    def appear(self) -> None:
        """Show it in the present cell, and under it what is seen without a kernel."""
        here = present_place(notebook_shell()).execution
        if here is not None and here == self._opened_in:
            return  # `live.play(…)` as a cell's value: it is there already
        self._opened_in = here
        display(self.widget)
        if self._fallback is None:
            nothing = HTML(_FALLBACK.format(content=_NOTHING_YET))
            self._fallback = display(nothing, display_id=True)

    # ------------------------------------------------------------------- what the run tells it

    def ready(self) -> bool:
        rounds = UNDER_WAY * max(len(self._axes), 1)
        return any(self._frame - drawn <= rounds for drawn in tuple(self._watchers.values()))

    def took(self) -> None: ...

    def show(self) -> None:
        self.widget.state = self._state()

    def draw(self, view: int, picture: Picture) -> None:
        if self._run.status in ("playing", "finishing"):
            self._send(view, encode(picture, self._axes[view]))
        else:  # it stays: also for pages that come later
            kept = list(self.widget.pictures)
            kept[view] = self._kept(view, picture)
            self.widget.pictures = kept
            self.show()  # its words are new, too

    def join(self) -> None:
        self._joined = display(self.widget, display_id=True)

    def keep(self, still: Panels | None) -> None:
        shown = still if still is not None else HTML("")
        if self._joined is not None:
            self._joined.update(shown)
            self._joined = None
        elif still is not None:
            display(still)

    def save(self) -> None:
        for picture in self._run.pictures():
            svg, name = picture.still(kind="svg"), f"{picture.title}.svg"
            self.widget.send({"saved": name, "type": "image/svg+xml"}, [svg])

    def close(self) -> None:
        """Close the widget and what belongs to it: a newer run has taken the place."""
        self._fallback = None
        self.widget.layout.close()
        self.widget.close()

    # ------------------------------------------------------------------- what the page tells it

    def _hear(self, widget: Any, message: dict[str, Any], buffers: list[memoryview]) -> None:
        """Messages of the page; maybe on another thread, so that notes are all that is taken."""
        match message:
            case {"order": str(order)}:
                self._run.ask(order)  # type: ignore[arg-type]  # what is none is left aside
            case {"set": int(place), "value": value}:
                control = self._run.controls[place]
                control.set(value)
                anew = control.begins_anew and self._run.can_reset
                self._run.ask("reset") if anew else self._run.touched()
            case {"see": str(page), "drawn": int(frame)}:
                self._note_drawn(page, frame)
            case {"unsee": str(page)}:
                self._watchers.pop(page, None)
            case {"paint": int(view), "brush": int(brush), "corners": list(corners)}:
                self._painted(view).stroke(corners, brush)
                self._run.touched()
            case {"clear": int(view)}:
                self._painted(view).clear()
                self._run.touched()
            case {"save": "svg"}:
                self._run.ask("save")
            case {"snapshot": True} if self._fallback is not None:
                self._keep_for_later(buffers[0])

    def _painted(self, view: int) -> Painted:
        painted = self._run.views[view]
        assert isinstance(painted, Painted)
        return painted

    def _keep_for_later(self, png: memoryview) -> None:
        """What a page shows now, for those who open the notebook without a kernel."""
        words = html.escape(" ".join([self._run.name, *self._alts]).strip(), quote=True)
        image = _LAST.format(alt=words, data=base64.b64encode(png).decode())
        self._fallback.update(HTML(_FALLBACK.format(content=image)))

    def _note_drawn(self, page: str, frame: int) -> None:
        if frame < 0:  # it begins to look, and may not have been told anything
            self._told = {}
            self._watchers[page] = self._frame
            self._run.touched()
        else:
            self._watchers[page] = frame

    def _kept(self, view: int, picture: Picture) -> dict[str, Any]:
        self._alts[view] = picture.alt
        self._frame += 1
        return encode(picture, self._axes[view])._asdict() | {"frame": self._frame}

    def _send(self, view: int, encoded: Encoded) -> None:
        self._frame += 1
        message = {"view": view, "frame": self._frame, "how": encoded.how}
        if self._told.get(view) != encoded.what:
            message["what"] = self._told[view] = encoded.what
        self.widget.send(message, [encoded.data])

    # ---------------------------------------------------------------------------------- its state

    def _state(self) -> dict[str, Any]:
        run = self._run
        words = run.progress()
        if run.status == "finishing" and self._buttons_wait:
            words += " (this kernel hears buttons only after the cell; interrupt it to stop)"
        return {
            "name": run.name,
            "transport": self._transport,
            "status": run.status,
            "words": words,
            "update": run.update,
            "total": run.total,
            "moments": 0,  # that the page can go to: only recorded runs have them
            "can": [*self._can()],
            "resettable": run.can_reset,
            "brushes": {
                k: view.brushes for k, view in enumerate(run.views) if isinstance(view, Painted)
            },
            "values": [control.as_shown() for control in run.controls],
            "alts": [] if run.status in ("playing", "finishing") else list(self._alts),
            "error": self._error(),
        }

    def _can(self) -> tuple[str, ...]:
        anew = ("reset",) if self._run.can_reset else ()
        return {
            "playing": ("play", "step", "stop", *anew),
            "paused": ("play", "step", "stop", *anew),
            "finishing": ("play", "stop"),
        }.get(self._run.status, anew)

    def _error(self) -> dict[str, str] | None:
        run = self._run
        if run.error is None:
            return None
        return {"kind": type(run.error).__name__, "text": run.explain()}

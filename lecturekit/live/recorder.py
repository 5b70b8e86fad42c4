"""A run recorded while its notebook is executed, to be played in pages without a kernel.

With LECTUREKIT_RECORD=1 in the environment, as `lecturekit site` sets it, a recorder watches each
run in its panel's place. Cells, updates and results are the same as without.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from IPython.display import display

from lecturekit import plots
from lecturekit.live.controls import Control
from lecturekit.live.film import Moment, Take, packed
from lecturekit.live.run import Run
from lecturekit.plots.encode import encode
from lecturekit.plots.scales import Steady, number

FILM = "application/vnd.lecturekit.film"  # base64 of what `film.packed` returns
MOMENTS = 60  # of a run
EARLY = 1.5  # above 1 they lie closer together early on, where most is learnt
PLACES = 41  # of a slider, where nothing trains

Positions = Mapping[str, Sequence[Any]]


def record(run: Run, *, explored: bool, positions: Positions) -> None:
    """Leave a film of a run in the present cell: at once if it has no steps, else at its end.

    Where there is nothing but pictures to paint on, a still has to do.
    """
    if explored and run.controls:
        _show_explored(run)
    elif explored:
        display(run.still())
    elif run.views:
        recorder = Recorder(run, positions)
        run.watch(recorder)
        recorder.appear()


class Recorder:
    """Watches a run, and leaves its film in the cell in which it began.

    Args:
        run: has not begun.
        positions: a setting of its controls → values with which it is recorded, too: with each, it
            is run from its beginning to its end before it begins as it is.
    """

    def __init__(self, run: Run, positions: Positions) -> None:
        self._run, self._shown = run, _Shown()
        self._setting: Control | None = None
        self._takes: dict[Any, Take] = {}  # by the value of the setting
        if positions:
            self._setting = next(each for each in run.controls if each.field in positions)
            for value in positions[self._setting.field]:
                self._rehearse(self._setting, value)
        self._taking = _Taking(run)

    def _rehearse(self, setting: Control, value: Any) -> None:
        setting.set(value)
        self._run.reset()
        taking = _Taking(self._run)
        while self._run.step().status == "paused":
            taking.note()
        self._takes[value] = Take(_readable(value), taking.moments())
        setting.put_back()
        self._run.reset().pause()

    def appear(self) -> None:
        self._shown.appear()

    def ready(self) -> bool:
        return False

    def took(self) -> None:
        self._taking.note()

    def keep(self, still: plots.Panels | None) -> None:
        if still is None:
            return
        setting, takes = self._setting, dict(self._takes)
        now = setting.value if setting else ""
        takes[now] = Take(_readable(now), self._taking.moments())
        order = list(takes) if setting is None or setting.begins_anew else sorted(takes)
        film = packed(
            [takes[value] for value in order],
            name=self._run.name,
            setting=setting.label if setting else "",
            first=order.index(now),
        )
        self._shown.update(film, still)

    def show(self) -> None: ...

    def draw(self, view: int, picture: plots.Picture) -> None: ...

    def join(self) -> None: ...

    def save(self) -> None: ...

    def close(self) -> None: ...


def _show_explored(run: Run) -> None:
    """Leave a film of a run without steps: its moments are the places of its first slider."""
    shown = _Shown()
    shown.appear()
    choices = [control for control in run.controls if control.begins_anew][:1]
    takes = []
    for value in choices[0].options if choices else ("",):
        for choice in choices:
            choice.set(value)
        takes.append(Take(_readable(value), *_along(run)))
    for choice in choices:
        choice.put_back()
    label = choices[0].label if choices else ""
    first = choices[0].options.index(choices[0].value) if choices else 0
    shown.update(packed(takes, name=run.name, setting=label, first=first), run.still())


def _along(run: Run) -> tuple[list[Moment], int]:
    """A moment for each place of the first slider, and which of them is its own."""
    axes = [Steady() for _ in run.views]
    slider = next((control for control in run.controls if not control.begins_anew), None)
    if slider is None:
        return [_moment(run, axes, "")], 0
    places, now = slider.places(PLACES), slider.value
    places, moments = sorted({*places, now}), []
    for place in places:
        slider.set(place)
        moments.append(_moment(run, axes, f"{slider.label} {_readable(place)}"))
    slider.put_back()
    return moments, places.index(now)


class _Shown:
    """The output of the cell in which a run begins."""

    def appear(self) -> None:
        nothing_yet = {"text/plain": "A live run; its film comes when it is done."}
        self._handle = display(nothing_yet, raw=True, display_id=True)

    def update(self, film: bytes, still: plots.Panels) -> None:
        kinds = {"text/plain": repr(still), "text/html": still.html()}
        self._handle.update({**kinds, FILM: base64.b64encode(film).decode()}, raw=True)


class _Taking:
    """The moments of a run, as it goes on."""

    def __init__(self, run: Run) -> None:
        self._run, self._axes = run, [Steady() for _ in run.views]
        self._moments = [self._now("before the first update")]

    def note(self) -> None:
        """Record the present moment, if it is one of those that are recorded."""
        run = self._run
        due = run.total * (len(self._moments) / (MOMENTS - 1)) ** EARLY
        if due <= run.update < run.total:
            self._moments.append(self._now(f"update {run.update:,} of {run.total:,}"))

    def moments(self) -> list[Moment]:
        """All of them, the last as the run is now."""
        return [*self._moments, self._now(self._run.summary())]

    def _now(self, words: str) -> Moment:
        return _moment(self._run, self._axes, words)


def _moment(run: Run, axes: Sequence[Steady], words: str) -> Moment:
    pictures = run.pictures()
    encoded = [encode(*pair) for pair in zip(pictures, axes, strict=True)]
    return Moment(words, encoded, [picture.alt for picture in pictures])


def _readable(value: float | str) -> str:
    return value.replace("_", " ") if isinstance(value, str) else number(float(f"{value:.3g}"))

"""Live runs: watch a trainer, pause and tune it while it trains, and finish it.

`play` starts a run, `explore` shows pictures that follow sliders and train nothing, `finish` trains
without pictures but with a bar of progress.

`run` takes the steps; `orders`, `pace`, `history` and `interrupts` are its parts. `views` are what
it shows, `painted` those that one paints on, `drawing` makes their pictures when the `timetable`
says so, `controls` are what a person may change. A `listener` is told of all: the `panel`, where it
is seen and touched (with `panel.js` in the page), or the `recorder`, which makes a `film` that
plays in a page without a kernel. `registry` keeps several runs apart.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence

from lecturekit.door import Positive, came, check_settings, door, refuse_uncallable
from lecturekit.live.controls import Control, controls_of
from lecturekit.live.pace import Pace
from lecturekit.live.painted import PaintedImage, PaintedPoints
from lecturekit.live.registry import REGISTRY, Place, notebook_shell, present_place
from lecturekit.live.run import Run
from lecturekit.live.views import Curves, View
from lecturekit.training import Steps

__all__ = [
    "Curves",
    "PaintedImage",
    "PaintedPoints",
    "Run",
    "View",
    "explore",
    "finish",
    "play",
]

Controls = object | Sequence[object] | Mapping[str, object]


@door
def play(
    steps: Steps | Callable[[], Steps],
    views: Sequence[View] = (),
    controls: Controls = (),
    *,
    playing: bool = True,
    pace: Positive | None = None,
    name: str | None = None,
    recorded: Mapping[str, Sequence[float | str]] | None = None,
) -> Run:
    """Start a live run in the cell's output, and go on to the next cell while it plays.

    Args:
        steps: better something that begins anew when it is called and returns the steps, such as
            `training.repeatable(train, model, …)`: then there is a Reset button. Or an iterator.
        views: what to show, in this order.
        controls: settings whose tunable fields become sliders: one dataclass, several, or
            label → dataclass.
        playing: False starts paused, for slow motion with the Step button.
        pace: updates per second, at most, with a slider to change it: for small models that would
            be done before anybody has looked. `Run.finish` does not wait.
        name: shown above; a newer run of the same name takes the older one's place. So does the
            same cell when it is executed again.
        recorded: one setting of the controls → further values that the recorded run can be
            switched to on the page that `lecturekit site` makes of the notebook.

    Returns:
        The run. Cells that need the trained model begin with `await run.finish()`.

    Raises:
        ValueError: steps, views or controls of another kind.
    """
    speed = None if pace is None else Pace(pace)
    settings = controls_of(_checked_settings(controls))
    if speed is not None:
        settings += controls_of([speed])
    if recorded:
        _check_positions(recorded, settings, steps)
    run = Run(_checked_steps(steps), _checked_views(views), name or "", speed, settings)
    _show(run, recorded=recorded or {})
    return run.play() if playing else run


@door
def explore(views: Sequence[View], controls: Controls = (), *, name: str | None = None) -> Run:
    """Sliders and pictures without training: the pictures follow the sliders, and what is painted.

    Args:
        views: what to show; they read the settings when they are drawn.
        controls: as for `play`.
        name: as for `play`.

    Returns:
        A run without steps; its `finish` leaves a still picture.
    """
    settings = controls_of(_checked_settings(controls))
    run = Run(iter(()), _checked_views(views), name or "", controls=settings)
    _show(run, explored=True)
    return run


@door
async def finish(steps: Steps | Callable[[], Steps], name: str = "") -> None:
    """Take all steps, with a bar of progress and a Stop button where they take long.

    For trainings that nobody needs to watch. Nothing stays of the bar.

    Args:
        steps: as for `play`.
        name: what is being trained.

    Raises:
        Exception: whatever the trainer raises.
    """
    run = Run(_checked_steps(steps), (), name)
    _show(run, opened=False)
    try:
        await run.finish()
    finally:
        REGISTRY.remove(run)


def _show(
    run: Run,
    *,
    explored: bool = False,
    opened: bool = True,
    recorded: Mapping[str, Sequence[float | str]] | None = None,
) -> None:
    """Enter the registry, and open a panel where there is a kernel to serve it."""
    shell = notebook_shell()
    REGISTRY.add(run, present_place(shell) if shell else Place())
    if shell and os.environ.get("LECTUREKIT_RECORD") == "1":
        from lecturekit.live import recorder

        recorder.record(run, explored=explored, positions=recorded or {})
    elif shell:
        import ipykernel  # these need a kernel, plain Python has none

        from lecturekit.live.panel import Panel

        # Since its version 7, comm messages are heard beside a cell that awaits.
        deaf = int(ipykernel.__version__.split(".")[0]) < 7
        panel = Panel(run, transport=not explored, buttons_wait=deaf)
        run.watch(panel)
        if opened:
            panel.appear()


def _checked_steps(steps: Steps | Callable[[], Steps]) -> Steps | Callable[[], Steps]:
    is_run = callable(steps) and not hasattr(steps, "parameters")  # no net
    if not is_run and not hasattr(steps, "__next__"):
        raise ValueError(f"expected steps, or a function that returns them, got {came(steps)}")
    if is_run:
        refuse_uncallable("steps", steps, 0)
    return steps


def _checked_views(views: Sequence[View]) -> Sequence[View]:
    for view in views:
        if not isinstance(view, View):
            raise ValueError(
                f"expected views such as live.Curves or live.View, got {type(view).__name__}"
            )
    return views


def _check_positions(
    positions: Mapping[str, object], controls: Sequence[Control], steps: object
) -> None:
    """Also where nothing is recorded: the site is made long after a setting was renamed."""
    fields = [control.field for control in controls]
    if len(positions) != 1 or not set(positions) <= set(fields) or not callable(steps):
        raise ValueError(
            "expected recorded to name one setting, of a run that can begin anew, among "
            f"{', '.join(fields) or 'none'}; got {', '.join(positions)}"
        )


def _checked_settings(controls: object) -> Mapping[str, object] | Sequence[object]:
    if dataclasses.is_dataclass(controls):
        controls = [controls]
    several = isinstance(controls, Mapping | list | tuple)
    settings: list[object] = [controls]
    if several:
        settings = list(controls.values() if isinstance(controls, Mapping) else controls)  # type: ignore[call-overload]
    for each in settings:
        if not dataclasses.is_dataclass(each) or isinstance(each, type):
            raise ValueError(
                f"expected settings for controls (a dataclass with tunable fields), "
                f"got {came(each)}"
            )
        check_settings(each)
    return controls if isinstance(controls, Mapping) else settings

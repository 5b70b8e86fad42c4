"""Live runs: watch a trainer, pause and tune it while it trains, and finish it.

`play` starts a run, `explore` shows pictures that follow sliders and train nothing.

`run` drains the trainer, `views` are what it shows, `panel` and `controls` what a person touches,
`stage` keeps several runs apart, `history` and `interrupts` are what the others stand on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from lecturekit.live.run import Pace, Run
from lecturekit.live.stage import STAGE, Place, notebook_shell, present_place
from lecturekit.live.views import Curves, Density, Figure, ImageGrid, Scatter, View
from lecturekit.training import Steps

__all__ = ["Curves", "Density", "Figure", "ImageGrid", "Run", "Scatter", "View", "explore", "play"]


def play(
    steps: Steps | Callable[[], Steps],
    views: Sequence[View] = (),
    controls: object | Sequence[object] | Mapping[str, object] = (),
    *,
    playing: bool = True,
    pace: float | None = None,
    name: str | None = None,
) -> Run:
    """Start a live run in the cell's output, and go on to the next cell while it plays.

    Args:
        steps: better a function without arguments that begins anew (fresh model, fresh generator)
            and returns the steps: then there is a Reset button. Or an iterator of steps.
        views: what to show, in this order.
        controls: settings whose tunable fields become sliders: one dataclass, several, or
            label → dataclass.
        playing: False starts paused, for slow motion with the Step button.
        pace: updates per second, at most, with a slider to change it: for small models that would
            be done before anybody has looked. `Run.finish` does not wait.
        name: shown above; a newer run of the same name takes the older one's place. So does the
            same cell when it is executed again.

    Returns:
        The run. Cells that need the trained model call `Run.finish` first.

    Raises:
        ValueError: steps, views or controls of another kind.
    """
    if pace is not None and not pace > 0:
        raise ValueError(f"expected a pace > 0 updates per second, got {pace!r}")
    speed = None if pace is None else Pace(pace)
    run = Run(_checked_steps(steps), _checked_views(views), name or "", speed)
    _show(run, controls)
    return run.play() if playing else run


def explore(
    views: Sequence[View],
    controls: object | Sequence[object] | Mapping[str, object],
    *,
    name: str | None = None,
) -> Run:
    """Sliders and pictures without training: the pictures follow the sliders.

    Args:
        views: what to show; they read the settings when they are drawn.
        controls: as for `play`.
        name: as for `play`.

    Returns:
        A run without steps; its `finish` leaves a still picture.
    """
    run = Run(iter(()), _checked_views(views), name or "")
    _show(run, controls, transport=False)
    return run


def _show(run: Run, controls: object, *, transport: bool = True) -> None:
    """Enter the stage, and open a panel where there is a kernel to serve it."""
    settings = _checked_settings(controls)
    shell = notebook_shell()
    STAGE.enter(run, present_place(shell) if shell else Place())
    if shell:
        from IPython.display import display  # these need a kernel, plain Python has none

        from lecturekit.live.panel import Panel

        panel = Panel(run, settings, transport=transport)
        run.watch(panel)
        display(panel)


def _checked_steps(steps: Steps | Callable[[], Steps]) -> Steps | Callable[[], Steps]:
    if not callable(steps) and not hasattr(steps, "__next__"):
        raise ValueError(
            f"expected a function that returns steps, or an iterator of steps, got {steps!r}"
        )
    return steps


def _checked_views(views: Sequence[View]) -> Sequence[View]:
    for view in views:
        if not isinstance(view, View):
            raise ValueError(
                f"expected views such as live.Curves or live.Figure, got {type(view).__name__}"
            )
    return views


def _checked_settings(controls: object) -> Mapping[str, object] | Sequence[object]:
    if dataclasses.is_dataclass(controls):
        controls = [controls]
    settings = list(controls.values() if isinstance(controls, Mapping) else controls)  # type: ignore[call-overload]
    for each in settings:
        if not dataclasses.is_dataclass(each) or isinstance(each, type):
            raise ValueError(f"expected settings (a dataclass with tunable fields), got {each!r}")
    return controls if isinstance(controls, Mapping) else settings

"""Runs that can begin anew: a trainer with what it trains, as everything is now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from lecturekit.door import NOT_EMPTY, Count, door, refuse, refuse_uncallable
from lecturekit.training import checkpoint
from lecturekit.training.guard import Guarded
from lecturekit.training.snapshot import Snapshot
from lecturekit.training.steps import Steps, Until, checked_steps, measure, side_by_side

FIRST = "argument 1"  # of a trainer: the model


@door
class Repeatable:
    """A run that can begin anew: call it, and get its steps from the first one on.

    Made by `repeatable`, `race` and `relay`. `live.play` takes it as it is and gives it a Reset
    button. The steps of an earlier call end when it is called again, since both would write into
    the same model.

    Attributes:
        metrics: names of what is measured now and then, besides what every step tells; None if
            a part of the run does not say. With them a misspelt name is refused at once.
    """

    def __init__(
        self,
        begin: Callable[[], Steps],
        snapshots: Sequence[Snapshot] = (),
        metrics: Iterable[str] | None = (),
    ) -> None:
        self._begin = begin
        self._snapshots = tuple(snapshots)
        self._steps: Steps | None = None
        self.metrics = None if metrics is None else tuple(metrics)

    def __call__(self) -> Steps:
        """Put everything back, and begin."""
        close = getattr(self._steps, "close", None)
        if close is not None:
            close()
        steps = self._begin()
        self._steps = checked_steps("the trainer", steps)
        return steps

    def measured(self, every: Count, **measurements: Callable[[], Tensor | float]) -> Repeatable:
        """The same run with measurements among its metrics, as `measure` takes them.

        Raises:
            ValueError: `every` is below 1.

        Example:
            >>> begin = begin.measured(100, nats=lambda: exact(model))  # doctest: +SKIP
        """
        measure(iter(()), every)  # refuses it here rather than in the run
        metrics = None if self.metrics is None else (*self.metrics, *measurements)
        return Repeatable(lambda: measure(self(), every, **measurements), self._snapshots, metrics)

    def kept(self, file: str | Path, every: Count = 500) -> Repeatable:
        """The same run, kept in a file: after a restart of the kernel it goes on where it was.

        The first call in a process takes the run up where the file has it, if it has one, bit for
        bit as if it had never ended; another call, a Reset, begins anew. It is written every
        `every` updates and at the end. Delete the file, or press Reset, to begin anew.

        Only for a run of one trainer of the package, and before `measured` and `through`.

        Args:
            file: where; its folder is made.
            every: updates between two writes.

        Raises:
            ValueError: at the first call: the file is of another run, or not of a run at all, or
                there is nothing that could be kept.

        Example:
            >>> begin = begin.kept("runs/pcd.pt")  # doctest: +SKIP
        """
        path, first = Path(file), True
        if path.is_dir():
            refuse("file", "to be a file", f"the folder {path}")

        def begin() -> Steps:
            nonlocal first
            steps = self()
            if not isinstance(steps, Guarded):
                raise ValueError(
                    f"expected a run of one trainer, to be kept in file {path}, got "
                    f"{type(steps).__name__}; call kept before measured and through"
                )
            if first and path.exists():
                checkpoint.load(steps, path)
            first = False
            return _kept(steps, path, every)

        return Repeatable(begin, self._snapshots, self.metrics)

    def through(self, pass_on: Callable[..., Steps], *parts: Any, **named: Any) -> Repeatable:
        """The same run, its steps passed on by `pass_on(steps, *parts, **named)`.

        Its parts begin anew as those of `repeatable` do, from their state at this moment; what
        they share with the run that is passed on begins as that run does.

        Args:
            pass_on: a generator function that takes steps and yields steps.
            *parts, **named: its other arguments.

        Raises:
            ValueError: a part cannot be put back.

        Example:
            >>> begin = begin.through(denoising.accompany, [walkers])  # doctest: +SKIP
        """
        refuse_uncallable("pass_on", pass_on, 1 + len(parts), named)
        snapshot = Snapshot(_by_name(pass_on, parts, named), besides=self._snapshots)

        def begin() -> Steps:
            steps = self()
            snapshot.restore()
            return checked_steps("pass_on", pass_on(steps, *parts, **named))

        return Repeatable(begin, (*self._snapshots, snapshot), self.metrics)


def _kept(steps: Guarded, path: Path, every: int) -> Steps:
    for step in steps:
        if step.index % every == 0 or step.index == step.total:
            checkpoint.save(steps, path)
        yield step


@door
def repeatable(
    train: Callable[..., Steps],
    /,
    *parts: Any,
    generator: torch.Generator | None = None,
    **named: Any,
) -> Repeatable:
    """A run of `train(*parts, generator=generator, **named)` that can begin anew.

    At each call models, phases, optimisers, walkers, and the generator are put back *in place* as
    they are at this moment, so that whoever holds them, a view or a later cell, sees the new run.
    It is the same bit for bit, however the last one ended, but for what a person has changed: what
    sliders and lists set (`tunable` and `choice` fields) stays as it is then. `Snapshot` says what
    else is left alone.

    In a notebook make the parts in the cell that calls this, so that the cell, executed again,
    begins with new ones too, and not where the last run ended.

    Args:
        train: any function that returns steps; a generator function of your own will do, if it
            gets all that it changes as arguments.
        *parts: its arguments. Tensors are data, neither copied nor touched.
        generator: its source of random numbers; left out for a trainer that takes none.
        **named: its arguments by name.

    Raises:
        ValueError: an argument cannot be put back, such as an iterator, or `train` is no function.

    Example:
        >>> begin = repeatable(
        ...     rbm.train, model, data, settings, negative_phase=chain, generator=generator
        ... )  # doctest: +SKIP
        >>> run = live.play(begin, views, settings)  # doctest: +SKIP
    """
    if not callable(train):
        raise ValueError(
            f"expected a trainer and its arguments, repeatable(train, model, …), got {train!r}"
        )
    if generator is not None:
        named["generator"] = generator
    snapshot = Snapshot(_by_name(train, parts, named))

    def begin() -> Steps:
        snapshot.restore()
        return train(*parts, **named)

    return Repeatable(begin, [snapshot])


@door
def race(
    runs: Annotated[Mapping[str, Callable[[], Steps]], NOT_EMPTY], *, until: Until = "first"
) -> Repeatable:
    """Runs that begin together and go on in lockstep, as `side_by_side` says.

    Args:
        runs: by name; each begins anew when it is called. Metrics are named `"name/metric"`.
        until: which run ends the race, the first to be done or the last.

    Raises:
        ValueError: no runs, something that cannot be called, or two that train one model.

    Example:
        >>> begin = race({"CD-1": run_of_cd, "PCD": run_of_pcd})  # doctest: +SKIP
    """
    contestants = dict(runs)
    snapshots = _checked(contestants.values())
    _refuse_shared(contestants)
    return Repeatable(
        lambda: side_by_side({name: run() for name, run in contestants.items()}, until=until),
        snapshots,
        _metrics_of(contestants),
    )


def _refuse_shared(runs: Mapping[str, object]) -> None:
    """Refuse a model that two runs of a race would train, each against the other."""
    trainers: dict[int, str] = {}
    for name, run in runs.items():
        for snapshot in run._snapshots if isinstance(run, Repeatable) else ():
            model = snapshot.parts.get(FIRST)
            if not isinstance(model, nn.Module):
                continue
            other = trainers.setdefault(id(model), name)
            if other != name:
                came = f"one {type(model).__name__} in {other} and in {name}"
                refuse("runs", "to train a model each", came, "copy.deepcopy makes another")


def _metrics_of(runs: Mapping[str, object]) -> list[str] | None:
    """What is measured in any of them; None if one does not say."""
    found: list[str] = []
    for name, run in runs.items():
        metrics = getattr(run, "metrics", None)
        if metrics is None:
            return None
        found += [f"{name}/{metric}" for metric in metrics]
    return found


@door
def relay(runs: Annotated[Sequence[Callable[[], Steps]], NOT_EMPTY]) -> Repeatable:
    """Runs that begin one after the other, each when the last one is done.

    They may train the very same model from one beginning after another: initialise it, call
    `repeatable`, and so on; each run begins where the model was at that call. Updates are numbered
    through. The total takes runs to come for as long as the present one. The first begins at once,
    so that who looks before the first update sees its beginning.

    Args:
        runs: in their order; each begins anew when it is called.

    Raises:
        ValueError: no runs, or something among them that cannot be called.
    """
    in_order = list(runs)
    snapshots = _checked(in_order)
    announced = [getattr(run, "metrics", None) for run in in_order]
    metrics = None if None in announced else {name for each in announced for name in each or ()}
    return Repeatable(lambda: _one_by_one(in_order[0](), in_order[1:]), snapshots, metrics)


def _one_by_one(first: Steps, others: Sequence[Callable[[], Steps]]) -> Steps:
    done = 0
    for place, begin in enumerate((lambda: first, *others)):
        index = 0
        for step in checked_steps(f"runs[{place}]", begin()):
            index, total = step.index, (len(others) + 1 - place) * step.total
            yield step._replace(index=done + index, total=done + total)
        done += index


def _by_name(
    train: Callable[..., Steps], parts: tuple[Any, ...], named: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything that a run may change, by the names under which a message speaks of it."""
    numbered = {f"argument {number}": part for number, part in enumerate(parts, 1)}
    return {"the trainer": train, **numbered, **named}


def _checked(runs: Iterable[object]) -> list[Snapshot]:
    """What the runs remember, if they are runs that can begin anew."""
    found = list(runs)
    if not found:
        raise ValueError("expected at least one run, got none")
    for run in found:
        if not callable(run):
            raise ValueError(
                f"expected runs that can begin anew, such as repeatable(train, …), got {run!r}"
            )
    return [each for run in found if isinstance(run, Repeatable) for each in run._snapshots]

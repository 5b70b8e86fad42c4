"""What a run shows. A view looks at the present state whenever it is asked for a picture.

Views pull: they hold functions that read the model, and call them only when a picture is drawn,
some twenty times a second. Such a function must leave the model and the run's random generator
alone; gradients are off and torch's global generator is put back afterwards.
"""

from __future__ import annotations

import fnmatch
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lecturekit import plots
from lecturekit.door import came, check_arguments, door, refuse
from lecturekit.live.history import History
from lecturekit.training import Step


@door
class View:
    """A picture of the present state: what `function(*args, **options)` returns now.

    Args:
        function: returns a picture, such as `plots.scatter` or a section's own.
        args, options: handed to it each time. What changes is a function of no arguments.

    Raises:
        ValueError: the function does not take these arguments.

    Example:
        >>> import torch
        >>> view = View(plots.scatter, {"x": lambda: torch.zeros(3, 2)}, "Samples")
        >>> view.picture()
        Samples [picture: x₂ against x₁. 3 points of x.]
    """

    def __init__(self, function: Callable[..., plots.Picture], *args: Any, **options: Any) -> None:
        _check_call(function, args, options)
        self._function, self._args, self._options = function, args, options

    def observe(self, step: Step) -> None:
        """Note one update. Called at every one, so it must be cheap and not read the device."""

    def expect(self, metrics: Iterable[str]) -> None:
        """Refuse what can never be shown, now that the names of all metrics are known."""

    def reset(self) -> None:
        """Forget all updates: the run begins anew."""

    def picture(self) -> plots.Picture:
        """The present state as a picture."""
        picture = self._function(*self._args, **self._options)
        if not isinstance(picture, plots.Picture):
            refuse("function", "to return a picture", came(picture))
        return picture


@door
class Curves(View):
    """The course of metrics over the updates.

    Args:
        title: shown above.
        metrics: a name, or a pattern such as "*/nats", which shows the metrics of all runs of a
            race and labels them with what the star stands for; several of them; or metric → label.
        ylabel: quantity and unit.
        xlabel: what is counted.
        against: a metric, or a pattern with the same star, in place of the number of updates.
        options: as in `plots.curves`: `references`, `xscale`, `yscale`, `xlim`, `ylim`, `window`,
            `behind`.

    Raises:
        ValueError: an unknown option.
    """

    def __init__(
        self,
        title: str,
        metrics: str | Sequence[str] | Mapping[str, str] = "*",
        *,
        ylabel: str,
        xlabel: str = "update",
        against: str | None = None,
        **options: Any,
    ) -> None:
        labels: dict[str, Any] = {"xlabel": xlabel, "ylabel": ylabel}
        if options.get("xscale") != "log":
            labels["xstart"] = 0.0
        super().__init__(plots.curves, {}, title, **labels, **options)
        check_arguments(plots.curves, options)
        names = [metrics] if isinstance(metrics, str) else metrics
        self._wanted = dict(names if isinstance(names, Mapping) else {name: "" for name in names})
        self._against = against
        self._history = History()

    def observe(self, step: Step) -> None:
        self._history.observe(step)
        if step.index == step.total:
            self.expect(self._history.names())

    def expect(self, metrics: Iterable[str]) -> None:
        there = list(metrics)
        wanted = [*self._wanted, *([] if self._against is None else [self._against])]
        unknown = [name for name in wanted if not fnmatch.filter(there, name)]
        if unknown:
            raise ValueError(
                f"{self._args[1]!r} shows metrics that no update has: {', '.join(unknown)}; "
                f"there are {', '.join(there) or 'none'}"
            )

    def reset(self) -> None:
        self._history = History()

    def picture(self) -> plots.Picture:
        labels = self._labels()
        often = Counter(labels.values())
        shown = {
            label if often[label] == 1 else _spoken(name): self._points(name)
            for name, label in labels.items()
        }
        return self._function(shown, self._args[1], **self._options)

    def _points(self, name: str) -> tuple[list[float], list[float]]:
        updates, values = self._history[name]
        if self._against is None:
            return list(updates), values
        pattern = next(p for p in self._wanted if fnmatch.fnmatch(name, p))
        against = self._against.replace("*", _starred(name, pattern))
        known = list(self._history.names())
        if against not in known:
            refuse("against", f"to be a metric, such as {', '.join(known)}", repr(against))
        at = self._history[against]
        return np.interp(updates, *at).tolist(), values  # long series keep not every update

    def _labels(self) -> dict[str, str]:
        """Each metric that is shown, and what it was to be called."""
        labels: dict[str, str] = {}
        for pattern, label in self._wanted.items():
            there = fnmatch.filter(self._history.names(), pattern) if "*" in pattern else [pattern]
            labels |= {name: label or _spoken(_starred(name, pattern)) for name in there}
        return labels


def _starred(name: str, pattern: str) -> str:
    """What the star of a pattern stands for; a name without a star as it is."""
    if pattern.count("*") != 1 or pattern == "*":
        return name
    before, after = pattern.split("*")
    return name[len(before) : len(name) - len(after)]


def _spoken(name: str) -> str:
    """Names from code as words, such as free_energy; P_θ stays a formula."""
    return re.sub(r"(?<=\w\w)_(?=\w\w)", " ", name)


def _check_call(function: Callable[..., Any], args: Sequence[Any], options: Any) -> None:
    try:
        inspect.signature(function).bind(*args, **options)
    except TypeError as error:
        name = getattr(function, "__name__", repr(function))
        raise ValueError(
            f"expected function and args that fit: {name} does not take these arguments, {error}"
        ) from None

"""What every trainer shares: steps, tunable settings, and a guard against divergence.

A trainer is a generator of `Step`s: one `next()` is one parameter update, and nothing runs until
somebody asks for the next one. The caller holds the model, so stopping anywhere leaves a usable
model. Everything here works on such generators and knows nothing of any particular model.
"""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

Metrics = Mapping[str, Tensor]


class Step(NamedTuple):
    """One parameter update.

    Attributes:
        index: 1 for the first update, `total` for the last.
        total: how many updates the run will make.
        metrics: detached scalar tensors by name. They stay on their device; whoever looks turns
            them into floats, so that training never waits for the device.
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which no step needs
    total: int
    metrics: Metrics


Steps = Iterator[Step]


# ----------------------------------------------------------------------------------- settings


@dataclasses.dataclass(frozen=True)
class Tunable:
    """The range of a setting that may change while a run is under way.

    `low` and `high` bound the slider, not the setting: only `minimum` and `maximum` are refused
    by `check_settings`, because a lecturer may want to type a rate that no slider offers.
    """

    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"
    label: str = ""
    minimum: float = -math.inf
    maximum: float = math.inf


def tunable(
    default: float,
    low: float,
    high: float,
    *,
    scale: Literal["linear", "log"] = "linear",
    label: str = "",
    minimum: float = 0.0,
    maximum: float = math.inf,
) -> Any:
    """A dataclass field that a slider can set; the next update uses the new value.

    Example:
        >>> @dataclasses.dataclass
        ... class Settings:
        ...     learning_rate: float = tunable(0.05, 1e-4, 1.0, scale="log", label="rate α")
        >>> tunables(Settings())["learning_rate"].high
        1.0
    """
    metadata = Tunable(low, high, scale, label, minimum, maximum)
    return dataclasses.field(default=default, metadata={"tunable": metadata})


def tunables(settings: object) -> dict[str, Tunable]:
    """The tunable fields of a settings dataclass, in the order in which they were declared."""
    return {
        field.name: field.metadata["tunable"]
        for field in dataclasses.fields(settings)  # type: ignore[arg-type]
        if "tunable" in field.metadata
    }


def check_settings(settings: object, **least: int) -> None:
    """Refuse settings outside their domain.

    Args:
        settings: a dataclass.
        **least: its fields that must be whole numbers, and the least that each may be.

    Raises:
        ValueError: a tunable field is not finite, or lies outside its minimum and maximum, or a
            field named here is no whole number or too small.
    """
    for name, limits in tunables(settings).items():
        value = getattr(settings, name)
        if not (math.isfinite(value) and limits.minimum <= value <= limits.maximum):
            raise ValueError(
                f"{type(settings).__name__}.{name} must be a finite number from "
                f"{limits.minimum:g} to {limits.maximum:g}, got {value!r}"
            )
    for name, lowest in least.items():
        value = getattr(settings, name)
        if not math.isfinite(value) or value != int(value) or value < lowest:
            raise ValueError(f"expected a whole number {name} ≥ {lowest}, got {value!r}")


def check_devices(**parts: Tensor | torch.Generator) -> None:
    """Refuse tensors and generators that are not all on one device.

    Args:
        **parts: by the names under which the message speaks of them.

    Raises:
        ValueError: says which is where.
    """
    if len({part.device for part in parts.values()}) > 1:
        places = ", ".join(f"{name} on {part.device}" for name, part in parts.items())
        raise ValueError(f"expected {', '.join(parts)} on one device, got {places}")


def linear_decay(index: int, total: int) -> float:
    """The factor 1 → 0 of a linearly decayed learning rate: 1 at update 1, 1/total at the last."""
    return 1.0 - (index - 1) / total


# -------------------------------------------------------------------------------------- steps


def minibatches(data: Tensor, batch_size: int, *, generator: torch.Generator) -> Iterator[Tensor]:
    """Minibatches of rows without end, each epoch in a new random order.

    A batch may span two epochs, so that all have `batch_size` rows, also when the data has fewer.

    Args:
        data: (n, ...), n ≥ 1.
        batch_size: rows in a batch, ≥ 1.
        generator: source of the order, on the device of `data`.

    Yields:
        (batch_size, ...)
    """
    if len(data) == 0 or batch_size < 1:
        raise ValueError(
            f"expected data with rows and batch_size ≥ 1, got {len(data)} rows, {batch_size}"
        )
    epochs = -(-32 * batch_size // len(data))  # shuffled at once: tiny data would shuffle all day
    order = torch.empty(0, dtype=torch.long, device=data.device)
    while True:
        if len(order) < batch_size:
            keys = torch.rand(epochs, len(data), generator=generator, device=data.device)
            order = torch.cat([order, keys.argsort(1).flatten()])
        yield data.index_select(0, order[:batch_size])
        order = order[batch_size:]


def finish(steps: Steps) -> Step | None:
    """Run what is left of `steps`; returns the last one, or None if nothing was left."""
    last = None
    for last in steps:  # noqa: B007
        pass
    return last


def measure(steps: Steps, every: int, **measurements: Callable[[], Tensor | float]) -> Steps:
    """Add measurements to the metrics of every `every`-th update, and of the last one.

    They are taken at fixed updates rather than when a picture happens to be drawn, so that a
    curve is the same whoever watches.

    Example:
        >>> steps = measure(steps, 100, log_likelihood=lambda: exact(model))  # doctest: +SKIP
    """
    if every < 1:
        raise ValueError(f"expected every ≥ 1, got {every}")
    for step in steps:
        if step.index % every == 0 or step.index == step.total:
            taken = {name: torch.as_tensor(take()).detach() for name, take in measurements.items()}
            step = step._replace(metrics={**step.metrics, **taken})
        yield step


def side_by_side(runs: Mapping[str, Steps]) -> Steps:
    """Several runs in lockstep, one update each per step: a fair race.

    Metrics are named `"run/metric"`. The race ends with its shortest run.
    """
    for steps in zip(*runs.values(), strict=False):
        metrics = {
            f"{name}/{metric}": value
            for name, step in zip(runs, steps, strict=True)
            for metric, value in step.metrics.items()
        }
        yield Step(steps[0].index, min(step.total for step in steps), metrics)


# ----------------------------------------------------------------------------------- the guard


class DivergenceError(RuntimeError):
    """Parameters or a metric became infinite or NaN; the model is back at its last finite state.

    Attributes:
        detected_at: the update after which the check failed.
        restored_to: the update whose parameters the model now has (0: as it was at the start).
        settings: a copy of the settings as they were when the run diverged.
    """

    def __init__(self, detected_at: int, restored_to: int, settings: object):
        self.detected_at, self.restored_to, self.settings = detected_at, restored_to, settings
        super().__init__(
            f"training diverged between update {restored_to} and {detected_at} with {settings}; "
            f"the model is back at update {restored_to}, its last finite state"
        )


def guard(steps: Steps, model: nn.Module, settings: object, *, every: int = 100) -> Steps:
    """Pass `steps` on, and stop with the last finite model when the run diverges.

    Looking at every update would make the device wait each time, so parameters and metrics are
    looked at after every `every`-th update and after the last.

    Raises:
        DivergenceError: a parameter or metric was not finite.
    """
    finite_state, finite_at = copy.deepcopy(model.state_dict()), 0
    for step in steps:
        if step.index % every == 0 or step.index == step.total:
            if not _all_finite([*model.state_dict().values(), *step.metrics.values()]):
                model.load_state_dict(finite_state)
                raise DivergenceError(step.index, finite_at, copy.deepcopy(settings))
            finite_state, finite_at = copy.deepcopy(model.state_dict()), step.index
        yield step


def _all_finite(tensors: list[Tensor]) -> bool:
    return all(bool(tensor.isfinite().all()) for tensor in tensors)

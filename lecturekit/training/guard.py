"""The guard: a run that diverges stops with its last sane model, and says so."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from lecturekit.door import (
    Count,
    Lasting,
    Positive,
    check_settings,
    door,
    refuse,
    refuse_no_settings,
    settings_now,
)
from lecturekit.training.parts import Parts
from lecturekit.training.settings import refuse_moved
from lecturekit.training.snapshot import Snapshot
from lecturekit.training.steps import Metrics, Step, Steps, as_step

PARAMETERS = 1e3  # no net here has learned anything with weights above 100


class DivergenceError(RuntimeError):
    """Numbers became infinite, NaN or absurd; all that the run owns is back at a sane state.

    Attributes:
        detected_at: the update after which the check failed.
        restored_to: the update whose parameters the model now has (0: as it was at the start).
        settings: a copy of the settings as they were when the run diverged.
    """

    def __init__(self, detected_at: int, restored_to: int, settings: object, why: str = ""):
        self.detected_at, self.restored_to, self.settings = detected_at, restored_to, settings
        super().__init__(
            f"training diverged between update {restored_to} and {detected_at} with {settings}"
            f"{': ' + why if why else ''}; the model is back at update {restored_to}, its last "
            "finite state"
        )


class Guarded(Iterator[Step], Lasting):
    """Steps under `guard`.

    Attributes:
        owns: all that the run reads and changes, by name: what has to be put back, or saved.
    """

    def __init__(
        self,
        steps: Steps,
        owns: Mapping[str, Any],
        sane: Mapping[str, float],
        every: int,
    ) -> None:
        self.owns = dict(owns)
        self._steps, self._sane, self._every = iter(steps), dict(sane), every
        # settings are left alone: they are a person's
        self._trained = {name: part for name, part in owns.items() if name != "settings"}
        self._read = [part for part in owns.values() if _has_fields(part)]
        self._seen: dict[int, tuple[Any, ...]] = {}
        self._begun_with = [copy.copy(part) for part in self._read]
        self._snapshot: Snapshot | None = None
        self._parts: Parts | None = None
        self._sane_at = 0
        self._begun, self._at = False, 0

    def __next__(self) -> Step:
        self._check_settings()
        if self._snapshot is None or self._parts is None:
            self._snapshot, self._parts = Snapshot(self._trained), Parts(self._trained)
        self._parts.check()
        self.look_again()
        step = self._another() if self._begun else self._first()
        self._at = step.index
        if step.index % self._every == 0 or step.index == step.total:
            self._look(step)
        return step

    def _first(self) -> Step:
        """An update that fails at once has changed nothing."""
        assert self._snapshot is not None
        try:
            step = as_step(next(self._steps))
            self._check_names(step)
        except StopIteration:
            raise
        except Exception:
            self._snapshot.restore()
            raise
        self._begun = True
        return step

    def _another(self) -> Step:
        """An update that fails because the run has diverged before is no fault of its own."""
        try:
            return next(self._steps)
        except (ValueError, RuntimeError) as error:
            why = _not_finite(_held(self.owns.values())) or self._absurd({})
            self._stop_if(why, self._at + 1, error)
            raise

    def close(self) -> None:
        """Take no more steps; the model stays as it is."""
        close = getattr(self._steps, "close", None)
        if close is not None:
            close()

    def _check_settings(self) -> None:
        """Refuse what a slider or an assignment has set, before anything is done with it."""
        for part, first in zip(self._read, self._begun_with, strict=True):
            now = settings_now(part)
            if self._seen.get(id(part)) != now:
                check_settings(part)
                if self._begun:
                    refuse_moved(part, first)
                self._seen[id(part)] = now

    def _check_names(self, step: Step) -> None:
        known = ["parameters", *step.metrics]
        unknown = [name for name in self._sane if name not in known]
        if unknown:
            refuse("sane", f"to name {' or '.join(known)}", ", ".join(unknown))

    def _look(self, step: Step) -> None:
        why = _not_finite([*_held(self.owns.values()), *step.metrics.values()])
        self._stop_if(why or self._absurd(step.metrics), step.index)
        self._snapshot, self._sane_at = Snapshot(self._trained), step.index

    def _stop_if(self, why: str, at: int, error: Exception | None = None) -> None:
        if why:
            assert self._snapshot is not None
            settings = copy.deepcopy(self.owns["settings"])
            self._snapshot.restore()
            raise DivergenceError(at, self._sane_at, settings, why) from error

    def _absurd(self, metrics: Metrics) -> str:
        known = {name: [value] for name, value in metrics.items()}
        known["parameters"] = list(self.owns["model"].parameters())
        for name, limit in self._sane.items():
            values = known.get(name, [])
            largest = max((float(value.detach().abs().max()) for value in values), default=0.0)
            if largest > limit:
                return f"{name.replace('_', ' ')} up to {largest:.3g}, where {limit:.3g} is absurd"
        return ""


@door
def guard(
    steps: Steps,
    model: nn.Module,
    settings: object,
    *,
    owns: Mapping[str, Any] | None = None,
    sane: Mapping[str, Positive] | None = None,
    every: Count = 100,
) -> Guarded:
    """Pass `steps` on; refuse settings that make no sense, and stop when the run diverges.

    Before each update the settings are looked at, those of the other parts too; whether nets and
    parameters are those that the run began with, and of the same kind; and the data, if they have
    been written into. What is refused changes nothing, and the run goes on once it is put right.

    Looking at the numbers after every update would make the device wait each time, so they are
    looked at after every `every`-th update and after the last. When the run has diverged, *all*
    that it owns is put back: the model, particles, fast weights, optimisers, averages, the source
    of randomness. So another run, with sane settings, goes on from there.

    Args:
        steps: of a trainer.
        model: what is trained.
        settings: what the trainer reads.
        owns: what else it reads and changes, by name.
        sane: metric → how large its absolute value may be, and "parameters" → how large those of
            the model: generous limits, beyond which numbers are finite nonsense.
        every: updates between two looks.

    Raises:
        ValueError: at a step: settings outside their limits, or such as stay during a run and have
            not; a net that was replaced, or changed its kind; data that the trainer would refuse.
        DivergenceError: at a step: a number was not finite, or absurd.
    """
    refuse_no_settings(settings)
    return Guarded(steps, {"model": model, "settings": settings, **(owns or {})}, sane or {}, every)


def _has_fields(part: object) -> bool:
    return dataclasses.is_dataclass(part) and not isinstance(part, type)


def _held(parts: Iterable[Any]) -> Iterator[Tensor]:
    """The tensors of modules, and those that other parts remember."""
    for part in parts:
        if isinstance(part, nn.Module):
            yield from part.state_dict().values()
        elif _has_fields(part):
            for value in vars(part).values() if hasattr(part, "__dict__") else ():
                if isinstance(value, Tensor):
                    yield value
                elif isinstance(value, nn.Module):
                    yield from value.state_dict().values()
                elif _has_fields(value) and hasattr(value, "__iter__"):  # the fast weights
                    yield from value


def _not_finite(tensors: Iterable[Tensor]) -> str:
    return "" if all(bool(tensor.isfinite().all()) for tensor in tensors) else "not finite"

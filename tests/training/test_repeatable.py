"""Runs that begin anew: the trainers of all sections bit for bit, and whatever else has a state."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lecturekit import denoising, rbm
from lecturekit.adversarial import ImagePool
from lecturekit.networks import mlp
from lecturekit.training import (
    DivergenceError,
    Repeatable,
    Step,
    Steps,
    finish,
    repeatable,
    tunable,
)
from tests.sections import Training, seeded, trainers
from tests.training.contents import content

UPDATES = 3


# ------------------------------------------------------------------------ the sections' trainers


@dataclass
class Case:
    """A trainer, its arguments, the rates that sliders move, and where they go too far."""

    train: Callable[..., Steps]
    parts: tuple[Any, ...]
    rates: Sequence[tuple[object, str]]
    named: Mapping[str, Any] = field(default_factory=dict)
    too_fast: float | None = 3e38  # about the largest float32

    @property
    def mutable(self) -> list[Any]:
        return [*self.parts, *self.named.values()]

    def plain(self) -> Steps:
        return self.train(*self.parts, **self.named)

    def repeatable(self) -> Repeatable:
        return repeatable(self.train, *self.parts, **self.named)

    def values(self) -> list[float]:
        return [getattr(owner, name) for owner, name in self.rates]

    def set(self, values: Sequence[float]) -> None:
        for (owner, name), value in zip(self.rates, values, strict=True):
            setattr(owner, name, value)


def registered(make: Callable[[int], Training]) -> Case:
    training = make(0)
    return Case(training.train, training.parts, training.rates, training.named)


def placed(phase: rbm.PersistentCD) -> Case:
    """Particles that are there before the first update."""
    g = seeded(0)
    model, data = rbm.RBM(6, 4, generator=g), (torch.rand(20, 6, generator=g) < 0.5).float()
    settings = rbm.Settings(UPDATES, batch_size=5)
    named = {"negative_phase": phase.initialise(data, generator=g), "generator": g}
    return Case(rbm.train, (model, data, settings), [(settings, "learning_rate")], named)


def of_walkers() -> Case:
    noise = denoising.GaussianNoise(0.3)
    denoiser = denoising.GaussianDenoiser(2, generator=seeded(0))
    crowds = [
        denoising.Walkers(denoiser, noise, torch.zeros(5, 2), generator=seeded(seed))
        for seed in (1, 2)
    ]
    return Case(denoising.half_steps, (crowds, UPDATES), [(noise, "sigma")], too_fast=None)


@dataclass
class Plan:
    rate: float = tunable(0.1, 0.0, 1.0)


def students_loop(
    net: Any, seen: list[float], x: Tensor, plan: Plan, *, generator: torch.Generator
) -> Iterator[Step]:
    """What somebody might write in a notebook: gradients that add up, a list, a pool, a mode."""
    for index in range(1, UPDATES + 1):
        noise = torch.randn(x.shape, generator=generator)
        loss = net(net.pool.meet(x + noise, generator=generator)).square().mean()
        loss.backward()
        with torch.no_grad():
            for parameter in net.parameters():
                parameter -= plan.rate * parameter.grad
        seen.append(loss.item())
        net.train(index % 2 == 0)
        yield Step(index, UPDATES, {"loss": loss.detach()})


def of_student() -> Case:
    g, plan = seeded(0), Plan()
    net = mlp([2, 4, 1], batch_norm=True, generator=g)
    net.pool = ImagePool(5)
    parts, rates = (net, [0.5], torch.randn(8, 2, generator=g), plan), [(plan, "rate")]
    return Case(students_loop, parts, rates, {"generator": g}, too_fast=None)


CASES: dict[str, Callable[[], Case]] = {
    **{name: partial(registered, make) for name, make in trainers().items()},
    "PCD, placed": lambda: placed(rbm.PersistentCD(7)),
    "FPCD, placed": lambda: placed(rbm.FastPersistentCD(7)),
    "walkers": of_walkers,
    "a student's loop": of_student,
}
every_case = pytest.mark.parametrize("make", CASES.values(), ids=CASES)


def outcome(steps: Steps, case: Case) -> Any:
    """All metrics of a run, and all that it leaves behind."""
    metrics = [(step.index, step.total, content(dict(step.metrics))) for step in steps]
    return metrics, content(case.mutable)


@every_case
def test_the_first_run_is_a_plain_call(make):
    plain, case = make(), make()
    expected = outcome(plain.plain(), plain)
    assert outcome(case.repeatable()(), case) == expected
    assert content(make().mutable) != expected[1]  # otherwise nothing would have been tested


@every_case
def test_after_a_partial_a_whole_and_a_diverged_run_it_is_the_same_bit_for_bit(make):
    case = make()
    begin, state = case.repeatable(), content(case.mutable)
    first = outcome(begin(), case)
    for spoil in (stop_early, go_to_the_end, diverge):
        spoil(begin(), case)
        steps = begin()
        assert content(case.mutable) == state, spoil.__name__
        assert outcome(steps, case) == first, spoil.__name__


def stop_early(steps: Steps, case: Case) -> None:
    next(steps)
    next(steps)


def go_to_the_end(steps: Steps, case: Case) -> None:
    finish(steps)


def diverge(steps: Steps, case: Case) -> None:
    """Until the guard stops it, and for good measure with the worst that a run can leave behind."""
    if case.too_fast is not None:
        usual = case.values()
        case.set([case.too_fast] * len(usual))
        with pytest.raises(DivergenceError):
            finish(steps)
        case.set(usual)
    for part in case.mutable:
        if isinstance(part, nn.Module):
            for parameter in part.parameters():
                parameter.data.fill_(math.nan)


@every_case
def test_what_a_slider_has_set_stays_and_is_used(make):
    moved, case = make(), make()
    begin = case.repeatable()
    stop_early(begin(), case)
    for each in (moved, case):
        each.set([0.25 * rate for rate in each.values()])
    values = case.values()
    expected = outcome(moved.plain(), moved)
    for _ in range(3):
        assert outcome(begin(), case) == expected
        assert case.values() == values


@every_case
def test_objects_stay_the_ones_that_they_are(make):
    def objects(case: Case) -> list[int]:
        modules = [part for part in case.mutable if isinstance(part, nn.Module)]
        inside = [each for net in modules for each in (*net.modules(), *net.state_dict().values())]
        held = [value for part in case.mutable for value in getattr(part, "__dict__", {}).values()]
        kept = [value for value in held if isinstance(value, nn.Module | Tensor)]
        return [id(each) for each in (*case.mutable, *modules, *kept)] + [
            each.data_ptr() if isinstance(each, Tensor) else id(each) for each in inside
        ]

    case = make()
    begin, before = case.repeatable(), objects(case)
    for _ in range(3):
        stop_early(begin(), case)
    begin()
    assert objects(case) == before


@every_case
def test_data_are_neither_copied_nor_touched(make, monkeypatch):
    case = make()
    data = [part for part in case.parts if isinstance(part, Tensor)]
    versions, copied, clone = [each._version for each in data], [], Tensor.clone
    with monkeypatch.context() as patch:
        patch.setattr(Tensor, "clone", lambda self, *a, **k: copied.append(self) or clone(self))
        begin = case.repeatable()
    places = {each.data_ptr() for each in copied}
    for _ in range(2):
        finish(begin())
    assert not places & {each.data_ptr() for each in data}
    assert [each._version for each in data] == versions

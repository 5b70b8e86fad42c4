"""The contract of all trainers, whichever section they belong to."""

from __future__ import annotations

import dataclasses
import itertools
import math
import pickle
from collections.abc import Callable
from dataclasses import is_dataclass

import pytest
import torch
from torch import Tensor

from lecturekit.training import PARAMETERS, DivergenceError, Schedule, finish, tunables
from tests.sections import Training, trainers

TRAINERS = trainers()
every_trainer = pytest.mark.parametrize("make", TRAINERS.values(), ids=TRAINERS.keys())


def stands_still(training: Training, act: Callable[[], object]) -> bool:
    """Whether nothing changes, neither in the model nor in the source of randomness."""
    source = training.generator
    states = []
    for do in (lambda: None, act):
        do()
        states.append((training.state(), source.get_state() if source else torch.empty(0)))
    return all(map(torch.equal, *states))


@every_trainer
def test_a_step_is_an_update_and_nothing_happens_before_it_is_asked_for(make):
    training, globally = make(0), torch.get_rng_state()
    steps = None

    def begin():
        nonlocal steps
        steps = training.steps()

    assert stands_still(training, begin)
    for index in range(1, training.settings.updates + 1):
        before = training.parameters()
        step = next(steps)
        assert (step.index, step.total) == (index, training.settings.updates)
        assert not torch.equal(training.parameters(), before)
        for metric in step.metrics.values():
            assert metric.ndim == 0
            assert not metric.requires_grad
    assert next(steps, None) is None
    assert torch.equal(torch.get_rng_state(), globally)


@every_trainer
def test_the_same_seed_gives_the_same_bits(make):
    first, again, other = make(0), make(0), make(1)
    for training in (first, again, other):
        finish(training.steps())
    assert torch.equal(first.state(), again.state())
    assert not torch.equal(first.state(), other.state())


@every_trainer
def test_what_is_trained_can_be_pickled_and_the_copy_learns_on_alike(make):
    training = make(0)
    finish(training.steps())
    copied = pickle.loads(pickle.dumps(training))
    assert torch.equal(copied.state(), training.state())
    for each in (training, copied):
        finish(each.steps())
    assert torch.equal(copied.state(), training.state())


@every_trainer
def test_stopped_anywhere_it_leaves_a_usable_model(make):
    stopped, other = make(0), make(0)
    list(itertools.islice(stopped.steps(), 3))
    assert stopped.state().isfinite().all()
    assert not torch.equal(stopped.state(), other.state())
    trainable = [[p.requires_grad for p in each.trained.parameters()] for each in (stopped, other)]
    assert trainable[0] == trainable[1]


@every_trainer
def test_rates_are_read_anew_at_every_update(make):
    training = make(0)
    steps = training.steps()
    next(steps)
    was = [(owner, name, getattr(owner, name)) for owner, name in training.rates]
    for owner, name in training.rates:
        setattr(owner, name, 0.0)
    before = training.parameters()
    next(steps)
    assert torch.equal(training.parameters(), before)
    for owner, name, value in was:
        setattr(owner, name, value)
        at = training.parameters()
        next(steps)
        assert not torch.equal(training.parameters(), at)


@pytest.mark.parametrize(
    "make", [make for make in TRAINERS.values() if isinstance(make(0).settings, Schedule)]
)
def test_rates_fall_linearly_after_their_constant_share(make):
    """The last of many updates is a small one, unless the rates are constant."""

    def second_update(constant_share: float) -> Tensor:
        training = make(0)
        training.settings.updates = 2
        training.settings.constant_share = constant_share
        steps = training.steps()
        next(steps)
        before = training.parameters()
        next(steps)
        return (training.parameters() - before).abs().max()

    assert second_update(0.0) < second_update(1.0)


@every_trainer
def test_a_divergence_gives_back_the_last_finite_model(make):
    training = make(0)
    before = training.state()
    for owner, name in training.rates:
        setattr(owner, name, 3e38)  # about the largest float32
    with pytest.raises(DivergenceError) as caught:
        finish(training.steps())
    assert caught.value.restored_to == 0
    assert caught.value.settings == training.settings
    assert torch.equal(training.state(), before)


@every_trainer
def test_finite_nonsense_is_a_divergence_too(make):
    """A rate that no slider reaches: all numbers stay finite, and none of them means anything."""
    training = make(0)
    training.settings.updates = 200
    for owner, name in training.rates:
        setattr(owner, name, 1e3)
    with pytest.raises(DivergenceError):
        finish(training.steps())
    assert training.state().abs().max() < PARAMETERS


@every_trainer
@pytest.mark.parametrize("rate", [3e38, 1e3])
def test_after_a_divergence_another_run_goes_on(make, rate):
    """All that the run owns is put back: particles, fast weights, optimisers, averages too."""
    training = make(0)
    sane = [(owner, name, getattr(owner, name)) for owner, name in training.rates]
    finish(training.steps())
    training.settings.updates = 200
    for owner, name, _ in sane:
        setattr(owner, name, rate)
    with pytest.raises(DivergenceError):
        finish(training.steps())
    for owner, name, value in sane:
        setattr(owner, name, value)
    training.settings.updates = 20
    assert finish(training.steps()).index == training.settings.updates
    assert training.state().isfinite().all()


def tuned(training: Training) -> list[tuple[object, str, object]]:
    """All that a slider can set, of the settings and of the other parts, and bad values for it."""
    parts = [part for part in (*training.parts, *training.named.values()) if is_dataclass(part)]
    return [
        (part, name, bad)
        for part in parts
        for name, limits in tunables(part).items()
        for bad in (-1.0, math.nan, math.inf, "3", None, True)
        if not limits.allow(bad)
    ]


@every_trainer
def test_a_bad_setting_is_refused_at_the_next_update_and_a_good_one_goes_on(make):
    for place in range(len(tuned(make(0)))):
        training = make(0)
        part, name, bad = tuned(training)[place]
        steps, good = training.steps(), getattr(part, name)
        next(steps)
        setattr(part, name, bad)

        def go_on(steps=steps, name=name):
            with pytest.raises(ValueError, match=rf"\.{name} must be"):
                next(steps)

        assert stands_still(training, go_on), (name, bad)
        setattr(part, name, good)
        assert next(steps).index == 2


BAD = {"updates": [0, 2.5], "batch_size": [0, 2.5], "constant_share": [-0.1, 1.1, math.nan]}


@every_trainer
def test_settings_outside_their_limits_are_refused_at_the_door(make):
    fields = {field.name for field in dataclasses.fields(make(0).settings)}
    bad = [(name, value) for name in BAD if name in fields for value in BAD[name]]
    settings = make(0).settings
    bad += [
        (name, value)
        for owner, name in make(0).rates
        if type(owner) is type(settings)
        for value in (-0.1, math.nan, math.inf, "much")
    ]
    for name, value in bad:
        training = make(0)
        setattr(training.settings, name, value)

        def begin(training=training, name=name, value=value):
            with pytest.raises(ValueError, match=rf"\.{name} must be .* number .*, got {value!r}"):
                training.steps()

        assert stands_still(training, begin), (name, value)


def spoiled(data: Tensor) -> dict[str, Tensor]:
    """Data that no trainer takes."""
    hole = data.clone()
    hole[0] = math.nan
    return {
        "another type": data.double(),
        "not finite": hole,
        "no rows": data[:0],
        "one axis more": data[None],
    }


@every_trainer
@pytest.mark.parametrize("kind", spoiled(torch.zeros(2, 2)))
def test_data_that_do_not_fit_are_refused_at_the_door(make, kind):
    training = make(0)
    first, *others = training.data

    def begin():
        with pytest.raises(ValueError, match=r"expected|got"):
            training.steps(spoiled(first)[kind], *others)

    assert stands_still(training, begin)


@every_trainer
def test_data_on_another_device_than_the_model_are_refused(make):
    """A device without memory stands for a GPU, so that this is tested everywhere."""
    training = make(0)
    with pytest.raises(ValueError, match="on meta"):
        training.steps(*(each.to("meta") for each in training.data))

"""Objects with a state of every kind, spoilt and put back."""

from __future__ import annotations

import collections
import functools
import math
import random
import threading
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lecturekit.training import Snapshot
from tests.training.contents import content


class Slotted:
    __slots__ = ("gone", "held", "late")

    def __init__(self) -> None:
        self.held, self.gone = torch.zeros(2), 1

    def count(self) -> None:
        self.gone += 1


class Named(collections.OrderedDict[str, int]):
    """A dict with an attribute."""


@dataclass(frozen=True)
class Frozen:
    data: Tensor
    net: nn.Module


class Anything:
    """One of each kind; `spoil` changes all of them."""

    def __init__(self, generator: torch.Generator) -> None:
        self.number, self.gone, self.words = 1, "here", ["a"]
        self.written, self.replaced = torch.zeros(3), torch.ones(2)
        self.trained = torch.ones(2, requires_grad=True)
        self.graded = torch.ones(2, requires_grad=True)
        self.graded.grad = torch.full((2,), 5.0)
        self.grown, self.named = {"a": torch.zeros(1), "b": torch.zeros(1)}, Named(x=1)
        self.named.note = "a"
        self.queue, self.members = collections.deque([1, 2], maxlen=3), {1, 2}
        self.array, self.dice, self.generator = np.zeros(2), random.Random(0), generator
        self.slotted, self.frozen = Slotted(), Frozen(torch.zeros(1), nn.Linear(1, 1))
        self.net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout())
        self.net[0].bias.requires_grad_(False)
        self.net[2].eval()
        self.adam = torch.optim.Adam(self.net[0].parameters(), lr=0.1)
        self.pair = (torch.zeros(2), [3])
        self.bound, self.part = self.slotted_total, functools.partial(max, [1])
        self.ring = [self]
        self.learn()

    @functools.cached_property
    def worked_out(self) -> float:
        return float(self.written.sum())

    def slotted_total(self) -> float:
        return float(self.slotted.held.sum())

    def learn(self) -> None:
        self.adam.zero_grad()
        self.net[:2](torch.tensor([[1.0, 2.0], [3.0, -1.0]])).square().sum().backward()
        self.adam.step()

    def spoil(self) -> None:
        assert self.worked_out == 0
        self.number, self.new = 2, "new"
        del self.gone
        self.words.append("b")
        self.written.add_(1)
        self.replaced = torch.zeros(7)
        (self.trained.sum() + self.graded.sum()).backward()
        self.trained.data.add_(1)
        self.trained.data = torch.zeros(5, dtype=torch.float64)
        self.grown["a"] += 1
        self.grown["b"] = self.grown.pop("b")  # another order
        self.grown["c"] = torch.zeros(1)
        self.named.move_to_end("x")
        self.named["y"], self.named.note = 2, "b"
        self.queue.extend([5, 6])
        self.members.discard(1)
        self.array += 1
        self.dice.random()
        torch.rand(2, generator=self.generator)
        self.slotted.held += 1
        self.slotted.late = 3
        del self.slotted.gone
        self.frozen.net.weight.data.zero_()
        self.net.eval()
        self.net[0].bias.requires_grad_(True)
        self.net[1] = nn.Identity()
        self.net.append(nn.ReLU())
        self.net.note = "new"
        self.adam.param_groups[0]["lr"] = 0.5
        self.adam.add_param_group({"params": [torch.zeros(1, requires_grad=True)]})
        self.net[0](torch.ones(1, 2)).sum().backward()
        self.adam.step()
        self.pair[0].add_(1)
        self.pair[1].append(4)
        self.part = None
        self.ring.append(None)


def test_every_kind_of_state_is_put_back_in_place():
    thing = Anything(torch.Generator().manual_seed(0))
    before = content(thing)
    ids = {name: id(value) for name, value in vars(thing).items() if name != "bound"}
    snapshot = Snapshot({"thing": thing})
    for _ in range(3):
        thing.spoil()
        spoilt = content(thing)[1]
        unchanged = [name for name, value in before[1].items() if spoilt.get(name) == value]
        assert unchanged == ["bound"], "spoil() has to change everything"
        snapshot.restore()
        assert content(thing) == before
        assert {name: id(value) for name, value in vars(thing).items() if name != "bound"} == ids
    thing.learn()  # the optimiser still belongs to the net


def test_what_partials_and_methods_carry_is_put_back():
    first, second, thing = [1], {"a": 1}, Slotted()
    carriers = functools.partial(sum, first), functools.partial(dict, also=second), thing.count
    snapshot = Snapshot({"carriers": carriers})
    first.append(2)
    second["b"] = 2
    thing.count()
    snapshot.restore()
    assert (first, second, thing.gone) == ([1], {"a": 1}, 1)


def test_tensors_in_a_frozen_record_are_data():
    record = Frozen(torch.zeros(2), nn.Linear(1, 1))
    snapshot = Snapshot({"record": (record,)})
    record.net.weight.data.zero_()
    snapshot.restore()
    assert record.net.weight.any()
    record.data.add_(1)
    with pytest.raises(ValueError, match=r"expected record\[0\]\.data, a tensor of shape \(2,\)"):
        snapshot.restore()


def test_hooks_stay_with_those_who_hung_them():
    net, passed = nn.Linear(1, 1), []
    snapshot = Snapshot({"net": net})
    net.register_forward_hook(lambda *_: passed.append(1))
    snapshot.restore()
    net(torch.zeros(1, 1))
    assert passed


def test_what_is_read_only_is_no_obstacle():
    zeros = np.broadcast_to(np.zeros(1), 3)
    things = [zeros]
    snapshot = Snapshot({"things": things})
    things[:] = [1, 2]
    snapshot.restore()
    assert len(things) == 1
    assert things[0] is zeros
    assert not zeros.any()


def test_a_tensor_whose_entries_are_one_number_is_no_obstacle():
    thing = Slotted()
    thing.held = torch.zeros(1).expand(4)
    snapshot = Snapshot({"thing": thing})
    thing.held = thing.held + 1
    snapshot.restore()
    assert thing.held.tolist() == [0.0] * 4


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((iter([1]),), "an iterator as argument 1, which can only go on"),
        ((1, [(step for step in ())]), r"an iterator as argument 2\[0\]"),
        (({"batches": iter([])},), r"an iterator as argument 1\['batches'\]"),
        ((Frozen(torch.zeros(1), iter([])),), r"an iterator as argument 1\.net"),
        ((threading.Lock(),), "got lock as argument 1, whose state cannot be read"),
        ((np.random.default_rng(0),), "got Generator as argument 1"),
    ],
)
def test_what_cannot_be_put_back_is_refused(parts, message):
    with pytest.raises(ValueError, match=message):
        Snapshot({f"argument {n}": part for n, part in enumerate(parts, 1)})


def test_constants_of_all_kinds_are_welcome():
    constants = (None, 1, 2.0, "a", b"b", torch.float32, torch.device("cpu"), range(3), object())
    more = (torch.relu, max, int, math, slice(1), frozenset([1]), np.float32(1), content)
    held = [*constants, *more]
    snapshot = Snapshot({"constants": held})
    held[:] = reversed(held)
    snapshot.restore()
    assert len(held) == len(constants) + len(more)
    assert all(one is other for one, other in zip(held, (*constants, *more), strict=True))

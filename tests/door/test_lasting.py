"""A call that goes on looks again at tensors that somebody has written into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import pytest
import torch
from torch import Tensor

from lecturekit import rbm
from lecturekit.door import CHANCES, In, Lasting, door


class Reading(Iterator[float], Lasting):
    def __init__(self, x: Tensor) -> None:
        self._x = x

    def __next__(self) -> float:
        self.look_again()
        return float(self._x.sum())


@door
def reading(x: Annotated[Tensor, "n", In(0, 1)], others: list[Tensor]) -> Reading:
    return Reading(x)


def test_what_is_written_meets_the_same_rule() -> None:
    x, other = torch.ones(3), torch.zeros(2)
    steps = reading(x, [other])
    x.mul_(0.5)
    assert next(steps) == 1.5
    x.mul_(4)
    for _ in range(2):  # for as long as it is so
        with pytest.raises(ValueError, match=r"expected x in \[0, 1\], got values from 2 to 2"):
            next(steps)
    x.zero_()
    assert next(steps) == 0
    other.div_(0)
    with pytest.raises(ValueError, match=r"expected others\[0\] finite"):
        next(steps)


def test_tensors_of_inference_have_no_versions() -> None:
    with torch.inference_mode():
        x = torch.ones(3) * 0.5
    assert next(reading(x, [])) == 1.5


@door
def entropy(p: Annotated[Tensor, "n | m n", CHANCES]) -> Tensor:
    return -torch.xlogy(p, p).sum(-1)


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (torch.tensor([0.5, 1.0]), "p ≥ 0 and of sum 1, got a sum of 1.5"),
        (torch.tensor([1.5, -0.5]), "p ≥ 0 and of sum 1, got a least entry of -0.5"),
        (torch.ones(2, 2), "p with rows ≥ 0 and of sum 1, got sums from 2 to 2"),
        (torch.tensor([[0.9, 0.3], [0.1, 0.7]]), r"its columns are: pass p\.T"),
    ],
)
def test_a_distribution_sums_to_1(p: Tensor, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        entropy(p)


def test_rounding_is_no_fault() -> None:
    assert entropy(torch.full((2**16,), 2.0**-16)).isfinite()


class Mine:
    """A phase of a student's own that has a flag in the place of a method."""

    wants_gradient = False

    def prepare(self, model, data, *, generator) -> None: ...

    def advance(self, model, data, *, generator): ...

    def learn(self, gradient) -> None: ...


def test_a_method_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match=r"a NegativePhase, got a Mine; it lacks wants_gradient"):
        rbm.train(
            rbm.RBM(4, 2),
            torch.ones(3, 4),
            rbm.Settings(),
            negative_phase=Mine(),  # type: ignore[arg-type]
            generator=torch.Generator(),
        )

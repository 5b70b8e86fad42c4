"""Products over the ones of a sparse batch are the dense ones, and only taken where they pay."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lecturekit import rbm
from lecturekit.rbm import products

pytestmark = pytest.mark.skipif(
    "fbgemm" not in torch.backends.quantized.supported_engines,
    reason="this torch has no fast sum over rows, so the dense product is always taken",
)


class Decided:
    """A machine on which one way is the faster one for every job."""

    def __init__(self, way: str) -> None:
        self.chosen: dict[str, str] = {}
        self.way = lambda job, ways: self.chosen.setdefault(job, way)


def decide(patch: pytest.MonkeyPatch, way: str) -> None:
    machine = Decided(way)
    patch.setattr(products, "on_this_machine", lambda: machine)
    patch.setattr(products, "FEWEST_TERMS", 0)


@pytest.fixture
def sums(monkeypatch):
    """How often the sum over the ones was taken, where it is faster for batches of any size."""
    taken = []
    plain = products._sums
    decide(monkeypatch, "sums")
    monkeypatch.setattr(products, "_sums", lambda *a: taken.append(1) or plain(*a))
    return taken


def batch(n: int, width: int, share: float, seed: int = 0) -> torch.Tensor:
    return torch.rand(n, width, generator=torch.Generator().manual_seed(seed)).lt(share).float()


@given(
    n=st.integers(1, 9),
    visible=st.integers(1, 40),
    hidden=st.integers(1, 12),
    share=st.floats(0, 0.6),
    seed=st.integers(0, 1000),
    way=st.sampled_from(["sums", "dense"]),
)
def test_both_products_are_the_dense_ones(n, visible, hidden, share, seed, way):
    generator = torch.Generator().manual_seed(seed)
    v = batch(n, visible, share, seed)
    W, h = (torch.randn(rows, hidden, generator=generator) for rows in (visible, n))
    bias = torch.randn(hidden, generator=generator)
    with pytest.MonkeyPatch.context() as patch:
        decide(patch, way)
        torch.testing.assert_close(products.product(v, W, bias), bias + v @ W)
        added = W.clone()
        products.add_outer(added, v, h, keep=0.9, factor=0.3)
        torch.testing.assert_close(added, 0.9 * W + 0.3 * v.t() @ h)
        written = torch.full_like(W, float("nan"))
        products.add_outer(written, v, h, keep=0.0, factor=0.3)
        torch.testing.assert_close(written, 0.3 * v.t() @ h)


def test_sparse_binary_batches_are_summed(sums):
    v, W, h = batch(50, 80, 0.1), torch.randn(80, 7), torch.rand(50, 7)
    products.product(v, W, torch.zeros(7))
    products.add_outer(W, v, h, factor=1.0)
    assert len(sums) == 2


@pytest.mark.parametrize("rows", [slice(None), slice(1), slice(49, None)])
def test_a_batch_without_ones_gives_the_bias(sums, rows):
    v, bias = batch(50, 80, 0.0), torch.arange(7.0)
    assert products.product(v[rows], torch.randn(80, 7), bias).equal(bias.expand(len(v[rows]), 7))
    assert sums


@pytest.mark.parametrize(
    ("v", "W"),
    [
        (batch(50, 80, 0.5), torch.ones(80, 7)),
        (0.5 * batch(50, 80, 0.1), torch.ones(80, 7)),
        (batch(50, 80, 0.1).double(), torch.ones(80, 7).double()),
        (batch(50, 80, 0.1), torch.ones(80, 7, requires_grad=True)),
        (batch(50, 80, 0.1), torch.ones(7, 80).t()),
    ],
    ids=["dense", "not binary", "float64", "differentiated", "transposed"],
)
def test_everything_else_is_multiplied(sums, v, W):
    torch.testing.assert_close(products.product(v, W, torch.zeros(7, dtype=v.dtype)), v @ W)
    assert not sums


def test_small_batches_are_multiplied():
    assert products._few_ones(batch(50, 80, 0.1), torch.ones(80, 7), "x W") is None


def test_where_the_dense_product_is_faster_it_is_taken_and_nothing_is_looked_for(monkeypatch):
    decide(monkeypatch, "dense")
    v, W = batch(50, 80, 0.1), torch.randn(80, 7)
    products.product(v, W, torch.zeros(7))
    monkeypatch.setattr(products, "_ones", lambda x: pytest.fail("looked for ones"))
    torch.testing.assert_close(products.product(v, W, torch.zeros(7)), v @ W)


@pytest.mark.parametrize("job", ["x W", "vᵀh"])
def test_the_two_ways_that_are_measured_do_the_same(job):
    v, other = batch(30, 20, 0.1), torch.randn(*((20, 7) if job == "x W" else (30, 7)))
    results = [way().clone() for way in products._ways(v, other, job).values()]
    if job == "vᵀh":  # each adds to what the other left
        results[1] -= results[0]
    torch.testing.assert_close(*results)


def test_an_update_is_the_same_either_way(sums, monkeypatch):
    v, learnt = batch(50, 80, 0.1), []
    for fewest in (0, 10**9):
        monkeypatch.setattr(products, "FEWEST_TERMS", fewest)
        generator = torch.Generator().manual_seed(0)
        model = rbm.RBM(80, 20, generator=generator).initialise(generator, v)
        phase = rbm.ContrastiveDivergence(1)
        rbm.update(model, v, phase, learning_rate=0.5, weight_decay=0.01, generator=generator)
        learnt.append(model.theta)
    assert len(sums) == 4
    for summed, multiplied in zip(*learnt, strict=True):
        torch.testing.assert_close(summed, multiplied)

"""Matrix products with binary batches that are mostly zeros, as thresholded images are.

Seven out of eight pixels of a thresholded MNIST digit are 0. Multiplied from the left by such rows
a matrix gives sums of its rows, those that the ones point at. On some processors `embedding_bag`
adds them up faster than a dense product multiplies, as long as no more than about a fifth are ones;
on others it never does. Which of the two it is on this one is found out once for each shape.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from lecturekit.rbm.fastest import on_this_machine

MOST_ONES = 0.2  # above this share of ones the dense product is the faster one everywhere
FEWEST_TERMS = 2**22  # below this many multiplications finding the ones does not pay


def product(x: Tensor, W: Tensor, bias: Tensor) -> Tensor:
    """bias + x W: (n, i), (i, j), (j,) -> (n, j)."""
    ones = _few_ones(x, W, "x W")
    return torch.addmm(bias, x, W) if ones is None else _sums(ones, W).add_(bias)


def add_outer(W: Tensor, v: Tensor, h: Tensor, *, keep: float = 1.0, factor: float) -> None:
    """W := keep · W + factor · vᵀh, in place: (i, j), (n, i), (n, j).

    The product is made in the precision of v and h. With `keep` = 0 W is only written to.
    """
    ones = _few_ones(v, h, "vᵀh")
    if ones is None and v.dtype == W.dtype:
        W.addmm_(v.t(), h, beta=keep, alpha=factor)
        return
    added = v.t() @ h if ones is None else _sums(ones.T.copy(), h)
    if keep == 0:
        torch.mul(added, factor, out=W)
        return
    if keep != 1:
        W.mul_(keep)
    W.add_(added, alpha=factor)


def _few_ones(x: Tensor, other: Tensor, job: str) -> np.ndarray | None:
    """Where x is 1, if it is binary and summing over its ones is right and the faster way."""
    n, i, j = *x.shape, other.shape[1]
    if not (
        x.device.type == "cpu"
        and x.dtype == other.dtype == torch.float32
        and n * i * j >= FEWEST_TERMS
        and other.is_contiguous()
        and not (x.requires_grad or other.requires_grad)
        # without it (on ARM, say) embedding_bag is a plain loop
        and "fbgemm" in torch.backends.quantized.supported_engines
    ):
        return None
    job = f"{job}, {n} × {i} × {j}, {torch.get_num_threads()} threads"
    if on_this_machine().chosen.get(job) == "dense":
        return None
    ones = _ones(x)
    if ones is None or on_this_machine().way(job, _ways(x, other, job)) == "dense":
        return None
    return ones


def _ones(x: Tensor) -> np.ndarray | None:
    """Where x is 1, if it is binary and mostly 0."""
    entries = x.numpy()
    ones = entries == 1
    n = np.count_nonzero(ones)
    return ones if n <= MOST_ONES * x.numel() and n == np.count_nonzero(entries != 0) else None


def _ways(x: Tensor, other: Tensor, job: str) -> dict[str, Callable[[], object]]:
    """The two ways to do one product, all that belongs to either included."""

    def sums() -> object:
        ones = _ones(x)
        assert ones is not None
        return _sums(ones, other) if job.startswith("x") else W.add_(_sums(ones.T.copy(), other))

    W = torch.zeros(x.shape[1], other.shape[1])
    dense = (lambda: torch.mm(x, other)) if job.startswith("x") else lambda: W.addmm_(x.t(), other)
    return {"dense": dense, "sums": sums}


def _sums(ones: np.ndarray, rows: Tensor) -> Tensor:
    """For every row of `ones` the sum of those `rows` that its ones point at."""
    at = np.flatnonzero(ones)
    starts = np.arange(len(ones) + 1) * ones.shape[1]
    begins = np.searchsorted(at, starts)
    columns = at - np.repeat(starts[:-1], np.diff(begins))
    return embedding_bag(torch.from_numpy(columns), rows, torch.from_numpy(begins[:-1]), mode="sum")

"""Matrix products with binary batches that are mostly zeros, as thresholded images are.

Seven out of eight pixels of a thresholded MNIST digit are 0. Multiplied from the left by such rows
a matrix gives sums of its rows, those that the ones point at, and `embedding_bag` adds them up
faster than a dense product multiplies, as long as no more than about a fifth are ones.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

MOST_ONES = 0.2  # above this share of ones the dense product is the faster one
FEWEST_TERMS = 2**22  # below this many multiplications finding the ones does not pay


def product(x: Tensor, W: Tensor, bias: Tensor) -> Tensor:
    """bias + x W: (n, i), (i, j), (j,) -> (n, j)."""
    ones = _few_ones(x, W)
    return torch.addmm(bias, x, W) if ones is None else _sums(ones, W).add_(bias)


def add_outer(W: Tensor, v: Tensor, h: Tensor, *, keep: float = 1.0, factor: float) -> None:
    """W := keep · W + factor · vᵀh, in place: (i, j), (n, i), (n, j)."""
    ones = _few_ones(v, h)
    if ones is None:
        W.addmm_(v.t(), h, beta=keep, alpha=factor)
    else:
        if keep != 1:
            W.mul_(keep)
        W.add_(_sums(ones.T.copy(), h), alpha=factor)


def _few_ones(x: Tensor, other: Tensor) -> np.ndarray | None:
    """Where x is 1, if it is binary and summing over its ones is right and the faster way."""
    usable = (
        x.device.type == "cpu"
        and x.dtype == other.dtype == torch.float32
        and x.shape[0] * x.shape[1] * other.shape[1] >= FEWEST_TERMS
        and other.is_contiguous()
        and not (x.requires_grad or other.requires_grad)
        # without it (on ARM, say) embedding_bag is a plain loop
        and "fbgemm" in torch.backends.quantized.supported_engines
    )
    if not usable:
        return None
    entries = x.numpy()
    ones = entries == 1
    n = np.count_nonzero(ones)
    return ones if n <= MOST_ONES * x.numel() and n == np.count_nonzero(entries != 0) else None


def _sums(ones: np.ndarray, rows: Tensor) -> Tensor:
    """For every row of `ones` the sum of those `rows` that its ones point at."""
    at = np.flatnonzero(ones)
    starts = np.arange(len(ones) + 1) * ones.shape[1]
    begins = np.searchsorted(at, starts)
    columns = at - np.repeat(starts[:-1], np.diff(begins))
    return embedding_bag(torch.from_numpy(columns), rows, torch.from_numpy(begins[:-1]), mode="sum")

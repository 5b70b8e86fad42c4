"""log Z exactly: one layer is summed out, the other enumerated in two halves.

log Z = log Σ_h exp(c·h + Σ_i softplus(x_i)) with x = b + W h. For 25 hidden and 784 visible units
that is 26 billion softplus terms; most of them are never computed here. Split the hidden bits in
two halves, so that x_i = low_i + high_i. Then, for a few pixels g,

    Π_{i∈g} (1 + e^{low_i} e^{high_i}) = Σ_{S⊆g} (Π_S e^{low_i}) (Π_S e^{high_i}),

a matrix product over the 2^|g| subsets S, for all pairs of halves at once; and one logarithm serves
many such products.
"""

from __future__ import annotations

import math
from functools import reduce
from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import softplus

from lecturekit.door import BINARY, door
from lecturekit.rbm.class_rbm import ClassRBM
from lecturekit.rbm.enumeration import refuse_beyond, states, transposed
from lecturekit.rbm.model import RBM, Theta

MAX_ENUMERATED = 25  # 2²⁵ states, 34 million: seconds
_GROUP = 4  # pixels of a matrix product: 16 terms for 4 factors is about the cheapest
_TILE = 1 << 19  # states weighed at a time, few enough for a processor's cache
_MAX_SPREAD = 60.0  # float32 goes down to e^−87: what is lost in a product is e^−27 of it


@door
@torch.no_grad()
def exact_log_partition(model: RBM) -> Tensor:
    """log Z = log Σ_{v,h} exp(−E(v, h)), in nats, by enumeration of the smaller layer.

    784×25 takes seconds and less than 500 MB. In float32 the relative error is about 1e-6. For a
    `ClassRBM` it is the sum over the labels, log Σ_y exp(b_y) Z_y, with Z_y that of `given_label`.

    Returns:
        A scalar of the model's dtype.

    Raises:
        ValueError: the smaller layer has more than 25 units.
    """
    if isinstance(model, ClassRBM):
        parts = [exact_log_partition(model.given_label(y)) for y in range(model.n_classes)]
        return torch.logsumexp(torch.stack(parts) + model.b[-model.n_classes :], 0)
    theta = model.theta if model.n_hidden <= model.n_visible else transposed(model.theta)
    refuse_beyond(MAX_ENUMERATED, theta.W.shape[1], "units in the smaller layer")
    if not all(bool(part.isfinite().all()) for part in theta):
        return model.W.new_tensor(math.nan)  # of a run that has diverged
    return _log_partition(theta).to(model.W.dtype)


@door
def exact_log_likelihood(model: RBM, v: Annotated[Tensor, "n n_visible", BINARY]) -> Tensor:
    """log P(v) = −F(v) − log Z for each row: (batch, n_visible) -> (batch,), in nats.

    Raises:
        ValueError: v has another shape, or the smaller layer has more than 25 units.
    """
    return -model.free_energy(v) - exact_log_partition(model)


def _log_partition(theta: Theta) -> Tensor:
    n_low = (theta.W.shape[1] + 1) // 2
    low = _Half(theta.W[:, :n_low], theta.c[:n_low])
    high = _Half(theta.W[:, n_low:], theta.c[n_low:])
    peak = theta.b + low.peak + high.peak  # (pixels,), no x is larger
    spread = softplus(peak) - softplus(theta.b + low.trough + high.trough)
    products = [
        [(low.terms(g), high.terms(g) * _terms_at_peak(peak[g])) for g in groups]
        for groups in _products(spread)
    ]
    wide = (spread > _MAX_SPREAD).nonzero().flatten().tolist()
    tile = max(1, _TILE // len(low.offset))
    sums = []
    for start in range(0, len(high.offset), tile):
        part = slice(start, start + tile)
        log_weight = low.offset[:, None] + high.offset[part]  # (2^n_low, tile)
        for product in products:
            factors = (low_terms @ high_terms[part].t() for low_terms, high_terms in product)
            log_weight += reduce(Tensor.mul_, factors).log_()
        for i in wide:
            x = peak[i] + low.x[:, i, None] + high.x[part, i]
            log_weight += softplus(x) - softplus(peak[i])
        sums.append(torch.logsumexp(log_weight.flatten(), 0))
    return torch.logsumexp(torch.stack(sums).double(), 0) + softplus(peak).double().sum()


class _Half:
    """All states of one half of the hidden bits, and what they add to x.

    Attributes:
        offset: (states,), c·h.
        peak: (pixels,), the largest W h.
        trough: (pixels,), the smallest W h.
        x: (states, pixels), W h less its peak, so ≤ 0.
    """

    def __init__(self, W: Tensor, c: Tensor):
        h = states(len(c), like=c)
        x = h @ W.t()
        self.offset = h @ c
        self.peak, self.trough = x.amax(0), x.amin(0)
        self.x = x - self.peak

    def terms(self, pixels: list[int]) -> Tensor:
        """Π_{i∈S} e^{x_i} ≤ 1 for each subset S of a few pixels: (states, subsets)."""
        return (self.x[:, pixels] @ states(len(pixels), like=self.x).t()).exp_()


def _terms_at_peak(peak: Tensor) -> Tensor:
    """Π_{i∈S} e^{peak_i} / Π_i (1 + e^{peak_i}) for each subset S: (subsets,), sums to 1."""
    return (states(len(peak), like=peak) @ peak - softplus(peak).sum()).exp()


def _products(spread: Tensor) -> list[list[list[int]]]:
    """Which pixels share a matrix product, and which of these share a logarithm.

    A pixel's factor lies between e^{−spread} and 1. A product of factors may fall to
    e^{−_MAX_SPREAD}, so pixels that vary little go together in large numbers, and one that varies
    more than that goes nowhere.
    """
    products: list[list[list[int]]] = []
    room = -1.0
    for pixel in spread.argsort().tolist():
        needed = spread[pixel].item()
        if needed > _MAX_SPREAD:
            break
        if needed > room:
            products.append([[]])
            room = _MAX_SPREAD
        elif len(products[-1][-1]) == _GROUP:
            products[-1].append([])
        products[-1][-1].append(pixel)
        room -= needed
    return products

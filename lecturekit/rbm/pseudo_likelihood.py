"""Pseudo-likelihood: how well each pixel is told by all others; needs no Z."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from lecturekit.door import BINARY, door
from lecturekit.rbm.enumeration import refuse_softmax
from lecturekit.rbm.model import RBM

_CHUNK = 1 << 22  # entries of a temporary array, 16 MB in float32


@door
def pseudo_log_likelihood(model: RBM, v: Annotated[Tensor, "n n_visible", BINARY]) -> Tensor:
    """Σ_i log P(v_i | v_{−i}) = Σ_i log sigmoid(F(v with v_i flipped) − F(v)), for each row.

    All coordinates are flipped, so nothing is random (Besag 1975). Flipping v_i moves the input of
    the hidden units by ±W_i, so no product with W is made for it.

    Args:
        model: any size; time and not memory grows with batch × n_visible × n_hidden.
        v: (batch, n_visible) in {0, 1}.

    Returns:
        (batch,), in nats.

    Raises:
        ValueError: v has another shape.
    """
    refuse_softmax(model)
    rows = max(1, _CHUNK // (model.n_visible * model.n_hidden))
    return torch.cat([_pseudo(model, part) for part in model._rows(v, "v").split(rows)])


def _pseudo(model: RBM, v: Tensor) -> Tensor:
    turn = 1 - 2 * v  # (batch, n_visible): +1 where 0 becomes 1
    pre = torch.addmm(model.c, v, model.W)  # (batch, n_hidden)
    flipped = pre[:, None, :] + turn[:, :, None] * model.W  # (batch, n_visible, n_hidden)
    gain = softplus(flipped).sum(2) - softplus(pre).sum(1, keepdim=True)
    return logsigmoid(-turn * model.b - gain).sum(1)

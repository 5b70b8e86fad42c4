"""Everything about a tiny RBM by sums over its states: what answers are judged by.

Nothing here knows a sigmoid or a softplus. Each quantity is a sum over states of exp(−E(v, h)), so
that it is independent of the formulas which the exercises ask for.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.tiny import Maker, binary_states

Theta = tuple[Tensor, Tensor, Tensor]  # W (n_visible, n_hidden), b (n_visible,), c (n_hidden,)

HUGE = (50.0, 1000.0)  # the scale and the offset of parameters whose exp is infinite in float64


def parameters(
    make: Maker, n_visible: int, n_hidden: int, scale: float = 1.0, offset: float = 0.0
) -> Theta:
    """W, b and c, all `offset` + `scale` × standard normal."""
    shapes = ((n_visible, n_hidden), (n_visible,), (n_hidden,))
    W, b, c = (make.normal(*shape, scale=scale, offset=offset) for shape in shapes)
    return W, b, c


def negative_energies(W: Tensor, b: Tensor, c: Tensor, v: Tensor, h: Tensor) -> Tensor:
    """−E(v, h) = vᵀWh + b·v + c·h of every row of v with every row of h: (rows of v, rows of h)."""
    return v @ W @ h.T + (v @ b)[:, None] + h @ c


def unconnected(bias: Tensor) -> Tensor:
    """log Σ exp over both states of units without a connection, each a factor exp(0) + exp(b)."""
    return torch.logsumexp(torch.stack([torch.zeros_like(bias), bias]), dim=0).sum()


def log_weight(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    """log Σ_h exp(−E(v, h)), the sum over all hidden states: (batch,)."""
    joined = W.ne(0).any(dim=0)
    energies = negative_energies(W[:, joined], b, c[joined], v, binary_states(int(joined.sum())))
    return torch.logsumexp(energies, dim=1) + unconnected(c[~joined])


def log_total_weight(W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """log Z, the sum over all visible and hidden states: a scalar."""
    joined = W.ne(0).any(dim=1)
    n_joined = int(joined.sum())
    states = binary_states(n_joined), binary_states(len(c))
    joint = negative_energies(W[joined], b[joined], c, *states)
    return torch.logsumexp(joint.flatten(), dim=0) + unconnected(b[~joined])


def hidden_marginals(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    """P(h_j = 1 | v), summed over the hidden states in which h_j is 1: (batch, n_hidden)."""
    states = binary_states(len(c))
    return torch.softmax(negative_energies(W, b, c, v, states), dim=1) @ states


def visible_marginals(W: Tensor, b: Tensor, c: Tensor, h: Tensor) -> Tensor:
    """P(v_i = 1 | h), summed over the visible states in which v_i is 1: (batch, n_visible)."""
    states = binary_states(len(b))
    return torch.softmax(negative_energies(W, b, c, states, h), dim=0).T @ states


def gibbs_step(
    W: Tensor, b: Tensor, c: Tensor, v: Tensor, u_hidden: Tensor, u_visible: Tensor
) -> tuple[Tensor, Tensor]:
    """h given v, then v given h; a unit is 1 where its uniform number lies below its marginal."""
    h = (u_hidden < hidden_marginals(W, b, c, v)).double()
    return h, (u_visible < visible_marginals(W, b, c, h)).double()


def log_likelihood_gradient(theta: Theta, v_data: Tensor, v_model: Tensor) -> Theta:
    """∂/∂θ of mean log weight of the data − mean log weight of the model's samples, by autograd."""
    W, b, c = (part.clone().requires_grad_() for part in theta)
    contrast = log_weight(W, b, c, v_data).mean() - log_weight(W, b, c, v_model).mean()
    return torch.autograd.grad(contrast, (W, b, c))  # type: ignore[return-value]


def mean_slope(theta: Theta, v: Tensor, *, hidden_of: Theta) -> Theta:
    """∂/∂θ of the mean of −E(v, h), over the rows of v and over h given v under `hidden_of`."""
    W, b, c = (part.clone().requires_grad_() for part in theta)
    states = binary_states(len(c))
    chances = torch.softmax(negative_energies(*hidden_of, v, states), dim=1)  # (batch, 2ⁿ)
    mean = (chances * negative_energies(W, b, c, v, states)).sum(dim=1).mean()
    return torch.autograd.grad(mean, (W, b, c))  # type: ignore[return-value]


def ascend(theta: Theta, rate: float, gradient: Theta) -> Theta:
    """θ + rate · g."""
    W, b, c = (part + rate * slope for part, slope in zip(theta, gradient, strict=True))
    return W, b, c

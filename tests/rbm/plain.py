"""The machine written out state by state in float64: slow, obvious, and what the tests trust."""

import itertools

import torch
from torch import Tensor

from lecturekit.rbm import RBM, Theta


def random_rbm(
    n_visible: int, n_hidden: int, seed: int, *, scale: float = 1.0, dtype=torch.float64
) -> RBM:
    """Weights and biases of size `scale`."""
    generator = torch.Generator().manual_seed(seed)
    scales = {"weight_scale": scale, "bias_scale": scale}
    return RBM(n_visible, n_hidden, **scales, generator=generator, dtype=dtype)


def binary(*shape: int, seed: int, dtype=torch.float64) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)).lt(0.5).to(dtype)


def all_states(n: int) -> Tensor:
    """Lowest bit first, as by `rbm.states`, but counted by itertools."""
    rows = [bits[::-1] for bits in itertools.product((0, 1), repeat=n)]
    return torch.tensor(rows, dtype=torch.float64)


def joint(model: RBM) -> Tensor:
    """exp(−E(v, h)) of all pairs of states: (2^n_visible, 2^n_hidden)."""
    W, b, c = (term.detach().double() for term in (model.W, model.b, model.c))
    v, h = all_states(len(b)), all_states(len(c))
    return torch.exp(torch.einsum("si,ij,tj->st", v, W, h) + (v @ b)[:, None] + h @ c)


def flat(theta: Theta) -> Tensor:
    return torch.cat([term.flatten() for term in theta])

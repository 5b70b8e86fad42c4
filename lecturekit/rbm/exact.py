"""Exact answers for machines small enough to enumerate: what every estimator is tested against.

Distributions over states and transition matrices are float64, whatever the model's dtype.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

from lecturekit.door import BINARY, CHANCES, OF_ANY_TYPE, door, refuse, returned, taken
from lecturekit.rbm.enumeration import (
    MAX_UNITS,
    chunks,
    refuse_beyond,
    refuse_softmax,
    state_index,
    states,
    transposed,
)
from lecturekit.rbm.model import RBM, Theta, energy_gradient, hidden_probabilities

MAX_MATRIX_UNITS = 12  # 4096² entries in float64, 134 MB


@door
def empirical_distribution(v: Annotated[Tensor, "n n_units", BINARY, OF_ANY_TYPE]) -> Tensor:
    """The share of rows in each state: (batch, n) in {0, 1} -> (2ⁿ,) float64, sums to 1."""
    refuse_beyond(MAX_UNITS, v.shape[1], "units")
    return torch.bincount(state_index(v), minlength=2 ** v.shape[1]).double() / len(v)


@door
@torch.no_grad()
def exact_visible_distribution(model: RBM) -> Tensor:
    """Q(v) = exp(−F(v)) / Z of every visible state: (2^n_visible,) float64, sums to 1.

    Raises:
        ValueError: more than 20 visible units.
    """
    refuse_beyond(MAX_UNITS, model.n_visible, "visible units")
    return torch.softmax(-_free_energies(in_float64(model)), 0)


@door
@torch.no_grad()
def exact_gradient(model: RBM, v: Annotated[Tensor, "n n_visible", BINARY]) -> Theta:
    """The gradient of the mean log-likelihood, −⟨∂F/∂θ⟩ of the rows of v plus that of the model.

    The model's mean is a sum over all states of the smaller layer, in float64.

    Args:
        model: its smaller layer has at most 20 units.
        v: (batch, n_visible).

    Returns:
        Theta in the model's dtype.

    Raises:
        ValueError: v has another shape, or the smaller layer has too many units.
    """
    data = energy_gradient(model.clamp(v))
    return Theta(*(term.to(model.W.dtype) for term in _model_energy_gradient(model))) - data


@door
@torch.no_grad()
def expected_energy_gradient(
    model: RBM, distribution: Annotated[Tensor, "n_states", CHANCES, OF_ANY_TYPE]
) -> Theta:
    """E_R[∇_θ F(v)] for a distribution R over all visible states, in float64.

    With R = P·Tᵏ, the data's distribution after k Gibbs steps, the expected update of CD-k is
    `expected_energy_gradient(model, R) - expected_energy_gradient(model, P)`.

    Args:
        model: at most 20 visible units.
        distribution: (2^n_visible,), numbered as by `states`.
    """
    _check_distribution(model, distribution)
    theta, weights = in_float64(model), distribution.double()
    return _weighted_mean(theta, weights, chunks(model.n_visible, model.n_hidden, theta.W))


@door
@torch.no_grad()
def gibbs_transition_matrix(
    model: RBM, *, layer: Literal["visible", "hidden"] = "visible"
) -> Tensor:
    """T[s, s′] = Σ_h P(h | v = s) P(v′ = s′ | h), one Gibbs step on the visible layer.

    With layer="hidden" it is T[s, s′] = Σ_v P(v | h = s) P(h′ = s′ | v) instead. Both have the
    same eigenvalues but for zeros, so take the smaller layer for a spectral gap. Rows sum to 1;
    a distribution goes on as `distribution @ T`.

    Returns:
        (2ⁿ, 2ⁿ) float64, n the units of the layer.

    Raises:
        ValueError: the layer has more than 12 units, the other more than 20, or no such layer.
    """
    if layer not in ("visible", "hidden"):
        raise ValueError(f"expected layer 'visible' or 'hidden', got {layer!r}")
    theta = in_float64(model) if layer == "visible" else transposed(in_float64(model))
    here, between = theta.W.shape
    refuse_beyond(MAX_MATRIX_UNITS, here, f"{layer} units")
    refuse_beyond(MAX_UNITS, between, "units in the other layer")
    every = states(here, like=theta.W)
    matrix = theta.W.new_zeros(2**here, 2**here)
    up = every @ theta.W + theta.c  # (2^here, between)
    for h in chunks(between, 2**here, theta.W):
        down = h @ theta.W.t() + theta.b  # (chunk, here)
        forward = (up @ h.t() - softplus(up).sum(1, keepdim=True)).exp_()  # P(h | s)
        backward = (down @ every.t() - softplus(down).sum(1, keepdim=True)).exp_()  # P(s′ | h)
        matrix.addmm_(forward, backward)
    return matrix


class EnergyProfile(NamedTuple):
    """A free energy along a coordinate of the visible states.

    Attributes:
        coordinate: (n_values,), the values it takes, ascending.
        free_energy: (n_values,), G(s) = −log Σ_{v: s(v) = s} exp(−F(v)), in nats.
    """

    coordinate: Tensor
    free_energy: Tensor


@door
@torch.no_grad()
def energy_profile(model: RBM, coordinate: Callable[[Tensor], Tensor]) -> EnergyProfile:
    """The exact free energy G(s) = −log Σ_{v: s(v) = s} exp(−F(v)) along a coordinate s(v).

    exp(−G(s)) / Z is the probability that the model gives to s.

    Args:
        model: at most 20 visible units.
        coordinate: all states (2^n_visible, n_visible) -> (2^n_visible,).

    Example:
        >>> model = RBM(4, 2)
        >>> profile = energy_profile(model, lambda v: v.sum(1))
        >>> profile.coordinate.tolist()
        [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    refuse_beyond(MAX_UNITS, model.n_visible, "visible units")
    every = states(model.n_visible, like=model.W)
    s = returned("coordinate", taken("coordinate", coordinate, every), len(every), numbers=True)
    values, group = torch.unique(s, return_inverse=True)
    negative = -_free_energies(in_float64(model))
    top = torch.full_like(values, -math.inf, dtype=negative.dtype)
    top.scatter_reduce_(0, group, negative, "amax")
    sums = torch.zeros_like(top).index_add_(0, group, (negative - top[group]).exp_())
    return EnergyProfile(values, -(top + sums.log()))


class Wells(NamedTuple):
    """The wells of a free energy on the states of binary units, the heaviest first.

    Attributes:
        states: (n_wells, n_visible), the bottoms: no flip of one unit leads further down.
        probability: (n_wells,) float64, of all states from which the steepest way down, one flip
            at a time, ends at that bottom; sums to 1.
    """

    states: Tensor
    probability: Tensor


@door
@torch.no_grad()
def energy_wells(model: RBM) -> Wells:
    """All wells of the free energy F(v), by looking at every state and its neighbours.

    Of neighbours that are equally low the one whose flipped unit comes first is taken.

    Raises:
        ValueError: more than 20 visible units.
    """
    refuse_beyond(MAX_UNITS, model.n_visible, "visible units")
    energy = _free_energies(in_float64(model))
    if bool(energy.isnan().any()):
        refuse("model", "with finite parameters", "NaN or infinite ones")
    here = torch.arange(len(energy), device=energy.device)
    down, lowest = here.clone(), energy.clone()
    for unit in range(model.n_visible):
        neighbour = here ^ (1 << unit)
        lower = energy[neighbour] < lowest
        down[lower], lowest[lower] = neighbour[lower], energy[neighbour][lower]
    while not torch.equal(further := down[down], down):  # twice as far each time
        down = further
    mass = torch.zeros_like(energy).index_add_(0, down, torch.softmax(-energy, 0))
    (bottoms,) = torch.nonzero(mass, as_tuple=True)
    bottoms = bottoms[mass[bottoms].argsort(descending=True)]
    return Wells(states(model.n_visible, like=model.W)[bottoms], mass[bottoms])


def _model_energy_gradient(model: RBM) -> Theta:
    theta = in_float64(model)
    if model.n_visible <= model.n_hidden:
        refuse_beyond(MAX_UNITS, model.n_visible, "units in the smaller layer")
        weights = torch.softmax(-_free_energies(theta), 0)
        return _weighted_mean(theta, weights, chunks(model.n_visible, model.n_hidden, theta.W))
    refuse_beyond(MAX_UNITS, model.n_hidden, "units in the smaller layer")
    mirrored = transposed(theta)
    weights = torch.softmax(-_free_energies(mirrored), 0)
    every = chunks(model.n_hidden, model.n_visible, theta.W)
    return transposed(_weighted_mean(mirrored, weights, every))


def _weighted_mean(theta: Theta, weights: Tensor, every: Iterator[Tensor]) -> Theta:
    """Σ_s weight(s) · ∇_θ F(s) over all states s of the visible layer of θ."""
    total = 0.0 * theta
    done = 0
    for v in every:
        weight = weights[done : done + len(v), None]
        h = hidden_probabilities(theta, v) * weight
        total.W.addmm_(v.t(), h, alpha=-1)
        total.b.sub_((v * weight).sum(0))
        total.c.sub_(h.sum(0))
        done += len(v)
    return total


def _free_energies(theta: Theta) -> Tensor:
    """F of every state of the visible layer of θ: (2^n_visible,)."""
    n_visible, n_hidden = theta.W.shape
    parts = [
        -(v @ theta.b) - softplus(torch.addmm(theta.c, v, theta.W)).sum(1)
        for v in chunks(n_visible, n_hidden, theta.W)
    ]
    return torch.cat(parts)


def in_float64(model: RBM) -> Theta:
    refuse_softmax(model)
    return Theta(*(term.double() for term in model.theta))


def _check_distribution(model: RBM, distribution: Tensor) -> None:
    refuse_beyond(MAX_UNITS, model.n_visible, "visible units")
    if distribution.shape != (2**model.n_visible,):
        raise ValueError(
            f"expected a distribution over all visible states, shape ({2**model.n_visible},), "
            f"got {tuple(distribution.shape)}"
        )

"""What the gradient penalty costs: the best energy of all under it, in the plane."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from scipy import sparse
from scipy.sparse.linalg import splu
from torch import Tensor

from lecturekit.deep_energy.energy import numbers_of
from lecturekit.deep_energy.exact import Plane, kl_from
from lecturekit.door import NonNegative, door, refuse_nan

FAR = 200.0  # nats: the least log-density that is told from 0
ENOUGH = 1e-9  # nats that Newton's next step would gain


@door
def penalised_energy(
    log_density: Callable[[Tensor], Tensor], penalty: NonNegative, plane: Plane
) -> Tensor:
    """The energy that the penalised likelihood asks for, over *all* functions of the plane.

    E* = argmin_E  E_p[E(x)] + log Z(E) + λ E_p‖∇E(x)‖², with log Z(E*) = 0. Without the penalty it
    is −log p. With it P* is flatter than p: KL(p ‖ P*) is the price of the penalty, what is left
    however good network, sampler and training are.

    E is a number for each cell, ∇E the differences of neighbours, weighed by p midway between
    them: an error of second order in the cell's width. The loss is convex, and found by Newton's
    method; the best power of p is where it begins.

    Args:
        log_density: log p, (n, 2) → (n,), smooth over a cell.
        penalty: λ ≥ 0.
        plane: where p lives; square, and its cells no wider than p's finest detail.

    Returns:
        E* at the plane's points, (resolution²,), float64.

    Raises:
        ValueError: a negative penalty, or a plane that is not square.
    """
    left, right, bottom, top = plane.extent
    if not penalty >= 0 or not math.isclose(right - left, top - bottom):
        raise ValueError(
            f"expected penalty ≥ 0 and a square plane, got {penalty} and extent {plane.extent}"
        )
    log_p = _values(log_density, plane, 0.0, 0.0)
    p, stiffness = np.exp(log_p), 2 * penalty * _laplacian(log_density, plane)

    def loss(energy: np.ndarray) -> float:  # with Z − 1 for log Z: the same minimum, where Z = 1
        return float(p @ energy + np.exp(-energy).sum() + 0.5 * energy @ (stiffness @ energy))

    powers = [_normalised(-(0.5**k) * log_p, plane.cell) for k in range(8)]
    energy = min(powers, key=loss)
    while True:
        q = np.exp(-energy)
        slope = p - q + stiffness @ energy
        step = -splu((stiffness + sparse.diags(q)).tocsc()).solve(slope)
        gain = -float(slope @ step)
        if gain * plane.cell < ENOUGH:
            return torch.from_numpy(energy)
        size, before = 1.0, loss(energy)
        while not loss(energy + size * step) <= before - 1e-4 * size * gain:
            size /= 2
        energy = energy + size * step


@door
def penalty_price(
    log_density: Callable[[Tensor], Tensor], penalty: NonNegative, plane: Plane
) -> Tensor:
    """KL(p ‖ P*) of `penalised_energy`, whose arguments these are: a scalar ≥ 0, in nats."""
    energy = penalised_energy(log_density, penalty, plane)
    return kl_from(log_density, lambda points: energy, plane)


def _values(
    log_density: Callable[[Tensor], Tensor], plane: Plane, right: float, up: float
) -> np.ndarray:
    """log p at the cells' midpoints, moved by a part of a cell, as float64."""
    width = math.sqrt(plane.cell)
    moved = plane.points + width * plane.points.new_tensor([right, up])
    values = numbers_of("log_density", log_density, moved)
    refuse_nan("log_density", values)
    return values.double().cpu().numpy().clip(-FAR)


def _laplacian(log_density: Callable[[Tensor], Tensor], plane: Plane) -> sparse.csc_matrix:
    """L with Eᵀ L E = Σ p ‖∇E‖² over the cells, (resolution², resolution²)."""
    n, width = plane.resolution, math.sqrt(plane.cell)
    difference = sparse.diags([-1.0, 1.0], [0, 1], shape=(n - 1, n)) / width
    total = sparse.csc_matrix((n * n, n * n))
    for axis, (right, up) in enumerate([(0.5, 0.0), (0.0, 0.5)]):
        between = np.exp(_values(log_density, plane, right, up)).reshape(n, n)
        if axis == 0:  # to the right neighbour: points go row by row
            slope, weight = sparse.kron(sparse.identity(n), difference), between[:, :-1]
        else:
            slope, weight = sparse.kron(difference, sparse.identity(n)), between[:-1]
        total = total + slope.T @ sparse.diags(weight.ravel()) @ slope
    return total


def _normalised(energy: np.ndarray, cell: float) -> np.ndarray:
    return np.asarray(energy + np.log(np.exp(-energy).sum() * cell))

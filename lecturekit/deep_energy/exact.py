"""Exact answers in the plane: log Z by quadrature, and the distances that need it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import torch
from torch import Tensor

from lecturekit.deep_energy.energy import numbers_of
from lecturekit.door import Fineness, door, look, refuse, refuse_nan

Energy = Callable[[Tensor], Tensor]  # (n, 2) → (n,)


@door
@dataclass(frozen=True)
class Plane:
    """A rectangle cut into equal cells, for integrals by the midpoint rule.

    For a smooth integrand that vanishes at the edges the rule's error falls faster than any power
    of the cell's width; it is good as soon as the width is below the integrand's finest detail.

    Attributes:
        extent: left, right, bottom, top. P_θ must vanish outside.
        resolution: cells along each axis.
        device, dtype: of the cells' midpoints.
    """

    extent: tuple[float, float, float, float] = (-5.0, 5.0, -5.0, 5.0)
    resolution: Fineness = 200
    device: str | torch.device = "cpu"
    dtype: torch.dtype = torch.float32

    def __post_init__(self) -> None:
        left, right, bottom, top = self.extent
        if not (left < right and bottom < top):
            refuse("extent", "(left < right, bottom < top)", f"{self.extent}")

    @property
    def cell(self) -> float:
        """The area of a cell."""
        left, right, bottom, top = self.extent
        return (right - left) * (top - bottom) / self.resolution**2

    @cached_property
    def points(self) -> Tensor:
        """The cells' midpoints, row by row from the bottom left: (resolution², 2)."""
        left, right, bottom, top = self.extent
        count = torch.arange(self.resolution, device=self.device, dtype=self.dtype)
        middle = (count + 0.5) / self.resolution
        y, x = torch.meshgrid(
            bottom + (top - bottom) * middle, left + (right - left) * middle, indexing="ij"
        )
        return torch.stack([x.flatten(), y.flatten()], dim=1)


@door
def log_partition(energy: Energy, plane: Plane) -> Tensor:
    """log Z = log ∫ exp(−E(x)) dx over the plane: a scalar, differentiable in θ."""
    energies = numbers_of("energy", energy, plane.points)
    refuse_nan("energy", energies)
    return torch.logsumexp(-energies, dim=0) + math.log(plane.cell)


@door
def log_likelihood(energy: Energy, x: Annotated[Tensor, "n 2"], plane: Plane) -> Tensor:
    """log P_θ(x) = −E(x) − log Z: (n, 2) → (n,), in nats."""
    return -numbers_of("energy", energy, x) - log_partition(energy, plane)


@door
@torch.no_grad()
def kl_from(log_density: Callable[[Tensor], Tensor], energy: Energy, plane: Plane) -> Tensor:
    """KL(P ‖ P_θ) = ∫ P (log P − log P_θ) for a known density P: a scalar ≥ 0, in nats.

    Args:
        log_density: log P, (n, 2) → (n,); −∞ where P is 0, as it must be outside the plane.
        energy: that of P_θ.
        plane: what is integrated over.
    """
    log_p = numbers_of("log_density", log_density, plane.points)
    refuse_nan("log_density", log_p)
    _refuse_unnormalised(log_p, plane)
    log_q = log_likelihood(energy, plane.points, plane)
    p = log_p.exp()
    return torch.where(p > 0, p * (log_p - log_q), 0.0).sum() * plane.cell  # 0 log 0 = 0


def _refuse_unnormalised(log_p: Tensor, plane: Plane) -> None:
    """Refuse what is no density, or one that the plane is too small or too coarse for."""
    mass = float(log_p.double().exp().sum()) * plane.cell

    def check() -> None:
        if not 0.5 < mass < 2:
            refuse("log_density", "to have an integral of 1 over the plane", f"{mass:.3g}")

    look(check)


@door
@torch.no_grad()
def kl_to(
    samples: Annotated[Tensor, "n 2"], entropy: float, energy: Energy, plane: Plane
) -> Tensor:
    """KL(P_φ ‖ P_θ) = E[E_θ(χ)] − H[P_φ] + log Z from samples χ ∼ P_φ: a scalar, in nats.

    The slide's formula with −log P_θ(χ) = E_θ(χ) + log Z put in.

    Args:
        samples: (n, 2).
        entropy: H[P_φ], such as `nearest_neighbour_entropy` of many samples.
        energy: that of P_θ.
        plane: for log Z.
    """
    return numbers_of("energy", energy, samples).mean() - entropy + log_partition(energy, plane)

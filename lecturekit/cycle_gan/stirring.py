"""Maps that no loss of section 5 can notice: a density stirred along its own level lines."""

from __future__ import annotations

from typing import Annotated, Protocol

import torch
from torch import Tensor

from lecturekit.door import door

STEPS = 200


class Density(Protocol):
    """Anything in the plane whose score is known, such as `data.densities.GaussianMixture`."""

    def score(self, x: Tensor) -> Tensor:
        """∇ log p(x): (n, 2) → (n, 2)."""
        ...


@door
def stirred(density: Density, x: Annotated[Tensor, "n 2"], time: float) -> Tensor:
    """Points after a time of dx/dt = J ∇ log p(x), with J a quarter turn to the left.

    The velocity is at right angles to ∇ log p, so log p stays as it is along the way; and its
    divergence is 0, so areas stay too. Hence x ∼ p is carried to points that are again ∼ p. With
    −time it is undone: both ways together have neither an adversarial nor a cycle loss. A round
    Gaussian of standard deviation s is turned about its centre, by the angle −time / s².

    Args:
        density: p, smooth.
        x: (n, 2).
        time: in squared units of x; below 0 to go back.

    Returns:
        (n, 2), differentiable in x; by 200 steps of the classical Runge–Kutta method.

    Raises:
        ValueError: x of another shape.
    """
    if x.ndim != 2 or x.shape[1] != 2:
        raise ValueError(f"expected x of shape (n, 2), got {tuple(x.shape)}")
    h = time / STEPS
    for _ in range(STEPS):
        k1 = _velocity(density, x)
        k2 = _velocity(density, x + h / 2 * k1)
        k3 = _velocity(density, x + h / 2 * k2)
        k4 = _velocity(density, x + h * k3)
        x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return x


def _velocity(density: Density, x: Tensor) -> Tensor:
    up, right = density.score(x).flip(1).unbind(dim=1)
    return torch.stack([-up, right], dim=1)

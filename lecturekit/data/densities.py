"""Densities whose log-probability, score and noisy versions are known in closed form.

All are mixtures of round Gaussians, the curves too: Gaussians in a row, at most one standard
deviation apart, add up to a ridge whose height is even to 1e-8. The ready-made ones lie in
[−3, 3]².
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from lecturekit.door import OF_ANY_TYPE, Count, In, NonNegative, Positive, Rows, door


@door
class GaussianMixture:
    """p(x) = Σₖ wₖ N(x; μₖ, sₖ² I).

    Attributes:
        means: μ, (n_components, n_dims).
        stds: s, (n_components,), in the units of x.
        weights: w, (n_components,), above 0, summing to 1.

    Example:
        >>> GaussianMixture(torch.tensor([[-1.0], [1.0]]), stds=0.5).score(torch.tensor([[1.0]]))
        tensor([[-0.0027]])
    """

    def __init__(
        self,
        means: Annotated[Tensor, "n n_dims"],
        stds: Annotated[Tensor, "n", In(0, open="low"), OF_ANY_TYPE] | Positive,
        weights: Annotated[Tensor, "n", In(0, open="low"), OF_ANY_TYPE] | None = None,
    ):
        """Take dtype and device from `means`; one number for `stds` stands for all of them.

        Args:
            means: (n_components, n_dims), floating point.
            stds: (n_components,) or a number, above 0.
            weights: (n_components,), above 0, in any scale; equal ones if left out.

        Raises:
            ValueError: shapes that do not fit, or values that are not positive and finite.
        """
        if means.ndim != 2 or len(means) == 0 or not means.is_floating_point():
            raise ValueError(
                "expected floating-point means of shape (n_components ≥ 1, n_dims), "
                f"got {means.dtype} of shape {tuple(means.shape)}"
            )
        if not isinstance(stds, Tensor):
            stds = means.new_full((len(means),), stds)
        if weights is None:
            weights = means.new_ones(len(means))
        for name, values in {"stds": stds, "weights": weights}.items():
            if values.shape != means.shape[:1]:
                raise ValueError(
                    f"expected {name} of shape ({len(means)},), got {tuple(values.shape)}"
                )
            if not ((values > 0) & values.isfinite()).all():
                raise ValueError(f"expected {name} finite and above 0, got {values.tolist()}")
        self.means, self.stds, self.weights = means, stds.to(means), weights.to(means)
        self.weights = self.weights / self.weights.sum()

    @property
    def n_dims(self) -> int:
        """Of the space."""
        return self.means.shape[1]

    def log_prob(self, x: Rows) -> Tensor:
        """log p(x), in nats: (n, n_dims) → (n,).

        Raises:
            ValueError: x of another shape.
        """
        return self._log_joint(x).logsumexp(dim=1)

    def score(self, x: Rows) -> Tensor:
        """∇ log p(x) = Σₖ p(k|x) (μₖ − x)/sₖ²: (n, n_dims) → (n, n_dims).

        Raises:
            ValueError: x of another shape.
        """
        pull = self._log_joint(x).softmax(dim=1) / self.stds**2  # (n, n_components)
        return pull @ self.means - pull.sum(dim=1, keepdim=True) * x

    def sample(self, n: Count, *, generator: torch.Generator) -> Tensor:
        """n independent points: (n, n_dims).

        Args:
            n: how many, ≥ 1.
            generator: source of the randomness, on the device of the means.

        Raises:
            ValueError: n < 1.
        """
        if n < 1:
            raise ValueError(f"expected n ≥ 1, got {n}")
        chosen = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        noise = torch.randn(
            n, self.means.shape[1], generator=generator, device=self.means.device
        ).to(self.means)
        return self.means[chosen] + self.stds[chosen, None] * noise

    def smoothed(self, sigma: NonNegative) -> GaussianMixture:
        """The density of x + σε with ε ∼ N(0, I): p ∗ N(0, σ² I), again a mixture.

        Its score is what a denoiser learns (Tweedie's formula): r(x̃) − x̃ = σ² ∇ log p_σ(x̃).

        Raises:
            ValueError: a negative σ.
        """
        if not sigma >= 0:
            raise ValueError(f"expected σ ≥ 0, got {sigma}")
        return GaussianMixture(self.means, (self.stds**2 + sigma**2).sqrt(), self.weights)

    def to(self, *args: Any) -> GaussianMixture:
        """The same mixture in another dtype or on another device, with arguments as Tensor.to."""
        return GaussianMixture(self.means.to(*args), self.stds.to(*args), self.weights.to(*args))

    def _log_joint(self, x: Tensor) -> Tensor:
        n_dims = self.means.shape[1]
        if x.ndim != 2 or x.shape[1] != n_dims:
            raise ValueError(f"expected x of shape (n, {n_dims}), got {tuple(x.shape)}")
        squares = (x[:, None] - self.means).square().sum(dim=2)  # (n, n_components)
        log_normaliser = n_dims * (self.stds.log() + 0.5 * math.log(2 * math.pi))
        return self.weights.log() - log_normaliser - 0.5 * squares / self.stds**2


@door
def ring(n_modes: Count = 8, radius: Positive = 2.0, std: Positive = 0.1) -> GaussianMixture:
    """Gaussians evenly on a circle, the first one to the right."""
    _check_positive(n_modes=n_modes, radius=radius, std=std)
    angles = torch.arange(n_modes) * (2 * math.pi / n_modes)
    return GaussianMixture(radius * torch.stack([angles.cos(), angles.sin()], dim=1), std)


@door
def grid(side: Count = 5, spacing: Positive = 1.0, std: Positive = 0.05) -> GaussianMixture:
    """side × side Gaussians on a square grid around the origin."""
    _check_positive(side=side, spacing=spacing, std=std)
    ticks = (torch.arange(side) - (side - 1) / 2) * spacing
    return GaussianMixture(torch.cartesian_prod(ticks, ticks), std)


@door
def circle(radius: Positive = 2.0, std: Positive = 0.1) -> GaussianMixture:
    """A circular ridge of constant density."""
    _check_positive(radius=radius, std=std)
    return ring(math.ceil(2 * math.pi * radius / std), radius, std)


@door
def two_moons(std: Positive = 0.1) -> GaussianMixture:
    """Two half circles that reach into each other."""
    _check_positive(std=std)
    angle = torch.linspace(0, math.pi, 1000)
    upper = torch.stack([angle.cos() - 0.5, angle.sin() - 0.25], dim=1)
    moons = torch.cat([_row(upper, std / 1.5), -_row(upper, std / 1.5)])
    return GaussianMixture(1.5 * moons, std)


@door
def spiral(turns: Positive = 2.0, radius: Positive = 2.5, std: Positive = 0.08) -> GaussianMixture:
    """An Archimedean spiral of constant density, from the origin out to `radius`."""
    _check_positive(turns=turns, radius=radius, std=std)
    angle = torch.linspace(0, 2 * math.pi * turns, 10_000)
    arm = angle[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    return GaussianMixture(_row(arm * (radius / angle[-1]), std), std)


@door
def two_spirals(
    turns: Positive = 1.0, radius: Positive = 2.5, std: Positive = 0.1
) -> GaussianMixture:
    """Two Archimedean arms of constant density, one the other turned by 180°.

    They begin a quarter turn out, so that they don't meet. One of the two data sets in the plane
    of Kim & Bengio 2016, figure 2.
    """
    _check_positive(turns=turns, radius=radius, std=std)
    angle = torch.linspace(0.5 * math.pi, 2 * math.pi * (turns + 0.25), 10_000)
    arm = _row(_turned(radius * angle / angle[-1], angle), std)
    return GaussianMixture(torch.cat([arm, -arm]), std)


@door
def four_spin(n_arms: Count = 4, radius: Positive = 2.6, std: Positive = 0.25) -> GaussianMixture:
    """A pinwheel: arms that bend as they go out, thin at the hub and thick at the rim.

    Arm j is the curve r ↦ (r, angle 2πj/n_arms + r) in polar coordinates, r from 0.3 of the
    radius outward; its Gaussians have the standard deviation std · r/radius and equal weights, so
    they lie the closer, the thinner they are. The other data set of Kim & Bengio 2016, figure 2.

    Args:
        n_arms: how many.
        radius: where an arm ends.
        std: of the last Gaussian of an arm.
    """
    _check_positive(n_arms=n_arms, radius=radius, std=std)
    r = radius * 0.3 ** (1 - torch.linspace(0, 1, 40))  # even in log r, as the widths are
    arms = [_turned(r, r + 2 * math.pi * j / n_arms) for j in range(n_arms)]
    return GaussianMixture(torch.cat(arms), (std / radius * r).repeat(n_arms))


def _turned(r: Tensor, angle: Tensor) -> Tensor:
    """Points (n, 2) from polar coordinates (n,)."""
    return r[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)


def _check_positive(**sizes: float) -> None:
    for name, size in sizes.items():
        if not 0 < size < math.inf:
            raise ValueError(f"expected {name} finite and above 0, got {size}")


def _row(curve: Tensor, spacing: float) -> Tensor:
    """Points evenly along a finely drawn curve (n, 2), at most `spacing` apart."""
    travelled = np.cumsum([0.0, *curve.diff(dim=0).norm(dim=1)])
    stops = np.linspace(0, travelled[-1], math.ceil(travelled[-1] / spacing) + 1)
    points = [np.interp(stops, travelled, coordinate) for coordinate in curve.T.numpy()]
    return torch.tensor(np.stack(points, axis=1), dtype=curve.dtype)

"""Reconstruction distributions P_θ(X | X′): what a denoiser believes about the clean X.

A denoiser maps a batch of corrupted rows to one of these. Each has a `mean`, a `log_prob` that is
differentiable in θ, and a `sample` that is not: whoever walks on from a sample must not send
gradients back through the walk.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Protocol

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from lecturekit.door import In, Rows, door, refuse


class Reconstruction(Protocol):
    """A distribution over clean rows for each corrupted row of a batch."""

    @property
    def mean(self) -> Tensor:
        """E_θ[X | X′], (batch, n_dims)."""

    def log_prob(self, x: Tensor) -> Tensor:
        """log P_θ(x | X′) in nats: (batch, n_dims) → (batch,)."""

    def sample(self, *, generator: torch.Generator) -> Tensor:
        """X ~ P_θ(X | X′): (batch, n_dims), cut off from the graph."""


@door
@dataclass(frozen=True)
class GaussianReconstruction:
    """Independent normal coordinates, N(mean, diag(std²)).

    Attributes:
        mean: (batch, n_dims).
        std: (batch, n_dims), above 0.
    """

    mean: Annotated[Tensor, "n n_dims"]
    std: Annotated[Tensor, "n n_dims", In(0, open="low")]

    def log_prob(self, x: Rows) -> Tensor:
        """−½‖(x − mean)/std‖² − Σ_i log(std_i √(2π)): (batch, n_dims) → (batch,)."""
        deviations = (x - self.mean) / self.std
        return -(0.5 * deviations.square() + self.std.log() + 0.5 * math.log(2 * math.pi)).sum(1)

    @torch.no_grad()
    def sample(self, *, generator: torch.Generator) -> Tensor:
        noise = torch.randn(
            self.mean.shape, generator=generator, device=self.mean.device, dtype=self.mean.dtype
        )
        return self.mean + self.std * noise


@door
@dataclass(frozen=True)
class BernoulliReconstruction:
    """Independent pixels, each white with its probability σ(logit).

    On grey values in [0, 1], `log_prob` is minus the cross-entropy, as is usual for images.

    Attributes:
        logits: (batch, n_dims).
    """

    logits: Tensor

    @property
    def mean(self) -> Tensor:
        """The probabilities of white, (batch, n_dims)."""
        return self.logits.sigmoid()

    def log_prob(self, x: Annotated[Tensor, "n n_dims", In(0, 1)]) -> Tensor:
        """Σ_i x_i log p_i + (1 − x_i) log(1 − p_i): (batch, n_dims) → (batch,)."""
        if x.shape != self.logits.shape:
            refuse("x", f"of shape {tuple(self.logits.shape)}", f"{tuple(x.shape)}")
        return -binary_cross_entropy_with_logits(self.logits, x, reduction="none").sum(dim=1)

    @torch.no_grad()
    def sample(self, *, generator: torch.Generator) -> Tensor:
        u = torch.rand(
            self.logits.shape,
            generator=generator,
            device=self.logits.device,
            dtype=self.logits.dtype,
        )
        return (u < self.mean).to(self.logits.dtype)


@door
@dataclass(frozen=True)
class MixtureReconstruction:
    """Σ_k w_k N(m_k, t_k² I), with weights and means of its own for each row.

    Attributes:
        weights: w, (batch, n_components), summing to 1 in each row.
        means: m, (batch, n_components, n_dims).
        stds: t, (n_components,).
    """

    weights: Annotated[Tensor, "batch n_components"]
    means: Annotated[Tensor, "batch n_components n_dims"]
    stds: Annotated[Tensor, "n_components"]

    @property
    def mean(self) -> Tensor:
        """Σ_k w_k m_k, (batch, n_dims)."""
        return (self.weights[:, :, None] * self.means).sum(dim=1)

    @property
    def variance(self) -> Tensor:
        """Of each coordinate, Σ_k w_k (t_k² + m_k²) − mean², (batch, n_dims)."""
        spread = self.stds[:, None] ** 2 + self.means.square()  # (batch, n_components, n_dims)
        return (self.weights[:, :, None] * spread).sum(dim=1) - self.mean.square()

    def log_prob(self, x: Rows) -> Tensor:
        """log Σ_k w_k N(x; m_k, t_k² I): (batch, n_dims) → (batch,)."""
        squares = (x[:, None] - self.means).square().sum(dim=2)  # (batch, n_components)
        log_normaliser = x.shape[1] * (self.stds.log() + 0.5 * math.log(2 * math.pi))
        log_joint = self.weights.log() - log_normaliser - 0.5 * squares / self.stds**2
        return log_joint.logsumexp(dim=1)

    @torch.no_grad()
    def sample(self, *, generator: torch.Generator) -> Tensor:
        chosen = torch.multinomial(self.weights, 1, generator=generator)[:, 0]  # (batch,)
        means = self.means[torch.arange(len(chosen), device=chosen.device), chosen]
        noise = torch.randn(
            means.shape, generator=generator, device=means.device, dtype=means.dtype
        )
        return means + self.stds[chosen, None] * noise

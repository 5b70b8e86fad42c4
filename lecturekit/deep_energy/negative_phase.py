"""Two ways to get χ ∼ P_θ for the same gradient: a generator, and a Langevin sampler."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self

import torch
from torch import Tensor, nn

from lecturekit.deep_energy.energy import score
from lecturekit.deep_energy.entropy import Entropy, NoEntropy
from lecturekit.deep_energy.generator import Generator
from lecturekit.training import check_settings, tunable


class NegativePhase(Protocol):
    """Where the samples χ of the negative phase come from. `train` calls its methods in order."""

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The networks that it trains."""

    def prepare(self, data: Tensor, *, generator: torch.Generator) -> None:
        """Called once before the first update on `data`, (n, n_dims)."""

    def draw(self, energy: nn.Module, n: int, *, generator: torch.Generator) -> Tensor:
        """χ, outside autograd: (n, n_dims)."""

    def learn(self, energy: nn.Module, rate_factor: float) -> Mapping[str, Tensor]:
        """Come closer to P_θ after the update of θ; returns metrics."""


def adam(module: nn.Module) -> torch.optim.Adam:
    """Adam as in Kim & Bengio's experiments: β₁ = ½ forgets the opponent's past sooner."""
    return torch.optim.Adam(module.parameters(), betas=(0.5, 0.999), fused=True)


def step(optimiser: torch.optim.Optimizer, loss: Tensor, learning_rate: float) -> None:
    """One update of the optimiser's parameters, and of no others, down the gradient of `loss`."""
    parameters = optimiser.param_groups[0]["params"]
    for parameter, slope in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = slope
    optimiser.param_groups[0]["lr"] = learning_rate
    optimiser.step()


@dataclass
class GeneratorPhase:
    """χ = G_φ(z), and G follows P_θ by descending KL(P_φ ‖ P_θ) (Kim & Bengio 2016).

    φ := φ − β ∇_φ (E_z[E_θ(G_φ(z))] − λ H[P_φ]); λ = 1 with the true entropy would be the
    gradient of the divergence itself.

    Attributes:
        G: the generator.
        entropy: the term in place of H[P_φ].
        entropy_weight: λ.
        learning_rate: β, of Adam.
    """

    G: Generator
    entropy: Entropy = field(default_factory=NoEntropy)
    entropy_weight: float = tunable(1.0, 0.0, 2.0, label="entropy weight λ")
    learning_rate: float = tunable(1e-3, 1e-5, 1e-2, scale="log", label="generator rate β")
    _optimiser: torch.optim.Optimizer | None = field(default=None, init=False, repr=False)
    _samples: Tensor | None = field(default=None, init=False, repr=False)

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        return (self.G,)

    def prepare(self, data: Tensor, *, generator: torch.Generator) -> None:
        """Give G an optimiser that knows nothing yet."""
        check_settings(self)
        self._optimiser = adam(self.G)

    def draw(self, energy: nn.Module, n: int, *, generator: torch.Generator) -> Tensor:
        """χ = G(z). The graph back to φ is kept for `learn`: one pass through G serves both."""
        self._samples = self.G(self.G.latent(n, generator=generator))
        return self._samples.detach()

    def learn(self, energy: nn.Module, rate_factor: float) -> Mapping[str, Tensor]:
        """One update of φ against the energy as it is now."""
        if self._optimiser is None or self._samples is None:
            raise ValueError("there is nothing to learn from yet: call prepare and draw first")
        samples, self._samples = self._samples, None
        entropy = self.entropy(self.G, samples)
        loss = energy(samples).mean() - self.entropy_weight * entropy
        step(self._optimiser, loss, rate_factor * self.learning_rate)
        return {"entropy": entropy.detach()}


@dataclass
class LangevinPhase:
    """χ ← χ − ε ∇E(χ) + √(2ε) n, n ∼ N(0, I): particles that persist from update to update.

    As ε → 0 the chain's distribution tends to P_θ. It needs no second network and no entropy
    term, for its noise is the entropy; it needs k gradients of E for every update instead.
    Compare persistent contrastive divergence for RBMs, with Gibbs steps.

    Attributes:
        n_particles: how many, ≥ the batch.
        k: Langevin steps between two updates.
        step_size: ε, in squared units of x; stable below 2 / (largest curvature of E).
        renewed: share of the particles that are placed anew at every update, so that no part of
            space is forgotten.
        particles: (n_particles, n_dims); None before `initialise`.
    """

    n_particles: int = 512
    k: int = tunable(20, 1, 100, label="Langevin steps k", minimum=1)
    step_size: float = tunable(1e-2, 1e-4, 1e-1, scale="log", label="step size ε")
    renewed: float = tunable(0.02, 0.0, 0.5, label="renewed share", maximum=1.0)
    particles: Tensor | None = field(default=None, init=False, repr=False)
    _mean: Tensor | None = field(default=None, init=False, repr=False)
    _std: Tensor | None = field(default=None, init=False, repr=False)

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        return ()

    def initialise(self, data: Tensor, *, generator: torch.Generator) -> Self:
        """Place the particles, from a Gaussian as broad as the data, (n ≥ 2, n_dims)."""
        self._mean, self._std = data.mean(dim=0), data.std(dim=0)
        self.particles = self._placed(self.n_particles, generator)
        return self

    def prepare(self, data: Tensor, *, generator: torch.Generator) -> None:
        """Place the particles, unless they are under way."""
        check_settings(self)
        if self.particles is None:
            self.initialise(data, generator=generator)
        self._mean, self._std = data.mean(dim=0), data.std(dim=0)

    def draw(self, energy: nn.Module, n: int, *, generator: torch.Generator) -> Tensor:
        """Move all particles by k steps; χ is n of them, in turn."""
        if self.particles is None or not 1 <= n <= len(self.particles):
            raise ValueError(
                f"expected particles, and from 1 to {self.n_particles} of them, got {n}"
            )
        anew = round(self.renewed * len(self.particles))
        moving = torch.cat([self._placed(anew, generator), self.particles[anew:]])
        for _ in range(int(self.k)):
            moving = langevin_step(energy, moving, self.step_size, generator=generator)
        self.particles = moving.roll(-n, dims=0)
        return moving[:n]

    def learn(self, energy: nn.Module, rate_factor: float) -> Mapping[str, Tensor]:
        """Nothing: the particles follow the new energy by themselves."""
        return {}

    def _placed(self, n: int, generator: torch.Generator) -> Tensor:
        assert self._mean is not None
        assert self._std is not None
        noise = torch.randn(n, len(self._mean), generator=generator, device=generator.device)
        return self._mean + self._std * noise


def langevin_step(
    energy: nn.Module, x: Tensor, step_size: float, *, generator: torch.Generator
) -> Tensor:
    """x − ε ∇E(x) + √(2ε) n with n ∼ N(0, I): (n, n_dims) → (n, n_dims), outside autograd."""
    noise = torch.empty_like(x).normal_(generator=generator)
    return x + step_size * score(energy, x) + math.sqrt(2 * step_size) * noise

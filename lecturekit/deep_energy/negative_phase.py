"""Two ways to get χ ∼ P_θ for the same gradient: a generator, and a Langevin sampler."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Protocol, Self

import torch
from torch import Tensor, nn

from lecturekit.deep_energy.energy import score
from lecturekit.deep_energy.entropy import ActivationEntropy, ChosenEntropy, Entropy, NoEntropy
from lecturekit.deep_energy.generator import Generator
from lecturekit.door import Count, NonNegative, Rows, asked, door, refuse, returned
from lecturekit.training import (
    AGAINST_AN_OPPONENT,
    MOST_STEPS,
    Descent,
    check_settings,
    limited,
    tunable,
)


class Sampler(Protocol):
    """Where the samples χ of the negative phase come from. `train` calls its methods in order."""

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The networks that it trains."""

    def prepare(self, data: Tensor, *, generator: torch.Generator) -> None:
        """Called once before the first update on `data`, (n, n_dims)."""

    def draw(self, energy: nn.Module, n: int, *, generator: torch.Generator) -> Tensor:
        """χ, (n, n_dims), with the graph that leads back to what is trained, if anything is."""

    def learn(self, energy: nn.Module, chi: Tensor, rate_factor: float) -> Mapping[str, Tensor]:
        """Come closer to P_θ after the update of θ; gets what it drew, returns metrics."""


@door
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

    def __post_init__(self) -> None:
        check_settings(self)
        self._descent = Descent(self.G, betas=AGAINST_AN_OPPONENT)

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        return (self.G,)

    def prepare(self, data: Annotated[Tensor, "n≥2 n_dims"], *, generator: torch.Generator) -> None:
        """Forget how G moved before."""
        check_settings(self)
        self._descent = Descent(self.G, betas=AGAINST_AN_OPPONENT)

    def draw(self, energy: nn.Module, n: Count, *, generator: torch.Generator) -> Tensor:
        """χ = G(z), with the graph back to φ: one pass through G serves θ and φ."""
        if isinstance(self.entropy, ActivationEntropy | ChosenEntropy):
            self.entropy.check(self.G)  # now: when it is asked for its value, θ has moved already
        z = self.G.latent(n, generator=generator)
        return asked("negative_phase.G", self.G, z, n, getattr(energy, "n_dims", None))

    def learn(self, energy: nn.Module, chi: Rows, rate_factor: NonNegative) -> Mapping[str, Tensor]:
        """One update of φ against the energy as it is now."""
        entropy = returned("negative_phase.entropy", self.entropy(self.G, chi), numbers=True)
        loss = energy(chi).mean() - self.entropy_weight * entropy
        self._descent.step(loss, rate_factor * self.learning_rate)
        return {"entropy": entropy.detach()}


@door
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
        particles: (n_particles, n_dims); none, (0, 0), before `initialise`.
    """

    n_particles: int = limited(512, 1)
    k: int = tunable(20, 1, 100, label="Langevin steps k", minimum=1, maximum=MOST_STEPS)
    step_size: float = tunable(1e-2, 1e-4, 1e-1, scale="log", label="step size ε")
    renewed: float = tunable(0.02, 0.0, 0.5, label="renewed share", maximum=1.0)
    particles: Tensor = field(default_factory=lambda: torch.empty(0, 0), init=False, repr=False)
    _mean: Tensor = field(default_factory=lambda: torch.empty(0), init=False, repr=False)
    _std: Tensor = field(default_factory=lambda: torch.empty(0), init=False, repr=False)

    def __post_init__(self) -> None:
        check_settings(self)

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        return ()

    def initialise(
        self, data: Annotated[Tensor, "n≥2 n_dims"], *, generator: torch.Generator
    ) -> Self:
        """Place the particles, from a Gaussian as broad as the data, (n ≥ 2, n_dims)."""
        self._mean, self._std = data.mean(dim=0), data.std(dim=0)
        self.particles = self._placed(self.n_particles, generator)
        return self

    def prepare(self, data: Annotated[Tensor, "n≥2 n_dims"], *, generator: torch.Generator) -> None:
        """Place the particles, unless they are under way."""
        check_settings(self)
        if len(self.particles) == 0:
            self.initialise(data, generator=generator)
        self._mean, self._std = data.mean(dim=0), data.std(dim=0)

    def draw(self, energy: nn.Module, n: Count, *, generator: torch.Generator) -> Tensor:
        """Move all particles by k steps; χ is n of them, in turn.

        Raises:
            ValueError: there are no particles yet, or too few.
        """
        if not len(self.particles):
            refuse("particles", "to have been placed by initialise", "none")
        if not 1 <= n <= len(self.particles):
            wanted = f"≥ {n}, the rows of a minibatch"
            refuse("n_particles", wanted, f"{len(self.particles)}", "begin anew with more")
        anew = round(self.renewed * len(self.particles))
        moving = torch.cat([self._placed(anew, generator), self.particles[anew:]])
        for _ in range(int(self.k)):
            moving = langevin_step(energy, moving, self.step_size, generator=generator)
        self.particles = moving.roll(-n, dims=0)
        return moving[:n]

    def learn(self, energy: nn.Module, chi: Rows, rate_factor: NonNegative) -> Mapping[str, Tensor]:
        """Nothing: the particles follow the new energy by themselves."""
        return {}

    def _placed(self, n: int, generator: torch.Generator) -> Tensor:
        noise = torch.randn(n, len(self._mean), generator=generator, device=generator.device)
        return self._mean + self._std * noise


@door
def langevin_step(
    energy: nn.Module, x: Rows, step_size: NonNegative, *, generator: torch.Generator
) -> Tensor:
    """x − ε ∇E(x) + √(2ε) n with n ∼ N(0, I): (n, n_dims) → (n, n_dims), outside autograd."""
    noise = torch.empty_like(x).normal_(generator=generator)
    return x + step_size * score(energy, x) + math.sqrt(2 * step_size) * noise

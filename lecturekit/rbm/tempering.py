"""Parallel tempering: particles at several temperatures that change places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Self

import torch
from torch import Tensor
from torch.nn.functional import softplus

from lecturekit.door import BINARY, door
from lecturekit.rbm.model import (
    RBM,
    State,
    Theta,
    affine,
    clamp,
    sample,
    sample_visible,
    switched_on,
)
from lecturekit.rbm.negative_phase import drawn_from, refuse_strangers
from lecturekit.training import MOST_STEPS, check_settings, limited, tunable


@door
@dataclass
class ParallelTempering:
    """PT-k: as PCD, but each particle has partners at higher temperatures (Desjardins et al. 2010).

    Level l holds particles of P_β(v) ∝ f_β(v) = exp(β b·v) Π_j (1 + exp(β (c_j + (vᵀW)_j))), from
    β = 1, the model itself, down to `lowest`, at which energy barriers are low. After a Gibbs step
    at every level, neighbours l and l+1 change places with probability

        min(1, f_l(v′) f_{l+1}(v) / (f_l(v) f_{l+1}(v′))),

    first the pairs (0, 1), (2, 3), …, then (1, 2), (3, 4), … Both moves leave Π_l P_{β_l} as it is.
    The particles at β = 1 are X⁻. A step costs as many Gibbs steps as there are levels.

    Attributes:
        n_particles: at each level.
        n_levels: temperatures, ≥ 2, spaced evenly in β.
        lowest: the smallest β, in [0, 1].
        k: Gibbs steps, each with its exchanges, between two updates.
        ladder: (n_levels, n_particles, n_visible) in {0, 1}, β = 1 first; None before `initialise`.
        accepted: (n_levels − 1,), the share of exchanges made between neighbours in the last
            step; None before the first. Where it is near 0 the ladder needs more levels.

    Raises:
        ValueError: a number outside its limits.
    """

    n_particles: int = limited(100, 1)
    n_levels: int = limited(10, 2)
    lowest: float = limited(0.0, 0.0, 1.0)
    k: int = tunable(1, 1, 25, label="Gibbs steps k", minimum=1, maximum=MOST_STEPS)
    ladder: Tensor | None = field(default=None, init=False, repr=False)
    accepted: Tensor | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        check_settings(self)

    @property
    def betas(self) -> Tensor:
        """(n_levels,), from 1 down to `lowest`."""
        return torch.linspace(1.0, self.lowest, self.n_levels, dtype=torch.float64)

    @property
    def particles(self) -> Tensor | None:
        """(n_particles, n_visible), those at β = 1; None before `initialise`."""
        return None if self.ladder is None else self.ladder[0]

    def initialise(
        self, data: Annotated[Tensor, "n n_visible", BINARY], *, generator: torch.Generator
    ) -> Self:
        """Place the particles of all levels on rows of `data`, (n, n_visible), drawn anew."""
        self.ladder = drawn_from(data, self.n_levels, self.n_particles, generator=generator)
        self.accepted = None
        return self

    def prepare(
        self,
        model: RBM,
        data: Annotated[Tensor, "n n_visible", BINARY],
        *,
        generator: torch.Generator,
    ) -> None:
        """Place the particles, unless they are under way already.

        Raises:
            ValueError: they are under way in another model's space.
        """
        if self.ladder is None:
            self.initialise(data, generator=generator)
        else:
            refuse_strangers(self.ladder, model.theta)

    def advance(self, model: RBM, data: State, *, generator: torch.Generator) -> State:
        """The particles X⁻ at β = 1, after k steps of all levels and their exchanges."""
        if self.ladder is None:
            raise ValueError("the chain has no particles yet: call initialise(data, generator=…)")
        theta, v = model.theta, self.ladder
        refuse_strangers(v, theta)
        betas = self.betas.to(v)[:, None]  # (n_levels, 1)
        for _ in range(int(self.k)):
            v = _gibbs_steps(theta, v, betas, model.n_classes, generator)
            v, self.accepted = _exchanged(theta, v, betas, generator)
        self.ladder = v
        return clamp(theta, v[0])

    def wants_gradient(self) -> bool:
        return False

    def learn(self, gradient: Theta) -> None:
        """Nothing to remember."""


def _gibbs_steps(
    theta: Theta, v: Tensor, betas: Tensor, n_classes: int, generator: torch.Generator
) -> Tensor:
    """A Gibbs step of every level at its own temperature: (n_levels, n_particles, n_visible)."""
    beta = betas.expand(v.shape[:2]).reshape(-1, 1)  # of each row
    p = torch.sigmoid(beta * affine(theta.c, v.flatten(0, 1), theta.W))
    h = sample(p, generator=generator)
    p = switched_on(beta * affine(theta.b, h, theta.W.t()), n_classes)
    return sample_visible(p, n_classes, generator=generator).view_as(v)


def _exchanged(
    theta: Theta, v: Tensor, betas: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Neighbours change places: v as it is then, and the share of exchanges of each pair."""
    field = affine(theta.c, v.flatten(0, 1), theta.W).unflatten(0, v.shape[:2])
    v, visible = v.clone(), v @ theta.b  # (n_levels, n_particles, …)
    accepted = v.new_zeros(len(v) - 1)

    def log_f(at: slice, of: slice) -> Tensor:
        return betas[at] * visible[of] + softplus(betas[at][..., None] * field[of]).sum(2)

    for first in (0, 1):
        low, high = slice(first, len(v) - 1, 2), slice(first + 1, len(v), 2)
        gain = log_f(low, high) + log_f(high, low) - log_f(low, low) - log_f(high, high)
        exchanged = torch.empty_like(gain).uniform_(generator=generator).log() < gain
        accepted[low] = exchanged.to(v.dtype).mean(1)
        for held in (v, field, visible):
            mask = exchanged.view(*exchanged.shape, *([1] * (held.dim() - 2)))
            here, there = held[low].clone(), held[high].clone()
            held[low], held[high] = torch.where(mask, there, here), torch.where(mask, here, there)
    return v, accepted

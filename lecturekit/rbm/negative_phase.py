"""Where the negative particles X⁻ come from: contrastive divergence and its persistent kin.

A negative phase is a plain mutable dataclass. `advance` hands out the next particles, `learn`
tells it the gradient that followed. They differ in where the chain starts, in whose conditionals
move it, in whether it samples, and in what it remembers.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple, Protocol, Self

import torch
from torch import Tensor

from lecturekit.door import BINARY, Natural, door, refuse
from lecturekit.rbm.model import (
    RBM,
    State,
    Theta,
    clamp,
    sample,
    sample_visible,
    visible_probabilities,
)
from lecturekit.training import MOST_STEPS, check_settings, limited, tunable


class NegativePhase(Protocol):
    """What `train` asks of a negative phase; any class with these methods will do."""

    def prepare(self, model: RBM, data: Tensor, *, generator: torch.Generator) -> None:
        """Called once before the first update; a chain under way may simply go on."""

    def advance(self, model: RBM, data: State, *, generator: torch.Generator) -> State:
        """The next particles X⁻, given the minibatch X⁺."""

    def wants_gradient(self) -> bool:
        """Whether `learn` is to be called; without it `train` need not form the gradient."""

    def learn(self, gradient: Theta) -> None:
        """Take note of the gradient of the update that follows `advance`."""


class GibbsStep(NamedTuple):
    """One Gibbs step h ~ P(h | v), v′ ~ P(v | h), with what it passed through.

    Attributes:
        hidden: (batch, n_hidden), the sample h in {0, 1}.
        visible_probabilities: (batch, n_visible), P(v = 1 | h).
        state: v′ with P(h = 1 | v′).
    """

    hidden: Tensor
    visible_probabilities: Tensor
    state: State


@door
def gibbs_step(
    theta: Theta, state: State, *, n_classes: Natural = 0, generator: torch.Generator
) -> GibbsStep:
    """Sample the hidden units, then the visible units, and average the hidden units out again.

    The last `n_classes` visible units are drawn as a softmax group (`ClassRBM`).
    """
    units = tuple(theta.W.shape)
    if (state.visible.shape[-1], state.hidden.shape[-1]) != units:
        got = f"{state.visible.shape[-1]} and {state.hidden.shape[-1]}"
        refuse("state", f"of theta's {units[0]} visible and {units[1]} hidden units", got)
    if n_classes > units[0]:
        refuse("n_classes", f"≤ {units[0]}, the visible units", f"{n_classes}")
    hidden = sample(state.hidden, generator=generator)
    probabilities = visible_probabilities(theta, hidden, n_classes)
    visible = sample_visible(probabilities, n_classes, generator=generator)
    return GibbsStep(hidden, probabilities, clamp(theta, visible))


def mean_field_step(theta: Theta, state: State, *, n_classes: int = 0) -> GibbsStep:
    """A Gibbs step with every sample replaced by its probability: v′ = σ(b + W σ(c + Wᵀv))."""
    visible = visible_probabilities(theta, state.hidden, n_classes)
    return GibbsStep(state.hidden, visible, clamp(theta, visible))


@door
class GibbsChain:
    """What these negative phases share: k Gibbs steps between a start and an end.

    A subclass says where the chain starts, whose conditionals move it, how, and what is remembered.
    """

    k: int

    def __post_init__(self) -> None:
        check_settings(self)

    def steps(self) -> int:
        """k as a slider may have left it.

        Raises:
            ValueError: k is not a whole number ≥ 1.
        """
        if self.k < 1 or self.k != int(self.k):
            raise ValueError(f"expected a whole number of Gibbs steps k ≥ 1, got {self.k!r}")
        return int(self.k)

    def initialise(
        self, data: Annotated[Tensor, "n n_visible", BINARY], *, generator: torch.Generator
    ) -> Self:
        """Begin anew from known points: nothing to do where nothing is remembered."""
        return self

    def prepare(
        self,
        model: RBM,
        data: Annotated[Tensor, "n n_visible", BINARY],
        *,
        generator: torch.Generator,
    ) -> None:
        """Called by `train` before its first update."""

    def starts_from(self, theta: Theta, data: State) -> State:
        """Where the chain starts: at the minibatch."""
        return data

    def moved_by(self, theta: Theta) -> Theta:
        """The parameters whose conditionals move the chain: those that are trained."""
        return theta

    def step(
        self, theta: Theta, state: State, *, n_classes: Natural = 0, generator: torch.Generator
    ) -> GibbsStep:
        """How the chain moves: it samples."""
        return gibbs_step(theta, state, n_classes=n_classes, generator=generator)

    def keep(self, state: State) -> None:
        """What is remembered of the end of the chain: nothing."""

    def advance(self, model: RBM, data: State, *, generator: torch.Generator) -> State:
        """The particles X⁻, k Gibbs steps after the start of the chain.

        Args:
            model: the RBM that is trained.
            data: the minibatch X⁺, as `model.clamp(v)` gives it.
            generator: source of the samples, on the model's device.
        """
        theta = self.moved_by(model.theta)
        state = self.starts_from(theta, data)
        for _ in range(self.steps()):
            step = self.step(theta, state, n_classes=model.n_classes, generator=generator)
            state = step.state
        self.keep(state)
        return state

    def wants_gradient(self) -> bool:
        return False

    def learn(self, gradient: Theta) -> None:
        """θ_f := ρ θ_f + β g, for chains with fast weights."""


@door
@dataclass
class ContrastiveDivergence(GibbsChain):
    """CD-k: k Gibbs steps that start at the minibatch (Hinton 2002, eq. 9).

    Raises:
        ValueError: k is not a whole number ≥ 1.
    """

    k: int = tunable(1, 1, 25, label="Gibbs steps k", minimum=1, maximum=MOST_STEPS)


@door
@dataclass
class MeanFieldCD(GibbsChain):
    """MF CD-k: CD-k with probabilities in the place of samples (Welling & Hinton 2002, section 4).

    X⁻ is the end of k steps v := σ(b + W σ(c + Wᵀv)) from the minibatch. Nothing is random, so the
    direction has no noise; its bias does not vanish for k → ∞, since the chain then ends at fixed
    points of the mean-field equations and not at draws from the model. Tieleman 2008 compares it
    with PCD under the name MF CD.

    Raises:
        ValueError: k is not a whole number ≥ 1.
    """

    k: int = tunable(1, 1, 25, label="mean-field steps k", minimum=1, maximum=MOST_STEPS)

    def step(
        self, theta: Theta, state: State, *, n_classes: Natural = 0, generator: torch.Generator
    ) -> GibbsStep:
        """How the chain moves: from probabilities to probabilities; `generator` is not used."""
        return mean_field_step(theta, state, n_classes=n_classes)


def drawn_from(data: Tensor, *size: int, generator: torch.Generator) -> Tensor:
    """Rows of `data`, (n, n_visible), drawn with replacement: (*size, n_visible).

    Raises:
        ValueError: data of another shape, or without rows.
    """
    if data.dim() != 2 or len(data) == 0:
        raise ValueError(f"expected data of shape (n, n_visible), got {tuple(data.shape)}")
    rows = torch.randint(len(data), size, generator=generator, device=generator.device)
    return data[rows.to(data.device)]


def refuse_strangers(particles: Tensor, theta: Theta) -> None:
    """Particles (…, n_visible) that are under way stay in the space where they began.

    Raises:
        ValueError: the model is of another.
    """
    if particles.shape[-1] != len(theta.b):
        raise ValueError(
            f"the particles have {particles.shape[-1]} visible units, the model has "
            f"{len(theta.b)}: call initialise(data, generator=…)"
        )


@door
@dataclass
class PersistentCD(GibbsChain):
    """PCD-k: particles that go on from where the last update left them (Tieleman 2008).

    The hidden half of the state is kept too: P(h | v) was needed for the last gradient, and the
    next Gibbs step samples its h from it. So an update costs five matrix products, as CD-1 does.

    Attributes:
        n_particles: number of particles, drawn from known points by `initialise`.
        k: Gibbs steps between two updates.
        particles: (n_particles, n_visible) in {0, 1}; None before `initialise`.

    Raises:
        ValueError: k or n_particles is not a whole number ≥ 1.
    """

    n_particles: int = limited(100, 1)
    k: int = tunable(1, 1, 25, label="Gibbs steps k", minimum=1, maximum=MOST_STEPS)
    particles: Tensor | None = field(default=None, init=False, repr=False)
    _hidden: Tensor | None = field(default=None, init=False, repr=False)

    def initialise(
        self, data: Annotated[Tensor, "n n_visible", BINARY], *, generator: torch.Generator
    ) -> Self:
        """Place every particle on a row of `data`, (n, n_visible), drawn with replacement."""
        self.particles, self._hidden = drawn_from(data, self.n_particles, generator=generator), None
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
        if self.particles is None:
            self.initialise(data, generator=generator)
        else:
            refuse_strangers(self.particles, model.theta)

    def starts_from(self, theta: Theta, data: State) -> State:
        """Where the chain starts: where it ended, after the last update."""
        if self.particles is None:
            raise ValueError("the chain has no particles yet: call initialise(data, generator=…)")
        refuse_strangers(self.particles, theta)
        if self._hidden is None or self._hidden.shape != (len(self.particles), len(theta.c)):
            return clamp(theta, self.particles)
        return State(self.particles, self._hidden)

    def keep(self, state: State) -> None:
        """What is remembered: the particles."""
        self.particles, self._hidden = state


@door
@dataclass
class FastPersistentCD(PersistentCD):
    """FPCD: particles that move on the energy of θ + θ_f (Tieleman & Hinton 2009).

    θ_f := ρ θ_f + β g is a temporary overlay that raises the energy where the particles sit and
    drives them on. It enters the negative phase only: the particles' samples and their hidden
    probabilities are those of θ + θ_f, the data's are those of θ.

    Attributes:
        n_particles: number of particles, drawn from known points by `initialise`.
        k: Gibbs steps between two updates.
        fast_learning_rate: β, constant during a run.
        decay: ρ, the share of θ_f that is *retained* at each update.
        particles: (n_particles, n_visible) in {0, 1}; None before `initialise`.
        fast: θ_f = (W_f, b_f, c_f); None, which stands for zero, before the first `learn`.

    Raises:
        ValueError: β is negative, ρ is outside [0, 1], or k or n_particles is not a whole
            number ≥ 1.
    """

    fast_learning_rate: float = tunable(0.05, 1e-4, 1.0, scale="log", label="fast rate β")
    decay: float = tunable(0.95, 0.0, 1.0, label="retained ρ", maximum=1.0)
    fast: Theta | None = field(default=None, init=False, repr=False)

    def initialise(
        self, data: Annotated[Tensor, "n n_visible", BINARY], *, generator: torch.Generator
    ) -> Self:
        """Place the particles as PCD does, and forget the fast weights."""
        super().initialise(data, generator=generator)
        self.fast = None
        return self

    def overlaid(self, model: RBM) -> RBM:
        """A copy of `model` with parameters θ + θ_f, on whose energy the particles move."""
        overlaid = copy.deepcopy(model)
        if self.fast is not None:
            overlaid.ascend(self.fast, 1.0)
        return overlaid

    def moved_by(self, theta: Theta) -> Theta:
        """The parameters whose conditionals move the chain: θ + θ_f."""
        if self.fast is None:
            return theta
        overlaid = theta + self.fast
        return Theta(overlaid.W.to(theta.W.dtype), overlaid.b, overlaid.c)

    def wants_gradient(self) -> bool:
        return True

    def learn(self, gradient: Theta) -> None:
        """θ_f := ρ θ_f + β g, for the gradient g of the slow weights."""
        if self.fast is None:
            self.fast = Theta(*(torch.zeros_like(term) for term in gradient))
        for quick, slope in zip(self.fast, gradient, strict=True):
            quick.mul_(self.decay).add_(slope.detach(), alpha=self.fast_learning_rate)

"""Which corrupted points X′ a denoiser is trained on: simple training, and walkback in four forms.

`Walkback` is the slide's, where every X′ of a walk has the weight 1/n, or, `alike`, where all X′
have the same; `FixedWalkback` is the authors' code; `PersistentWalkback` is ours, and weighs all X′
alike. `step_weights` says what that changes: how much of the objective comes from how far out.

Each form is a plain mutable dataclass whose `log_likelihood` is the quantity that an update
ascends: the mean of log P_θ(X | X′) over the pairs that it makes of a minibatch. The target is
the clean X throughout, however far the walk went. The walk itself carries no gradient: θ is to
undo the walk, not to shape it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Protocol

import torch
from torch import Tensor

from lecturekit.denoising.corruption import Corruption
from lecturekit.denoising.denoisers import Denoise, believed
from lecturekit.door import Count, In, Rows, door
from lecturekit.training import MOST_STEPS, check_settings, tunable


class Scheme(Protocol):
    """What `train` asks of a training scheme; any class with these members will do.

    Attributes:
        evaluations: rows that the denoiser has been evaluated on since `initialise`, the honest
            measure of cost when schemes are compared.
    """

    evaluations: int

    def initialise(self) -> None:
        """Begin anew: called once before the first update."""

    def log_likelihood(
        self, denoise: Denoise, corruption: Corruption, x: Tensor, *, generator: torch.Generator
    ) -> Tensor:
        """Mean log P_θ(X | X′), a scalar to be ascended, for the minibatch x (batch, n_dims)."""


@door
class _Counting:
    evaluations: int

    def __post_init__(self) -> None:
        check_settings(self)

    def initialise(self) -> None:
        """Count evaluations from 0."""
        self.evaluations = 0


@door
@dataclass
class Simple(_Counting):
    """Simple training: one corrupted X′ ~ C(X′ | X) for each X."""

    evaluations: int = field(default=0, init=False, repr=False)

    def log_likelihood(
        self, denoise: Denoise, corruption: Corruption, x: Rows, *, generator: torch.Generator
    ) -> Tensor:
        x_noisy = corruption.sample(x, generator=generator)
        belief = believed("denoise", denoise, x_noisy)
        self.evaluations += len(x)
        return belief.log_prob(x).mean()


@door
@dataclass
class Walkback(_Counting):
    """Walkback as on the slide: each X walks away along the chain until its coin says stop.

    X* := X; repeat X′ ~ C(X′ | X*), X* ~ P_θ(X | X′) while the coin shows heads. The n corrupted
    points of an X count 1/n each. Walks have 1/(1 − q) points on average, so an update costs that
    many times a simple one.

    Attributes:
        probability: q < 1 of going on.
        alike: all X′ of the minibatch count the same, whatever the length of their walk: no longer
            the slide's objective, but that of `PersistentWalkback`.

    Source: Bengio, Yao, Alain, Vincent 2013, section 4.
    """

    probability: float = tunable(0.5, 0.0, 0.9, label="coin q", maximum=0.98)
    alike: bool = False
    evaluations: int = field(default=0, init=False, repr=False)

    def log_likelihood(
        self, denoise: Denoise, corruption: Corruption, x: Rows, *, generator: torch.Generator
    ) -> Tensor:
        total, n = _walk(denoise, corruption, x, lambda _, u: u < self.probability, generator)
        self.evaluations += int(n.sum())
        return total.sum() / n.sum() if self.alike else (total / n).mean()


@door
@dataclass
class FixedWalkback(_Counting):
    """Walkback with the same number of points for every X, as in the authors' code.

    Attributes:
        n_steps: points of a walk, ≥ 1.
    """

    n_steps: int = tunable(5, 1, 10, label="walkback steps", minimum=1, maximum=MOST_STEPS)
    evaluations: int = field(default=0, init=False, repr=False)

    def log_likelihood(
        self, denoise: Denoise, corruption: Corruption, x: Rows, *, generator: torch.Generator
    ) -> Tensor:
        total, n = _walk(
            denoise,
            corruption,
            x,
            lambda step, u: torch.full_like(u, step < self.n_steps, dtype=torch.bool),
            generator,
        )
        self.evaluations += int(n.sum())
        return (total / n).mean()


def _walk(
    denoise: Denoise,
    corruption: Corruption,
    x: Tensor,
    goes_on: Callable[[int, Tensor], Tensor],
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Of each X the sum over its walk of log P_θ(X | X′_i), and its length n: (batch,) both.

    One evaluation of the denoiser serves both ends: its log-probability of X is what is learned,
    and a sample from it is where the walk goes on.
    """
    total, count = x.new_zeros(len(x)), x.new_zeros(len(x))
    walking, x_star, step = torch.arange(len(x), device=x.device), x, 1
    while len(walking):
        x_noisy = corruption.sample(x_star, generator=generator)
        reconstruction = believed("denoise", denoise, x_noisy)
        total = total.index_add(0, walking, reconstruction.log_prob(x[walking]))
        count = count.index_add(0, walking, torch.ones_like(x[walking, 0]))
        coins = torch.rand(len(walking), generator=generator, device=x.device)
        heads = goes_on(step, coins)
        x_star = reconstruction.sample(generator=generator)[heads]
        walking, step = walking[heads], step + 1
    return total, count


@door
@dataclass
class PersistentWalkback(_Counting):
    """Walkback whose walkers take one step per update, and go on at the next one.

    What persistent CD is to CD. Each walker keeps the clean X that it came from as its target;
    when its coin says stop, it starts again at an X of the present minibatch. It ascends what
    `Walkback(alike=True)` does: every X′ counts the same, so that the k-th of a walk has the weight
    (1 − q)qᵏ⁻¹ in place of the slide's `step_weights`. An update costs no more than a simple one.

    Attributes:
        probability: q < 1 of going on.
    """

    probability: float = tunable(0.5, 0.0, 0.9, label="coin q", maximum=0.98)
    evaluations: int = field(default=0, init=False, repr=False)
    _origin: Tensor | None = field(default=None, init=False, repr=False)
    _position: Tensor | None = field(default=None, init=False, repr=False)

    def initialise(self) -> None:
        """Forget the walkers, and count evaluations from 0."""
        super().initialise()
        self._origin = self._position = None

    def log_likelihood(
        self, denoise: Denoise, corruption: Corruption, x: Rows, *, generator: torch.Generator
    ) -> Tensor:
        if self._origin is None or self._position is None or self._origin.shape != x.shape:
            origin = position = x
        else:
            origin, position = self._origin, self._position
        x_noisy = corruption.sample(position, generator=generator)
        reconstruction = believed("denoise", denoise, x_noisy)
        coins = torch.rand((len(x), 1), generator=generator, device=x.device)
        heads = coins < self.probability
        self._origin = torch.where(heads, origin, x)
        self._position = torch.where(heads, reconstruction.sample(generator=generator), x)
        self.evaluations += len(x)
        return reconstruction.log_prob(origin).mean()


@door
def step_weights(probability: Annotated[float, In(0, 1, open="high")], n: Count) -> Tensor:
    """How much of the slide's objective comes from the k-th X′ of the walks, k = 1 … n: (n,).

    ω_k = Σ_{m ≥ k} (1 − q) q^{m−1} / m: of the walks that get as far, those that end after m points
    give their k-th the weight 1/m. Together they sum to 1. Where all X′ count alike, it is
    (1 − q) q^{k−1}, of which ω_k is a share that falls like 1/k: few walks get far, and the slide
    discounts just those.

    Args:
        probability: q of going on, in [0, 1).
        n: how many steps, ≥ 1.

    Raises:
        ValueError: another probability or number.
    """
    if not 0 <= probability < 1 or n < 1:
        raise ValueError(f"expected 0 ≤ q < 1 and n ≥ 1, got {probability}, {n}")
    rest = 1 if probability == 0 else math.ceil(math.log(1e-17) / math.log(probability))
    m = torch.arange(1, n + rest + 1, dtype=torch.float64)  # the walks beyond don't matter
    ends = (1 - probability) * probability ** (m - 1) / m
    return ends.flip(0).cumsum(0).flip(0)[:n]

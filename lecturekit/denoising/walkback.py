"""Which corrupted points X′ a denoiser is trained on: simple training, and walkback in three forms.

Each form is a plain mutable dataclass whose `log_likelihood` is the quantity that an update
ascends: the mean of log P_θ(X | X′) over the pairs that it makes of a minibatch. The target is
the clean X throughout, however far the walk went. The walk itself carries no gradient: θ is to
undo the walk, not to shape it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from lecturekit.denoising.corruption import Corruption
from lecturekit.denoising.denoisers import Denoise
from lecturekit.training import check_settings, tunable


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


class _Counting:
    evaluations: int

    def __post_init__(self) -> None:
        check_settings(self)

    def initialise(self) -> None:
        """Count evaluations from 0."""
        self.evaluations = 0


@dataclass
class Simple(_Counting):
    """Simple training: one corrupted X′ ~ C(X′ | X) for each X."""

    evaluations: int = field(default=0, init=False, repr=False)

    def log_likelihood(
        self, denoise: Denoise, corruption: Corruption, x: Tensor, *, generator: torch.Generator
    ) -> Tensor:
        self.evaluations += len(x)
        return denoise(corruption.sample(x, generator=generator)).log_prob(x).mean()


@dataclass
class Walkback(_Counting):
    """Walkback as on the slide: each X walks away along the chain until its coin says stop.

    X* := X; repeat X′ ~ C(X′ | X*), X* ~ P_θ(X | X′) while the coin shows heads. The n corrupted
    points of an X count 1/n each. Walks have 1/(1 − p) points on average, so an update costs that
    many times a simple one.

    Attributes:
        probability: p < 1 of going on.

    Source: Bengio, Yao, Alain, Vincent 2013, section 4.
    """

    probability: float = tunable(0.5, 0.0, 0.9, label="coin p", maximum=0.98)
    evaluations: int = field(default=0, init=False, repr=False)

    def log_likelihood(
        self, denoise: Denoise, corruption: Corruption, x: Tensor, *, generator: torch.Generator
    ) -> Tensor:
        mean, rows = _walk(denoise, corruption, x, lambda _, u: u < self.probability, generator)
        self.evaluations += rows
        return mean


@dataclass
class FixedWalkback(_Counting):
    """Walkback with the same number of points for every X, as in the authors' code.

    Attributes:
        n_steps: points of a walk, ≥ 1.
    """

    n_steps: int = tunable(5, 1, 10, label="walkback steps", minimum=1)
    evaluations: int = field(default=0, init=False, repr=False)

    def log_likelihood(
        self, denoise: Denoise, corruption: Corruption, x: Tensor, *, generator: torch.Generator
    ) -> Tensor:
        mean, rows = _walk(
            denoise,
            corruption,
            x,
            lambda step, u: torch.full_like(u, step < self.n_steps, dtype=torch.bool),
            generator,
        )
        self.evaluations += rows
        return mean


def _walk(
    denoise: Denoise,
    corruption: Corruption,
    x: Tensor,
    goes_on: Callable[[int, Tensor], Tensor],
    generator: torch.Generator,
) -> tuple[Tensor, int]:
    """Mean over X of the mean over its walk of log P_θ(X | X′_i), and how many X′_i there were.

    One evaluation of the denoiser serves both ends: its log-probability of X is what is learned,
    and a sample from it is where the walk goes on.
    """
    total, count = x.new_zeros(len(x)), x.new_zeros(len(x))
    walking, x_star, step = torch.arange(len(x), device=x.device), x, 1
    while len(walking):
        reconstruction = denoise(corruption.sample(x_star, generator=generator))
        total = total.index_add(0, walking, reconstruction.log_prob(x[walking]))
        count = count.index_add(0, walking, torch.ones_like(x[walking, 0]))
        coins = torch.rand(len(walking), generator=generator, device=x.device)
        heads = goes_on(step, coins)
        x_star = reconstruction.sample(generator=generator)[heads]
        walking, step = walking[heads], step + 1
    return (total / count).mean(), int(count.sum())


@dataclass
class PersistentWalkback(_Counting):
    """Walkback whose walkers take one step per update, and go on at the next one.

    What persistent CD is to CD. Each walker keeps the clean X that it came from as its target;
    when its coin says stop, it starts again at an X of the present minibatch. The X′ are spread as
    in `Walkback` (n steps from the data with probability (1 − p)pⁿ⁻¹), each counts the same, and
    an update costs no more than a simple one.

    Attributes:
        probability: p < 1 of going on.
    """

    probability: float = tunable(0.5, 0.0, 0.9, label="coin p", maximum=0.98)
    evaluations: int = field(default=0, init=False, repr=False)
    _origin: Tensor | None = field(default=None, init=False, repr=False)
    _position: Tensor | None = field(default=None, init=False, repr=False)

    def initialise(self) -> None:
        """Forget the walkers, and count evaluations from 0."""
        super().initialise()
        self._origin = self._position = None

    def log_likelihood(
        self, denoise: Denoise, corruption: Corruption, x: Tensor, *, generator: torch.Generator
    ) -> Tensor:
        if self._origin is None or self._position is None or self._origin.shape != x.shape:
            self._origin = self._position = x
        origin = self._origin
        reconstruction = denoise(corruption.sample(self._position, generator=generator))
        coins = torch.rand((len(x), 1), generator=generator, device=x.device)
        heads = coins < self.probability
        self._origin = torch.where(heads, origin, x)
        self._position = torch.where(heads, reconstruction.sample(generator=generator), x)
        self.evaluations += len(x)
        return reconstruction.log_prob(origin).mean()

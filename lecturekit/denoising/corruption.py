"""Corruptions C(X′ | X): what is done to data so that it can be undone.

A corruption is a plain mutable dataclass. `sample` draws X′ given X, `log_prob` is its exact
log-density (or log-probability, where pixels keep their value or jump to another).
"""

from __future__ import annotations

import math
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Protocol

import torch
from torch import Tensor, nn

from lecturekit.door import In, Rows, check_alike, door, returned
from lecturekit.training import check_settings, tunable

TRIED = 100  # rows


def check_corrupted(
    corruption: Corruption, denoise: object, generator: torch.Generator, **rows: Tensor
) -> None:
    """Refuse rows that a corruption cannot take, and one of which the denoiser cannot take theirs.

    What either takes its signature says, if it does; what a corruption makes is found out on a few
    rows, with a copy of the source of randomness.

    Raises:
        ValueError: such as points where it is for images, or noise beyond [0, 1] for pixels.
    """
    check_alike(_hints(corruption.sample).get("x", Tensor), rows)
    tried = torch.Generator(generator.device).set_state(generator.get_state())
    for name, x in rows.items():
        few = x[:TRIED]
        made = returned("corruption", corruption.sample(few, generator=tried), *few.shape)
        takes = _hints(denoise.forward).get("x_noisy") if isinstance(denoise, nn.Module) else None
        check_alike(takes or Rows, {f"what corruption makes of {name}": made})


def _hints(function: Callable[..., object]) -> dict[str, object]:
    return typing.get_type_hints(function, include_extras=True)


class Corruption(Protocol):
    """What training and chains ask of a corruption; any class with these methods will do."""

    def sample(self, x: Tensor, *, generator: torch.Generator) -> Tensor:
        """X′ ~ C(X′ | X = x): (batch, n_dims) → (batch, n_dims)."""

    def log_prob(self, x_noisy: Tensor, x: Tensor) -> Tensor:
        """log C(x′ | x), summed over dimensions: two times (batch, n_dims) → (batch,)."""


@door
@dataclass
class GaussianNoise:
    """X′ = X + σε with ε ~ N(0, I).

    log C(x′ | x) = −‖x′ − x‖²/(2σ²) − n_dims·log(σ√(2π)), in nats.

    Attributes:
        sigma: σ > 0, in the units of x.

    Example:
        >>> GaussianNoise(0.5).log_prob(torch.zeros(1, 2), torch.zeros(1, 2))
        tensor([-0.4516])
    """

    sigma: float = tunable(0.3, 0.02, 1.5, scale="log", label="noise σ", minimum=1e-6)

    def __post_init__(self) -> None:
        check_settings(self)

    def sample(self, x: Rows, *, generator: torch.Generator) -> Tensor:
        return x + self.sigma * torch.randn(
            x.shape, generator=generator, device=x.device, dtype=x.dtype
        )

    def log_prob(self, x_noisy: Rows, x: Rows) -> Tensor:
        x_noisy, x = _alike(x_noisy, x)
        squares = (x_noisy - x).square().sum(dim=1)
        log_normaliser = math.log(self.sigma) + 0.5 * math.log(2 * math.pi)
        return -0.5 * squares / self.sigma**2 - x.shape[1] * log_normaliser


@door
class _Replacing:
    """Each coordinate on its own, with probability ν, is replaced; otherwise it stays."""

    probability: float

    def __post_init__(self) -> None:
        check_settings(self)

    def _replaced(self, x: Tensor, generator: torch.Generator) -> Tensor:
        return _uniform(x, generator) < self.probability

    def _log_mixture(self, x_noisy: Tensor, x: Tensor, replaced: Tensor) -> Tensor:
        """Σ_i log[(1 − ν)·1(x′_i = x_i) + ν·`replaced`_i], of (batch, n_dims): (batch,)."""
        stayed = (x_noisy == x).to(x.dtype)
        return ((1 - self.probability) * stayed + self.probability * replaced).log().sum(dim=1)


@door
@dataclass
class SaltAndPepper(_Replacing):
    """Each pixel, with probability ν, is replaced by a fair coin: black (0) or white (1).

    C(x′_i | x_i) = (1 − ν)·1(x′_i = x_i) + (ν/2)·1(x′_i ∈ {0, 1}). On binary pixels it may be
    replaced by what it was: only ν/2 of them change.

    Attributes:
        probability: ν in [0, 1].

    Source: Bengio, Yao, Alain, Vincent 2013; in the authors' code ν = .4, on binary MNIST.
    """

    probability: float = tunable(0.4, 0.0, 0.8, label="noise ν", maximum=1.0)

    def sample(
        self, x: Annotated[Tensor, "n n_dims", In(0, 1)], *, generator: torch.Generator
    ) -> Tensor:
        replaced = self._replaced(x, generator)
        return torch.where(replaced, (_uniform(x, generator) < 0.5).to(x.dtype), x)

    def log_prob(
        self,
        x_noisy: Annotated[Tensor, "n n_dims", In(0, 1)],
        x: Annotated[Tensor, "n n_dims", In(0, 1)],
    ) -> Tensor:
        x_noisy, x = _alike(x_noisy, x)
        return self._log_mixture(x_noisy, x, 0.5 * ((x_noisy == 0) | (x_noisy == 1)))


@door
@dataclass
class Masking(_Replacing):
    """Each pixel, with probability ν, is set to 0.

    C(x′_i | x_i) = (1 − ν)·1(x′_i = x_i) + ν·1(x′_i = 0).

    Attributes:
        probability: ν in [0, 1].

    Source: Vincent, Larochelle, Bengio, Manzagol 2008, section 2.3.
    """

    probability: float = tunable(0.4, 0.0, 0.8, label="noise ν", maximum=1.0)

    def sample(
        self, x: Annotated[Tensor, "n n_dims", In(0, 1)], *, generator: torch.Generator
    ) -> Tensor:
        return torch.where(self._replaced(x, generator), torch.zeros_like(x), x)

    def log_prob(
        self,
        x_noisy: Annotated[Tensor, "n n_dims", In(0, 1)],
        x: Annotated[Tensor, "n n_dims", In(0, 1)],
    ) -> Tensor:
        x_noisy, x = _alike(x_noisy, x)
        return self._log_mixture(x_noisy, x, (x_noisy == 0).to(x.dtype))


def _uniform(x: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand(x.shape, generator=generator, device=x.device, dtype=x.dtype)


def _alike(x_noisy: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    if x.ndim != 2 or x_noisy.shape != x.shape:
        raise ValueError(
            "expected x_noisy and x of one shape (batch, n_dims), "
            f"got {tuple(x_noisy.shape)} and {tuple(x.shape)}"
        )
    return x_noisy, x

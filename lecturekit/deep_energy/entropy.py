"""The entropy of the generator's distribution: what the slide leaves as ???, in three ways.

H[P_φ] has no formula, since P_φ(x) itself can't be evaluated: only samples of it can be drawn. Each
piece here is called with the generator and a batch x = G(z), and returns a scalar in nats that can
be differentiated by φ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Protocol

import torch
from torch import Tensor, nn

from lecturekit.deep_energy.generator import Generator
from lecturekit.door import OF_ANY_TYPE, VARIED, Count, In, door
from lecturekit.training import check_settings, choice


class Entropy(Protocol):
    """An estimate of H[P_φ], or something in its place."""

    def __call__(self, G: Generator, x: Annotated[Tensor, OF_ANY_TYPE]) -> Tensor:
        """A scalar in nats, differentiable in φ, from a batch x = G(z) of shape (n, n_dims)."""


@door
class NoEntropy:
    """Nothing at all: the generator then only looks for low energy."""

    def __call__(self, G: Generator, x: Annotated[Tensor, OF_ANY_TYPE]) -> Tensor:
        return x.new_zeros(())

    def __repr__(self) -> str:
        return "NoEntropy()"


@door
class ActivationEntropy:
    """The slide's proxy: ½ Σᵢ log(2πe σᵢ²) over the normalised hidden units of the generator.

    Behind batch norm unit i has the standard deviation |γᵢ|, the layer's scale. So if all units
    were independent and normal, this would be their joint entropy, and it needs no samples. It is
    no bound on H[P_φ]: scaling γ up and the next layer's weights down raises it as far as one
    likes and changes no sample. Kim & Bengio 2016, section 3.2.

    Raises:
        ValueError: when called for a generator without batch norm.
    """

    def check(self, G: Generator) -> None:
        """Refuse a generator without batch norm."""
        if not self._scales(G):
            raise ValueError(
                "expected a generator with batch norm, whose scales are the activations' "
                "deviations; got one without"
            )

    def _scales(self, G: Generator) -> list[Tensor]:
        return [m.weight for m in G.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]

    def __call__(self, G: Generator, x: Annotated[Tensor, OF_ANY_TYPE]) -> Tensor:
        self.check(G)
        scales = self._scales(G)
        return torch.cat([gaussian_entropies(scale.abs()) for scale in scales]).sum()

    def __repr__(self) -> str:
        return "ActivationEntropy()"


@door
@dataclass(frozen=True)
class NearestNeighbourEntropy:
    """The estimate of Kozachenko & Leonenko: where neighbours are far, the density is low.

    See `nearest_neighbour_entropy`. Its gradient pushes every sample away from its neighbour.

    Attributes:
        k: which neighbour, ≥ 1.
        n_dims: dimensions of the set on which the samples lie; those of x without it. A generator
            with few latent variables fills only a sheet in the space of images.
    """

    k: Count = 3
    n_dims: Count | None = None

    def __call__(self, G: Generator, x: Annotated[Tensor, OF_ANY_TYPE]) -> Tensor:
        return nearest_neighbour_entropy(x, k=self.k, n_dims=self.n_dims)


@door
@dataclass
class ChosenEntropy:
    """One of the terms above, by its name: `GeneratorPhase(G, ChosenEntropy())` has them in a list.

    Attributes:
        name: which; another one is for a new run.
    """

    name: str = choice(
        "nearest neighbours", ["nearest neighbours", "the slide's proxy", "none"], label="entropy"
    )

    def __post_init__(self) -> None:
        check_settings(self)

    def check(self, G: Generator) -> None:
        """Refuse a generator of which the one that is chosen makes nothing."""
        if isinstance(chosen := _BY_NAME[self.name], ActivationEntropy):
            chosen.check(G)

    def __call__(self, G: Generator, x: Annotated[Tensor, OF_ANY_TYPE]) -> Tensor:
        return _BY_NAME[self.name](G, x)


_BY_NAME: dict[str, Entropy] = {
    "nearest neighbours": NearestNeighbourEntropy(),
    "the slide's proxy": ActivationEntropy(),
    "none": NoEntropy(),
}


@door
def gaussian_entropies(std: Annotated[Tensor, In(0)]) -> Tensor:
    """H[N(μ, σ²)] = ½ log(2πe σ²) of every standard deviation σ ≥ 0, in nats; any shape.

    It is −∞ at σ = 0, where all samples are one.
    The slide calls σᵢ the variance; in its formula it is the standard deviation.
    """
    return 0.5 * math.log(2 * math.pi * math.e) + std.log()


@door
def nearest_neighbour_entropy(
    x: Annotated[Tensor, "n n_dims", VARIED], *, k: Count = 3, n_dims: Count | None = None
) -> Tensor:
    """Estimate the entropy of the density that x was drawn from: (n, dims) → scalar, in nats.

    H ≈ ψ(n) − ψ(k) + log V_d + d · mean log ρᵢ, with ρᵢ the distance of xᵢ to its k-th nearest
    neighbour, V_d the volume of the unit ball and ψ the digamma function. Consistent for any
    density, with an error of order n^(−2/d) and variance of order 1/n; differentiable in x.
    Kozachenko & Leonenko 1987; in this form Kraskov et al. 2004, equation 20.

    Args:
        x: independent samples, n > k, not all equal.
        k: a larger one is less noisy and more smoothed.
        n_dims: d, of the set on which the samples lie; dims without it.

    Raises:
        ValueError: x of another shape, too few rows, or k or d below 1.
    """
    if x.ndim != 2 or not 1 <= k < len(x):
        raise ValueError(
            f"expected x of shape (n, dims) with more than k ≥ 1 rows, got {tuple(x.shape)}, k={k}"
        )
    n, d = len(x), x.shape[1] if n_dims is None else n_dims
    if not 1 <= d <= x.shape[1]:
        raise ValueError(f"expected n_dims from 1 to {x.shape[1]}, got {d}")
    distances = torch.cdist(x.detach(), x.detach()).fill_diagonal_(math.inf)
    neighbour = distances.kthvalue(k, dim=1).indices  # (n,)
    squares = (x - x[neighbour]).square().sum(dim=1)  # (n,), to more digits than cdist has
    log_volume = d / 2 * math.log(math.pi) - math.lgamma(d / 2 + 1)
    tiny = torch.finfo(x.dtype).tiny  # two samples in one place are infinitely unlikely, not −∞
    log_distance = 0.5 * squares.clamp_min(tiny).log().mean()
    return _digamma(n) - _digamma(k) + log_volume + d * log_distance


def _digamma(n: int) -> float:
    return torch.digamma(torch.tensor(float(n), dtype=torch.float64)).item()

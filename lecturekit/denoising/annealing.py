"""From one noise level to many: the annealed chain, a bridge to diffusion models."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from lecturekit.denoising.chains import Pair
from lecturekit.denoising.corruption import GaussianNoise
from lecturekit.denoising.denoisers import Denoise, believed, denoiser_at
from lecturekit.door import NOT_EMPTY, Count, In, Positive, door, refuse_uncallable


@door
@dataclass(frozen=True)
class NoiseLevels:
    """Noise levels from σ = `high` down to `low`, evenly on a logarithmic scale.

    Attributes:
        low, high: 0 < low < high, in the units of X.
    """

    low: Positive
    high: Positive

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high < math.inf:
            raise ValueError(f"expected 0 < low < high, got {self.low} and {self.high}")

    def ladder(self, n: Annotated[int, In(2)]) -> list[float]:
        """n ≥ 2 levels from high to low."""
        if n < 2:
            raise ValueError(f"expected at least 2 levels, got {n}")
        ratio = (self.low / self.high) ** (1 / (n - 1))
        return [self.high * ratio**rung for rung in range(n)]

    def draw(self, n: Count, *, generator: torch.Generator) -> Tensor:
        """n levels at random, log-uniform: (n, 1), on the generator's device."""
        u = torch.rand((n, 1), generator=generator, device=generator.device)
        return self.high * (self.low / self.high) ** u


@door
def annealed_chain(
    denoise_at: Callable[[float], Denoise],
    sigmas: Annotated[Sequence[Positive], NOT_EMPTY],
    start: Annotated[Tensor, "n_chains n_dims"],
    *,
    generator: torch.Generator,
) -> Pair:
    """The chain with a smaller noise at each step: X′_t = X_t + σ_t ε, X_{t+1} ~ P(X | X′_t, σ_t).

    If X_0 has the data's distribution and the posteriors are exact, so has every X_t. If X_0 has
    not, the first noise must drown the difference: then X′_0 is as good as one made from data, and
    one step per level is enough. With ever more levels this is a diffusion model's reverse process
    (there X is not thrown away at each step but kept in part, for smoother steps).

    Args:
        denoise_at: σ → P(X | X′), such as `LevelDenoiser.at`.
        sigmas: σ_0, σ_1, …, falling.
        start: X_0, (n_chains, n_dims).
        generator: source of the randomness, on the device of `start`.

    Returns:
        Pair of (n_levels + 1, n_chains, n_dims). The last `noisy` is X at the end, uncorrupted.

    Raises:
        ValueError: no levels, or levels that rise.
    """
    if not sigmas or any(now < following for now, following in itertools.pairwise(sigmas)):
        raise ValueError(f"expected sigmas, at least one, in falling order, got {sigmas}")
    refuse_uncallable("denoise_at", denoise_at, 1)
    clean, noisy = [start], []
    for sigma in sigmas:
        noisy.append(GaussianNoise(sigma).sample(clean[-1], generator=generator))
        with torch.no_grad():
            belief = believed("denoise_at", denoiser_at(denoise_at, sigma), noisy[-1])
            clean.append(belief.sample(generator=generator))
    return Pair(torch.stack(clean), torch.stack([*noisy, clean[-1]]))

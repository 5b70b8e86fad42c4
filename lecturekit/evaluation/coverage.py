"""How much of what there is samples reach: modes of a known mixture, or kinds of images."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from lecturekit.data.densities import GaussianMixture
from lecturekit.door import Count, Rows, door

REACH = 3.0  # standard deviations; in the plane 98.9 % of a round Gaussian lies within
FAIR_PART = 5  # a mode is covered when it has a fifth of its weight in samples


class Coverage(NamedTuple):
    """What `mode_coverage` found.

    Attributes:
        modes: how many are covered.
        good: share of the samples near some mode; .99 at best, for samples of the mixture itself.
    """

    modes: int
    good: float


NEIGHBOURS = 5  # within which a real image counts as covered


@door
def mode_coverage(samples: Rows, mixture: GaussianMixture) -> Coverage:
    """Compare samples with a mixture of separate Gaussians.

    A sample is good within 3 standard deviations of the nearest mean, and counts for that mode. A
    mode is covered when its share of all samples is at least a fifth of its weight (of 2,500
    samples 20 for each of 25 modes, as in Srivastava et al. 2017).

    Args:
        samples: (n, n_dims).
        mixture: with components that are modes, hence not a curve, whose `good` still holds.

    Raises:
        ValueError: samples of another shape.
    """
    n_dims = mixture.means.shape[1]
    if samples.ndim != 2 or samples.shape[1] != n_dims or len(samples) == 0:
        raise ValueError(f"expected samples of shape (n, {n_dims}), got {tuple(samples.shape)}")
    distances = torch.cdist(samples, mixture.means) / mixture.stds  # (n, n_components)
    nearest = distances.min(dim=1)
    good = nearest.values <= REACH
    counts = torch.bincount(nearest.indices[good], minlength=len(mixture.means))
    covered = counts / len(samples) >= mixture.weights / FAIR_PART
    return Coverage(int(covered.sum()), good.float().mean().item())


@door
def neighbour_coverage(
    real: Annotated[Tensor, "n n_dims"], made: Annotated[Tensor, "m n_dims"], k: Count = NEIGHBOURS
) -> Tensor:
    """The share of real images that have a made one among their k nearest neighbours, so to speak.

    A real image counts as covered when some made image lies nearer to it than its k-th nearest real
    one (Naeem et al. 2020, equation 6). For made images that are as good as real ones it is about
    1 − 2⁻ᵏ where there are equally many; a generator that makes few kinds of images gets less.

    Args:
        real, made: (n, ...) and (m, ...), compared pixel by pixel.
        k: 1 to n − 1.

    Raises:
        ValueError: shapes that do not fit, or k out of range.
    """
    if real.shape[1:] != made.shape[1:] or not 1 <= k < len(real):
        raise ValueError(
            f"expected images of one shape and k from 1 to {len(real) - 1}, got "
            f"{tuple(real.shape)}, {tuple(made.shape)}, k {k}"
        )
    rows = real.flatten(1)
    reach = torch.cdist(rows, rows).kthvalue(k + 1, dim=1).values  # the nearest is itself
    nearest = torch.cdist(rows, made.flatten(1)).min(dim=1).values
    return (nearest < reach).float().mean()

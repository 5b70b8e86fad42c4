"""How far made images are from real ones as distributions: the kernel distance, with its error."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from lecturekit.door import In, door


class KernelDistance(NamedTuple):
    """What `kernel_distance` found.

    Attributes:
        value: the mean of the parts' estimates; 0 on average for two samples of one distribution,
            so that about half of those are negative.
        error: its standard error.
    """

    value: float
    error: float


@door
@torch.no_grad()
def kernel_distance(
    real: Annotated[Tensor, "n n_dims"],
    made: Annotated[Tensor, "m n_dims"],
    n_parts: Annotated[int, In(2)] = 10,
) -> KernelDistance:
    """MMD² between features of real and of made images, for the kernel k(a, b) = (a·b/d + 1)³.

    With features of the Inception net this is the KID of Bińkowski et al. 2018, equation 4. Both
    samples are cut into parts, each pair of parts gives the unbiased estimate

        mean_{i≠j} k(aᵢ, aⱼ) + mean_{i≠j} k(bᵢ, bⱼ) − 2 mean k(aᵢ, bⱼ),

    and as the parts are independent, their scatter gives the standard error of the mean.

    Args:
        real, made: features, (n, d) and (m, d), in random order; neither is made from the other.
        n_parts: 2 or more, each of at least two rows of both.

    Raises:
        ValueError: shapes that do not fit, or too few rows.
    """
    if real.ndim != 2 or made.ndim != 2 or real.shape[1] != made.shape[1]:
        raise ValueError(
            "expected features of shape (n, d) and (m, d), got "
            f"{tuple(real.shape)}, {tuple(made.shape)}"
        )
    if n_parts < 2 or min(len(real), len(made)) < 2 * n_parts:
        raise ValueError(
            f"expected n_parts ≥ 2 of at least two rows each, got {n_parts} parts of {len(real)} "
            f"and {len(made)} rows"
        )
    parts = zip(
        real.double().tensor_split(n_parts), made.double().tensor_split(n_parts), strict=True
    )
    estimates = torch.stack([_unbiased(a, b) for a, b in parts])
    return KernelDistance(estimates.mean().item(), (estimates.std() / math.sqrt(n_parts)).item())


def _unbiased(a: Tensor, b: Tensor) -> Tensor:
    return _within(_kernel(a, a)) + _within(_kernel(b, b)) - 2 * _kernel(a, b).mean()


def _within(k: Tensor) -> Tensor:
    """The mean of a square matrix but for its diagonal."""
    return (k.sum() - k.diagonal().sum()) / (len(k) * (len(k) - 1))


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    return (a @ b.T / a.shape[1] + 1) ** 3

"""How a chain of samples does: how often it changes class, how near it stays to the data."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from lecturekit.door import WHOLE, door


@door
def label_switches(labels: Annotated[Tensor, "n_steps≥2 n_chains", WHOLE]) -> Tensor:
    """Changes of class per 100 steps, over all chains: a scalar from 0 to 100.

    Args:
        labels: (n_steps ≥ 2, n_chains), the class of each state.

    Raises:
        ValueError: labels of another shape.
    """
    if labels.ndim != 2 or len(labels) < 2 or labels.shape[1] == 0:
        raise ValueError(
            f"expected labels of shape (n_steps ≥ 2, n_chains), got {tuple(labels.shape)}"
        )
    return 100 * (labels[1:] != labels[:-1]).float().mean()


@door
def nearest_distances(
    samples: Annotated[Tensor, "n n_dims"], data: Annotated[Tensor, "m n_dims"]
) -> Tensor:
    """The Euclidean distance of each sample to the nearest data point: (n,).

    Args:
        samples: (n, n_dims).
        data: (m, n_dims).

    Raises:
        ValueError: rows of different lengths, or no data.
    """
    if samples.ndim != 2 or data.ndim != 2 or samples.shape[1] != data.shape[1] or len(data) == 0:
        raise ValueError(
            "expected samples (n, n_dims) and data (m ≥ 1, n_dims), got shapes "
            f"{tuple(samples.shape)} and {tuple(data.shape)}"
        )
    return torch.cdist(samples, data).min(dim=1).values

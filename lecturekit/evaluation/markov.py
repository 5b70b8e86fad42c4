"""Diagnostics of samplers and of the distributions they leave behind."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from lecturekit.door import CHANCES, OF_ANY_TYPE, Natural, door


@door
def kl_divergence(p: Annotated[Tensor, "k", CHANCES], q: Annotated[Tensor, "k", CHANCES]) -> Tensor:
    """KL(P‖Q) = Σ_s p_s log(p_s / q_s), in nats; 0·log 0 = 0, and ∞ where q_s = 0 < p_s.

    Args:
        p: (n_states,), ≥ 0, sums to 1.
        q: (n_states,), ≥ 0, sums to 1.

    Raises:
        ValueError: the shapes differ, or one of them is no distribution.
    """
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()


@door
def spectral_gap(
    transition: Annotated[Tensor, "k k", CHANCES],
    stationary: Annotated[Tensor, "k", CHANCES, OF_ANY_TYPE] | None = None,
) -> float:
    """1 − |λ₂| of a transition matrix: deviations shrink by |λ₂| per step; 0 means no mixing.

    Args:
        transition: (n, n), rows sum to 1.
        stationary: (n,), the stationary distribution π of a *reversible* chain, such as Gibbs
            sampling of one layer of an RBM. √π_s T[s, s′] / √π_s′ is then symmetric, and its
            eigenvalues are found faster and more exactly than those of a general matrix.

    Raises:
        ValueError: no square matrix, rows that do not sum to 1, or a chain that is not reversible
            with respect to `stationary`.
    """
    T = transition.double()
    if len(T) == 1:
        return 1.0
    magnitudes = _eigenvalues(T, stationary).abs().sort(descending=True).values
    return 1.0 - magnitudes[1].item()


@door
def autocorrelation(
    series: Annotated[Tensor, "n_steps≥2 | n_steps≥2 n_chains"], max_lag: Natural | None = None
) -> Tensor:
    """ρ_t = Cov(x_s, x_{s+t}) / Var(x) of a time series, for t = 0 … max_lag.

    Several chains of the same process are averaged before the division, so that a chain that
    never leaves its mode counts as slow rather than as constant.

    Args:
        series: (time,) or (time, chains).
        max_lag: at most time − 1, which is what None stands for.

    Returns:
        (max_lag + 1,) float64, ρ_0 = 1; all ones for a series that never changes.

    Raises:
        ValueError: another shape, fewer than two times, or a lag out of range.
    """
    x = _chains(series)
    time = len(x)
    max_lag = time - 1 if max_lag is None else max_lag
    if not 0 <= max_lag < time:
        raise ValueError(f"expected max_lag from 0 to {time - 1}, got {max_lag}")
    x = x - x.mean()  # one mean for all chains
    power = torch.fft.rfft(x, 2 * time, dim=0).abs() ** 2  # zero-padded: no wrap-around
    covariance = torch.fft.irfft(power, 2 * time, dim=0)[: max_lag + 1].mean(1) / time
    if covariance[0] <= 0:
        return torch.ones_like(covariance)
    return covariance / covariance[0]


@door
def effective_sample_size(series: Annotated[Tensor, "n_steps≥2 | n_steps≥2 n_chains"]) -> float:
    """How many independent samples would tell the mean as exactly: N / (1 + 2 Σ_t ρ_t).

    The sum ends where the sum of two neighbouring ρ first falls below 0, beyond which there is
    only noise (Geyer 1992, initial positive sequence).

    Args:
        series: (time,) or (time, chains).

    Returns:
        From about 1 per time series to time × chains.
    """
    rho = autocorrelation(series)
    pairs = rho[: len(rho) // 2 * 2].view(-1, 2).sum(1)
    negative = (pairs < 0).nonzero()
    end = int(negative[0]) if len(negative) else len(pairs)
    return series.numel() / max(1.0, 2.0 * pairs[:end].sum().item() - 1.0)


@door
def occupancy(
    samples: Annotated[Tensor, "n n_bits"], patterns: Annotated[Tensor, "m n_bits"]
) -> Tensor:
    """The share of samples that lie nearest to each pattern (Hamming distance; ties go first).

    Args:
        samples: (n_samples, n_units).
        patterns: (n_patterns, n_units).

    Returns:
        (n_patterns,), sums to 1.

    Raises:
        ValueError: the two have different numbers of units.
    """
    if samples.dim() != 2 or patterns.dim() != 2 or samples.shape[1] != patterns.shape[1]:
        raise ValueError(
            "expected samples (n, units) and patterns (m, units), got shapes "
            f"{tuple(samples.shape)} and {tuple(patterns.shape)}"
        )
    nearest = torch.cdist(samples, patterns.to(samples), p=1).argmin(1)
    return torch.bincount(nearest, minlength=len(patterns)) / len(samples)


def _eigenvalues(T: Tensor, stationary: Tensor | None) -> Tensor:
    if stationary is None:
        return torch.linalg.eigvals(T)
    root = stationary.double().sqrt()
    if root.shape != T.shape[:1] or not bool((root > 0).all()):
        raise ValueError(
            f"expected stationary > 0 of shape ({len(T)},), got {tuple(stationary.shape)} "
            f"with a least entry of {float(stationary.min()):g}"
        )
    flow = root[:, None] ** 2 * T
    if not torch.allclose(flow, flow.t(), atol=1e-8):
        raise ValueError("expected a chain that is reversible with respect to `stationary`")
    symmetric = root[:, None] * T / root
    return torch.linalg.eigvalsh((symmetric + symmetric.t()) / 2)


def _chains(series: Tensor) -> Tensor:
    if series.dim() not in (1, 2) or len(series) < 2:
        raise ValueError(
            f"expected a series of shape (time,) or (time, chains), got {tuple(series.shape)}"
        )
    return series.double().reshape(len(series), -1)

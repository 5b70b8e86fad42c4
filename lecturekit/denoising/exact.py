"""The denoising chain on a handful of states, where every claim about it can be computed.

X is one of n states, X′ one of m; all distributions are matrices whose rows sum to 1.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from lecturekit.door import CHANCES, In, Positive, door


@door
def line_corruption(n_states: Annotated[int, In(2)], width: Positive) -> Tensor:
    """A discrete Gaussian on a line of states: C(x′ | x) ∝ exp(−(x′ − x)²/(2·width²)).

    Args:
        n_states: ≥ 2.
        width: in states, > 0.

    Returns:
        (n_states, n_states) in float64, row x for X = x.
    """
    if n_states < 2 or not width > 0:
        raise ValueError(f"expected n_states ≥ 2 and a width > 0, got {n_states}, {width}")
    place = torch.arange(n_states, dtype=torch.float64)
    return (-0.5 * ((place - place[:, None]) / width) ** 2).softmax(dim=1)


@door
def posterior(
    prior: Annotated[Tensor, "k", CHANCES], corruption: Annotated[Tensor, "k m", CHANCES]
) -> Tensor:
    """P(X | X′) by Bayes' rule, P(x | x′) = P(x) C(x′|x) / Σ_y P(y) C(x′|y).

    Args:
        prior: P(X), (n,).
        corruption: C(X′ | X), (n, m).

    Returns:
        (m, n), row x′ for X′ = x′.

    Raises:
        ValueError: shapes that do not fit, or rows that are no distributions.
    """
    joint = prior[:, None] * corruption  # (n, m)
    return (joint / joint.sum(dim=0)).T


@door
def transition_matrix(
    corruption: Annotated[Tensor, "k m", CHANCES],
    reconstruction: Annotated[Tensor, "m k", CHANCES],
) -> Tensor:
    """One full step of the chain, T(x → y) = Σ_x′ C(x′|x) P_θ(y|x′).

    Args:
        corruption: C(X′ | X), (n, m).
        reconstruction: P_θ(X | X′), (m, n).

    Returns:
        (n, n)
    """
    return corruption @ reconstruction


@door
def pair_transition_matrix(
    corruption: Annotated[Tensor, "k m", CHANCES],
    reconstruction: Annotated[Tensor, "m k", CHANCES],
) -> Tensor:
    """One full step of the pair, T((x, x′) → (y, y′)) = P_θ(y|x′) C(y′|y).

    Returns:
        (n·m, n·m), states in the order of `(prior[:, None] * corruption).flatten()`.
    """
    n, m = corruption.shape
    step = reconstruction[:, :, None] * corruption  # (m of x′, n of y, m of y′)
    return step.reshape(m, n * m).repeat(n, 1)  # the same whatever x was


@door
def stationary_distribution(transition: Annotated[Tensor, "k k", CHANCES]) -> Tensor:
    """The π with πT = π and Σπ = 1, (n, n) → (n,).

    Raises:
        ValueError: no transition matrix, or one with more than one stationary distribution.
    """
    n = len(transition)
    equations = torch.cat([transition.T - torch.eye(n).to(transition), transition.new_ones(1, n)])
    if torch.linalg.matrix_rank(equations[:-1]) < n - 1:
        raise ValueError("expected a chain that reaches every state: several are stationary here")
    right = transition.new_zeros(n + 1, 1)
    right[-1] = 1.0
    solution: Tensor = torch.linalg.lstsq(equations, right).solution[:, 0]
    return solution


@door
def total_variation(
    p: Annotated[Tensor, "k", CHANCES], q: Annotated[Tensor, "k", CHANCES]
) -> Tensor:
    """½ Σ|p − q|, the largest difference of the probabilities of any event: in [0, 1]."""
    return 0.5 * (p - q).abs().sum()


@door
def gaussian_chain_variance(std: Positive, sigma: Positive, *, use_mean: bool) -> float:
    """The stationary variance of the chain for N(0, std²) data, optimal denoiser, noise σ.

    X = aX′ + r with a = std²/(std² + σ²), and r of variance aσ² or, with the mean for a sample, 0.
    So v = a²(v + σ²) + var r: v = std² for samples, a²σ²/(1 − a²) < std² for means.
    """
    a = std**2 / (std**2 + sigma**2)
    spread = 0.0 if use_mean else a * sigma**2
    return (a**2 * sigma**2 + spread) / (1 - a**2)

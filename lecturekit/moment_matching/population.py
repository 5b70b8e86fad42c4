"""The MMD between whole populations in closed form: what estimates from samples are tested against.

For mixtures of Gaussians under Gaussian kernels every expectation is an integral of a product of
Gaussians, which is a Gaussian again.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.data.densities import GaussianMixture
from lecturekit.door import Rows, door, refuse
from lecturekit.moment_matching.kernels import Gaussian


@door
def population_mmd2(p: GaussianMixture, q: GaussianMixture, kernel: Gaussian) -> Tensor:
    """E k(x, x′) + E k(y, y′) − 2 E k(x, y) for x, x′ ∼ p and y, y′ ∼ q, all independent.

    Args:
        p, q: mixtures with equally many dimensions, in one dtype.
        kernel: with one bandwidth or several.

    Returns:
        a scalar, ≥ 0 but for rounding
    """
    return (
        expected_kernel(p, p, kernel)
        + expected_kernel(q, q, kernel)
        - 2 * expected_kernel(p, q, kernel)
    )


@door
def population_witness(
    points: Rows,
    p: GaussianMixture,
    q: GaussianMixture,
    kernel: Gaussian,
) -> Tensor:
    """f(t) = E_{x ∼ p} k(x, t) − E_{y ∼ q} k(y, t): (m, n_dims) → (m,)."""
    at = [
        _smooth(points, torch.zeros_like(points[:, 0]), r.means, r.stds**2, kernel) @ r.weights
        for r in (p, q)
    ]
    return at[0] - at[1]


@door
def expected_kernel(p: GaussianMixture, q: GaussianMixture, kernel: Gaussian) -> Tensor:
    """E k(x, y) for x ∼ p and y ∼ q, independent."""
    if p.n_dims != q.n_dims:
        refuse("q", f"to have p's {p.n_dims} dimensions", f"{q.n_dims}")
    return p.weights @ _smooth(p.means, p.stds**2, q.means, q.stds**2, kernel) @ q.weights


def _smooth(a: Tensor, s: Tensor, b: Tensor, t: Tensor, kernel: Gaussian) -> Tensor:
    """E k(x, y) for x ∼ N(a_i, s_i I) and y ∼ N(b_j, t_j I): (n, ·), (n,), (m, ·), (m,) → (n, m).

    x − y is N(a − b, (s + t) I), and the mean of exp(−‖·‖²/(2σ)) over it is
    (σ/v)^(D/2) exp(−‖a − b‖²/(2v)) with v = σ + s + t.
    """
    squares = (a[:, None] - b).square().sum(2)
    mean = torch.zeros_like(squares)
    for sigma in kernel.sigmas:
        v = sigma + s[:, None] + t
        mean = mean + (sigma / v) ** (a.shape[1] / 2) * torch.exp(-squares / (2 * v))
    return mean / len(kernel.sigmas)

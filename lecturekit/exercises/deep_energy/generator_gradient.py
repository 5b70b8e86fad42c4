"""Exercise 2.6: the gradient of KL(P_φ ‖ P_θ) for a generator whose entropy is known."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.deep_energy import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


def generator_gradient(A: Tensor, m: Tensor, z: Tensor, slopes: Tensor) -> tuple[Tensor, Tensor]:
    """The gradient of KL(P_φ ‖ P_θ) for the generator G(z) = A z + m, z ∼ N(0, I).

    P_φ is the normal density N(m, AAᵀ), whose entropy is H = log|det A| + a constant. The other
    part, E_z[E(G(z))], is the mean over the latent points that are handed in.

    Args:
        A: invertible, (n_dims, n_dims)
        m: (n_dims,)
        z: latent points, one per row, (n, n_dims)
        slopes: ∇E at the samples G(z), (n, n_dims)

    Returns:
        the gradient for A, (n_dims, n_dims), and the gradient for m, (n_dims,)
    """
    g_A = slopes.T @ z / len(z) - torch.linalg.inv(A).T
    g_m = slopes.mean(dim=0)
    return g_A, g_m


def cases(generator: torch.Generator) -> list[Arguments]:
    return [_case(*size, generator) for size in [(4, 3), (1, 1), (2, 2), (3, 5), (7, 2)]]


def _case(n: int, n_dims: int, generator: torch.Generator) -> Arguments:
    A = tiny.normal(n_dims, n_dims, generator=generator)
    return (
        A + 2 * torch.eye(n_dims, dtype=A.dtype),
        tiny.normal(n_dims, generator=generator),
        tiny.normal(n, n_dims, generator=generator),
        tiny.normal(n, n_dims, generator=generator),
    )


def exact(A: Tensor, m: Tensor, z: Tensor, slopes: Tensor) -> tuple[Tensor, Tensor]:
    """By autograd, of an energy that is linear around each sample, and of log|det A|."""
    A, m = A.clone().requires_grad_(), m.clone().requires_grad_()
    energies = (slopes * (z @ A.T + m)).sum(dim=1)
    divergence = energies.mean() - torch.linalg.slogdet(A).logabsdet
    return torch.autograd.grad(divergence, (A, m))  # type: ignore[return-value]


# ------------------------------------------------------------------------ typical wrong answers

Gradients = tuple[Tensor, Tensor]


def _energy_part(z: Tensor, slopes: Tensor) -> Gradients:
    return slopes.T @ z / len(z), slopes.mean(dim=0)


def _no_entropy(A: Tensor, m: Tensor, z: Tensor, slopes: Tensor) -> Gradients:
    return _energy_part(z, slopes)


def _entropy_lowered(A: Tensor, m: Tensor, z: Tensor, slopes: Tensor) -> Gradients:
    g_A, g_m = _energy_part(z, slopes)
    return g_A + torch.linalg.inv(A).T, g_m


def _energy_climbed(A: Tensor, m: Tensor, z: Tensor, slopes: Tensor) -> Gradients:
    g_A, g_m = _energy_part(z, slopes)
    return -g_A - torch.linalg.inv(A).T, -g_m


def _all_flipped(A: Tensor, m: Tensor, z: Tensor, slopes: Tensor) -> Gradients:
    g_A, g_m = generator_gradient(A, m, z, slopes)
    return -g_A, -g_m


def _not_transposed(A: Tensor, m: Tensor, z: Tensor, slopes: Tensor) -> Gradients:
    g_A, g_m = _energy_part(z, slopes)
    return g_A - torch.linalg.inv(A), g_m


def _energy_transposed(A: Tensor, m: Tensor, z: Tensor, slopes: Tensor) -> Gradients:
    g_A, g_m = _energy_part(z, slopes)
    return g_A.T - torch.linalg.inv(A).T, g_m


def _summed(A: Tensor, m: Tensor, z: Tensor, slopes: Tensor) -> Gradients:
    return slopes.T @ z - torch.linalg.inv(A).T, slopes.sum(dim=0)


def _no_latent(A: Tensor, m: Tensor, z: Tensor, slopes: Tensor) -> Gradients:
    samples = z @ A.T + m
    return slopes.T @ samples / len(z) - torch.linalg.inv(A).T, slopes.mean(dim=0)


def _determinant(A: Tensor, m: Tensor, z: Tensor, slopes: Tensor) -> Gradients:
    g_A, g_m = _energy_part(z, slopes)
    return g_A - torch.linalg.det(A) * torch.linalg.inv(A).T, g_m


GENERATOR_GRADIENT = Exercise(
    number="2.6",
    title="the generator's gradient",
    reference=generator_gradient,
    cases=cases,
    exact=exact,
    returns=("the gradient for A", "the gradient for m"),
    wrong=(
        Misconception(
            _no_entropy,
            "The entropy term is missing. Down this gradient A shrinks to 0 and every sample "
            "becomes the same point of lowest energy.",
        ),
        Misconception(
            _entropy_lowered,
            "The entropy enters with the wrong sign. KL = E_z[E(G(z))] − H + log Z: descending it "
            "raises the entropy.",
        ),
        Misconception(
            _energy_climbed,
            "The energy enters with the wrong sign, so the samples climb. In −log P_θ = E + log Z "
            "the energy has a plus.",
        ),
        Misconception(
            _all_flipped, "This is the exact negative of the gradient: it would be ascended."
        ),
        Misconception(
            _not_transposed,
            "The inverse of A is not transposed: ∂ log|det A| / ∂A = A⁻ᵀ. It goes unnoticed only "
            "for symmetric A.",
        ),
        Misconception(
            _energy_transposed,
            "The energy's part is transposed: ∂E/∂A_ij = Σ slope_i z_j, so slopes.T @ z.",
        ),
        Misconception(_summed, "The slopes are summed over the samples; E_z is a mean."),
        Misconception(
            _no_latent,
            "The slopes are paired with the samples. The derivative of A z by A is z: pair them "
            "with the latent points.",
        ),
        Misconception(
            _determinant,
            "This is the derivative of the determinant. That of its logarithm is A⁻ᵀ, without the "
            "determinant.",
        ),
    ),
    hints=(
        "KL(P_φ ‖ P_θ) = E_z[E(Az + m)] − H + log Z, and log Z does not depend on A and m.",
        "By the chain rule ∂E(Az + m)/∂A_ij = (∇E)_i z_j and ∂E(Az + m)/∂m_i = (∇E)_i. And "
        "∂ log|det A| / ∂A is the transposed inverse of A.",
        "`slopes.T @ z / len(z) - torch.linalg.inv(A).T` and `slopes.mean(dim=0)`",
    ),
    derivation=r"""
$\mathrm{KL}(P_\phi \mid P_\theta) = \mathbb{E}_z[E_\theta(G_\phi(z))] - H[P_\phi] + \log Z$, and
$\nabla_\phi \log Z = 0$. The first term is differentiated *through* the samples: the energy tells
each of them where to go, $\nabla E(\chi)$, and the chain rule passes that on to $A$ and $m$,

$$\frac{\partial}{\partial A_{ij}} E(Az + m) = (\nabla E)_i\, z_j, \qquad
\frac{\partial}{\partial m_i} E(Az + m) = (\nabla E)_i .$$

For the second, $x = Az + m$ has the density $p(z)\,/\,|\det A|$, so $H = H[z] + \log|\det A|$, and
Jacobi's formula gives $\partial \log|\det A| / \partial A = A^{-\top}$: the entropy pushes the
directions apart in which $A$ is about to become flat, the more the flatter it is. Any invertible
generator has such a formula with the determinant of its Jacobian; for a network the determinant is
what nobody wants to compute. Hence the ??? on the slide.
""",
)

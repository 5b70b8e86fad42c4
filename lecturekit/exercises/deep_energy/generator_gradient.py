"""Exercise 2.6: the gradient of KL(P_φ ‖ P_θ) for a generator whose entropy is known."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


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


def case(make: Maker, n: int, n_dims: int) -> Arguments:
    A = make.normal(n_dims, n_dims)
    A = A + 2 * torch.eye(n_dims, dtype=A.dtype)
    return (
        A if A.det() != 0 else A + torch.eye(n_dims, dtype=A.dtype),
        make.normal(n_dims),
        make.normal(n, n_dims),
        make.normal(n, n_dims),
    )


def answer(on: Slips, A: Tensor, m: Tensor, z: Tensor, slopes: Tensor) -> tuple[Tensor, Tensor]:
    n = 1 if on("sums") else len(z)
    paired = z @ A.T + m if on("paired with samples") else z
    energy = slopes.T @ paired / n
    energy = torch.outer(slopes.mean(dim=0), z.mean(dim=0)) if on("product of means") else energy
    energy = energy.T if on("energy transposed") else energy
    energy = energy / len(A) if on("averaged over dimensions") else energy
    entropy = torch.linalg.inv(A).T
    if on("not transposed"):
        entropy = entropy.T
    elif on("determinant"):
        entropy = torch.linalg.det(A) * entropy
    elif on("logarithm for slope"):
        entropy = torch.linalg.slogdet(A).logabsdet.expand_as(A)
    elif on("entry by entry"):
        entropy = (1 / A).T
    elif on("A for its inverse"):
        entropy = A
    elif on("entropy of each sample"):
        entropy = len(z) * entropy
    elif on("half the entropy"):
        entropy = entropy / 2
    elif on("entropy divided"):
        entropy = entropy / len(z)
    g_m = slopes.sum(dim=0) / n
    if on("m averaged over everything"):
        g_m = slopes.mean().expand_as(m)
    elif on("m through A"):
        g_m = A @ g_m
    elif on("m unmoved"):
        g_m = torch.zeros_like(m)
    energy = torch.zeros_like(energy) if on("no energy") else energy
    entropy = torch.zeros_like(entropy) if on("no entropy") else entropy
    if on("energy climbed"):
        energy, g_m = -energy, -g_m
    return energy + entropy if on("entropy lowered") else energy - entropy, g_m


def exact(A: Tensor, m: Tensor, z: Tensor, slopes: Tensor) -> tuple[Tensor, Tensor]:
    """By autograd, of an energy that is linear around each sample, and of log|det A|."""
    A, m = A.clone().requires_grad_(), m.clone().requires_grad_()
    energies = (slopes * (z @ A.T + m)).sum(dim=1)
    divergence = energies.mean() - torch.linalg.slogdet(A).logabsdet
    return torch.autograd.grad(divergence, (A, m))  # type: ignore[return-value]


GENERATOR_GRADIENT = Exercise(
    number="2.6",
    title="the generator's gradient",
    minutes=20,
    reference=generator_gradient,
    case=case,
    sizes=((4, 3), (1, 1), (2, 2), (3, 5), (7, 2)),
    by_hand=(3, 2),
    answer=answer,
    exact=exact,
    slips={
        "no entropy": "The entropy term is missing. Down this gradient A shrinks to 0 and every "
        "sample becomes the same point of lowest energy.",
        "no energy": "The energy's part of the gradient for A is missing: slopes.T @ z / n.",
        "entropy lowered": "The entropy enters with the wrong sign. KL = E_z[E(G(z))] − H + log "
        "Z: descending it raises the entropy.",
        "energy climbed": "The energy enters with the wrong sign, so the samples climb. In −log "
        "P_θ = E + log Z the energy has a plus.",
        "not transposed": "The inverse of A is not transposed: ∂ log|det A| / ∂A = A⁻ᵀ. It goes "
        "unnoticed only for symmetric A.",
        "energy transposed": "The energy's part is transposed: ∂E/∂A_ij = Σ slope_i z_j, so "
        "slopes.T @ z.",
        "sums": "The slopes are summed over the samples; E_z is a mean.",
        "product of means": "The energy's part is made of the means, mean slope times mean z. It "
        "is the mean of the products, slopes.T @ z / n.",
        "averaged over dimensions": "The energy's part is divided by the number of dimensions as "
        "well; the mean is over the samples alone.",
        "paired with samples": "The slopes are paired with the samples. The derivative of A z by "
        "A is z: pair them with the latent points.",
        "determinant": "This is the derivative of the determinant. That of its logarithm is A⁻ᵀ, "
        "without the determinant.",
        "logarithm for slope": "log|det A| itself stands where its derivative belongs, A⁻ᵀ.",
        "A for its inverse": "A itself stands where its transposed inverse belongs.",
        "entry by entry": "1/A is taken entry by entry; the inverse of a matrix is "
        "torch.linalg.inv(A).",
        "entropy of each sample": "The entropy's part is counted once for each sample. log|det A| "
        "is in KL once: sum the slopes' part over the samples and divide it, or neither.",
        "entropy divided": "The entropy's part is divided by the number of samples too. It is no "
        "mean over samples: log|det A| is in KL once.",
        "half the entropy": "The entropy's part is halved: ∂ log|det A| / ∂A = A⁻ᵀ.",
        "m averaged over everything": "The gradient for m is averaged over the dimensions too: it "
        "has one number for each, the mean over the samples.",
        "m through A": "The gradient for m is multiplied by A. m is added after A: ∂E/∂m is the "
        "slope.",
        "m unmoved": "The gradient for m is 0: m moves all samples, by the mean slope.",
        "negated": "This is the exact negative of the gradient: it would be ascended.",
    },
    returns=("the gradient for A", "the gradient for m"),
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

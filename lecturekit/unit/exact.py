"""A variational autoencoder for which everything is known: the linear-Gaussian one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from lecturekit.door import Positive, Rows, came, door, refuse


@door
class Gaussian(NamedTuple):
    """N(mean, covariance); a row of `mean` for each of n distributions with one covariance.

    Attributes:
        mean: (n, d).
        covariance: (d, d), symmetric and positive definite.
    """

    mean: Annotated[Tensor, "n d"]
    covariance: Annotated[Tensor, "d d"]


@door
@dataclass(frozen=True)
class LinearGaussian:
    """p(z) = N(0, 1), p(x | z) = N(W z + b, s²): a linear generator (Tipping & Bishop 1999).

    Attributes:
        W: (n_dims, n_latent).
        b: (n_dims,).
        noise: s > 0.

    Raises:
        ValueError: shapes that do not fit, or a noise that is not above 0.
    """

    W: Annotated[Tensor, "n_dims n_latent"]
    b: Annotated[Tensor, "n_dims"]
    noise: Positive

    def __post_init__(self) -> None:
        if self.W.ndim != 2 or self.b.shape != self.W.shape[:1] or not self.noise > 0:
            raise ValueError(
                "expected W of shape (n_dims, n_latent), b of shape (n_dims,) and noise > 0, got "
                f"{tuple(self.W.shape)}, {tuple(self.b.shape)}, {self.noise}"
            )

    @property
    def n_dims(self) -> int:
        """Of x."""
        return len(self.b)

    def log_likelihood(self, x: Rows) -> Tensor:
        """log p(x), exact: x is N(b, W Wᵀ + s²). (n, n_dims) → (n,), in nats."""
        covariance = self.W @ self.W.T + self.noise**2 * torch.eye(len(self.b), dtype=x.dtype)
        marginal = torch.distributions.MultivariateNormal(self.b, covariance)
        return marginal.log_prob(x)

    def posterior(self, x: Rows) -> Gaussian:
        """p(z | x) = N(M⁻¹Wᵀ(x − b), s²M⁻¹), M = WᵀW + s². (n, n_dims) → n Gaussians."""
        n_latent = self.W.shape[1]
        M = self.W.T @ self.W + self.noise**2 * torch.eye(n_latent, dtype=x.dtype)
        mean = torch.linalg.solve(M, self.W.T @ (x - self.b).T).T  # (n, n_latent)
        return Gaussian(mean, self.noise**2 * torch.linalg.inv(M))

    def expected_log_density(self, x: Rows, q: Gaussian) -> Tensor:
        """E_q log p(x | z) = −[‖x − W m − b‖² + tr(W S Wᵀ)] / 2s² − n_dims/2 · log 2πs²; (n,)."""
        _check(q, len(x), self.W.shape[1])
        residual = x - q.mean @ self.W.T - self.b
        spread = torch.trace(self.W @ q.covariance @ self.W.T)
        squares = residual.square().sum(dim=1) + spread
        constant = 0.5 * len(self.b) * math.log(2 * math.pi * self.noise**2)
        return -squares / (2 * self.noise**2) - constant

    def bound(self, x: Rows, q: Gaussian) -> Tensor:
        """The variational bound E_q log p(x | z) − KL(q ‖ p(z)), exact; (n,), in nats.

        Args:
            x: (n, n_dims).
            q: n Gaussians over the codes, one for each row.
        """
        return self.expected_log_density(x, q) - kl(q, standard_normal(q))


def _check(q: Gaussian, n: int, n_latent: int, name: str = "q") -> None:
    """Refuse what is no n Gaussians over codes of n_latent numbers."""
    if q.mean.shape != (n, n_latent) or q.covariance.shape != (n_latent, n_latent):
        wanted = f"to be {n} Gaussians over {n_latent} numbers"
        refuse(name, wanted, f"means of shape {tuple(q.mean.shape)}")
    spread = q.covariance
    symmetric = torch.allclose(spread, spread.mT, rtol=1e-4, atol=1e-6)
    if not symmetric or bool(torch.linalg.cholesky_ex(spread).info):
        refuse(f"{name}.covariance", "symmetric and positive definite", came(spread))


def standard_normal(like: Gaussian) -> Gaussian:
    """N(0, 1), of the size of another."""
    return Gaussian(torch.zeros_like(like.mean), torch.eye(like.mean.shape[1]).to(like.mean))


@door
def kl(q: Gaussian, p: Gaussian) -> Tensor:
    """KL(q ‖ p) = ½[tr(P⁻¹Q) + (m_p − m_q)ᵀP⁻¹(m_p − m_q) − d + log |P|/|Q|]; (n,), in nats."""
    for name, other in {"q": q, "p": p}.items():
        _check(other, len(q.mean), q.mean.shape[1], name)
    inverse = torch.linalg.inv(p.covariance)
    shift = p.mean - q.mean  # (n, d)
    quadratic = torch.einsum("ni,ij,nj->n", shift, inverse, shift)
    volumes = torch.logdet(p.covariance) - torch.logdet(q.covariance)
    return 0.5 * (torch.trace(inverse @ q.covariance) + quadratic - shift.shape[1] + volumes)

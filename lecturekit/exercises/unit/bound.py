"""Exercise 6.2: the variational bound of a linear-Gaussian autoencoder, exactly."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.distributions import MultivariateNormal, kl_divergence

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.unit import tiny


def variational_bound(x: Tensor, mean: Tensor, log_variance: Tensor, W: Tensor) -> Tensor:
    """The bound E_q log p(x | z) − KL(q ‖ p(z)) on log p(x), for every row.

    The model is p(z) = N(0, 1), p(x | z) = N(W z, 1), both with independent entries, and
    q(z | x) = N(mean, variance). With these the expectation needs no sampling:
    E_q (x − W z)² = (x − W mean)² + W² variance, entry by entry, W² with each weight squared.

    Args:
        x: data, (n, n_dims)
        mean: means of the codes, (n, n_latent)
        log_variance: natural logarithms of their variances, (n, n_latent)
        W: weights of the linear generator, (n_dims, n_latent)

    Returns:
        one bound per row, in nats, (n,)
    """
    variance = torch.exp(log_variance)
    squares = (x - mean @ W.T) ** 2 + variance @ (W**2).T  # (n, n_dims)
    log_density = -0.5 * (squares + math.log(2 * math.pi)).sum(dim=1)
    kl = 0.5 * (mean**2 + variance - 1 - log_variance).sum(dim=1)
    return log_density - kl


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(2, 4, 3), (3, 3, 3), (4, 2, 1), (2, 3, 4)]
    return [_case(*size, generator) for size in sizes]


def _case(n: int, n_dims: int, n_latent: int, generator: torch.Generator) -> Arguments:
    shapes = ((n, n_dims), (n, n_latent), (n, n_latent), (n_dims, n_latent))
    return tuple(tiny.normal(*shape, generator=generator) for shape in shapes)


def exact(x: Tensor, mean: Tensor, log_variance: Tensor, W: Tensor) -> Tensor:
    """log p(x) less the divergence of q from the true posterior."""
    n_dims, n_latent = W.shape
    identity = torch.eye(n_latent, dtype=x.dtype)
    marginal = MultivariateNormal(torch.zeros_like(x[0]), W @ W.T + torch.eye(n_dims).to(x))
    covariance = torch.linalg.inv(W.T @ W + identity)
    posterior = MultivariateNormal(x @ W @ covariance, covariance)
    q = MultivariateNormal(mean, torch.diag_embed(log_variance.exp()))
    return marginal.log_prob(x) - kl_divergence(q, posterior)


# ------------------------------------------------------------------------ typical wrong answers


def _parts(
    x: Tensor, mean: Tensor, log_variance: Tensor, W: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Log density at the mean, what the spread takes away, and the divergence; each (n,)."""
    variance = torch.exp(log_variance)
    at_mean = -0.5 * ((x - mean @ W.T) ** 2 + math.log(2 * math.pi)).sum(dim=1)
    spread = 0.5 * (variance @ (W**2).T).sum(dim=1)
    kl = 0.5 * (mean**2 + variance - 1 - log_variance).sum(dim=1)
    return at_mean, spread, kl


def _kl_added(*given: Tensor) -> Tensor:
    at_mean, spread, kl = _parts(*given)
    return at_mean - spread + kl


def _no_kl(*given: Tensor) -> Tensor:
    at_mean, spread, _ = _parts(*given)
    return at_mean - spread


def _at_the_mean(*given: Tensor) -> Tensor:
    at_mean, _, kl = _parts(*given)
    return at_mean - kl


def _loss(*given: Tensor) -> Tensor:
    return -variational_bound(*given)


def _no_constant(*given: Tensor) -> Tensor:
    return variational_bound(*given) + 0.5 * given[0].shape[1] * math.log(2 * math.pi)


def _one_constant(*given: Tensor) -> Tensor:
    return variational_bound(*given) + 0.5 * (given[0].shape[1] - 1) * math.log(2 * math.pi)


def _log_variance_spread(x: Tensor, mean: Tensor, log_variance: Tensor, W: Tensor) -> Tensor:
    at_mean, _, kl = _parts(x, mean, log_variance, W)
    return at_mean - 0.5 * (log_variance @ (W**2).T).sum(dim=1) - kl


def _weights_unsquared(x: Tensor, mean: Tensor, log_variance: Tensor, W: Tensor) -> Tensor:
    at_mean, _, kl = _parts(x, mean, log_variance, W)
    return at_mean - 0.5 * (torch.exp(log_variance) @ W.T).sum(dim=1) - kl


def _likelihood(x: Tensor, mean: Tensor, log_variance: Tensor, W: Tensor) -> Tensor:
    covariance = W @ W.T + torch.eye(len(W)).to(x)
    return MultivariateNormal(torch.zeros_like(x[0]), covariance).log_prob(x)


def _averaged(*given: Tensor) -> Tensor:
    return variational_bound(*given).mean()


BOUND = Exercise(
    number="6.2",
    title="the variational bound",
    reference=variational_bound,
    cases=cases,
    exact=exact,
    returns=("one bound per row",),
    wrong=(
        Misconception(
            _kl_added,
            "The divergence is added. Codes far from the prior cost nats: the bound is the "
            "expected log density *minus* the KL.",
        ),
        Misconception(
            _no_kl,
            "This is the expected log density alone. Without the KL it is no bound: the code could "
            "be as precise as it likes for free.",
        ),
        Misconception(
            _at_the_mean,
            "The log density is taken at the mean code. Its expectation under q also has the "
            "spread of the codes, seen through W: ½ Σ W² variance.",
        ),
        Misconception(_loss, "This is the exact negative: the loss −bound, to be minimised."),
        Misconception(
            _no_constant,
            "The constant −½ log 2π of each entry of x is missing. Training would not notice, but "
            "the number would be no bound on log p(x).",
        ),
        Misconception(
            _one_constant, "−½ log 2π stands once for a row; every entry of x has one of its own."
        ),
        Misconception(
            _log_variance_spread,
            "The spread has log_variance where the variance belongs: `torch.exp(log_variance)`.",
        ),
        Misconception(
            _weights_unsquared,
            "The variance of W z has every weight *squared*: `variance @ (W**2).T`.",
        ),
        Misconception(
            _likelihood,
            "This is log p(x) itself, which the bound reaches only where q is the true posterior.",
        ),
        Misconception(_averaged, "This is the mean over the rows; return one bound for each."),
    ),
    hints=(
        "Two terms, each with one number per row. The second is exercise 6.1.",
        "log N(x; y, 1) = −½ (x − y)² − ½ log 2π for each entry; put the given expectation in the "
        "place of (x − y)² and sum over `dim=1`.",
        "`squares = (x - mean @ W.T)**2 + variance @ (W**2).T`, then "
        "`-0.5 * (squares + math.log(2 * math.pi)).sum(dim=1) - kl`.",
    ),
    derivation=r"""
For any distribution $q$ over codes, because $\log$ is concave,

$$\log p(x) = \log \mathbb{E}_q \frac{p(x \mid z)\, p(z)}{q(z)}
  \ge \mathbb{E}_q \log p(x \mid z) - \mathrm{KL}(q \,\|\, p(z)).$$

What is lost is $\log p(x) - \mathbb{E}_q \log \frac{p(x, z)}{q(z)} = \mathbb{E}_q \log
\frac{q(z)}{p(z \mid x)}$, the divergence of $q$ from the true posterior. The check uses this: it
subtracts the one from the exact $\log p(x)$ and never computes the bound's two terms.

Here $x_i - \sum_k W_{ik} z_k$ has, under $q$, the mean $x_i - \sum_k W_{ik} m_k$ and the variance
$\sum_k W_{ik}^2 v_k$; the mean of its square is the square of its mean plus its variance.
""",
)

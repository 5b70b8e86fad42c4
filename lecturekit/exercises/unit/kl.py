"""Exercise 6.1: the KL divergence of a code's distribution from the prior."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.unit import tiny


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(q ‖ p) of q = N(mean, variance) from the prior p = N(0, 1), for every row.

    The latent numbers are independent, so that the divergences of a row add up.

    Args:
        mean: means of the codes, (n, n_latent)
        log_variance: natural logarithms of their variances, (n, n_latent)

    Returns:
        one divergence per row, in nats, (n,)
    """
    return 0.5 * (mean**2 + torch.exp(log_variance) - 1 - log_variance).sum(dim=1)


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(2, 3), (3, 3), (4, 1), (5, 2)]
    return [
        (tiny.normal(*size, generator=generator), tiny.normal(*size, generator=generator))
        for size in sizes
    ]


def exact(mean: Tensor, log_variance: Tensor) -> Tensor:
    """torch's own, number by number."""
    prior = Normal(torch.zeros_like(mean), torch.ones_like(mean))
    return kl_divergence(Normal(mean, log_variance.exp().sqrt()), prior).sum(dim=1)


# ------------------------------------------------------------------------ typical wrong answers


def _negative(mean: Tensor, log_variance: Tensor) -> Tensor:
    return -gaussian_kl(mean, log_variance)


def _log_variance_as_variance(mean: Tensor, log_variance: Tensor) -> Tensor:
    variance = log_variance.abs()
    return 0.5 * (mean**2 + log_variance - 1 - torch.log(variance)).sum(dim=1)


def _log_of_the_deviation(mean: Tensor, log_variance: Tensor) -> Tensor:
    return gaussian_kl(mean, 2 * log_variance)


def _half_the_logarithm(mean: Tensor, log_variance: Tensor) -> Tensor:
    return 0.5 * (mean**2 + torch.exp(log_variance) - 1 - 0.5 * log_variance).sum(dim=1)


def _logarithm_added(mean: Tensor, log_variance: Tensor) -> Tensor:
    return 0.5 * (mean**2 + torch.exp(log_variance) - 1 + log_variance).sum(dim=1)


def _reversed(mean: Tensor, log_variance: Tensor) -> Tensor:
    variance = torch.exp(log_variance)
    return 0.5 * ((mean**2 + 1) / variance - 1 + log_variance).sum(dim=1)


def _no_half(mean: Tensor, log_variance: Tensor) -> Tensor:
    return 2 * gaussian_kl(mean, log_variance)


def _no_minus_one(mean: Tensor, log_variance: Tensor) -> Tensor:
    return 0.5 * (mean**2 + torch.exp(log_variance) - log_variance).sum(dim=1)


def _mean_unsquared(mean: Tensor, log_variance: Tensor) -> Tensor:
    return 0.5 * (mean + torch.exp(log_variance) - 1 - log_variance).sum(dim=1)


def _unit_variance(mean: Tensor, log_variance: Tensor) -> Tensor:
    return 0.5 * (mean**2).sum(dim=1)


def _averaged(mean: Tensor, log_variance: Tensor) -> Tensor:
    return gaussian_kl(mean, log_variance) / mean.shape[1]


def _total(mean: Tensor, log_variance: Tensor) -> Tensor:
    return gaussian_kl(mean, log_variance).sum()


def _mean_of_rows(mean: Tensor, log_variance: Tensor) -> Tensor:
    return gaussian_kl(mean, log_variance).mean()


KL = Exercise(
    number="6.1",
    title="the divergence from the prior",
    reference=gaussian_kl,
    cases=cases,
    exact=exact,
    returns=("one divergence per row",),
    wrong=(
        Misconception(
            _negative,
            "This is the exact negative. A KL divergence is never below 0: the formula "
            "½ (1 + log v − m² − v), found in many places, is −KL, the term of the bound that is "
            "*maximised*.",
        ),
        Misconception(
            _log_variance_as_variance,
            "log_variance is used as if it were the variance. The variance is "
            "`torch.exp(log_variance)`; its logarithm is what came in.",
        ),
        Misconception(
            _log_of_the_deviation,
            "log_variance is taken for the logarithm of the standard deviation. It is already the "
            "logarithm of σ², so there is no factor 2.",
        ),
        Misconception(
            _half_the_logarithm,
            "The logarithm is halved once too often: ½ log v = log σ has its ½ from the factor in "
            "front of the bracket.",
        ),
        Misconception(
            _logarithm_added,
            "The logarithm has the wrong sign. A narrow q, log v → −∞, knows much more than the "
            "prior and must be far from it: −log v.",
        ),
        Misconception(
            _reversed,
            "This is KL(p ‖ q), the prior seen from the code. The bound has KL(q ‖ p): the "
            "expectation is under q.",
        ),
        Misconception(_no_half, "The factor ½ is missing; every number is twice the right one."),
        Misconception(
            _no_minus_one,
            "The −1 is missing. With mean 0 and variance 1, q is the prior and the divergence 0.",
        ),
        Misconception(_mean_unsquared, "The mean enters squared."),
        Misconception(
            _unit_variance,
            "That is right for variance 1 alone, as UNIT's encoders have it; here the variance is "
            "exp(log_variance).",
        ),
        Misconception(
            _averaged,
            "This is the mean over the latent numbers. They are independent, so their divergences "
            "add up.",
        ),
        Misconception(_total, "This is the sum over all rows; every row has a divergence."),
        Misconception(
            _mean_of_rows, "This is the mean over the rows; return one divergence for each."
        ),
    ),
    hints=(
        "KL(q ‖ p) = E_q[log q(z) − log p(z)]. Begin with a single latent number, and sum over "
        "`dim=1` in the end.",
        "E_q (z − m)² = v and E_q z² = m² + v. The logarithms of 2π cancel.",
        "For one number it is ½ (m² + v − 1 − log v), with `v = torch.exp(log_variance)`.",
    ),
    derivation=r"""
With $\log q(z) = -\frac12 \log 2\pi v - \frac{(z-m)^2}{2v}$ and $\log p(z) = -\frac12 \log 2\pi -
\frac{z^2}{2}$ the divergence of one latent number is

$$\mathrm{KL}(q \,\|\, p)
= \mathbb{E}_q\left[-\tfrac12 \log v - \frac{(z-m)^2}{2v} + \frac{z^2}{2}\right]
= \tfrac12\left(-\log v - 1 + m^2 + v\right),$$

because $\mathbb{E}_q (z-m)^2 = v$ and $\mathbb{E}_q z^2 = m^2 + v$. It is 0 at $m = 0$, $v = 1$ and
grows without bound for $v \to 0$: a code that is known exactly costs infinitely many nats. For
independent numbers $\log q$ and $\log p$ are sums, hence so is the divergence.
""",
)

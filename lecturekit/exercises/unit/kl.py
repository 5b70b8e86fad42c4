"""Exercise 6.1: the KL divergence of a code's distribution from the prior."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


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


def case(make: Maker, n: int, n_latent: int, extreme: bool = False) -> Arguments:
    mean, log_variance = make.normal(2, n, n_latent)
    if extreme:
        log_variance[0], log_variance[1:] = -15.0, 12.0
    return mean, log_variance


def answer(on: Slips, mean: Tensor, log_variance: Tensor) -> Tensor:
    log_v = 2 * log_variance if on("logarithm of the deviation") else log_variance
    log_v = log_v / 2 if on("variance for the deviation") else log_v
    log_v = log_v.clamp(-10, 10) if on("cut off") else log_v
    v = log_v.exp()
    log_term, square = log_v, mean**2
    if on("log variance as variance"):
        v, log_term = log_variance, log_variance.abs().log()
    elif on("log variance for the variance"):
        v = log_variance
    elif on("logarithm halved"):
        log_term = log_v / 2
    elif on("deviation"):
        v = v.sqrt()
    elif on("variance squared"):
        v = v**2
    elif on("logarithm squared"):
        log_term = log_v**2
    square = mean if on("mean unsquared") else mean.abs() if on("modulus of the mean") else square
    square = 0 * square if on("no m²") else square
    square = -square if on("mean subtracted") else square
    if on("divergence reversed"):
        each = (square + 1) / v - 1 + log_term
    else:
        v_term = torch.ones_like(v) if on("unit variance") else v
        log_term = torch.zeros_like(v) if on("unit variance") or on("no logarithm") else log_term
        v_term = -v if on("variance subtracted") else 0 * v if on("no variance") else v_term
        one = 0.0 if on("minus one forgotten") else -1.0 if on("one added") else 1.0
        each = square + v_term - one - (-log_term if on("logarithm added") else log_term)
    if on("half of the square alone"):
        return (each - 0.5 * square).sum(dim=1)
    if on("half of the variance's part alone"):
        return (0.5 * (each - square) + square).sum(dim=1)
    each = each if on("no half") else each / 2
    if on("minus one once a row"):
        return (each + 0.5).sum(dim=1) - 0.5
    each = each.mean(dim=1, keepdim=True) if on("averaged over the code") else each
    return each.sum(dim=0 if on("summed over rows") else 1)


def exact(mean: Tensor, log_variance: Tensor) -> Tensor:
    """torch's own, number by number."""
    prior = Normal(torch.zeros_like(mean), torch.ones_like(mean))
    return kl_divergence(Normal(mean, log_variance.exp().sqrt()), prior).sum(dim=1)


KL = Exercise(
    number="6.1",
    title="the divergence from the prior",
    minutes=10,
    reference=gaussian_kl,
    case=case,
    sizes=((2, 3), (3, 3), (4, 1), (5, 2), (2, 3, True)),
    by_hand=(2, 1),
    answer=answer,
    live=True,
    exact=exact,
    through=("mean", "log_variance"),
    slips={
        "log variance as variance": "log_variance is used as if it were the variance. The "
        "variance is `torch.exp(log_variance)`; its logarithm is what came in.",
        "log variance for the variance": "v and log v cancel, since the same stands in both "
        "places: the variance is `torch.exp(log_variance)`, its logarithm is what came in.",
        "logarithm of the deviation": "log_variance is taken for the logarithm of the standard "
        "deviation. It is already the logarithm of σ², so there is no factor 2.",
        "variance for the deviation": "log_variance is halved, as if it were to become that of "
        "the standard deviation: the formula has the variance, exp(log_variance), and its "
        "logarithm.",
        "logarithm halved": "The logarithm is halved once too often: ½ log v = log σ has its ½ "
        "from the factor in front of the bracket.",
        "logarithm added": "The logarithm has the wrong sign. A narrow q, log v → −∞, knows much "
        "more than the prior and must be far from it: −log v.",
        "no logarithm": "−log v is missing: ½ (m² + v − 1 − log v).",
        "logarithm squared": "The logarithm is squared: ½ (m² + v − 1 − log v).",
        "deviation": "The standard deviation stands where the variance belongs: ½ (m² + v − 1 − "
        "log v).",
        "variance squared": "The variance is squared: ½ (m² + v − 1 − log v).",
        "cut off": "Log variances far from 0 are cut off. Codes may be as sharp, or as blurred, "
        "as they come.",
        "variance subtracted": "The variance has the wrong sign: ½ (m² + v − 1 − log v).",
        "no variance": "The variance is missing: ½ (m² + v − 1 − log v).",
        "divergence reversed": "This is KL(p ‖ q), the prior seen from the code. The bound has "
        "KL(q ‖ p): the expectation is under q.",
        "no half": "The factor ½ is missing; every number is twice the right one.",
        "half of the square alone": "The ½ is in front of m² alone; it is in front of the whole "
        "bracket.",
        "half of the variance's part alone": "m² lacks the factor ½: it is in front of the whole "
        "bracket.",
        "minus one forgotten": "The −1 is missing. With mean 0 and variance 1, q is the prior and "
        "the divergence 0.",
        "one added": "The 1 has the wrong sign: ½ (m² + v − 1 − log v), which is 0 for the prior.",
        "minus one once a row": "The −1 stands once a row, outside of the sum: every latent "
        "number has one.",
        "mean unsquared": "The mean enters squared.",
        "modulus of the mean": "The mean enters squared, not as a modulus.",
        "mean subtracted": "m² has the wrong sign: a code away from 0 is further from the prior.",
        "no m²": "m² is missing: a code away from 0 is further from the prior.",
        "unit variance": "That is right for variance 1 alone, as UNIT's encoders have it; here "
        "the variance is exp(log_variance).",
        "averaged over the code": "This is the mean over the latent numbers. They are "
        "independent, so their divergences add up.",
        "summed over rows": "The rows are summed, and the latent numbers kept: one divergence for "
        "each row, `dim=1`.",
        "negated": "This is the exact negative. A KL divergence is never below 0: the formula ½ "
        "(1 + log v − m² − v), found in many places, is −KL, the term of the bound that is "
        "*maximised*.",
        "total": "This is the sum over all rows; every row has a divergence.",
    },
    returns=("one divergence per row",),
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

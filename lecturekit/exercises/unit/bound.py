"""Exercise 6.2: the variational bound of a linear-Gaussian autoencoder, exactly."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


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


def case(make: Maker, n: int, n_dims: int, n_latent: int) -> Arguments:
    shapes = ((n, n_dims), (n, n_latent), (n, n_latent), (n_dims, n_latent))
    return tuple(make.normal(*shape) for shape in shapes)


def answer(on: Slips, x: Tensor, mean: Tensor, log_variance: Tensor, W: Tensor) -> Tensor:
    n_dims, n_latent = W.shape
    log_variance = 2 * log_variance if on("logarithm of the deviation") else log_variance
    variance = log_variance.exp()
    if on("likelihood"):
        return log_marginal(x, W)
    spread = (variance @ (W**2).T).sum(dim=1)
    if on("log variance in the spread"):
        spread = (log_variance @ (W**2).T).sum(dim=1)
    elif on("deviation in the spread"):
        spread = (variance.sqrt() @ (W**2).T).sum(dim=1)
    elif on("weights unsquared"):
        spread = (variance @ W.T).sum(dim=1)
    elif on("square of the sum"):
        spread = ((variance @ W.T) ** 2).sum(dim=1)
    elif on("weights left out of the spread"):
        spread = variance.sum(dim=1)
    elif on("no spread"):
        spread = 0 * spread
    spread = -spread if on("spread added") else spread
    square = ((x - mean @ W.T) ** 2).sum(dim=1)
    if on("codes for images"):
        square = (x**2).sum(dim=1) + ((mean @ W.T) ** 2).sum(dim=1)
    elif on("moduli"):
        square = (x - mean @ W.T).abs().sum(dim=1)
    count = 0 if on("no constant") else 1 if on("one constant") else n_dims
    count = n_latent if on("a constant for each code") else count
    log_2pi = math.log(2 * math.pi)
    log_2pi = 2 * log_2pi if on("constant unhalved") else log_2pi
    log_2pi = -log_2pi if on("constant added") else log_2pi
    half = 1.0 if on("half forgotten in the density") else 0.5
    log_density = -half * (square + spread) - 0.5 * count * log_2pi
    log_density = -log_density if on("density negated") else log_density
    log_density = log_density / n_dims if on("averaged over the image") else log_density
    log_term = -log_variance if on("logarithm added") else log_variance
    one = 0.0 if on("minus one forgotten") else 1.0
    v_term = log_variance if on("log variance in the divergence") else variance
    kl = mean**2 + v_term - one - log_term
    if on("logarithm of the deviation in the divergence"):
        kl = mean**2 + variance**2 - 1 - 2 * log_variance
    kl = 0.5 * (mean**2 if on("unit variance") else kl).sum(dim=1)
    kl = 2 * kl if on("half forgotten in the divergence") else kl
    kl = kl / n_latent if on("divergence averaged") else kl
    kl = 0 * kl if on("no divergence") else kl
    log_density = 0 * log_density if on("no log density") else log_density
    return log_density + kl if on("divergence added") else log_density - kl


def log_marginal(x: Tensor, W: Tensor) -> Tensor:
    """log p(x) of every row, x ~ N(0, W Wᵀ + I)."""
    covariance = W @ W.T + torch.eye(len(W), dtype=x.dtype)
    squares = (x @ torch.linalg.inv(covariance) * x).sum(dim=1)
    return -0.5 * (squares + torch.logdet(2 * torch.pi * covariance))


def exact(x: Tensor, mean: Tensor, log_variance: Tensor, W: Tensor) -> Tensor:
    """log p(x) less the divergence of q from the true posterior, N(x W (WᵀW + I)⁻¹, (WᵀW + I)⁻¹).

    By hand: torch.distributions takes seconds to make its first multivariate normal.
    """
    precision = W.T @ W + torch.eye(W.shape[1], dtype=x.dtype)
    apart = mean - x @ W @ torch.linalg.inv(precision)
    squares = (apart @ precision * apart).sum(dim=1)
    spread = log_variance.exp() @ precision.diagonal() - W.shape[1]
    divergence = 0.5 * (squares + spread - torch.logdet(precision) - log_variance.sum(dim=1))
    return log_marginal(x, W) - divergence


BOUND = Exercise(
    number="6.2",
    title="the variational bound",
    minutes=20,
    reference=variational_bound,
    case=case,
    sizes=((2, 4, 3), (3, 3, 3), (4, 2, 1), (2, 3, 4)),
    by_hand=(2, 1, 2),
    answer=answer,
    exact=exact,
    slips={
        "divergence added": "The divergence is added. Codes far from the prior cost nats: the "
        "bound is the expected log density *minus* the KL.",
        "no divergence": "This is the expected log density alone. Without the KL it is no bound: "
        "the code could be as precise as it likes for free.",
        "no log density": "This is −KL alone: the expected log density is missing.",
        "no spread": "The log density is taken at the mean code. Its expectation under q also has "
        "the spread of the codes, seen through W: ½ Σ W² variance.",
        "spread added": "The spread has the wrong sign: it makes the expected square larger, and "
        "the log density lower.",
        "log variance in the spread": "The spread has log_variance where the variance belongs: "
        "`torch.exp(log_variance)`.",
        "deviation in the spread": "The spread has standard deviations where variances belong: "
        "`variance @ (W**2).T`.",
        "weights unsquared": "The variance of W z has every weight *squared*: `variance @ "
        "(W**2).T`.",
        "square of the sum": "The spread is squared after the sum: it is Σ W² variance, each "
        "weight squared.",
        "weights left out of the spread": "The spread of the codes is not seen through W: the "
        "variance of W z is `variance @ (W**2).T`.",
        "codes for images": "The square of the difference is taken for the sum of the squares: (x "
        "− W mean)² has a mixed term.",
        "moduli": "These are moduli; a normal density has squares.",
        "half forgotten in the density": "The factor ½ is missing in the log density: −½ (x − W "
        "z)².",
        "density negated": "The expected log density has the wrong sign.",
        "averaged over the image": "The log density is averaged over the entries of x: they are "
        "independent, and add up.",
        "no constant": "The constant −½ log 2π of each entry of x is missing. Training would not "
        "notice, but the number would be no bound on log p(x).",
        "one constant": "−½ log 2π stands once for a row; every entry of x has one of its own.",
        "a constant for each code": "−½ log 2π stands once for each latent number; it is one for "
        "every entry of x.",
        "constant unhalved": "The constant lacks its ½: −½ log 2π for each entry of x.",
        "constant added": "The constant has the wrong sign: −½ log 2π for each entry of x.",
        "logarithm added": "In the KL the logarithm has the wrong sign: ½ (m² + v − 1 − log v).",
        "log variance in the divergence": "In the KL log_variance stands where the variance "
        "belongs: `torch.exp(log_variance)`.",
        "logarithm of the deviation": "log_variance is taken for the logarithm of the standard "
        "deviation. It is already the logarithm of σ², so there is no factor 2.",
        "logarithm of the deviation in the divergence": "In the KL log_variance is taken for the "
        "logarithm of the standard deviation. It is already that of σ².",
        "minus one forgotten": "In the KL the −1 is missing: ½ (m² + v − 1 − log v).",
        "unit variance": "The KL is that for variance 1, ½ m²; here the variance is "
        "exp(log_variance).",
        "half forgotten in the divergence": "In the KL the factor ½ is missing: ½ (m² + v − 1 − "
        "log v).",
        "divergence averaged": "The KL is averaged over the latent numbers; they are independent, "
        "and add up.",
        "likelihood": "This is log p(x) itself, which the bound reaches only where q is the true "
        "posterior.",
        "negated": "This is the exact negative: the loss −bound, to be minimised.",
        "average": "This is the mean over the rows; return one bound for each.",
    },
    returns=("one bound per row",),
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

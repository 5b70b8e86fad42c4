"""Exercise 2.7: the entropy of a cloud of points, from the distances of nearest neighbours."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


def neighbour_entropy(x: Tensor) -> Tensor:
    """The entropy of the density behind a cloud of points, after Kozachenko and Leonenko, in nats.

    H ≈ ψ(n) − ψ(1) + log V_d + d · mean log ρᵢ, where ρᵢ is the distance from point i to its
    nearest other point, V_d = π^(d/2) / Γ(d/2 + 1) the volume of the unit ball in d dimensions,
    and ψ the digamma function. torch.digamma takes a tensor of floating-point numbers;
    math.lgamma(t) is log Γ(t). The live run trains through x: its gradient counts too.

    Args:
        x: independent points, no two alike, (n, d) with n ≥ 2

    Returns:
        the estimate, a scalar
    """
    n, d = x.shape
    distances = torch.cdist(x, x) + x.new_full((n,), math.inf).diag()  # (n, n)
    nearest = distances.min(dim=1).values  # (n,)
    digammas = torch.digamma(torch.tensor([float(n), 1.0], dtype=x.dtype))
    log_volume = d / 2 * math.log(math.pi) - math.lgamma(d / 2 + 1)
    return digammas[0] - digammas[1] + log_volume + d * nearest.log().mean()


def case(make: Maker, n: int, d: int, scale: float) -> Arguments:
    while True:  # until no two are alike
        x = make.normal(n, d, scale=scale)
        if torch.pdist(x).min() > 0:
            return (x,)


def answer(on: Slips, x: Tensor) -> Tensor:
    n, d = x.shape
    distances = torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist")
    if on("city blocks"):
        distances = torch.cdist(x, x, p=1)
    if on("with itself"):
        nearest = distances.min(dim=1).values
    elif on("furthest"):
        nearest = distances.max(dim=1).values
    elif on("mean distance"):
        nearest = distances.sum(dim=1) / (n - 1)
    elif on("second neighbour"):
        nearest = distances.sort(dim=1).values[:, min(2, n - 1)]
    else:
        nearest = (distances + x.new_full((n,), math.inf).diag()).min(dim=1).values
    log_volume = d / 2 * math.log(math.pi) - math.lgamma(d / 2 + 1)
    if on("no volume"):
        log_volume = 0.0
    elif on("volume of the disc"):
        log_volume = math.log(math.pi)
    elif on("volume of the sphere"):
        log_volume = math.log(2) + d / 2 * math.log(math.pi) - math.lgamma(d / 2)
    elif on("no 1 in the gamma function"):
        log_volume = d / 2 * math.log(math.pi) - math.lgamma(d / 2)
    elif on("gamma function unlogged"):
        log_volume = d / 2 * math.log(math.pi) - math.gamma(d / 2 + 1)
    elif on("gamma function added"):
        log_volume = d / 2 * math.log(math.pi) + math.lgamma(d / 2 + 1)
    elif on("π to the power d"):
        log_volume = d * math.log(math.pi) - math.lgamma(d / 2 + 1)
    elif on("volume unlogged"):
        log_volume = math.exp(log_volume)
    log_volume = -log_volume if on("volume subtracted") else log_volume
    of = x.new_tensor(float(n - 1 if on("one point less") else d if on("dimension for n") else n))
    psi_n, psi_1 = torch.digamma(of), torch.digamma(torch.ones_like(of))
    psi_n = of.log() if on("logarithm of n") else psi_n
    if on("lgamma for digamma"):
        psi_n, psi_1 = torch.lgamma(of), torch.zeros_like(of)
    psi_1 = -psi_1 if on("ψ(1) added") else 0.0 * psi_1 if on("no ψ(1)") else psi_1
    psi_n = torch.zeros_like(of) if on("no ψ(n)") else psi_n
    digammas = psi_1 - psi_n if on("digammas subtracted") else psi_n - psi_1
    logs = nearest.log().sum() if on("summed") else nearest.log().mean()
    logs = nearest.mean().log() if on("logarithm of the mean") else logs
    logs = nearest.mean() if on("no logarithm") else logs
    times = 2 * d if on("squared distances") else 1 if on("no dimension") else d
    times = -times if on("distances subtracted") else times
    return digammas + log_volume + times * logs


def exact(x: Tensor) -> Tensor:
    """Point by point, with harmonic numbers for the digammas and known volumes of balls."""
    points = x.tolist()
    n, d = x.shape
    nearest = [
        min(math.dist(p, q) for j, q in enumerate(points) if j != i) for i, p in enumerate(points)
    ]
    digammas = sum(1 / k for k in range(1, n))  # ψ(n) − ψ(1)
    mean_log = sum(map(math.log, nearest)) / n
    return torch.tensor(digammas + math.log(_ball(d)) + d * mean_log, dtype=x.dtype)


def _ball(d: int) -> float:
    """V_d from V_0 = 1, V_1 = 2 and V_d = 2π/d · V_{d−2}."""
    return (1.0, 2.0)[d] if d < 2 else 2 * math.pi / d * _ball(d - 2)


NEIGHBOUR_ENTROPY = Exercise(
    number="2.7",
    title="entropy from nearest neighbours",
    minutes=30,
    reference=neighbour_entropy,
    case=case,
    sizes=((5, 2, 0.3), (3, 1, 1.3), (4, 4, 2.3), (20, 3, 3.3), (12, 6, 4.3)),
    by_hand=(3, 2, 2.0),
    answer=answer,
    live=True,
    exact=exact,
    through=("x",),
    slips={
        "with itself": "Every point is found as its own nearest neighbour, at distance 0, and the "
        "logarithm is −∞. Keep the diagonal out of the minimum.",
        "furthest": "ρ is the distance to the furthest point; it is to the nearest.",
        "second neighbour": "ρ is the distance to the second nearest point; it is to the nearest. "
        "(Sorted, the point itself comes first, and its nearest neighbour at place 1.)",
        "mean distance": "ρ is the mean distance to the other points; it is that to the nearest.",
        "city blocks": "Distances are sums of moduli; ρ is a Euclidean distance.",
        "squared distances": "The logarithm is of the squared distance, which counts every log ρ "
        "twice.",
        "no dimension": "The factor d is missing: the volume of a ball of radius ρ is V_d ρᵈ, "
        "whose logarithm has d · log ρ.",
        "summed": "The logarithms of the distances are summed over the points; it is their mean.",
        "logarithm of the mean": "This has the logarithm of the mean distance. It is the mean of "
        "the logarithms, which is never more.",
        "no logarithm": "The logarithm of the distances is missing: d · mean log ρᵢ.",
        "distances subtracted": "The distances enter with the wrong sign: far neighbours mean a "
        "low density and a high entropy, + d · mean log ρ.",
        "no volume": "The volume of the unit ball is missing: + log V_d.",
        "volume of the disc": "π is the volume of the unit ball in two dimensions only; in d it "
        "is π^(d/2) / Γ(d/2 + 1).",
        "volume of the sphere": "This has the surface of the unit ball; its volume is π^(d/2) / "
        "Γ(d/2 + 1).",
        "no 1 in the gamma function": "The 1 is missing in Γ(d/2 + 1).",
        "gamma function added": "log Γ(d/2 + 1) is added; V_d is divided by Γ, so it is "
        "subtracted.",
        "gamma function unlogged": "Γ(d/2 + 1) is subtracted without its logarithm: "
        "math.lgamma(d/2 + 1).",
        "π to the power d": "π is to the power d; V_d has π^(d/2).",
        "volume unlogged": "V_d is added without its logarithm.",
        "volume subtracted": "log V_d has the wrong sign: it is added.",
        "ψ(1) added": "ψ(1) = −.577… is added; it is subtracted, which makes the estimate larger.",
        "no ψ(1)": "ψ(1) = −.577… is missing: ψ(n) − ψ(1).",
        "no ψ(n)": "ψ(n) is missing: ψ(n) − ψ(1).",
        "digammas subtracted": "The digammas have the wrong sign: + ψ(n) − ψ(1).",
        "one point less": "ψ(n − 1) stands for ψ(n).",
        "dimension for n": "ψ is taken of the dimension d; it is of the number of points n.",
        "logarithm of n": "log n stands in for ψ(n), which it approaches for large n only. Use "
        "torch.digamma.",
        "lgamma for digamma": "log Γ stands where the digamma function belongs, which is its "
        "derivative: torch.digamma.",
        "negated": "This is the mean log-density; the entropy is its negative.",
    },
    returns=("the entropy",),
    hints=(
        "`torch.cdist(x, x)` has all distances, (n, n), with zeros on the diagonal, which must not "
        "win the minimum over a row: put infinity there.",
        "`distances.min(dim=1).values` are the ρᵢ. log V_d is "
        "`d / 2 * math.log(math.pi) - math.lgamma(d / 2 + 1)`, and ψ(n) is "
        "`torch.digamma(torch.tensor(float(n), dtype=x.dtype))`.",
        "`distances = torch.cdist(x, x) + x.new_full((n,), math.inf).diag()`, then "
        "`nearest = distances.min(dim=1).values`. Add ψ(n), minus ψ(1), the log-volume, and "
        "`d * nearest.log().mean()`.",
    ),
    derivation=r"""
Draw a ball around $x_i$ that just reaches its nearest neighbour. Let $q$ be the probability mass
inside it. The $n - 1$ other points fall inside independently, and the chance that none lies within
mass $q$ is $(1 - q)^{n-1}$. So $q$ has the density $(n - 1)(1 - q)^{n-2}$, a Beta$(1, n - 1)$, for
which $\mathbb{E}[\log q] = \psi(1) - \psi(n)$, whatever the density of the points is.

Where that density $p$ is even over the ball, $q \approx p(x_i)\, V_d\, \rho_i^d$. Hence

$$\log p(x_i) \approx \psi(1) - \psi(n) - \log V_d - d \log \rho_i ,$$

and minus its mean is the estimate of $H = -\mathbb{E}[\log p]$. The gradient with respect to the
points is $d / n$ times that of $\sum_i \log \rho_i$: a push away from the nearest neighbour that is
the harder the closer it is. Repelling neighbours is what this entropy does to a generator.
""",
)

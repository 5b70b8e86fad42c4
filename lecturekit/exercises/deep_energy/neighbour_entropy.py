"""Exercise 2.7: the entropy of a cloud of points, from the distances of nearest neighbours."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturekit.exercises.deep_energy import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


def neighbour_entropy(x: Tensor) -> Tensor:
    """The entropy of the density behind a cloud of points, after Kozachenko and Leonenko, in nats.

    H ≈ ψ(n) − ψ(1) + log V_d + d · mean log ρᵢ, where ρᵢ is the distance from point i to its
    nearest other point, V_d = π^(d/2) / Γ(d/2 + 1) the volume of the unit ball in d dimensions,
    and ψ the digamma function. torch.digamma takes a tensor of floating-point numbers;
    math.lgamma(t) is log Γ(t).

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


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(5, 2), (2, 1), (4, 4), (20, 3), (12, 6)]
    return [
        ((0.3 + place) * tiny.normal(*size, generator=generator),)
        for place, size in enumerate(sizes)
    ]


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


# ------------------------------------------------------------------------ typical wrong answers


def _with_itself(x: Tensor) -> Tensor:
    """Every point is its own nearest neighbour, at a distance of 0."""
    return neighbour_entropy(x) * 0 - float("inf")


def _mean_log_distance(x: Tensor) -> Tensor:
    nearest = torch.cdist(x, x).fill_diagonal_(float("inf")).min(dim=1).values
    return nearest.log().mean()


def _squared_distances(x: Tensor) -> Tensor:
    return neighbour_entropy(x) + x.shape[1] * _mean_log_distance(x)


def _no_dimension(x: Tensor) -> Tensor:
    return neighbour_entropy(x) - (x.shape[1] - 1) * _mean_log_distance(x)


def _no_volume(x: Tensor) -> Tensor:
    return neighbour_entropy(x) - math.log(_ball(x.shape[1]))


def _volume_of_the_disc(x: Tensor) -> Tensor:
    return neighbour_entropy(x) + math.log(math.pi / _ball(x.shape[1]))


def _log_of_mean(x: Tensor) -> Tensor:
    nearest = torch.cdist(x, x).fill_diagonal_(float("inf")).min(dim=1).values
    gap = nearest.mean().log() - nearest.log().mean()
    return neighbour_entropy(x) + x.shape[1] * gap


def _negative(x: Tensor) -> Tensor:
    return -neighbour_entropy(x)


def _distances_subtracted(x: Tensor) -> Tensor:
    return neighbour_entropy(x) - 2 * x.shape[1] * _mean_log_distance(x)


def _digamma_sign(x: Tensor) -> Tensor:
    return neighbour_entropy(x) + 2 * torch.digamma(torch.ones((), dtype=x.dtype))


def _logarithm_of_n(x: Tensor) -> Tensor:
    n = len(x)
    return neighbour_entropy(x) - sum(1 / k for k in range(1, n)) + math.log(n)


def _furthest(x: Tensor) -> Tensor:
    far = torch.cdist(x, x).max(dim=1).values.log().mean()
    return neighbour_entropy(x) + x.shape[1] * (far - _mean_log_distance(x))


NEIGHBOUR_ENTROPY = Exercise(
    number="2.7",
    title="entropy from nearest neighbours",
    reference=neighbour_entropy,
    cases=cases,
    exact=exact,
    returns=("the entropy",),
    wrong=(
        Misconception(
            _with_itself,
            "Every point is found as its own nearest neighbour, at distance 0, and the logarithm "
            "is −∞. Keep the diagonal out of the minimum.",
        ),
        Misconception(
            _squared_distances,
            "The logarithm is of the squared distance, which counts every log ρ twice.",
        ),
        Misconception(
            _no_dimension,
            "The factor d is missing: the volume of a ball of radius ρ is V_d ρᵈ, whose logarithm "
            "has d · log ρ.",
        ),
        Misconception(_no_volume, "The volume of the unit ball is missing: + log V_d."),
        Misconception(
            _volume_of_the_disc,
            "π is the volume of the unit ball in two dimensions only; in d it is "
            "π^(d/2) / Γ(d/2 + 1).",
        ),
        Misconception(
            _log_of_mean,
            "This has the logarithm of the mean distance. It is the mean of the logarithms, which "
            "is never more.",
        ),
        Misconception(_negative, "This is the mean log-density; the entropy is its negative."),
        Misconception(
            _distances_subtracted,
            "The distances enter with the wrong sign: far neighbours mean a low density and a high "
            "entropy, + d · mean log ρ.",
        ),
        Misconception(
            _digamma_sign,
            "ψ(1) = −.577… is added; it is subtracted, which makes the estimate larger.",
        ),
        Misconception(
            _logarithm_of_n,
            "log n + .577 stands in for ψ(n) − ψ(1), which it approaches for large n only. "
            "Use torch.digamma.",
        ),
        Misconception(_furthest, "ρ is the distance to the furthest point; it is to the nearest."),
    ),
    hints=(
        "`torch.cdist(x, x)` has all distances, (n, n), with zeros on the diagonal, which must not "
        "win the minimum over a row: put infinity there.",
        "`distances.min(dim=1).values` are the ρᵢ. log V_d is "
        "`d / 2 * math.log(math.pi) - math.lgamma(d / 2 + 1)`, and ψ(n) is "
        "`torch.digamma(torch.tensor(float(n)))`.",
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

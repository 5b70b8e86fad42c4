"""Exercise 2.5: the slide's entropy, of activations taken for independent and normal."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


def activation_entropy(a: Tensor) -> Tensor:
    """The entropy of hidden units, as if they were independent and normal, in nats.

    H = ½ Σᵢ log(2πe σᵢ²), with σᵢ the standard deviation of unit i over the batch. As in batch
    norm, the variance is the mean square of the deviations: they are divided by the batch's size.

    Args:
        a: activations, (batch, n_units)

    Returns:
        the entropy, a scalar
    """
    variance = a.var(dim=0, unbiased=False)  # (n_units,)
    return 0.5 * torch.log(2 * torch.pi * torch.e * variance).sum()


def case(make: Maker, batch: int, n_units: int, scale: float = 1.0, far: float = 0.0) -> Arguments:
    spread, offset = 0.2 + 3 * make.uniform(n_units), make.normal(n_units, scale=2.0)
    while True:  # until every unit varies
        a = make.tidy(scale * (offset + spread * make.normal(batch, n_units)) + far)
        if a.var(dim=0).min() > 0:
            return (a,)


def answer(on: Slips, a: Tensor) -> Tensor:
    dim = 1 if on("over units") else 0
    variance = a.var(dim=dim, unbiased=False)
    if on("mean square"):
        variance = a.square().mean(dim=dim)
    elif on("mean deviation"):
        variance = (a - a.mean(dim=dim, keepdim=True)).abs().mean(dim=dim).square()
    elif on("unbiased"):
        variance = variance * a.shape[dim] / (a.shape[dim] - 1 or math.nan)
    elif on("squares summed"):
        variance = variance * a.shape[dim]
    elif on("over everything"):
        variance = a.var(unbiased=False).expand(a.shape[1])
    elif on("variance as deviation"):
        variance = variance.square()
    elif on("deviation unsquared"):
        variance = variance.sqrt()
    elif on("a small number added"):
        variance = variance + 1e-5
    elif on("small ones cut off"):
        variance = variance.clamp(min=1e-2)
    elif on("difference of large numbers"):
        narrow = a.float()
        variance = (narrow.square().mean(dim=dim) - narrow.mean(dim=dim).square()).double()
    inside = 1.0 if on("no 2π") else 2 * torch.pi
    inside = math.pi if on("no 2") else inside
    inside = inside if on("no e") else inside * math.e
    if on("logarithm of the sum"):
        return 0.5 * torch.log(inside * variance.sum())
    if on("full covariance"):
        centred = a - a.mean(dim=0)
        return 0.5 * torch.logdet(inside * centred.T @ centred / len(a))
    each = torch.log(inside * variance)
    if on("half of the second"):
        return math.log(inside) * len(each) + 0.5 * torch.log(variance).sum()
    if on("constant once"):
        return 0.5 * (math.log(inside) + torch.log(variance).sum())
    each = (1.0 if on("no half") else 0.5) * each
    if on("each unit"):
        return each
    return each.mean() if on("averaged") else each.sum()


def exact(a: Tensor) -> Tensor:
    """The entropies of the fitted normal densities, by torch.distributions, added up."""
    std = (a - a.mean(dim=0)).square().mean(dim=0).sqrt()
    return torch.distributions.Normal(a.mean(dim=0), std).entropy().sum()


ACTIVATION_ENTROPY = Exercise(
    number="2.5",
    title="the entropy of activations",
    minutes=15,
    reference=activation_entropy,
    case=case,
    sizes=((4, 3), (2, 1), (6, 5), (12, 10), (3, 2), (5, 2, 0.005), (7, 2, 10.0, 300.0)),
    by_hand=(3, 2),
    answer=answer,
    exact=exact,
    slips={
        "variance as deviation": "The variance is put in for σ and squared once more (or the ½ "
        "stands in front of log 2πe alone, which is the same). That is how the slide reads: it "
        "calls σᵢ the variance; in its formula σᵢ is the standard deviation.",
        "deviation unsquared": "The deviation stands inside the logarithm unsquared: log(2πe σ²).",
        "unbiased": "The squares are divided by n − 1. Batch norm, and this exercise, divide by "
        "n: `unbiased=False`.",
        "mean square": "The mean is not taken off: these are mean squares, not variances. Entropy "
        "does not change when a unit is shifted.",
        "mean deviation": "The mean modulus of the deviations stands for σ; σ² is the mean of "
        "their squares.",
        "squares summed": "The squares of the deviations are summed; the variance is their mean.",
        "a small number added": "A small number is added to the variance, as batch norm does for "
        "its division. A unit of small variance would then seem to have more entropy.",
        "small ones cut off": "Small variances are cut off below: a unit that hardly varies has a "
        "very low entropy.",
        "difference of large numbers": "E[a²] − E[a]² is a difference of large numbers where the "
        "mean is large, and float32 keeps seven digits of each. Take the mean off first.",
        "no e": "e is missing from log(2πe σ²): this is off by ½ nat for every unit.",
        "no 2π": "2π is missing from log(2πe σ²).",
        "no 2": "The 2 is missing from log(2πe σ²).",
        "no half": "The factor ½ is missing: this is twice the entropy.",
        "half of the second": "The ½ is in front of log σ² alone; it is in front of log(2πe σ²) "
        "as a whole.",
        "constant once": "½ log 2πe stands once; every unit has one.",
        "averaged": "The units' entropies are averaged. Entropies of independent units add up.",
        "logarithm of the sum": "The variances are added inside the logarithm. Entropies add up: "
        "a sum of logarithms.",
        "over units": "The deviation is taken over the units of each point. It is that of each "
        "unit over the batch, `dim=0`.",
        "over everything": "One deviation is taken over the whole tensor; each unit has its own, "
        "over the batch.",
        "full covariance": "This is the entropy of one normal density with all covariances. Here "
        "the units are taken as independent: each has a variance of its own, and the entropies "
        "add up.",
        "each unit": "One entropy per unit; the answer is their sum.",
        "in bits": "This is in bits; the logarithm is the natural one.",
        "negated": "The sign is flipped: a broader unit has more entropy, not less.",
    },
    returns=("the entropy",),
    hints=(
        "One variance for every unit, over the batch: `a.var(dim=0, unbiased=False)`.",
        "Half the logarithm of 2πe times the variance is the entropy of a unit; these add up. "
        "`torch.pi` and `torch.e` are numbers.",
        "`0.5 * torch.log(2 * torch.pi * torch.e * variance).sum()`",
    ),
    derivation=r"""
For $a \sim \mathcal{N}(\mu, \sigma^2)$ is
$-\log p(a) = \frac{1}{2} \log(2\pi\sigma^2) + \frac{(a - \mu)^2}{2\sigma^2}$. The mean of the
second term is ½, whatever $\mu$ and $\sigma$ are, so

$$H = \tfrac{1}{2} \log(2\pi\sigma^2) + \tfrac{1}{2} = \tfrac{1}{2} \log(2\pi e\, \sigma^2).$$

For independent units $\log p(a) = \sum_i \log p_i(a_i)$, and the entropies add up. For a given
variance no density has more entropy than the normal one, and for given marginals none more than the
independent one. So the formula bounds the entropy *of the activations* from above. It says nothing
about the entropy of what the next layers make of them.
""",
)

"""Exercise 2.5: the slide's entropy, of activations taken for independent and normal."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.deep_energy import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


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


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(4, 3), (2, 1), (5, 5), (6, 10)]
    return [_case(*size, generator) for size in sizes]


def _case(batch: int, n_units: int, generator: torch.Generator) -> Arguments:
    spread = 0.2 + 3 * torch.rand(n_units, generator=generator, dtype=torch.float64)
    offset = 2 * tiny.normal(n_units, generator=generator)
    return (offset + spread * tiny.normal(batch, n_units, generator=generator),)


def exact(a: Tensor) -> Tensor:
    """The entropies of the fitted normal densities, by torch.distributions, added up."""
    std = (a - a.mean(dim=0)).square().mean(dim=0).sqrt()
    return torch.distributions.Normal(a.mean(dim=0), std).entropy().sum()


# ------------------------------------------------------------------------ typical wrong answers


def _entropy(squares: Tensor, *, inside: float = 2 * torch.pi * torch.e) -> Tensor:
    return 0.5 * torch.log(inside * squares).sum()


def _variance(a: Tensor) -> Tensor:
    return a.var(dim=0, unbiased=False)


def _variance_as_deviation(a: Tensor) -> Tensor:
    return _entropy(_variance(a).square())


def _deviation_unsquared(a: Tensor) -> Tensor:
    return _entropy(_variance(a).sqrt())


def _unbiased(a: Tensor) -> Tensor:
    return _entropy(a.var(dim=0))


def _mean_square(a: Tensor) -> Tensor:
    return _entropy(a.square().mean(dim=0))


def _no_e(a: Tensor) -> Tensor:
    return _entropy(_variance(a), inside=2 * torch.pi)


def _no_half(a: Tensor) -> Tensor:
    return 2 * _entropy(_variance(a))


def _in_bits(a: Tensor) -> Tensor:
    return _entropy(_variance(a)) / torch.log(torch.tensor(2.0, dtype=a.dtype))


def _averaged(a: Tensor) -> Tensor:
    return _entropy(_variance(a)) / a.shape[1]


def _log_of_sum(a: Tensor) -> Tensor:
    return 0.5 * torch.log(2 * torch.pi * torch.e * _variance(a).sum())


def _over_units(a: Tensor) -> Tensor:
    return _entropy(a.var(dim=1, unbiased=False))


def _negative(a: Tensor) -> Tensor:
    return -_entropy(_variance(a))


def _each(a: Tensor) -> Tensor:
    return 0.5 * torch.log(2 * torch.pi * torch.e * _variance(a))


ACTIVATION_ENTROPY = Exercise(
    number="2.5",
    title="the entropy of activations",
    reference=activation_entropy,
    cases=cases,
    exact=exact,
    returns=("the entropy",),
    wrong=(
        Misconception(
            _variance_as_deviation,
            "The variance is put in for σ and squared once more. That is how the slide reads: it "
            "calls σᵢ the variance; in its formula σᵢ is the standard deviation.",
        ),
        Misconception(
            _deviation_unsquared,
            "The deviation stands inside the logarithm unsquared: log(2πe σ²).",
        ),
        Misconception(
            _unbiased,
            "The squares are divided by n − 1. Batch norm, and this exercise, divide by n: "
            "`unbiased=False`.",
        ),
        Misconception(
            _mean_square,
            "The mean is not taken off: these are mean squares, not variances. Entropy does not "
            "change when a unit is shifted.",
        ),
        Misconception(_no_e, "e is missing from log(2πe σ²): this is off by ½ nat for every unit."),
        Misconception(_no_half, "The factor ½ is missing: this is twice the entropy."),
        Misconception(_in_bits, "This is in bits; the logarithm is the natural one."),
        Misconception(
            _averaged,
            "The units' entropies are averaged. Entropies of independent units add up.",
        ),
        Misconception(
            _log_of_sum,
            "The variances are added inside the logarithm. Entropies add up: a sum of logarithms.",
        ),
        Misconception(
            _over_units,
            "The deviation is taken over the units of each point. It is that of each unit over the "
            "batch, `dim=0`.",
        ),
        Misconception(_negative, "The sign is flipped: a broader unit has more entropy, not less."),
        Misconception(_each, "One entropy per unit; the answer is their sum."),
    ),
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

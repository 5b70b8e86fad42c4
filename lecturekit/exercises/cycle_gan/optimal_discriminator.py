"""Exercise 5.1: the best discriminator between two distributions, and the value of the game."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturekit.exercises.cycle_gan import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


def optimal_discriminator(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    """The best discriminator between data and generated states, and the slide's loss there.

    The slide's loss is L(D) = Σᵢ pᵢ log Dᵢ + Σᵢ qᵢ log(1 − Dᵢ), to be maximised over D.

    Args:
        p: probability of each state in the data, above 0, (n,)
        q: probability of each state in what the generator makes, above 0, (n,)

    Returns:
        D*, (n,), and L(D*), a scalar in nats
    """
    D = p / (p + q)
    return D, (p * D.log()).sum() + (q * (1 - D).log()).sum()


def cases(generator: torch.Generator) -> list[Arguments]:
    return [
        (tiny.distribution(n, generator), tiny.distribution(n, generator)) for n in (3, 2, 5, 8)
    ]


def exact(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    """From the odds, and from the divergences to the mean of both distributions."""
    middle = torch.distributions.Categorical((p + q) / 2)
    to_middle = [
        torch.distributions.kl_divergence(torch.distributions.Categorical(each), middle)
        for each in (p, q)
    ]
    return torch.sigmoid(p.log() - q.log()), to_middle[0] + to_middle[1] - 2 * math.log(2)


# ------------------------------------------------------------------------ typical wrong answers


def _value(p: Tensor, q: Tensor, D: Tensor) -> Tensor:
    return (p * D.log()).sum() + (q * (1 - D).log()).sum()


def _exchanged(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    D = q / (p + q)
    return D, _value(p, q, D)


def _ratio(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    D = p / q
    return D, _value(p, q, D)


def _negative(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    D = p / (p + q)
    return D, -_value(p, q, D)


def _mean(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    D = p / (p + q)
    return D, D.log().mean() + (1 - D).log().mean()


def _bits(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    D = p / (p + q)
    return D, _value(p, q, D) / math.log(2)


def _divergence(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    D = p / (p + q)
    return D, _value(p, q, D) + 2 * math.log(2)


def _only_fooled(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    D = p / (p + q)
    return D, (p * D.log()).sum() + (q * D.log()).sum()


OPTIMAL_DISCRIMINATOR = Exercise(
    number="5.1",
    title="the optimal discriminator",
    reference=optimal_discriminator,
    cases=cases,
    exact=exact,
    returns=("D*", "the loss at D*"),
    wrong=(
        Misconception(
            _exchanged,
            "p and q are exchanged: D is the probability that a state comes from the data, so it "
            "is large where p is.",
        ),
        Misconception(
            _ratio,
            "This is the density ratio p/q, the odds. A probability is odds / (1 + odds), here "
            "p/(p + q).",
        ),
        Misconception(
            _negative,
            "D* is right; its loss has the wrong sign. The slide's loss is maximised over D: what "
            "you give is what a training loop minimises.",
        ),
        Misconception(
            _mean,
            "D* is right; the expectations are not plain means over the states. Each state counts "
            "with its probability: p in the first sum, q in the second.",
        ),
        Misconception(_bits, "D* is right; the loss is in bits. Use the natural logarithm."),
        Misconception(
            _divergence,
            "This is 2 JS(p, q), what the generator has to gain. The loss is lower by log 4.",
        ),
        Misconception(
            _only_fooled,
            "The second sum has log D where the slide has log(1 − D): there D judges what was "
            "generated.",
        ),
    ),
    hints=(
        "The loss is a sum over states, and each Dᵢ appears in one of its terms only: maximise "
        "p log D + q log(1 − D) for a single state.",
        "The derivative p/D − q/(1 − D) is 0 where p(1 − D) = qD.",
        "D = p / (p + q); then put it into the loss: "
        "`(p * D.log()).sum() + (q * (1 - D).log()).sum()`.",
    ),
    derivation=r"""
For one state the loss is $p \log D + q \log(1 - D)$, concave in $D$, and

$$\frac{\partial}{\partial D} = \frac{p}{D} - \frac{q}{1 - D} = 0
\quad\Longrightarrow\quad D^* = \frac{p}{p + q}.$$

With $m = (p + q)/2$ we have $D^* = p / 2m$ and $1 - D^* = q / 2m$, so

$$L(D^*) = \sum p \log \frac{p}{2m} + \sum q \log \frac{q}{2m}
= \mathrm{KL}(p \,\|\, m) + \mathrm{KL}(q \,\|\, m) - 2 \log 2 = 2\,\mathrm{JS}(p, q) - \log 4.$$

So a generator that minimises the slide's loss against the best discriminator minimises the
Jensen–Shannon divergence (Goodfellow et al. 2014, theorem 1).
""",
)

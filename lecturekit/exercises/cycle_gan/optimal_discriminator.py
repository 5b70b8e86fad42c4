"""Exercise 5.1: the best discriminator between two distributions, and the value of the game."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


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


def case(make: Maker, n: int) -> Arguments:
    return make.distribution(n), make.distribution(n)


def answer(on: Slips, p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    D = p / q if on("ratio") else p / (p + q)
    D = q / (p + q) if on("exchanged roles") else D
    D = p.sqrt() / (p.sqrt() + q.sqrt()) if on("roots") else D
    D = p**2 / (p**2 + q**2) if on("squares") else D
    D = p / (2 * (p + q)) if on("halved D") else D
    D = torch.full_like(p, 0.5) if on("coin") else D
    D = (p > q).to(p.dtype) if on("decision") else D
    log_D, log_not = D.log(), (1 - D).log()
    log_not = log_D if on("D in both") else log_not
    log_not = 1 - log_D if on("1 − log D") else log_not
    weight_p, weight_q = p, q
    if on("expectations exchanged"):
        weight_p, weight_q = q, p
    elif on("both under p"):
        weight_q = p
    elif on("mean of states"):
        weight_p = weight_q = torch.full_like(p, 1 / len(p))
    elif on("sum over states"):
        weight_p = weight_q = torch.ones_like(p)
    real, fake = weight_p * log_D, weight_q * log_not
    if on("each state"):
        return D, real + fake
    real, fake = real.sum(), fake.sum()
    real = 0 * real if on("no first sum") else real
    fake = 0 * fake if on("no second sum") else fake
    value = real - fake if on("second term subtracted") else real + fake
    value = value / 2 if on("half the value") else value
    value = value + 2 * math.log(2) if on("divergence") else value
    value = value / math.log(2) if on("value in bits") else value
    value = (value + 2 * math.log(2)) / 2 if on("half the divergence") else value
    return D, -value if on("value negated") else value


def exact(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    """From the odds, and from the divergences to the mean of both distributions."""
    middle = torch.distributions.Categorical((p + q) / 2)
    to_middle = [
        torch.distributions.kl_divergence(torch.distributions.Categorical(each), middle)
        for each in (p, q)
    ]
    return torch.sigmoid(p.log() - q.log()), to_middle[0] + to_middle[1] - 2 * math.log(2)


OPTIMAL_DISCRIMINATOR = Exercise(
    number="5.1",
    title="the optimal discriminator",
    minutes=10,
    reference=optimal_discriminator,
    case=case,
    sizes=((3,), (2,), (5,), (8,)),
    by_hand=(2,),
    answer=answer,
    exact=exact,
    slips={
        "exchanged roles": "p and q are exchanged: D is the probability that a state comes from "
        "the data, so it is large where p is.",
        "ratio": "This is the density ratio p/q, the odds. A probability is odds / (1 + odds), "
        "here p/(p + q).",
        "roots": "D* has the roots of the probabilities: it is p/(p + q).",
        "squares": "D* has the squares of the probabilities: it is p/(p + q).",
        "halved D": "D* is halved: p/(p + q), which is ½ where p = q.",
        "coin": "D is ½ everywhere. That is the best only where p = q: it is p/(p + q).",
        "decision": "D is 1 where p is larger and 0 elsewhere: a decision. The best D is a "
        "probability, p/(p + q); being sure and wrong costs infinitely much.",
        "value negated": "The loss has the wrong sign. The slide's is maximised over D: what you "
        "give is what a training loop minimises.",
        "mean of states": "The expectations are not plain means over the states. Each state "
        "counts with its probability: p in the first sum, q in the second.",
        "sum over states": "The expectations are not plain sums over the states. Each state "
        "counts with its probability: p in the first sum, q in the second.",
        "expectations exchanged": "The two expectations are exchanged: log D is weighted by p, "
        "log(1 − D) by q.",
        "both under p": "Both expectations are taken under the data: log(1 − D) is weighted by q, "
        "the probabilities of what is generated.",
        "each state": "These are the terms of the single states; the loss is their sum.",
        "no second sum": "The second sum is missing: Σ q log(1 − D).",
        "no first sum": "The first sum is missing: Σ p log D.",
        "second term subtracted": "The second sum has the wrong sign: the loss is Σ p log D + Σ q "
        "log(1 − D).",
        "half the value": "The loss is halved: it is a sum of two expectations, not their mean.",
        "value in bits": "The loss is in bits. Use the natural logarithm.",
        "divergence": "This is 2 JS(p, q), what the generator has to gain. The loss is lower by "
        "log 4.",
        "half the divergence": "This is JS(p, q); the loss is 2 JS(p, q) − log 4.",
        "D in both": "The second sum has log D where the slide has log(1 − D): there D judges "
        "what was generated.",
        "1 − log D": "The bracket is wrong in the second sum: it has log(1 − D), not 1 − log D.",
    },
    returns=("D*", "the loss at D*"),
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

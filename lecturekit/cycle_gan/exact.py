"""The adversarial game without networks: discrete distributions, exact optima.

A distribution over n states is a tensor of n probabilities. A translator between two such worlds
that have the same number of states, and that loses nothing, is a permutation: state i of X becomes
state `permutation[i]` of Y.
"""

from __future__ import annotations

import itertools
import math
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from lecturekit.adversarial import Objective
from lecturekit.door import CHANCES, In, check_alike, door

Chances = Annotated[Tensor, "n", CHANCES]  # of the n states


@door
def optimal_discriminator(p: Chances, q: Chances) -> Tensor:
    """D* = p / (p + q), for the slide's loss and for least squares alike.

    Both losses are, state by state, p·a(D) + q·b(D); setting the derivative to 0 gives
    p/D = q/(1 − D) for the logarithms and p(D − 1) + qD = 0 for the squares.

    Args:
        p: probabilities of the data, (n,).
        q: probabilities of what the generator makes, (n,).

    Returns:
        (n,); ½ where neither ever occurs.

    Raises:
        ValueError: p or q is not a distribution, or they have different shapes.
    """
    return torch.where(p + q > 0, p / (p + q), 0.5)


@door
def discriminator_value(
    p: Chances, q: Chances, D: Annotated[Tensor, "n"], objective: Objective
) -> Tensor:
    """What D minimises, exactly: the expectations over p and q as sums; a scalar.

    D is a probability: the sigmoid of the score, for least squares the score itself.
    """
    _check_scores(D, objective)
    if objective == "least squares":
        return 0.5 * (p * (D - 1).square() + q * D.square()).sum()
    return -(torch.xlogy(p, D) + torch.xlogy(q, 1 - D)).sum()


@door
def generator_value(q: Chances, D: Annotated[Tensor, "n"], objective: Objective) -> Tensor:
    """What G minimises over q while D stays as it is; a scalar."""
    _check_scores(D, objective)
    if objective == "least squares":
        return (q * (D - 1).square()).sum()
    if objective == "saturating":
        return torch.xlogy(q, 1 - D).sum()
    return -torch.xlogy(q, D).sum()


@door
def jensen_shannon(p: Chances, q: Chances) -> Tensor:
    """½ KL(p‖m) + ½ KL(q‖m), m = (p + q)/2, in nats: 0 where p = q, log 2 at most."""
    return 0.5 * (kl(p, (p + q) / 2) + kl(q, (p + q) / 2))


@door
def kl(p: Chances, q: Chances) -> Tensor:
    """KL(p‖q) in nats."""
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()


@door
def descended_divergence(p: Chances, q: Chances, objective: Objective) -> Tensor:
    """The divergence whose slope over q is the slope that G follows against the optimal D.

    saturating: 2 JS(p, q) (Goodfellow et al. 2014, theorem 1)
    non-saturating: KL(q‖p) − 2 JS(p, q) (Arjovsky & Bottou 2017, theorem 2.5)
    least squares: Σ p φ(q/p), φ(u) = 1 + u − 2 log(1 + u) − 1/(1 + u) − (3/2 − 2 log 2)

    All are 0 where p = q and above 0 elsewhere; the last one follows from integrating (1 − D*)² =
    (q/(p + q))² over q, and φ″(u) = 2u/(1 + u)³ ≥ 0 makes it an f-divergence.

    Args:
        p, q: (n,), above 0.
    """
    if objective == "saturating":
        return 2 * jensen_shannon(p, q)
    if objective == "non-saturating":
        return kl(q, p) - 2 * jensen_shannon(p, q)
    u = q / p
    phi = 1 + u - 2 * torch.log1p(u) - 1 / (1 + u) - (1.5 - 2 * math.log(2))
    return (p * phi).sum()


# ------------------------------------------------------------------- translators as permutations


class PairsOfTranslators(NamedTuple):
    """All pairs of permutations (G, F), and what the losses say about each pair.

    Attributes:
        G, F: (n_pairs, n).
        adversarial: 2 JS of G's output and of F's, summed; (n_pairs,), in nats.
        cycle: the probability that a state does not come back, both ways summed; (n_pairs,).
    """

    G: Tensor
    F: Tensor
    adversarial: Tensor
    cycle: Tensor

    def optimal(self, cycle_weight: float) -> Tensor:
        """Which pairs reach the lowest loss, (n_pairs,) bool."""
        loss = self.adversarial + cycle_weight * self.cycle
        return loss < loss.min() + 1e-6


@door
def all_translators(p_x: Chances, p_y: Chances) -> PairsOfTranslators:
    """Every pair of permutations between two worlds of n states, by enumeration.

    Args:
        p_x, p_y: probabilities of the states, (n,), n ≤ 5: there are (n!)² pairs.

    Raises:
        ValueError: not two distributions of one size, or too many states.
    """
    n = len(p_x)
    if n > 5:
        raise ValueError(f"expected at most 5 states, (5!)² = 14400 pairs, got {n}")
    every = torch.tensor(list(itertools.permutations(range(n))))  # (n!, n)
    G, F = every.repeat_interleave(len(every), dim=0), every.repeat(len(every), 1)
    states = torch.arange(n)
    made_y = torch.zeros(len(G), n, dtype=p_x.dtype).scatter_(1, G, p_x.expand(len(G), n))
    made_x = torch.zeros(len(F), n, dtype=p_x.dtype).scatter_(1, F, p_y.expand(len(F), n))
    adversarial = torch.stack(
        [
            2 * jensen_shannon(p_y, q) + 2 * jensen_shannon(p_x, r)
            for q, r in zip(made_y, made_x, strict=True)
        ]
    )
    cycle = (p_x * (F.gather(1, G) != states)).sum(1) + (p_y * (G.gather(1, F) != states)).sum(1)
    return PairsOfTranslators(G, F, adversarial, cycle)


def _check_scores(D: Tensor, objective: Objective) -> None:
    if objective != "least squares":
        check_alike(Annotated[Tensor, In(0, 1)], {"D": D})

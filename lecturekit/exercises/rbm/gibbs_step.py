"""Exercise 1.2: one Gibbs step, hidden given visible and back."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.rbm import enumeration
from lecturekit.exercises.tiny import Maker


def gibbs_step(
    W: Tensor, b: Tensor, c: Tensor, v: Tensor, u_hidden: Tensor, u_visible: Tensor
) -> tuple[Tensor, Tensor]:
    """One Gibbs step: sample h ~ P(h | v), then new visible states from P(v | h).

    The random numbers are handed in. A unit that is on with probability p becomes 1.0 where its
    uniform number is below p, and 0.0 elsewhere.

    Args:
        W: weights, (n_visible, n_hidden)
        b: visible biases, (n_visible,)
        c: hidden biases, (n_hidden,)
        v: binary visible states, (batch, n_visible)
        u_hidden: uniform numbers in [0, 1) for the hidden units, (batch, n_hidden)
        u_visible: uniform numbers in [0, 1) for the visible units, (batch, n_visible)

    Returns:
        the sampled hidden states, (batch, n_hidden), and the new visible states,
        (batch, n_visible), all 0.0 or 1.0
    """
    h = (u_hidden < torch.sigmoid(v @ W + c)).to(v.dtype)
    v_new = (u_visible < torch.sigmoid(h @ W.T + b)).to(v.dtype)
    return h, v_new


def case(make: Maker, n_visible: int, n_hidden: int, batch: int) -> Arguments:
    return (
        *enumeration.parameters(make, n_visible, n_hidden),
        make.bits(batch, n_visible),
        make.uniform(batch, n_hidden),
        make.uniform(batch, n_visible),
    )


def answer(
    on: Slips, W: Tensor, b: Tensor, c: Tensor, v: Tensor, u_hidden: Tensor, u_visible: Tensor
) -> tuple[Tensor, Tensor]:
    def chance(x: Tensor, layer: str) -> Tensor:
        if on("tanh"):
            return torch.tanh(x)
        return x if on("no sigmoid") or on(f"no {layer} sigmoid") else torch.sigmoid(x)

    def sample(p: Tensor, u: Tensor, layer: str) -> Tensor:
        u = torch.full_like(u, 0.5) if on("rounded") or on(f"{layer} rounded") else u
        return (u > p if on("above") or on(f"{layer} above") else u < p).double()

    W = W.T if on("transposed weights") else W
    b, c = (c, b) if on("biases exchanged") else (b, c)
    none = on("no biases")
    p_hidden = chance(v @ W + (0.0 if none or on("no hidden bias") else c), "hidden")
    h = sample(p_hidden, u_hidden, "hidden")
    back = p_hidden if on("probabilities") or on("mean field back") else h
    y = back @ (W if on("not transposed back") else W.T)
    y = y + (0.0 if none or on("no visible bias") else b)
    p_visible = chance(y, "visible")
    new = sample(p_visible, u_visible, "visible")
    if on("probabilities"):
        return p_hidden, p_visible
    new = p_visible if on("visible probabilities") else new
    new = v if on("visible unchanged") else new
    return (p_hidden if on("hidden probabilities returned") else h), new


GIBBS_STEP = Exercise(
    number="1.2",
    title="one Gibbs step",
    minutes=10,
    reference=gibbs_step,
    case=case,
    sizes=((3, 2, 4), (4, 4, 20), (3, 5, 16), (6, 2, 16)),
    by_hand=(2, 1, 4),
    answer=answer,
    exact=enumeration.gibbs_step,
    slips={
        "probabilities": "These are probabilities, not samples. A Gibbs chain moves through "
        "binary states: compare the uniform numbers with the probabilities.",
        "visible probabilities": "The visible states are still probabilities: they too have to be "
        "compared with their uniform numbers.",
        "hidden probabilities returned": "What is returned for the hidden units are their "
        "probabilities; return the sample, from which the visible states are drawn.",
        "mean field back": "The way back uses the hidden probabilities. v has to be drawn given "
        "the sampled binary h; otherwise the chain does not have the model as its stationary "
        "distribution.",
        "above": "The comparison is the wrong way round: u > p is true with probability 1 − p. A "
        "uniform number lies below p with probability p.",
        "hidden above": "For the hidden units the comparison is the wrong way round: u > p is "
        "true with probability 1 − p. A uniform number lies below p with probability p.",
        "visible above": "For the visible units the comparison is the wrong way round: u > p is "
        "true with probability 1 − p. A uniform number lies below p with probability p.",
        "rounded": "The probabilities are rounded at ½. That always takes the more likely state "
        "and samples nothing; compare with the uniform numbers that are handed in.",
        "hidden rounded": "The hidden probabilities are rounded at ½. That always takes the more "
        "likely state and samples nothing; compare with the uniform numbers that are handed in.",
        "visible rounded": "The visible probabilities are rounded at ½. That always takes the more "
        "likely state and samples nothing; compare with the uniform numbers that are handed in.",
        "no sigmoid": "The uniform numbers are compared with the units' inputs; a probability is "
        "σ(input).",
        "no hidden sigmoid": "For the hidden units the uniform numbers are compared with the "
        "inputs; a probability is σ(input).",
        "no visible sigmoid": "For the visible units the uniform numbers are compared with the "
        "inputs; a probability is σ(input).",
        "tanh": "tanh stands where the sigmoid belongs: a probability is between 0 and 1.",
        "transposed weights": "W is used the wrong way round, which goes unnoticed only where it "
        "is square: the input of the hidden units is v @ W + c, that of the visible ones h @ W.T "
        "+ b.",
        "not transposed back": "The way back needs W transposed: W is (n_visible, n_hidden), so "
        "the visible units' input is h @ W.T + b.",
        "no biases": "The biases are missing: the inputs are v @ W + c and h @ W.T + b.",
        "no hidden bias": "The hidden bias is missing: the hidden units' input is v @ W + c.",
        "no visible bias": "The visible bias is missing: the visible units' input is h @ W.T + b.",
        "biases exchanged": "The biases are exchanged: c belongs to the hidden units, b to the "
        "visible ones.",
        "visible unchanged": "The visible states come back as they were: the step ends with v "
        "drawn given h.",
    },
    returns=("the hidden states", "the new visible states"),
    hints=(
        "Given v, the hidden units are independent, and each is on with probability σ(its input). "
        "Given h, the same holds for the visible units.",
        "`u < p` is true with probability p. It gives a tensor of True and False; "
        "`.to(v.dtype)` makes numbers of it.",
        "`h = (u_hidden < torch.sigmoid(v @ W + c)).to(v.dtype)`. For the visible units replace v "
        "by this h, W by `W.T`, c by b, and use `u_visible`.",
    ),
    derivation=r"""
Given $v$, the energy is a sum over hidden units, $-E(v, h) = \text{const} + \sum_j h_j x_j$ with
$x_j = \sum_i v_i W_{ij} + c_j$. So $P(h \mid v) \propto \prod_j e^{h_j x_j}$: the hidden units are
independent, and

$$P(h_j = 1 \mid v) = \frac{e^{x_j}}{1 + e^{x_j}} = \sigma(x_j).$$

The energy treats the two layers alike, hence $P(v_i = 1 \mid h) = \sigma\big(\sum_j W_{ij} h_j +
b_i\big)$, where $W$ is used transposed.

A uniform number $u \in [0, 1)$ lies below $p$ with probability $p$, so $1[u < p]$ is a sample. Both
half-steps draw a layer from its exact conditional distribution, which leaves the joint distribution
$P(v, h)$ unchanged: that is why the chain converges to the model. With the probabilities in place
of the sample $h$ this argument breaks down.
""",
)

"""Exercise 1.2: one Gibbs step, hidden given visible and back."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.rbm import tiny


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


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(3, 2, 4), (4, 4, 20), (3, 5, 16), (6, 2, 16)]
    return [_case(*size, generator) for size in sizes]


def _case(n_visible: int, n_hidden: int, batch: int, generator: torch.Generator) -> Arguments:
    return (
        *tiny.random_parameters(n_visible, n_hidden, generator),
        tiny.random_bits(batch, n_visible, generator=generator),
        tiny.uniforms(batch, n_hidden, generator=generator),
        tiny.uniforms(batch, n_visible, generator=generator),
    )


# ------------------------------------------------------------------------ typical wrong answers

Step = tuple[Tensor, Tensor]


def _probabilities(W: Tensor, b: Tensor, c: Tensor, v: Tensor, u: Tensor, w: Tensor) -> Step:
    hidden = torch.sigmoid(v @ W + c)
    return hidden, torch.sigmoid(hidden @ W.T + b)


def _probabilities_returned(
    W: Tensor, b: Tensor, c: Tensor, v: Tensor, u: Tensor, w: Tensor
) -> Step:
    h = (u < torch.sigmoid(v @ W + c)).to(v.dtype)
    return h, torch.sigmoid(h @ W.T + b)


def _mean_field_way_back(W: Tensor, b: Tensor, c: Tensor, v: Tensor, u: Tensor, w: Tensor) -> Step:
    hidden = torch.sigmoid(v @ W + c)
    return (u < hidden).to(v.dtype), (w < torch.sigmoid(hidden @ W.T + b)).to(v.dtype)


def _above(W: Tensor, b: Tensor, c: Tensor, v: Tensor, u: Tensor, w: Tensor) -> Step:
    h = (u > torch.sigmoid(v @ W + c)).to(v.dtype)
    return h, (w > torch.sigmoid(h @ W.T + b)).to(v.dtype)


def _rounded(W: Tensor, b: Tensor, c: Tensor, v: Tensor, u: Tensor, w: Tensor) -> Step:
    half = torch.full_like(u, 0.5), torch.full_like(w, 0.5)
    return gibbs_step(W, b, c, v, *half)


def _no_sigmoid(W: Tensor, b: Tensor, c: Tensor, v: Tensor, u: Tensor, w: Tensor) -> Step:
    h = (u < v @ W + c).to(v.dtype)
    return h, (w < h @ W.T + b).to(v.dtype)


def _weights_transposed(W: Tensor, b: Tensor, c: Tensor, v: Tensor, u: Tensor, w: Tensor) -> Step:
    return gibbs_step(W.T, b, c, v, u, w)


def _not_transposed_back(W: Tensor, b: Tensor, c: Tensor, v: Tensor, u: Tensor, w: Tensor) -> Step:
    h = (u < torch.sigmoid(v @ W + c)).to(v.dtype)
    return h, (w < torch.sigmoid(h @ W + b)).to(v.dtype)


def _no_biases(W: Tensor, b: Tensor, c: Tensor, v: Tensor, u: Tensor, w: Tensor) -> Step:
    return gibbs_step(W, torch.zeros_like(b), torch.zeros_like(c), v, u, w)


def _biases_swapped(W: Tensor, b: Tensor, c: Tensor, v: Tensor, u: Tensor, w: Tensor) -> Step:
    return gibbs_step(W, c, b, v, u, w)


def _swapped_order(W: Tensor, b: Tensor, c: Tensor, v: Tensor, u: Tensor, w: Tensor) -> Step:
    h, v_new = gibbs_step(W, b, c, v, u, w)
    return v_new, h


GIBBS_STEP = Exercise(
    number="1.2",
    title="one Gibbs step",
    reference=gibbs_step,
    cases=cases,
    exact=tiny.gibbs_step,
    returns=("the hidden states", "the new visible states"),
    wrong=(
        Misconception(
            _probabilities,
            "These are probabilities, not samples. A Gibbs chain moves through binary states: "
            "compare the uniform numbers with the probabilities.",
        ),
        Misconception(
            _probabilities_returned,
            "The hidden states are sampled, the visible ones are still probabilities: they too "
            "have to be compared with their uniform numbers.",
        ),
        Misconception(
            _mean_field_way_back,
            "The way back uses the hidden probabilities. v has to be drawn given the sampled "
            "binary h; otherwise the chain does not have the model as its stationary distribution.",
        ),
        Misconception(
            _above,
            "The comparison is the wrong way round: u > p is true with probability 1 − p. A "
            "uniform number lies below p with probability p.",
        ),
        Misconception(
            _rounded,
            "The probabilities are rounded at ½. That always takes the more likely state and "
            "samples nothing; compare with the uniform numbers that are handed in.",
        ),
        Misconception(
            _no_sigmoid,
            "The uniform numbers are compared with the units' inputs; a probability is σ(input).",
        ),
        Misconception(
            _weights_transposed,
            "W is used the wrong way round, which goes unnoticed only where it is square: the "
            "input of the hidden units is v @ W + c, that of the visible ones h @ W.T + b.",
        ),
        Misconception(
            _not_transposed_back,
            "The way back needs W transposed: W is (n_visible, n_hidden), so the visible units' "
            "input is h @ W.T + b.",
        ),
        Misconception(
            _no_biases,
            "The biases are missing: the inputs are v @ W + c and h @ W.T + b.",
        ),
        Misconception(
            _biases_swapped,
            "The biases are exchanged: c belongs to the hidden units, b to the visible ones.",
        ),
        Misconception(
            _swapped_order,
            "Both are right, but returned in the wrong order: first the hidden states, then the "
            "new visible ones.",
        ),
    ),
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

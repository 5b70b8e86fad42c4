"""Exercise 1.1: the free energy, the hidden units summed out in closed form."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.rbm import enumeration
from lecturekit.exercises.rbm.enumeration import HUGE
from lecturekit.exercises.tiny import Maker


def free_energy(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    """The free energy F(v) = −log Σ_h exp(−E(v, h)), without a sum over the 2ⁿ hidden states.

    E(v, h) = −vᵀWh − b·v − c·h, and exp(−F(v)) is the weight that the model gives to v.

    Args:
        W: weights, (n_visible, n_hidden)
        b: visible biases, (n_visible,)
        c: hidden biases, (n_hidden,)
        v: binary visible states, one in each row, (batch, n_visible)

    Returns:
        one free energy per row of v, (batch,), finite also for large weights
    """
    hidden_input = v @ W + c  # (batch, n_hidden)
    return -v @ b - torch.nn.functional.softplus(hidden_input).sum(dim=1)


def case(
    make: Maker,
    n_visible: int,
    n_hidden: int,
    batch: int,
    scale: float = 1.0,
    offset: float = 0.0,
    n_unconnected: int = 0,
) -> Arguments:
    W, b, c = enumeration.parameters(make, n_visible, n_hidden, scale, offset)
    if n_unconnected:  # too many hidden units to list their states
        W[:, -n_unconnected:] = 0.0
    return W, b, c, make.bits(batch, n_visible)


def answer(on: Slips, W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    softplus = torch.nn.functional.softplus
    if on("all states") and len(c) > 20:
        raise MemoryError
    b = torch.zeros_like(b) if on("no visible bias") else b
    x = v @ (W.T if on("transposed weights") else W)
    bias = 0.0 if on("no hidden bias") or on("bias outside") else c
    visible, x = v @ b, -(x + bias) if on("input negated") else x + bias
    if on("visible bias inside"):
        visible, x = torch.zeros_like(visible), x + visible[:, None]
    each = softplus(x)
    if on("log sigmoid"):
        each = torch.nn.functional.logsigmoid(x)
    elif on("mean field"):
        each = torch.sigmoid(x) * x
    elif on("overflow"):
        each = torch.log(1 + torch.exp(x))
    elif on("sigmoid"):
        each = torch.sigmoid(x)
    elif on("no logarithm"):
        each = 1 + torch.exp(x)
    elif on("one state"):
        each = x
    elif on("exact zero"):
        each = torch.relu(x)
    each = each + c if on("bias outside") else each
    hidden = each.sum(dim=1)
    if on("softplus of sum"):
        hidden = softplus(x.sum(dim=1))
    elif on("softplus multiplied"):
        hidden = each.prod(dim=1)
    elif on("one added once"):
        hidden = torch.log1p(torch.exp(x).sum(dim=1))
    elif on("hidden averaged"):
        hidden = each.mean(dim=1)
    elif on("hidden not summed"):
        visible, hidden = visible[:, None], each
    visible = -visible if on("visible sign") else visible
    return -visible + hidden if on("hidden sign") else -visible - hidden


def exact(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    return -enumeration.log_weight(W, b, c, v)


FREE_ENERGY = Exercise(
    number="1.1",
    title="the free energy",
    minutes=10,
    reference=free_energy,
    case=case,
    sizes=(
        (3, 2, 4),
        (2, 2, 1),
        (3, 3, 4),
        (2, 5, 3),
        (6, 4, 8),
        (5, 3, 4, *HUGE),
        (3, 36, 2, 1.0, 0.0, 30),
    ),
    by_hand=(2, 1, 2),
    answer=answer,
    exact=exact,
    slips={
        "no visible bias": "The visible bias is missing: the term b·v does not depend on h, so it "
        "leaves the sum over h unchanged, but it stays in F.",
        "no hidden bias": "The hidden bias is missing: a hidden unit's input is vᵀW + c.",
        "visible sign": "The sign of the visible term is wrong: E has −b·v, and F keeps it as it "
        "is.",
        "hidden sign": "The sign of the hidden term is wrong: F = −log Σ_h …, so the softplus "
        "terms are subtracted like b·v.",
        "softplus of sum": "The softplus is applied to the sum over hidden units. The sum over h "
        "factorises: every hidden unit has a softplus of its own input, and these are added.",
        "log sigmoid": "The logarithm of a sigmoid stands where log(1 + exp(·)) belongs. σ(x) is "
        "the probability that a hidden unit is on; the sum over its two states is exp(0) + "
        "exp(x).",
        "input negated": "The hidden units' inputs have the wrong sign: −E has + vᵀWh + c·h, so "
        "it is log(1 + exp(+x)) with x = vᵀW + c.",
        "mean field": "This is the energy of v with the hidden units at their mean values σ(vᵀW + "
        "c). The free energy sums exp(−E) over both states of every hidden unit; it is lower by "
        "the entropy of P(h | v).",
        "sigmoid": "A sigmoid stands where the softplus belongs. The sigmoid is its derivative; "
        "the sum over the two states of a unit is log(1 + exp(x)).",
        "no logarithm": "The logarithm is missing: the sum over h is the product of (1 + "
        "exp(xⱼ)), and its logarithm the sum of log(1 + exp(xⱼ)).",
        "one state": "Only the state hⱼ = 1 is counted, exp(xⱼ). A unit that is off counts exp(0) "
        "= 1: log(1 + exp(xⱼ)).",
        "exact zero": "max(0, x) stands where log(1 + exp(x)) belongs: that is the energy of the "
        "best h. They agree for large x only.",
        "hidden averaged": "The softplus terms are averaged over the hidden units; they have to "
        "be summed, since the logarithm of a product is a sum.",
        "one added once": "The exponentials of all hidden units are summed before 1 is added and "
        "the logarithm taken. Every hidden unit has a factor 1 + exp(xⱼ) of its own: sum the "
        "logarithms.",
        "softplus multiplied": "The softplus terms are multiplied. The logarithm of a product is "
        "a sum of logarithms: they are added.",
        "hidden not summed": "The hidden units are still there, one column each: sum their "
        "softplus terms over the last dimension.",
        "bias outside": "The hidden bias is added outside of the softplus. It is part of a hidden "
        "unit's input: softplus(vᵀW + c).",
        "visible bias inside": "b·v stands inside of the softplus. It does not depend on h, so it "
        "leaves the sum over h as a factor exp(b·v): F = −b·v − Σ softplus(xⱼ).",
        "overflow": "Right for small weights, but for large weights exp overflows: log(1 + "
        "exp(x)) is torch.nn.functional.softplus(x), which does not.",
        "transposed weights": "W is used transposed, which goes unnoticed only where it is "
        "square: W is (n_visible, n_hidden), so with one example per row the hidden input is v @ "
        "W + c.",
        "all states": "Right where there are few hidden units, but this lists all 2ⁿ hidden "
        "states, which no memory holds for 36 units. The sum over h factorises: one factor for "
        "each unit.",
        "negated": "This is the exact negative of the free energy: F(v) = −log Σ_h exp(−E(v, h)), "
        "so a likely v has a low one.",
    },
    returns=("one free energy per row of v",),
    hints=(
        "Write −E(v, h) as b·v + Σⱼ hⱼ·xⱼ. What is xⱼ, the input of hidden unit j?",
        "exp(−E) is then a product over hidden units, and the sum over all h turns into a product "
        "of sums over hⱼ ∈ {0, 1}: ∏ⱼ (1 + exp(xⱼ)).",
        "F(v) = −b·v − Σⱼ log(1 + exp(xⱼ)) with x = vᵀW + c. For all rows at once `v @ W + c` is "
        "(batch, n_hidden); `torch.nn.functional.softplus` is log(1 + exp(·)) without overflow; "
        "sum it over `dim=1`.",
    ),
    derivation=r"""
With $x_j = \sum_i v_i W_{ij} + c_j$, the energy is $-E(v, h) = b \cdot v + \sum_j h_j x_j$. The
first term does not depend on $h$, and the exponential of a sum over units is a product over units:

$$\sum_h e^{-E(v, h)} = e^{b \cdot v} \sum_{h_1 \in \{0, 1\}} \cdots \sum_{h_m \in \{0, 1\}}
\prod_j e^{h_j x_j} = e^{b \cdot v} \prod_j \left(1 + e^{x_j}\right).$$

A sum over $2^m$ states has become a product of $m$ factors, because no two hidden units are
connected. Taking $-\log$,

$$F(v) = -b \cdot v - \sum_j \log\left(1 + e^{x_j}\right).$$

The last function is the softplus. Written as `log(1 + exp(x))` it overflows at large $x$, where it
is simply $x$; `torch.nn.functional.softplus` takes care of that.
""",
)

"""Exercise 1.1: the free energy, the hidden units summed out in closed form."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.rbm import tiny


def free_energy(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    """The free energy F(v) = −log Σ_h exp(−E(v, h)), without a sum over the 2ⁿ hidden states.

    E(v, h) = −vᵀWh − b·v − c·h, and exp(−F(v)) is the weight that the model gives to v.

    Args:
        W: weights, (n_visible, n_hidden)
        b: visible biases, (n_visible,)
        c: hidden biases, (n_hidden,)
        v: binary visible states, one in each row, (batch, n_visible)

    Returns:
        one free energy per row of v, (batch,)
    """
    hidden_input = v @ W + c  # (batch, n_hidden)
    return -v @ b - torch.nn.functional.softplus(hidden_input).sum(dim=1)


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(3, 2, 4), (2, 2, 1), (3, 3, 4), (2, 5, 3), (6, 4, 8)]
    small = [
        (
            *tiny.random_parameters(n_visible, n_hidden, generator),
            tiny.random_bits(batch, n_visible, generator=generator),
        )
        for n_visible, n_hidden, batch in sizes
    ]
    huge = tiny.huge_parameters(5, 3, generator)
    return [*small, (*huge, tiny.random_bits(4, 5, generator=generator))]


def exact(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    return -tiny.log_weight(W, b, c, v)


# ------------------------------------------------------------------------ typical wrong answers


def _negative(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    return -free_energy(W, b, c, v)


def _no_visible_bias(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    return free_energy(W, torch.zeros_like(b), c, v)


def _no_hidden_bias(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    return free_energy(W, b, torch.zeros_like(c), v)


def _visible_bias_sign(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    return free_energy(W, -b, c, v)


def _softplus_added(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    return -v @ b + torch.nn.functional.softplus(v @ W + c).sum(dim=1)


def _softplus_of_sum(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    return -v @ b - torch.nn.functional.softplus((v @ W + c).sum(dim=1))


def _log_sigmoid(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    return -v @ b - torch.sigmoid(v @ W + c).log().sum(dim=1)


def _stable_log_sigmoid(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    return -v @ b - torch.nn.functional.logsigmoid(v @ W + c).sum(dim=1)


def _mean_field_energy(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    hidden_input = v @ W + c
    return -v @ b - (torch.sigmoid(hidden_input) * hidden_input).sum(dim=1)


def _mean_over_hidden(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    return -v @ b - torch.nn.functional.softplus(v @ W + c).mean(dim=1)


def _not_summed(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    return (-v @ b)[:, None] - torch.nn.functional.softplus(v @ W + c)


def _overflowing(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    return -v @ b - torch.log(1 + torch.exp(v @ W + c)).sum(dim=1)


def _weights_transposed(W: Tensor, b: Tensor, c: Tensor, v: Tensor) -> Tensor:
    return free_energy(W.T, b, c, v)


_LOG_SIGMOID = (
    "The logarithm of a sigmoid stands where log(1 + exp(·)) belongs. σ(x) is the probability that "
    "a hidden unit is on; the sum over its two states is exp(0) + exp(x)."
)

FREE_ENERGY = Exercise(
    number="1.1",
    title="the free energy",
    reference=free_energy,
    cases=cases,
    exact=exact,
    returns=("one free energy per row of v",),
    wrong=(
        Misconception(
            _negative,
            "This is the exact negative of the free energy: F(v) = −log Σ_h exp(−E(v, h)), so a "
            "likely v has a low one.",
        ),
        Misconception(
            _no_visible_bias,
            "The visible bias is missing: the term b·v does not depend on h, so it leaves the sum "
            "over h unchanged, but it stays in F.",
        ),
        Misconception(
            _no_hidden_bias,
            "The hidden bias is missing: a hidden unit's input is vᵀW + c.",
        ),
        Misconception(
            _visible_bias_sign,
            "The sign of the visible term is wrong: E has −b·v, and F keeps it as it is.",
        ),
        Misconception(
            _softplus_added,
            "The sign of the hidden term is wrong: F = −log Σ_h …, so the softplus terms are "
            "subtracted like b·v.",
        ),
        Misconception(
            _softplus_of_sum,
            "The softplus is applied to the sum over hidden units. The sum over h factorises: "
            "every hidden unit has a softplus of its own input, and these are added.",
        ),
        Misconception(_log_sigmoid, _LOG_SIGMOID),
        Misconception(_stable_log_sigmoid, _LOG_SIGMOID),
        Misconception(
            _mean_field_energy,
            "This is the energy of v with the hidden units at their mean values σ(vᵀW + c). The "
            "free energy sums exp(−E) over both states of every hidden unit; it is lower by the "
            "entropy of P(h | v).",
        ),
        Misconception(
            _mean_over_hidden,
            "The softplus terms are averaged over the hidden units; they have to be summed, since "
            "the logarithm of a product is a sum.",
        ),
        Misconception(
            _not_summed,
            "The hidden units are still there, one column each: sum their softplus terms over the "
            "last dimension.",
        ),
        Misconception(
            _overflowing,
            "Right for small weights, but exp overflows for large ones: log(1 + exp(x)) is "
            "torch.nn.functional.softplus(x), which does not.",
        ),
        Misconception(
            _weights_transposed,
            "W is used transposed, which goes unnoticed only where it is square: W is (n_visible, "
            "n_hidden), so with one example per row the hidden input is v @ W + c.",
        ),
    ),
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

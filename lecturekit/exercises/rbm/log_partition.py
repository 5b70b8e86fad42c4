"""Exercise 1.6: the exact log Z, by summing out one layer and enumerating the other."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.rbm import enumeration
from lecturekit.exercises.rbm.enumeration import HUGE
from lecturekit.exercises.tiny import Maker, binary_states


def log_partition(W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """The exact log partition function, log Z = log Σ_v Σ_h exp(−E(v, h)).

    The hidden layer is small, so its 2ⁿ states can be listed. The visible layer may be far too
    large for that, and is summed out in closed form. `torch.cartesian_prod` may help with the list.

    Args:
        W: weights, (n_visible, n_hidden), with n_hidden at least 2 and small
        b: visible biases, (n_visible,)
        c: hidden biases, (n_hidden,)

    Returns:
        log Z, a tensor of shape (), finite also for large weights
    """
    bit = torch.tensor([0.0, 1.0], dtype=W.dtype, device=W.device)
    h = torch.cartesian_prod(*[bit] * len(c))  # (2 ** n_hidden, n_hidden)
    visible_input = h @ W.T + b  # (2 ** n_hidden, n_visible)
    log_weights = h @ c + torch.nn.functional.softplus(visible_input).sum(dim=1)
    return torch.logsumexp(log_weights, dim=0)


def case(
    make: Maker,
    n_visible: int,
    n_hidden: int,
    scale: float = 1.0,
    offset: float = 0.0,
    n_unconnected: int = 0,
) -> Arguments:
    W, b, c = enumeration.parameters(make, n_visible, n_hidden, scale, offset)
    if n_unconnected:  # too many visible units to list their states
        W[-n_unconnected:] = 0.0
    return W, b, c


def answer(on: Slips, W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    softplus = torch.nn.functional.softplus
    if on("all states") and len(b) > 20:
        raise MemoryError
    b, c = (c, b) if on("biases exchanged") else (b, c)
    h = binary_states(W.shape[1])
    h = h[1:] if on("no zero state") else h
    h = torch.cat([h[:1], torch.eye(len(c)).to(h)]) if on("one unit at a time") else h
    h = 2 * h - 1 if on("states of ±1") else h
    y = h @ W.T + (0.0 if on("no visible bias") or on("visible bias outside") else b)
    each = softplus(y)
    if on("softplus of sum"):
        each = softplus(y.sum(dim=1, keepdim=True))
    elif on("log sigmoid"):
        each = torch.nn.functional.logsigmoid(y)
    elif on("visible averaged"):
        each = each.mean(dim=1, keepdim=True)
    elif on("one visible state"):
        each = y
    log_weights = each.sum(dim=1) + (0.0 if on("no hidden bias") else h @ c)
    log_weights = log_weights - 2 * h @ c if on("hidden sign") else log_weights
    if on("visible bias outside") or on("visible bias twice"):
        log_weights = log_weights + b.sum()
    if on("wrong sign"):
        log_weights = -log_weights
    if on("of each state"):
        return log_weights
    if on("logarithms summed"):
        return log_weights.sum()
    if on("most likely state"):
        return log_weights.max()
    if on("overflow"):
        return log_weights.exp().sum().log()
    if on("mean of logarithms"):
        return log_weights.mean()
    total = torch.logsumexp(log_weights, dim=0)
    if on("averaged"):
        total = total - math.log(len(log_weights))
    elif on("Z"):
        total = total.exp()
    return total


exact = enumeration.log_total_weight


LOG_PARTITION = Exercise(
    number="1.6",
    title="log Z by summing out one layer",
    minutes=20,
    reference=log_partition,
    case=case,
    sizes=((3, 2), (3, 3), (2, 5), (6, 3), (4, 3, *HUGE), (60, 3, 1.0, 0.0, 55)),
    by_hand=(2, 2),
    answer=answer,
    exact=exact,
    slips={
        "averaged": "This is the mean over the hidden states in place of the sum: it is too low "
        "by exactly n_hidden · log 2.",
        "overflow": "Right for small weights, but for large weights exp overflows. Stay "
        "with logarithms: torch.logsumexp for the sum over states, torch.nn.functional.softplus "
        "for log(1 + exp(·)).",
        "wrong sign": "The sign inside the exponential is wrong: a state's weight is "
        "exp(−energy), and what is enumerated here are free energies of h. Negate them before the "
        "logsumexp.",
        "hidden sign": "c·h has the wrong sign: −E has + c·h, so a state's log weight has it too.",
        "no hidden bias": "The hidden bias is missing: every enumerated h has the term c·h, which "
        "the sum over v leaves alone.",
        "no visible bias": "The visible bias is missing: the visible units' input is h @ W.T + b.",
        "visible bias outside": "The visible bias stands outside of the softplus. That is the "
        "free energy's term b·v; here v is summed out, and bᵢ is part of a visible unit's input: "
        "softplus(h @ W.T + b).",
        "visible bias twice": "The visible bias stands outside of the softplus as well. It is "
        "part of a visible unit's input, and nowhere else.",
        "biases exchanged": "The biases are exchanged, which goes unnoticed only where there are "
        "as many visible as hidden units: c goes with the enumerated h, b with the visible units "
        "summed out.",
        "of each state": "These are the log weights of the single hidden states; log Z is one "
        "number, the logsumexp over them.",
        "logarithms summed": "The logarithms of the weights are summed. Z is a sum of weights, so "
        "the sum comes before the logarithm: torch.logsumexp.",
        "mean of logarithms": "This is the mean of the logarithms of the weights. Z is a sum of "
        "weights, so the sum comes before the logarithm: torch.logsumexp.",
        "most likely state": "This is the largest log weight alone. The other hidden states count "
        "too: torch.logsumexp over all of them.",
        "Z": "This is Z; asked for is its logarithm, which stays finite where Z overflows.",
        "no zero state": "The state in which all hidden units are off is missing from the list: "
        "its weight is ∏ᵢ (1 + exp(bᵢ)).",
        "one unit at a time": "Only the states with at most one hidden unit on are listed; there "
        "are 2ⁿ of them.",
        "states of ±1": "The hidden states are −1 and 1; a unit is 0 or 1.",
        "softplus of sum": "The softplus is applied to the sum over visible units. Each visible "
        "unit has one of its own input, and these are added.",
        "log sigmoid": "The logarithm of a sigmoid stands where log(1 + exp(·)) belongs: the sum "
        "over a visible unit's two states is exp(0) + exp(y).",
        "visible averaged": "The softplus terms are averaged over the visible units; the "
        "logarithm of a product is their sum.",
        "one visible state": "Only the state vᵢ = 1 is counted, exp(yᵢ). A unit that is off "
        "counts exp(0) = 1: log(1 + exp(yᵢ)).",
        "all states": "Right where there are few visible units, but this lists all 2ⁿ visible "
        "states, which no memory holds for 60 units. Only the hidden states need a list.",
    },
    returns=("log Z",),
    hints=(
        "For one fixed h the sum over all v factorises over the visible units, exactly as the sum "
        "over h did in exercise 1.1 with the layers exchanged.",
        "The log weight of h is c·h + Σᵢ softplus(Σⱼ Wᵢⱼ hⱼ + bᵢ). List all h as rows, "
        "(2 ** n_hidden, n_hidden), and compute all log weights with one matrix product.",
        "`h = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=W.dtype)] * len(c))`; the log "
        "weights are `h @ c + torch.nn.functional.softplus(h @ W.T + b).sum(dim=1)`; "
        "`torch.logsumexp(..., dim=0)` adds the weights without overflow.",
    ),
    derivation=r"""
With the visible units' inputs $y_i = \sum_j W_{ij} h_j + b_i$,

$$Z = \sum_h \sum_v e^{v^\top W h + b \cdot v + c \cdot h}
    = \sum_h e^{c \cdot h} \prod_i \sum_{v_i \in \{0, 1\}} e^{v_i y_i}
    = \sum_h e^{c \cdot h} \prod_i \left(1 + e^{y_i}\right).$$

The inner sum over $2^n$ visible states has become a product of $n$ factors; what is left is a sum
over the $2^m$ hidden states. So the cost is exponential in the *smaller* layer only: with 784
visible and 20 hidden units there are a million terms, not $2^{804}$.

In logarithms,

$$\log Z = \operatorname*{logsumexp}_h\left[c \cdot h + \sum_i \mathrm{softplus}(y_i)\right].$$

`torch.logsumexp` takes out the largest term before it exponentiates,
$\log \sum_k e^{a_k} = a_{\max} + \log \sum_k e^{a_k - a_{\max}}$, so nothing overflows. The
bracket is minus the free energy of $h$: by symmetry, exercise 1.1 with the layers exchanged.
""",
)

"""Exercise 1.6: the exact log Z, by summing out one layer and enumerating the other."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.rbm import tiny


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


def cases(generator: torch.Generator) -> list[Arguments]:
    small = [(3, 2), (3, 3), (2, 5), (6, 3)]
    return [
        *(tiny.random_parameters(*size, generator) for size in small),
        tiny.huge_parameters(4, 3, generator),
        _mostly_unconnected(60, 5, 3, generator),
    ]


def _mostly_unconnected(
    n_visible: int, n_connected: int, n_hidden: int, generator: torch.Generator
) -> Arguments:
    """Too many visible units to list their states, but all except a few have no connections."""
    W, b, c = tiny.random_parameters(n_visible, n_hidden, generator)
    W[n_connected:] = 0.0
    return W, b, c


def exact(W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """Over all joint states of the connected units; each other unit is a factor exp(0) + exp(b)."""
    connected = W.ne(0).any(dim=1)
    alone = b[~connected]
    factors = torch.logsumexp(torch.stack([torch.zeros_like(alone), alone]), dim=0)
    return tiny.log_total_weight(W[connected], b[connected], c) + factors.sum()


# ------------------------------------------------------------------------ typical wrong answers


def _log_weights(W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    h = tiny.binary_states(len(c))
    return h @ c + torch.nn.functional.softplus(h @ W.T + b).sum(dim=1)


def _mean(W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    log_weights = _log_weights(W, b, c)
    return torch.logsumexp(log_weights, dim=0) - torch.tensor(float(len(log_weights))).log()


def _overflowing(W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return _log_weights(W, b, c).exp().sum().log()


def _overflowing_softplus(W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    h = tiny.binary_states(len(c))
    return torch.logsumexp(h @ c + (1 + (h @ W.T + b).exp()).log().sum(dim=1), dim=0)


def _overflowing_product(W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    h = tiny.binary_states(len(c))
    return ((h @ c).exp() * (1 + (h @ W.T + b).exp()).prod(dim=1)).sum().log()


def _wrong_sign(W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return torch.logsumexp(-_log_weights(W, b, c), dim=0)


def _no_hidden_bias(W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return torch.logsumexp(_log_weights(W, b, torch.zeros_like(c)), dim=0)


def _no_visible_bias(W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return torch.logsumexp(_log_weights(W, torch.zeros_like(b), c), dim=0)


def _biases_exchanged(W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return torch.logsumexp(_log_weights(W, c, b), dim=0)


def _of_each_state(W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return _log_weights(W, b, c)


def _logs_summed(W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return _log_weights(W, b, c).sum()


def _not_logged(W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return torch.logsumexp(_log_weights(W, b, c), dim=0).exp()


def _most_likely_state(W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return _log_weights(W, b, c).max()


_OVERFLOW = (
    "Right for small weights, but the exponentials overflow for large ones. Stay with logarithms: "
    "torch.logsumexp for the sum over states, torch.nn.functional.softplus for log(1 + exp(·))."
)

LOG_PARTITION = Exercise(
    number="1.6",
    title="log Z by summing out one layer",
    reference=log_partition,
    cases=cases,
    exact=exact,
    returns=("log Z",),
    wrong=(
        Misconception(
            _mean,
            "This is the mean over the hidden states in place of the sum: it is too low by exactly "
            "n_hidden · log 2.",
        ),
        Misconception(_overflowing, _OVERFLOW),
        Misconception(_overflowing_softplus, _OVERFLOW),
        Misconception(_overflowing_product, _OVERFLOW),
        Misconception(
            _wrong_sign,
            "The sign inside the exponential is wrong: a state's weight is exp(−energy), and what "
            "is enumerated here are free energies of h. Negate them before the logsumexp.",
        ),
        Misconception(
            _no_hidden_bias,
            "The hidden bias is missing: every enumerated h has the term c·h, which the sum over v "
            "leaves alone.",
        ),
        Misconception(
            _no_visible_bias,
            "The visible bias is missing: the visible units' input is h @ W.T + b.",
        ),
        Misconception(
            _biases_exchanged,
            "The biases are exchanged, which goes unnoticed only where there are as many visible "
            "as hidden units: c goes with the enumerated h, b with the visible units summed out.",
        ),
        Misconception(
            _of_each_state,
            "These are the log weights of the single hidden states; log Z is one number, the "
            "logsumexp over them.",
        ),
        Misconception(
            _logs_summed,
            "The logarithms of the weights are summed. Z is a sum of weights, so the sum comes "
            "before the logarithm: torch.logsumexp.",
        ),
        Misconception(
            _not_logged,
            "This is Z; asked for is its logarithm, which stays finite where Z overflows.",
        ),
        Misconception(
            _most_likely_state,
            "This is the largest log weight alone. The other hidden states count too: "
            "torch.logsumexp over all of them.",
        ),
    ),
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

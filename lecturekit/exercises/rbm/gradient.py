"""Exercise 1.3: the estimated log-likelihood gradient, positive minus negative phase."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.rbm import tiny
from lecturekit.exercises.rbm.tiny import Theta


def cd_gradient(
    W: Tensor, b: Tensor, c: Tensor, v_data: Tensor, v_model: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The estimated gradient of the mean log-likelihood: the direction in which to go up.

    g = mean over data of −∂F/∂θ  −  mean over the model's samples of −∂F/∂θ,  θ = W, b, c.

    Nothing is sampled here: v_model comes from a Gibbs chain, and the hidden units enter by their
    probabilities, as they do in the derivative of F.

    Args:
        W: weights, (n_visible, n_hidden)
        b: visible biases, (n_visible,)
        c: hidden biases, (n_hidden,)
        v_data: known points, (batch, n_visible)
        v_model: end points of the Gibbs chains, (n_particles, n_visible)

    Returns:
        the gradients of W, b and c, in their shapes
    """
    h_data = torch.sigmoid(v_data @ W + c)  # (batch, n_hidden)
    h_model = torch.sigmoid(v_model @ W + c)  # (n_particles, n_hidden)
    g_W = v_data.T @ h_data / len(v_data) - v_model.T @ h_model / len(v_model)
    g_b = v_data.mean(dim=0) - v_model.mean(dim=0)
    g_c = h_data.mean(dim=0) - h_model.mean(dim=0)
    return g_W, g_b, g_c


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(3, 2, 5, 4), (3, 3, 4, 4), (2, 4, 5, 3), (5, 3, 6, 9)]
    return [_case(*size, generator) for size in sizes]


def _case(
    n_visible: int, n_hidden: int, batch: int, n_particles: int, generator: torch.Generator
) -> Arguments:
    return (
        *tiny.random_parameters(n_visible, n_hidden, generator),
        tiny.random_bits(batch, n_visible, generator=generator),
        tiny.random_bits(n_particles, n_visible, generator=generator),
    )


def exact(W: Tensor, b: Tensor, c: Tensor, v_data: Tensor, v_model: Tensor) -> Theta:
    return tiny.log_likelihood_gradient((W, b, c), v_data, v_model)


# ------------------------------------------------------------------------ typical wrong answers


def _phase(v: Tensor, h: Tensor) -> Theta:
    return v.T @ h / len(v), v.mean(dim=0), h.mean(dim=0)


def _minus(positive: Theta, negative: Theta) -> Theta:
    W, b, c = (plus - minus for plus, minus in zip(positive, negative, strict=True))
    return W, b, c


def _descent(W: Tensor, b: Tensor, c: Tensor, v_data: Tensor, v_model: Tensor) -> Theta:
    return cd_gradient(W, b, c, v_model, v_data)


def _sums(W: Tensor, b: Tensor, c: Tensor, v_data: Tensor, v_model: Tensor) -> Theta:
    data, model = (_phase(v, torch.sigmoid(v @ W + c)) for v in (v_data, v_model))
    total, part = (
        tuple(len(v) * g for g in phase) for v, phase in ((v_data, data), (v_model, model))
    )
    return _minus(total, part)  # type: ignore[arg-type]


def _one_divisor(W: Tensor, b: Tensor, c: Tensor, v_data: Tensor, v_model: Tensor) -> Theta:
    g_W, g_b, g_c = _sums(W, b, c, v_data, v_model)
    return g_W / len(v_data), g_b / len(v_data), g_c / len(v_data)


def _weights_summed(W: Tensor, b: Tensor, c: Tensor, v_data: Tensor, v_model: Tensor) -> Theta:
    _, g_b, g_c = cd_gradient(W, b, c, v_data, v_model)
    return _sums(W, b, c, v_data, v_model)[0], g_b, g_c


def _hidden_of_data(W: Tensor, b: Tensor, c: Tensor, v_data: Tensor, v_model: Tensor) -> Theta:
    h_data = torch.sigmoid(v_data @ W + c)
    return _minus(_phase(v_data, h_data), _phase(v_model, h_data))


def _no_hidden_bias(W: Tensor, b: Tensor, c: Tensor, v_data: Tensor, v_model: Tensor) -> Theta:
    return cd_gradient(W, b, torch.zeros_like(c), v_data, v_model)


def _no_sigmoid(W: Tensor, b: Tensor, c: Tensor, v_data: Tensor, v_model: Tensor) -> Theta:
    return _minus(_phase(v_data, v_data @ W + c), _phase(v_model, v_model @ W + c))


def _rounded(W: Tensor, b: Tensor, c: Tensor, v_data: Tensor, v_model: Tensor) -> Theta:
    data, model = (_phase(v, (v @ W + c > 0).to(v.dtype)) for v in (v_data, v_model))
    return _minus(data, model)


def _positive_only(W: Tensor, b: Tensor, c: Tensor, v_data: Tensor, v_model: Tensor) -> Theta:
    return _phase(v_data, torch.sigmoid(v_data @ W + c))


def _weights_transposed(W: Tensor, b: Tensor, c: Tensor, v_data: Tensor, v_model: Tensor) -> Theta:
    g_W, g_b, g_c = cd_gradient(W, b, c, v_data, v_model)
    return g_W.T, g_b, g_c


def _biases_exchanged(W: Tensor, b: Tensor, c: Tensor, v_data: Tensor, v_model: Tensor) -> Theta:
    g_W, g_b, g_c = cd_gradient(W, b, c, v_data, v_model)
    return g_W, g_c, g_b


GRADIENT = Exercise(
    number="1.3",
    title="the contrastive-divergence gradient",
    reference=cd_gradient,
    cases=cases,
    exact=exact,
    returns=("the gradient of W", "the gradient of b", "the gradient of c"),
    wrong=(
        Misconception(
            _descent,
            "This is the exact negative of the gradient: data minus model goes up in likelihood, "
            "model minus data goes down.",
        ),
        Misconception(
            _sums,
            "These are sums over the rows; each phase is a mean over its own rows, or the step "
            "would grow with the batch.",
        ),
        Misconception(
            _one_divisor,
            "Both phases are divided by the size of the batch. The negative phase is a mean over "
            "the particles, and there need not be as many of them.",
        ),
        Misconception(
            _weights_summed,
            "The biases are right; the gradient of W is a sum over the rows where it has to be a "
            "mean in each phase.",
        ),
        Misconception(
            _hidden_of_data,
            "The negative phase pairs v_model with the hidden probabilities of the data: it needs "
            "those given v_model.",
        ),
        Misconception(
            _no_hidden_bias,
            "The hidden bias is missing from the hidden probabilities: they are σ(v @ W + c).",
        ),
        Misconception(
            _no_sigmoid,
            "The hidden units enter with their inputs; the derivative of the softplus is the "
            "sigmoid of the input.",
        ),
        Misconception(
            _rounded,
            "The hidden probabilities are rounded to 0 or 1. The derivative of F contains the "
            "probabilities themselves.",
        ),
        Misconception(
            _positive_only,
            "This is the positive phase alone. Without the negative phase the weights grow without "
            "bound: subtract the same statistics of v_model.",
        ),
        Misconception(
            _weights_transposed,
            "The gradient of W is transposed: it has the shape of W, (n_visible, n_hidden), so "
            "v.T @ h and not h.T @ v.",
        ),
        Misconception(
            _biases_exchanged,
            "The gradients of b and c are exchanged: b belongs to v, c to h.",
        ),
    ),
    hints=(
        "Differentiate F(v) = −b·v − Σⱼ softplus(xⱼ), x = vᵀW + c, by bᵢ, by cⱼ and by Wᵢⱼ. The "
        "derivative of the softplus is the sigmoid.",
        "−∂F/∂bᵢ = vᵢ, −∂F/∂cⱼ = pⱼ and −∂F/∂Wᵢⱼ = vᵢ·pⱼ, with pⱼ = σ(xⱼ). Take the mean of each "
        "over the data, and subtract the mean over v_model.",
        "With `h = torch.sigmoid(v @ W + c)` the mean of vᵢ·pⱼ over the rows is "
        "`v.T @ h / len(v)`, those of vᵢ and pⱼ are `v.mean(dim=0)` and `h.mean(dim=0)`. Compute "
        "the three for v_data and for v_model, each with its own h, and subtract.",
    ),
    derivation=r"""
The log-likelihood of a point is $\log P(v) = -F(v) - \log Z$, and for $Z = \sum_v e^{-F(v)}$

$$\frac{\partial}{\partial\theta} \log Z
    = \sum_v \frac{e^{-F(v)}}{Z} \left(-\frac{\partial F(v)}{\partial\theta}\right)
    = \mathbb{E}_\text{model}\left[-\frac{\partial F}{\partial\theta}\right].$$

So the gradient of the mean log-likelihood is a difference of two means of the same function:

$$g = \mathbb{E}_\text{data}\left[-\frac{\partial F}{\partial\theta}\right]
    - \mathbb{E}_\text{model}\left[-\frac{\partial F}{\partial\theta}\right].$$

From $F(v) = -b \cdot v - \sum_j \mathrm{softplus}(x_j)$, $x_j = \sum_i v_i W_{ij} + c_j$, and
$\mathrm{softplus}' = \sigma$:

$$-\frac{\partial F}{\partial b_i} = v_i, \qquad
-\frac{\partial F}{\partial c_j} = \sigma(x_j), \qquad
-\frac{\partial F}{\partial W_{ij}} = v_i\, \sigma(x_j).$$

In the second mean the samples of the model are replaced by the end points of Gibbs chains, which is
the only approximation. The last derivative, averaged over rows, is the matrix product
$v^\top h / n$: one product in place of a sum of outer products.
""",
)

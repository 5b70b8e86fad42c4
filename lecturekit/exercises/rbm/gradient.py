"""Exercise 1.3: the estimated log-likelihood gradient, positive minus negative phase."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.rbm import enumeration
from lecturekit.exercises.rbm.enumeration import Theta
from lecturekit.exercises.tiny import Maker


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


def case(make: Maker, n_visible: int, n_hidden: int, batch: int, n_particles: int) -> Arguments:
    return (
        *enumeration.parameters(make, n_visible, n_hidden),
        make.bits(batch, n_visible),
        make.bits(n_particles, n_visible),
    )


def answer(on: Slips, W: Tensor, b: Tensor, c: Tensor, v_data: Tensor, v_model: Tensor) -> Theta:
    def hidden(v: Tensor) -> Tensor:
        x = v @ W + (0.0 if on("no hidden bias") else c)
        if on("no sigmoid"):
            return x
        return (x > 0).to(v.dtype) if on("rounded") else torch.sigmoid(x)

    h_data, h_model = hidden(v_data), hidden(v_model)
    h_model = h_data if on("hidden of the data") else h_model
    n, m = len(v_data), len(v_model)
    if on("sums"):
        n = m = 1
    elif on("divided by the batch"):
        m = n
    elif on("divided by the particles"):
        n = m
    W_n, W_m = (1, 1) if on("weights summed") else (n, m)
    size = W.numel() if on("divided by the entries") else 1
    sign = -1 if on("added") else 1
    plus, minus = not on("no positive phase"), sign * (not on("no negative phase"))
    paired = v_data if on("model's hidden with the data") else v_model
    g_W = plus * v_data.T @ h_data / W_n - minus * paired.T @ h_model / W_m
    if on("product of means"):
        g_W = torch.outer(v_data.sum(dim=0), h_data.sum(dim=0)) / n**2
        g_W = g_W - torch.outer(v_model.sum(dim=0), h_model.sum(dim=0)) / m**2
    g_b = plus * v_data.sum(dim=0) / n - minus * v_model.sum(dim=0) / m
    g_c = plus * h_data.sum(dim=0) / n - minus * h_model.sum(dim=0) / m
    g_W = g_W.T if on("weights transposed") else g_W / size
    return (g_W, g_c, g_b) if on("biases exchanged") else (g_W, g_b, g_c)


def exact(W: Tensor, b: Tensor, c: Tensor, v_data: Tensor, v_model: Tensor) -> Theta:
    return enumeration.log_likelihood_gradient((W, b, c), v_data, v_model)


GRADIENT = Exercise(
    number="1.3",
    title="the contrastive-divergence gradient",
    minutes=20,
    reference=cd_gradient,
    case=case,
    sizes=((3, 2, 5, 4), (3, 3, 4, 4), (2, 4, 5, 3), (5, 3, 6, 9), (3, 2, 4, 4)),
    by_hand=(2, 1, 2, 3),
    answer=answer,
    exact=exact,
    slips={
        "sums": "These are sums over the rows; each phase is a mean over its own rows, or the "
        "step would grow with the batch.",
        "divided by the batch": "Both phases are divided by the size of the batch. The negative "
        "phase is a mean over the particles, and there need not be as many of them.",
        "divided by the particles": "Both phases are divided by the number of particles. The "
        "positive phase is a mean over the batch, and there need not be as many of them.",
        "weights summed": "The gradient of W is a sum over the rows where it has to be a mean in "
        "each phase.",
        "product of means": "The gradient of W is made of the means, mean v times mean h. It is "
        "the mean of the products, v.T @ h / n: what fires together in the same row.",
        "divided by the entries": "The gradient of W is divided by the number of its entries as "
        "well; it is a mean over the rows alone.",
        "hidden of the data": "The negative phase pairs v_model with the hidden probabilities of "
        "the data: it needs those given v_model.",
        "model's hidden with the data": "The negative phase of W pairs the hidden probabilities "
        "given v_model with v_data: both belong to the same row, v_model.T @ h_model.",
        "no hidden bias": "The hidden bias is missing from the hidden probabilities: they are σ(v "
        "@ W + c).",
        "no sigmoid": "The hidden units enter with their inputs; the derivative of the softplus "
        "is the sigmoid of the input.",
        "rounded": "The hidden probabilities are rounded to 0 or 1. The derivative of F contains "
        "the probabilities themselves.",
        "no negative phase": "This is the positive phase alone. Without the negative phase the "
        "weights grow without bound: subtract the same statistics of v_model.",
        "no positive phase": "This is the negative phase alone, with its minus: the statistics of "
        "the data are missing, towards which the model has to go.",
        "added": "The two phases are added; the gradient is data minus model.",
        "weights transposed": "The gradient of W is transposed: it has the shape of W, "
        "(n_visible, n_hidden), so v.T @ h and not h.T @ v.",
        "biases exchanged": "The gradients of b and c are exchanged: b belongs to v, c to h.",
        "negated": "This is the exact negative of the gradient: data minus model goes up in "
        "likelihood, model minus data goes down.",
    },
    returns=("the gradient of W", "the gradient of b", "the gradient of c"),
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

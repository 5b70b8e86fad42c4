"""Exercise 2.1: the energy of Kim and Bengio, given the features."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker, binary_states


def expert_energy(x: Tensor, f: Tensor, W: Tensor, c: Tensor, b: Tensor, sigma: float) -> Tensor:
    """The energy E(x) = xᵀx/σ² − bᵀx − Σᵢ softplus(Wᵢᵀ f(x) + cᵢ) of every row.

    Args:
        x: points, (n, n_dims)
        f: their features f(x), (n, n_features)
        W: one row for each expert, (n_experts, n_features)
        c: biases of the experts, (n_experts,)
        b: bias of the points, (n_dims,)
        sigma: σ, a number

    Returns:
        the energies, (n,)
    """
    experts = torch.nn.functional.softplus(f @ W.T + c)  # (n, n_experts)
    return (x * x).sum(dim=1) / sigma**2 - x @ b - experts.sum(dim=1)


def case(make: Maker, n: int, n_dims: int, n_features: int, n_experts: int) -> Arguments:
    return (
        make.normal(n, n_dims),
        make.normal(n, n_features),
        make.normal(n_experts, n_features),
        make.normal(n_experts),
        make.normal(n_dims),
        make.number(0.5, 0.9),
    )


def answer(
    on: Slips, x: Tensor, f: Tensor, W: Tensor, c: Tensor, b: Tensor, sigma: float
) -> Tensor:
    softplus = torch.nn.functional.softplus
    a = f @ W.T + (0.0 if on("no expert bias") else c)
    a = -a if on("input negated") else a
    each = softplus(a)
    if on("rectified"):
        each = torch.relu(a)
    elif on("sigmoid"):
        each = torch.sigmoid(a)
    elif on("logarithm of the sigmoid"):
        each = torch.nn.functional.logsigmoid(a)
    elif on("no softplus"):
        each = a
    each = softplus(f @ W.T) + c if on("bias outside") else each
    experts = each.sum(dim=1)
    if on("sum inside"):
        experts = softplus(a.sum(dim=1))
    elif on("experts averaged"):
        experts = each.mean(dim=1)
    power = 1 if on("sigma unsquared") else 2
    quadratic = (x * x).sum(dim=1) / sigma**power
    if on("multiplied by sigma squared"):
        quadratic = (x * x).sum(dim=1) * sigma**2
    elif on("no sigma"):
        quadratic = (x * x).sum(dim=1)
    elif on("length unsquared"):
        quadratic = x.norm(dim=1) / sigma**2
    elif on("squares averaged"):
        quadratic = (x * x).mean(dim=1) / sigma**2
    centred = on("bias as centre")
    quadratic = ((x - b) ** 2).sum(dim=1) / sigma**2 if centred else quadratic
    quadratic = quadratic / 2 if on("Gaussian half") else quadratic
    if on("no quadratic term"):
        quadratic = torch.zeros_like(quadratic)
    linear = torch.zeros_like(quadratic) if on("no linear term") or centred else x @ b
    linear = -linear if on("bias raises") else linear
    if on("experts raise"):
        return quadratic - linear + experts
    return quadratic - linear - experts


def exact(x: Tensor, f: Tensor, W: Tensor, c: Tensor, b: Tensor, sigma: float) -> Tensor:
    """The experts as binary hidden units that are summed out, state by state."""
    states = binary_states(len(c))  # (2^n_experts, n_experts)
    hidden = torch.logsumexp(f @ W.T @ states.T + states @ c, dim=1)
    scaled = x / sigma
    return torch.stack([row.dot(row) for row in scaled]) - x @ b - hidden


ENERGY = Exercise(
    number="2.1",
    title="the energy with experts",
    minutes=10,
    reference=expert_energy,
    case=case,
    sizes=((5, 2, 4, 3), (1, 2, 2, 2), (3, 3, 3, 3), (4, 6, 3, 5)),
    by_hand=(2, 2, 1, 2),
    answer=answer,
    exact=exact,
    slips={
        "experts raise": "The experts raise the energy. A feature that is present makes a point "
        "more likely, so each softplus is subtracted.",
        "bias raises": "The term bᵀx has the wrong sign: it lowers the energy, −bᵀx.",
        "no quadratic term": "xᵀx/σ² is missing. Without it E falls for ever in the direction of "
        "b, and Z is infinite.",
        "no linear term": "−bᵀx is missing.",
        "bias as centre": "b is taken for the centre, ‖x − b‖²/σ². The energy has xᵀx/σ² − bᵀx, "
        "whose centre is σ²b/2.",
        "sigma unsquared": "xᵀx is divided by σ; the energy has σ², in the squared units of x.",
        "multiplied by sigma squared": "xᵀx is multiplied by σ² where it is divided by it.",
        "no sigma": "xᵀx is not divided by σ².",
        "length unsquared": "The length of x stands where its square belongs: xᵀx = ‖x‖².",
        "squares averaged": "The squares of a row are averaged; xᵀx is their sum.",
        "Gaussian half": "There is a factor ½ as in the exponent of a normal density. This energy "
        "has none: its Gaussian part has the variance σ²/2.",
        "no expert bias": "The experts' biases c are missing: Wᵢᵀ f(x) + cᵢ.",
        "bias outside": "The experts' biases c are added outside of the softplus: softplus(Wᵢᵀ "
        "f(x) + cᵢ).",
        "input negated": "The experts' inputs have the wrong sign: softplus(+(Wᵢᵀ f(x) + cᵢ)).",
        "rectified": "max(0, a) stands where softplus(a) = log(1 + eᵃ) is meant. They differ "
        "around 0.",
        "sigmoid": "A sigmoid stands where the softplus is meant; it is the softplus's derivative.",
        "logarithm of the sigmoid": "log σ(a) stands where softplus(a) = log(1 + eᵃ) is meant; it "
        "is −softplus(−a).",
        "no softplus": "The experts enter with their inputs; each is softplus(Wᵢᵀ f(x) + cᵢ).",
        "sum inside": "softplus is taken of the sum. Each expert has a softplus of its own, and "
        "these are added.",
        "experts averaged": "The experts are averaged; the energy has their sum.",
        "negated": "This is the exact negative of the energy, the unnormalised log-probability "
        "−E(x).",
        "total": "This is the sum over all rows; each row has an energy of its own.",
    },
    returns=("one energy per row",),
    hints=(
        "Three terms, each with one number per row: sum over the entries of a row, `dim=1`.",
        "The inputs of the experts are `f @ W.T + c`, of shape (n, n_experts). softplus is "
        "`torch.nn.functional.softplus`.",
        "`(x * x).sum(dim=1) / sigma**2 - x @ b` are the first two terms; subtract "
        "`torch.nn.functional.softplus(f @ W.T + c).sum(dim=1)`.",
    ),
    derivation=r"""
The last term is that of an RBM. Give every expert a hidden unit $h_i \in \{0, 1\}$ and the energy

$$E(x, h) = \frac{x^\top x}{\sigma^2} - b^\top x - \sum_i h_i \left(W_i^\top f(x) + c_i\right).$$

Summing the hidden units out, each by itself, with $a_i = W_i^\top f(x) + c_i$:

$$-\log \sum_h e^{-E(x, h)}
  = \frac{x^\top x}{\sigma^2} - b^\top x - \sum_i \log\left(1 + e^{a_i}\right).$$

So with $f(x) = x$ this is the free energy of an RBM with Gaussian
visible units; the deep model puts a network between the points and the hidden units.

The check sums the hidden units out state by state, and knows no softplus.
""",
)

"""Exercise 2.1: the energy of Kim and Bengio, given the features."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.deep_energy import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


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


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(5, 2, 4, 3), (1, 2, 2, 2), (3, 3, 3, 3), (4, 6, 3, 5)]
    return [_case(*size, generator) for size in sizes]


def _case(
    n: int, n_dims: int, n_features: int, n_experts: int, generator: torch.Generator
) -> Arguments:
    return (
        tiny.normal(n, n_dims, generator=generator),
        tiny.normal(n, n_features, generator=generator),
        tiny.normal(n_experts, n_features, generator=generator),
        tiny.normal(n_experts, generator=generator),
        tiny.normal(n_dims, generator=generator),
        tiny.uniform(0.5, 0.9, generator),
    )


def exact(x: Tensor, f: Tensor, W: Tensor, c: Tensor, b: Tensor, sigma: float) -> Tensor:
    """The experts as binary hidden units that are summed out, state by state."""
    states = tiny.binary_states(len(c))  # (2^n_experts, n_experts)
    hidden = torch.logsumexp(f @ W.T @ states.T + states @ c, dim=1)
    scaled = x / sigma
    return torch.stack([row.dot(row) for row in scaled]) - x @ b - hidden


# ------------------------------------------------------------------------ typical wrong answers


def _parts(
    x: Tensor, f: Tensor, W: Tensor, c: Tensor, b: Tensor, sigma: float
) -> tuple[Tensor, Tensor, Tensor]:
    experts = torch.nn.functional.softplus(f @ W.T + c)
    return x.square().sum(dim=1) / sigma**2, x @ b, experts.sum(dim=1)


def _experts_raise(*given: object) -> Tensor:
    quadratic, linear, experts = _parts(*given)  # type: ignore[arg-type]
    return quadratic - linear + experts


def _bias_raises(*given: object) -> Tensor:
    quadratic, linear, experts = _parts(*given)  # type: ignore[arg-type]
    return quadratic + linear - experts


def _negative(*given: object) -> Tensor:
    return -expert_energy(*given)  # type: ignore[arg-type]


def _no_quadratic_term(*given: object) -> Tensor:
    _, linear, experts = _parts(*given)  # type: ignore[arg-type]
    return -linear - experts


def _sigma_unsquared(x: Tensor, f: Tensor, W: Tensor, c: Tensor, b: Tensor, sigma: float) -> Tensor:
    return expert_energy(x, f, W, c, b, sigma**0.5)


def _gaussian_half(x: Tensor, f: Tensor, W: Tensor, c: Tensor, b: Tensor, sigma: float) -> Tensor:
    return expert_energy(x, f, W, c, b, sigma * 2**0.5)


def _no_expert_bias(x: Tensor, f: Tensor, W: Tensor, c: Tensor, b: Tensor, sigma: float) -> Tensor:
    return expert_energy(x, f, W, torch.zeros_like(c), b, sigma)


def _rectified(x: Tensor, f: Tensor, W: Tensor, c: Tensor, b: Tensor, sigma: float) -> Tensor:
    quadratic, linear, _ = _parts(x, f, W, c, b, sigma)
    return quadratic - linear - torch.relu(f @ W.T + c).sum(dim=1)


def _sum_inside(x: Tensor, f: Tensor, W: Tensor, c: Tensor, b: Tensor, sigma: float) -> Tensor:
    quadratic, linear, _ = _parts(x, f, W, c, b, sigma)
    return quadratic - linear - torch.nn.functional.softplus((f @ W.T + c).sum(dim=1))


def _mean_of_experts(x: Tensor, f: Tensor, W: Tensor, c: Tensor, b: Tensor, sigma: float) -> Tensor:
    quadratic, linear, experts = _parts(x, f, W, c, b, sigma)
    return quadratic - linear - experts / len(c)


def _total(*given: object) -> Tensor:
    return expert_energy(*given).sum()  # type: ignore[arg-type]


ENERGY = Exercise(
    number="2.1",
    title="the energy with experts",
    reference=expert_energy,
    cases=cases,
    exact=exact,
    returns=("one energy per row",),
    wrong=(
        Misconception(
            _experts_raise,
            "The experts raise the energy. A feature that is present makes a point more likely, so "
            "each softplus is subtracted.",
        ),
        Misconception(_bias_raises, "The term bᵀx has the wrong sign: it lowers the energy, −bᵀx."),
        Misconception(
            _negative,
            "This is the exact negative of the energy, the unnormalised log-probability −E(x).",
        ),
        Misconception(
            _no_quadratic_term,
            "xᵀx/σ² is missing. Without it E falls for ever in the direction of b, and Z is "
            "infinite.",
        ),
        Misconception(
            _sigma_unsquared, "xᵀx is divided by σ; the energy has σ², in the squared units of x."
        ),
        Misconception(
            _gaussian_half,
            "There is a factor ½ as in the exponent of a normal density. This energy has none: its "
            "Gaussian part has the variance σ²/2.",
        ),
        Misconception(_no_expert_bias, "The experts' biases c are missing: Wᵢᵀ f(x) + cᵢ."),
        Misconception(
            _rectified,
            "max(0, a) stands where softplus(a) = log(1 + eᵃ) is meant. They differ around 0.",
        ),
        Misconception(
            _sum_inside,
            "softplus is taken of the sum. Each expert has a softplus of its own, and these are "
            "added.",
        ),
        Misconception(_mean_of_experts, "The experts are averaged; the energy has their sum."),
        Misconception(_total, "This is the sum over all rows; each row has an energy of its own."),
    ),
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

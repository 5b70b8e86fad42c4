"""Exercise 2.2: the gradient of the log-likelihood, with every state at hand."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.deep_energy import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


def likelihood_gradient(energies: Tensor, slopes: Tensor, data: Tensor) -> Tensor:
    """The gradient of the mean log-likelihood of the data, where all states can be listed.

    g = E_{χ∼P}[∂E(χ)/∂θ] − mean over the data of ∂E(x)/∂θ, with P(s) = exp(−E(s)) / Z.

    Args:
        energies: E(s) of every state s, (n_states,)
        slopes: ∂E(s)/∂θ of every state, (n_states, n_parameters)
        data: the states of the data, whole numbers from 0 to n_states − 1, (n,)

    Returns:
        the gradient, (n_parameters,)
    """
    probabilities = torch.softmax(-energies, dim=0)  # (n_states,)
    return probabilities @ slopes - slopes[data].mean(dim=0)


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(4, 3, 2), (2, 2, 1), (3, 3, 3), (6, 4, 5), (10, 3, 7)]
    listed = [_case(*size, generator) for size in sizes]
    energies, slopes, data = _case(5, 2, 4, generator)
    return [*listed, (energies - 1000.0, slopes, data)]  # whose exp is infinite


def _case(n_states: int, n_parameters: int, n: int, generator: torch.Generator) -> Arguments:
    return (
        2 * tiny.normal(n_states, generator=generator),
        tiny.normal(n_states, n_parameters, generator=generator),
        torch.randint(0, n_states, (n,), generator=generator),
    )


def exact(energies: Tensor, slopes: Tensor, data: Tensor) -> Tensor:
    """By autograd through log Z, for an energy that is linear in θ around θ = 0."""
    theta = torch.zeros(slopes.shape[1], dtype=slopes.dtype, requires_grad=True)
    moved = energies + slopes @ theta
    log_likelihood = (-moved[data] - torch.logsumexp(-moved, dim=0)).mean()
    return torch.autograd.grad(log_likelihood, theta)[0]


# ------------------------------------------------------------------------ typical wrong answers


def _descent(energies: Tensor, slopes: Tensor, data: Tensor) -> Tensor:
    return -likelihood_gradient(energies, slopes, data)


def _boltzmann_sign(energies: Tensor, slopes: Tensor, data: Tensor) -> Tensor:
    return likelihood_gradient(-energies, slopes, data)


def _all_states_alike(energies: Tensor, slopes: Tensor, data: Tensor) -> Tensor:
    return slopes.mean(dim=0) - slopes[data].mean(dim=0)


def _not_normalised(energies: Tensor, slopes: Tensor, data: Tensor) -> Tensor:
    return (-energies).exp() @ slopes - slopes[data].mean(dim=0)


def _divided_by_exponentials(energies: Tensor, slopes: Tensor, data: Tensor) -> Tensor:
    weights = (-energies).exp()
    return weights @ slopes / weights.sum() - slopes[data].mean(dim=0)


def _no_log_z(energies: Tensor, slopes: Tensor, data: Tensor) -> Tensor:
    return -slopes[data].mean(dim=0)


def _summed_data(energies: Tensor, slopes: Tensor, data: Tensor) -> Tensor:
    return torch.softmax(-energies, dim=0) @ slopes - slopes[data].sum(dim=0)


def _weighted_data(energies: Tensor, slopes: Tensor, data: Tensor) -> Tensor:
    chances = torch.softmax(-energies, dim=0)
    return chances @ slopes - (chances[:, None] * slopes)[data].sum(dim=0)


LIKELIHOOD_GRADIENT = Exercise(
    number="2.2",
    title="the gradient of the log-likelihood",
    reference=likelihood_gradient,
    cases=cases,
    exact=exact,
    returns=("the gradient",),
    wrong=(
        Misconception(
            _descent,
            "This is the exact negative of the gradient. The energy of the data must go down and "
            "that of the model's own samples up, so E_χ[∂E] comes with the plus.",
        ),
        Misconception(
            _boltzmann_sign,
            "The states are weighted by exp(+E): the likely ones are those of low energy, "
            "P ∝ exp(−E).",
        ),
        Misconception(
            _all_states_alike,
            "All states are weighted alike. The expectation is over χ ∼ P: each counts with its "
            "probability exp(−E)/Z.",
        ),
        Misconception(
            _not_normalised,
            "The weights exp(−E) do not sum to 1: divide by Z, or use a softmax.",
        ),
        Misconception(
            _divided_by_exponentials,
            "Right for small energies; for energies around −1000 exp(−E) is infinite. "
            "torch.softmax subtracts the largest exponent first.",
        ),
        Misconception(
            _no_log_z,
            "This is −∂E(x) alone, as if Z did not depend on θ. The derivative of −log Z is "
            "E_χ[∂E(χ)].",
        ),
        Misconception(
            _summed_data, "The slopes of the data are summed; the mean log-likelihood has a mean."
        ),
        Misconception(
            _weighted_data,
            "The data are weighted by the model's probabilities. The data count as they come, each "
            "alike: only the other term is an expectation under P.",
        ),
    ),
    hints=(
        "P is a softmax: `torch.softmax(-energies, dim=0)`.",
        "E_χ[∂E(χ)] = Σ_s P(s) ∂E(s): a vector of n_states numbers times a matrix, "
        "(n_states, n_parameters).",
        "`slopes[data]` picks the rows of the data, (n, n_parameters). The answer is "
        "`torch.softmax(-energies, dim=0) @ slopes` minus the mean of these rows.",
    ),
    derivation=r"""
$\log P(x) = -E(x) - \log Z$ with $Z = \sum_s e^{-E(s)}$, so

$$\frac{\partial}{\partial\theta} \log P(x) = -\frac{\partial E(x)}{\partial\theta}
  - \frac{1}{Z} \frac{\partial Z}{\partial\theta}, \qquad
\frac{1}{Z} \frac{\partial Z}{\partial\theta}
  = \frac{1}{Z} \sum_s e^{-E(s)} \left(-\frac{\partial E(s)}{\partial\theta}\right)
  = -\mathbb{E}_{\chi \sim P}\left[\frac{\partial E(\chi)}{\partial\theta}\right].$$

The two minus signs in front of the last term make a plus. At the optimum both means agree:
the gradient is zero when the model's samples and the data look alike to
$\partial E / \partial\theta$.

The check differentiates $\log P$ itself by autograd, through a `logsumexp` over the states.
""",
)

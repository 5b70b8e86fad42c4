"""Exercise 2.2: the gradient of the log-likelihood, with every state at hand."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


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


def case(make: Maker, n_states: int, n_parameters: int, n: int, offset: float = 0.0) -> Arguments:
    energies = make.normal(n_states, scale=2.0) + offset
    return energies, make.normal(n_states, n_parameters), make.whole(n_states, n)


def answer(on: Slips, energies: Tensor, slopes: Tensor, data: Tensor) -> Tensor:
    weights = (energies if on("Boltzmann sign") else -energies).softmax(dim=0)
    if on("all states alike"):
        weights = torch.full_like(weights, 1 / len(weights))
    elif on("not normalised"):
        weights = (-energies).exp()
    elif on("overflow"):
        weights = (-energies).exp() / (-energies).exp().sum()
    elif on("energies as weights"):
        weights = energies / energies.sum()
    elif on("most likely state"):
        weights = torch.nn.functional.one_hot(energies.argmin(), len(energies)).to(slopes.dtype)
    of_model = weights @ slopes
    if on("states of the data alone"):
        of_model = (-energies[data]).softmax(dim=0) @ slopes[data]
    of_model = of_model / len(slopes) if on("expectation averaged") else of_model
    of_data = slopes[data].mean(dim=0)
    if on("data summed"):
        of_data = slopes[data].sum(dim=0)
    elif on("data weighted"):
        of_data = (weights[:, None] * slopes)[data].sum(dim=0)
    elif on("each state once"):
        of_data = slopes[data.unique()].mean(dim=0)
    elif on("all states for the data"):
        of_data = slopes.mean(dim=0)
    of_model = torch.zeros_like(of_model) if on("no log Z") else of_model
    of_data = torch.zeros_like(of_data) if on("no data") else of_data
    return of_model + of_data if on("added") else of_model - of_data


def exact(energies: Tensor, slopes: Tensor, data: Tensor) -> Tensor:
    """By autograd through log Z, for an energy that is linear in θ around θ = 0."""
    theta = torch.zeros(slopes.shape[1], dtype=slopes.dtype, requires_grad=True)
    moved = energies + slopes @ theta
    log_likelihood = (-moved[data] - torch.logsumexp(-moved, dim=0)).mean()
    return torch.autograd.grad(log_likelihood, theta)[0]


LIKELIHOOD_GRADIENT = Exercise(
    number="2.2",
    title="the gradient of the log-likelihood",
    minutes=15,
    reference=likelihood_gradient,
    case=case,
    sizes=((4, 3, 2), (2, 2, 1), (3, 3, 3), (6, 4, 5), (10, 3, 7), (4, 2, 9), (5, 2, 4, -1000.0)),
    by_hand=(3, 2, 2),
    answer=answer,
    exact=exact,
    slips={
        "Boltzmann sign": "The states are weighted by exp(+E): the likely ones are those of low "
        "energy, P ∝ exp(−E).",
        "all states alike": "All states are weighted alike. The expectation is over χ ∼ P: each "
        "counts with its probability exp(−E)/Z.",
        "states of the data alone": "The expectation runs over the states of the data alone. The "
        "model gives every state a probability, and Z is a sum over all of them.",
        "not normalised": "The weights exp(−E) do not sum to 1: divide by Z, or use a softmax.",
        "overflow": "Right for small energies, but for energies around −1000 exp(−E) is infinite. "
        "torch.softmax subtracts the largest exponent first.",
        "energies as weights": "The states are weighted by their energies. Probabilities are "
        "exp(−E)/Z.",
        "most likely state": "Only the state of lowest energy counts. The expectation is over all "
        "states, each with its probability exp(−E)/Z.",
        "expectation averaged": "The expectation is divided by the number of states as well: Σ_s "
        "P(s) ∂E(s) is an average already.",
        "no log Z": "This is −∂E(x) alone, as if Z did not depend on θ. The derivative of −log Z "
        "is E_χ[∂E(χ)].",
        "no data": "This is the expectation under the model alone: the mean slope of the data is "
        "to be subtracted.",
        "data summed": "The slopes of the data are summed; the mean log-likelihood has a mean.",
        "data weighted": "The data are weighted by the model's probabilities. The data count as "
        "they come, each alike: only the other term is an expectation under P.",
        "each state once": "A state that the data has several times is counted once: the mean is "
        "over the data, `slopes[data]`.",
        "all states for the data": "The mean over the data is taken over all states: pick their "
        "rows, `slopes[data]`.",
        "added": "The two terms are added: the data's slopes are subtracted.",
        "negated": "This is the exact negative of the gradient. The energy of the data must go "
        "down and that of the model's own samples up, so E_χ[∂E] comes with the plus.",
    },
    returns=("the gradient",),
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

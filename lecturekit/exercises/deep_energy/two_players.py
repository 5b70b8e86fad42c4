"""Exercise 2.4: one update's gradients for the energy and for the generator, through autograd."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.deep_energy import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


def two_gradients(W: Tensor, A: Tensor, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients that energy and generator descend, with their own samples for the model's.

    The energy is E(x) = xᵀx − Σᵢ softplus(Wᵢᵀ x), the generator χ = G(z) = A z, row by row. The
    energy descends the mean of E over the data minus that over χ. The generator descends the mean
    of E over χ; its entropy term is left out here.

    Args:
        W: parameters of the energy, one row for each expert, (n_experts, n_dims)
        A: parameters of the generator, (n_dims, n_latent)
        x: data, (n, n_dims)
        z: latent points, (m, n_latent)

    Returns:
        the gradient for W, (n_experts, n_dims), and the gradient for A, (n_dims, n_latent)
    """
    W, A = W.clone().requires_grad_(), A.clone().requires_grad_()

    def energy(x: Tensor) -> Tensor:
        return (x * x).sum(dim=1) - torch.nn.functional.softplus(x @ W.T).sum(dim=1)

    chi = z @ A.T  # (m, n_dims)
    energy_loss = energy(x).mean() - energy(chi.detach()).mean()
    generator_loss = energy(chi).mean()
    (g_W,) = torch.autograd.grad(energy_loss, W)
    (g_A,) = torch.autograd.grad(generator_loss, A)
    return g_W, g_A


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(2, 3, 4, 5, 6), (1, 2, 2, 2, 2), (3, 3, 3, 4, 4), (4, 2, 3, 7, 5)]
    return [_case(*size, generator) for size in sizes]


def _case(
    n_experts: int, n_dims: int, n_latent: int, n: int, m: int, generator: torch.Generator
) -> Arguments:
    return (
        tiny.normal(n_experts, n_dims, generator=generator),
        tiny.normal(n_dims, n_latent, generator=generator),
        tiny.normal(n, n_dims, generator=generator),
        tiny.normal(m, n_latent, generator=generator),
    )


def exact(W: Tensor, A: Tensor, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """Both by hand, without autograd."""
    chi = z @ A.T
    on_data, on_samples = _energy_by_W(W, x), _energy_by_W(W, chi)
    slope = 2 * chi - torch.sigmoid(chi @ W.T) @ W  # ∇E(χ), (m, n_dims)
    return on_data - on_samples, slope.T @ z / len(z)


def _energy_by_W(W: Tensor, x: Tensor) -> Tensor:
    """∂/∂W of the mean energy of the rows of x: −σ(Wx) xᵀ."""
    return -torch.sigmoid(x @ W.T).T @ x / len(x)


# ------------------------------------------------------------------------ typical wrong answers

Gradients = tuple[Tensor, Tensor]


def _generator_climbs(W: Tensor, A: Tensor, x: Tensor, z: Tensor) -> Gradients:
    g_W, g_A = exact(W, A, x, z)
    return g_W, -g_A


def _energy_climbs(W: Tensor, A: Tensor, x: Tensor, z: Tensor) -> Gradients:
    g_W, g_A = exact(W, A, x, z)
    return -g_W, g_A


def _both_climb(W: Tensor, A: Tensor, x: Tensor, z: Tensor) -> Gradients:
    g_W, g_A = exact(W, A, x, z)
    return -g_W, -g_A


def _detached_for_both(W: Tensor, A: Tensor, x: Tensor, z: Tensor) -> Gradients:
    return exact(W, A, x, z)[0], torch.zeros_like(A)


def _one_sum(W: Tensor, A: Tensor, x: Tensor, z: Tensor) -> Gradients:
    return _energy_by_W(W, x), exact(W, A, x, z)[1]


def _energy_of_samples_only(W: Tensor, A: Tensor, x: Tensor, z: Tensor) -> Gradients:
    return _energy_by_W(W, z @ A.T), exact(W, A, x, z)[1]


def _summed(W: Tensor, A: Tensor, x: Tensor, z: Tensor) -> Gradients:
    _, g_A = exact(W, A, x, z)
    chi = z @ A.T
    return len(x) * _energy_by_W(W, x) - len(z) * _energy_by_W(W, chi), len(z) * g_A


def _exchanged(W: Tensor, A: Tensor, x: Tensor, z: Tensor) -> Gradients:
    g_W, g_A = exact(W, A, x, z)
    return g_A, g_W


TWO_PLAYERS = Exercise(
    number="2.4",
    title="two players, one energy",
    reference=two_gradients,
    cases=cases,
    exact=exact,
    returns=("the gradient for W", "the gradient for A"),
    wrong=(
        Misconception(
            _generator_climbs,
            "W is right; the generator's gradient has its sign flipped. Its loss is +mean E(χ), "
            "not the −mean E(χ) that stands in the energy's loss: it looks for low energy.",
        ),
        Misconception(
            _energy_climbs,
            "A is right; the energy's gradient is the exact negative. The energy is to fall on the "
            "data and rise on the samples: the loss is mean E(x) − mean E(χ).",
        ),
        Misconception(_both_climb, "Both signs are flipped: these are gradients to be ascended."),
        Misconception(
            _detached_for_both,
            "The generator gets no gradient: χ is detached for its loss too. Detach only in the "
            "energy's loss, where χ is to count as a fixed point.",
        ),
        Misconception(
            _one_sum,
            "In the gradient for W the samples are missing. Adding the two losses does that: "
            "E(x) − E(χ) + E(χ) = E(x), and nothing holds the energy up. Differentiate each loss "
            "by its own player's parameters.",
        ),
        Misconception(
            _energy_of_samples_only,
            "The gradient for W is that of the generator's loss. The energy has a loss of its own, "
            "mean E(x) − mean E(χ).",
        ),
        Misconception(
            _summed, "These are gradients of sums; both losses are means over their own rows."
        ),
        Misconception(_exchanged, "Both are right, in the wrong order: first W, then A."),
    ),
    hints=(
        "Two losses, two parameter sets: compute each gradient from its own loss, by "
        "`torch.autograd.grad(loss, parameters)`, which returns a tuple.",
        "Begin with `W, A = W.clone().requires_grad_(), A.clone().requires_grad_()`, and write the "
        "energy as a small function of x. With a latent point per row, χ is `z @ A.T`.",
        "The energy's loss is `energy(x).mean() - energy(chi.detach()).mean()`, the generator's "
        "`energy(chi).mean()`.",
    ),
    derivation=r"""
The energy ascends the log-likelihood $\mathbb{E}_\chi[\partial_W E(\chi)] - \partial_W E(x)$, so it
descends $\bar E(x) - \bar E(\chi)$, where $\chi$ stands for fixed samples of the model. The
generator descends the part of $\mathrm{KL}(P_\phi \mid P_\theta)$ that contains the energy,
$\mathbb{E}_z[E(G_\phi(z))]$, where $W$ stands still:

$$g_W = -\overline{\sigma(W x)\, x^\top} + \overline{\sigma(W \chi)\, \chi^\top}, \qquad
g_A = \overline{\nabla E(\chi)\, z^\top}, \qquad \nabla E(\chi) = 2 \chi - W^\top \sigma(W \chi).$$

Each sees the term $E(\chi)$ with the other sign, so no single loss will do for both: in a sum the
terms cancel, and with the energy's loss alone the generator climbs. Detaching $\chi$ in the
energy's loss changes no number here; it saves the way back through $G$, and guards against
`loss.backward()`, which would add its part to the generator's gradient too.
""",
)

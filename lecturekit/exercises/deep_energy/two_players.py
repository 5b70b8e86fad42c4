"""Exercise 2.4: one update's gradients for the energy and for the generator, through autograd."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


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


def case(make: Maker, n_experts: int, n_dims: int, n_latent: int, n: int, m: int) -> Arguments:
    return (
        make.normal(n_experts, n_dims),
        make.normal(n_dims, n_latent),
        make.normal(n, n_dims),
        make.normal(m, n_latent),
    )


def answer(on: Slips, W: Tensor, A: Tensor, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """Both by hand, without autograd."""

    def by_W(rows: Tensor, n: int) -> Tensor:  # −σ(Wx) xᵀ
        inputs = rows @ W.T
        slope = torch.ones_like(inputs) if on("no softplus") else torch.sigmoid(inputs)
        slope = torch.sigmoid(-inputs) if on("experts' inputs negated") else slope
        return (1 if on("experts raise") else -1) * slope.T @ rows / n

    chi = z @ A.T
    inputs = chi @ W.T
    expert = torch.ones_like(inputs) if on("no softplus") else torch.sigmoid(inputs)
    expert = -torch.sigmoid(-inputs) if on("experts' inputs negated") else expert
    expert = -expert if on("experts raise") else expert
    square = 0 * chi if on("no square") else chi if on("half the square") else 2 * chi
    slope = square - (0.0 if on("no experts for the generator") else expert @ W)
    n, m = (1, 1) if on("sums") else (len(z), len(z)) if on("one divisor") else (len(x), len(z))
    on_data, on_samples = by_W(x, n), by_W(chi, m)
    g_A = slope.T @ z / m
    none = torch.zeros_like(on_data)
    g_W = (none if on("no data term") else on_data) - (none if on("no samples") else on_samples)
    if on("pooled"):
        g_W = (n * on_data - m * on_samples) / (n + m)
    elif on("energy of the samples"):
        g_W = on_samples
    elif on("added"):
        g_W = on_data + on_samples
    if on("detached for both"):
        g_A = torch.zeros_like(A)
    elif on("one sum for both"):
        g_W, g_A = on_data, torch.zeros_like(A)
    g_W = -g_W if on("energy climbs") else g_W
    g_A = -g_A if on("generator climbs") else g_A
    return g_W, g_A


TWO_PLAYERS = Exercise(
    number="2.4",
    title="two players, one energy",
    minutes=30,
    reference=two_gradients,
    case=case,
    sizes=((2, 3, 4, 5, 6), (1, 2, 2, 2, 2), (3, 3, 3, 4, 4), (4, 2, 3, 7, 5)),
    by_hand=(1, 2, 1, 2, 3),
    answer=answer,
    slips={
        "generator climbs": "The generator's gradient has its sign flipped. Its loss is +mean "
        "E(χ): it looks for low energy. Either −mean E(χ) was taken, or χ was detached in the "
        "wrong one of the losses, so that what A received is the energy's.",
        "energy climbs": "The energy's gradient is the exact negative. The energy is to fall on "
        "the data and rise on the samples: the loss is mean E(x) − mean E(χ).",
        "detached for both": "The generator gets no gradient: χ is detached for its loss too. "
        "Detach only in the energy's loss, where χ is to count as a fixed point. (Or both losses "
        "reach A, and cancel: −E(χ) + E(χ).)",
        "no samples": "In the gradient for W the samples are missing. Adding the two losses does "
        "that: E(x) − E(χ) + E(χ) = E(x), and nothing holds the energy up. Differentiate each "
        "loss by its own player's parameters.",
        "one sum for both": "Both gradients are of the sum of the two losses, in which E(χ) "
        "cancels: E(x) − E(χ) + E(χ) = E(x). Differentiate each loss by its own player's "
        "parameters.",
        "no data term": "In the gradient for W the data are missing: the loss is mean E(x) − mean "
        "E(χ).",
        "energy of the samples": "The gradient for W is that of the generator's loss, mean E(χ). "
        "The energy has a loss of its own, mean E(x) − mean E(χ).",
        "added": "In the energy's loss the samples have the wrong sign: it is mean E(x) − mean "
        "E(χ); with a plus nothing holds the energy up.",
        "sums": "These are gradients of sums; both losses are means over their own rows.",
        "one divisor": "The data's term is divided by the number of samples; each mean is over "
        "its own rows.",
        "pooled": "In the energy's loss both terms are divided by the number of all rows, n + m: "
        "each mean is over its own rows.",
        "experts raise": "The experts have the wrong sign in the energy: E(x) = xᵀx − Σ "
        "softplus(Wᵢᵀx).",
        "no softplus": "The softplus is missing: its derivative, the sigmoid of Wᵢᵀx, is in both "
        "gradients.",
        "experts' inputs negated": "The experts' inputs have the wrong sign: softplus(+Wᵢᵀx).",
        "no square": "xᵀx is missing from the energy: its slope 2χ is part of the generator's "
        "gradient.",
        "half the square": "The square is halved: the energy has xᵀx, whose slope is 2x.",
        "no experts for the generator": "The generator's gradient lacks the experts: the slope of "
        "E at χ is 2χ − Wᵀσ(Wχ).",
        "negated": "Both signs are flipped: these are gradients to be ascended.",
    },
    returns=("the gradient for W", "the gradient for A"),
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

"""Exercise 1.5: one update of persistent contrastive divergence with fast weights."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.rbm import tiny
from lecturekit.exercises.rbm.tiny import Theta


def fpcd_update(
    theta: tuple[Tensor, Tensor, Tensor],
    theta_fast: tuple[Tensor, Tensor, Tensor],
    particles: Tensor,
    v_data: Tensor,
    learning_rate: float,
    fast_learning_rate: float,
    decay: float,
    u_hidden: Tensor,
    u_visible: Tensor,
) -> tuple[tuple[Tensor, Tensor, Tensor], tuple[Tensor, Tensor, Tensor], Tensor]:
    """One update of FPCD, with one Gibbs step of the particles.

    The particles are a chain over Q_{θ+θ_f}: they move under θ + θ_f, and in the gradient their
    hidden probabilities are those of θ + θ_f too. Those of the data are of θ alone. With
    g = mean of −∂E/∂θ over the data − mean of −∂E/∂θ over the moved particles, the hidden units at
    these probabilities, θ := θ + α g and θ_f := ρ θ_f + β g.

    Args:
        theta: the parameters θ: W (n_visible, n_hidden), b (n_visible,), c (n_hidden,)
        theta_fast: the fast parameters θ_f, in the same shapes
        particles: the negative chains' visible states, (n_particles, n_visible)
        v_data: the minibatch of known points, (batch, n_visible)
        learning_rate: α
        fast_learning_rate: β
        decay: ρ, the share of θ_f that an update retains, such as 0.95
        u_hidden: uniform numbers for the chains' hidden units, (n_particles, n_hidden)
        u_visible: uniform numbers for the chains' visible units, (n_particles, n_visible)

    Returns:
        the new θ (a tuple), the new θ_f (a tuple), and the new particles
    """
    W, b, c = theta
    h_data = torch.sigmoid(v_data @ W + c)

    W_fast, b_fast, c_fast = theta_fast
    W_all, b_all, c_all = W + W_fast, b + b_fast, c + c_fast
    h = (u_hidden < torch.sigmoid(particles @ W_all + c_all)).to(W.dtype)
    particles = (u_visible < torch.sigmoid(h @ W_all.T + b_all)).to(W.dtype)
    h_model = torch.sigmoid(particles @ W_all + c_all)

    g_W = v_data.T @ h_data / len(v_data) - particles.T @ h_model / len(particles)
    g_b = v_data.mean(dim=0) - particles.mean(dim=0)
    g_c = h_data.mean(dim=0) - h_model.mean(dim=0)

    alpha, beta, rho = learning_rate, fast_learning_rate, decay
    theta = W + alpha * g_W, b + alpha * g_b, c + alpha * g_c
    theta_fast = rho * W_fast + beta * g_W, rho * b_fast + beta * g_b, rho * c_fast + beta * g_c
    return theta, theta_fast, particles


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(3, 2, 8, 6), (3, 3, 12, 12), (4, 3, 10, 15), (2, 5, 20, 16)]
    return [_case(*size, generator) for size in sizes]


def _case(
    n_visible: int, n_hidden: int, batch: int, n_particles: int, generator: torch.Generator
) -> Arguments:
    first, second, third = torch.rand(3, generator=generator).tolist()
    return (
        tiny.random_parameters(n_visible, n_hidden, generator),
        tiny.random_parameters(n_visible, n_hidden, generator),
        tiny.random_bits(n_particles, n_visible, generator=generator),
        tiny.random_bits(batch, n_visible, generator=generator),
        0.1 + 0.4 * first,
        0.6 + 0.4 * second,  # β > α
        0.7 + 0.25 * third,
        tiny.uniforms(n_particles, n_hidden, generator=generator),
        tiny.uniforms(n_particles, n_visible, generator=generator),
    )


Updated = tuple[Theta, Theta, Tensor]


def exact(
    theta: Theta, theta_fast: Theta, particles: Tensor, v_data: Tensor,
    learning_rate: float, fast_learning_rate: float, decay: float,
    u_hidden: Tensor, u_visible: Tensor,
) -> Updated:  # fmt: skip
    overlaid = tiny.ascend(theta, 1.0, theta_fast)
    _, moved = tiny.gibbs_step(*overlaid, particles, u_hidden, u_visible)
    positive = tiny.mean_slope(theta, v_data, hidden_of=theta)
    negative = tiny.mean_slope(theta, moved, hidden_of=overlaid)
    g = tiny.ascend(positive, -1.0, negative)
    retained = _scaled(theta_fast, decay)
    return (
        tiny.ascend(theta, learning_rate, g),
        tiny.ascend(retained, fast_learning_rate, g),
        moved,
    )


# ------------------------------------------------------------------------ typical wrong answers


def _scaled(theta: Theta, factor: float) -> Theta:
    W, b, c = (factor * part for part in theta)
    return W, b, c


def _mistaken(
    theta: Theta, theta_fast: Theta, particles: Tensor, v_data: Tensor,
    alpha: float, beta: float, rho: float, u: Tensor, w: Tensor, *, mistake: str,
) -> Updated:  # fmt: skip
    """FPCD with one named mistake in its place."""
    overlaid = tiny.ascend(theta, 1.0, theta_fast)
    beginning = v_data if mistake == "restart" else particles
    moved = tiny.gibbs_step(*(theta if mistake == "slow chain" else overlaid), beginning, u, w)[1]

    positive = tiny.mean_slope(theta, v_data, hidden_of=overlaid if mistake == "leak" else theta)
    negative = tiny.mean_slope(
        theta, moved, hidden_of=theta if mistake in ("slow chain", "slow hidden") else overlaid
    )
    g = tiny.ascend(positive, -1.0, negative)
    if mistake == "descent":
        g = _scaled(g, -1.0)

    if mistake == "overlay kept":
        slow = tiny.ascend(overlaid, alpha, g)
    else:
        slow = tiny.ascend(_scaled(theta, rho if mistake == "slow decay" else 1.0), alpha, g)
    if mistake == "late decay":
        fast = _scaled(tiny.ascend(theta_fast, beta, g), rho)
    else:
        retained = {"forgetting": 1 - rho, "no decay": 1.0, "slow decay": 1.0}.get(mistake, rho)
        fast = tiny.ascend(_scaled(theta_fast, retained), beta, g)
    return slow, fast, particles if mistake == "particles lost" else moved


def _rates_exchanged(
    theta: Theta, theta_fast: Theta, particles: Tensor, v_data: Tensor,
    alpha: float, beta: float, rho: float, u: Tensor, w: Tensor,
) -> Updated:  # fmt: skip
    return exact(theta, theta_fast, particles, v_data, beta, alpha, rho, u, w)


_MESSAGES = {
    "leak": "The fast weights leak into the positive phase: the hidden probabilities of the data "
    "are those of θ alone. Only the particles see θ + θ_f.",
    "slow hidden": "The particles move as they should, but in the gradient their hidden "
    "probabilities are those of θ. A particle is a state (v, h) of the chain over Q_{θ+θ_f}: both "
    "its layers belong to θ + θ_f.",
    "slow chain": "The chain runs with the slow weights only, so θ_f has no effect on anything: "
    "the particles have to move under θ + θ_f.",
    "restart": "The chain restarts at the data; it has to go on from the particles.",
    "descent": "Both steps go down in likelihood: g is data minus particles, and it is added.",
    "overlay kept": "The fast weights are added into θ for good. They are a temporary overlay for "
    "the chain: θ := θ + α g.",
    "slow decay": "The decay is applied to the slow weights θ; it belongs to θ_f alone: "
    "θ := θ + α g, θ_f := ρ θ_f + β g.",
    "late decay": "The decay comes after the gradient was added, ρ(θ_f + β g). On the slide the "
    "old fast weights decay first and the new gradient enters undiminished: ρ θ_f + β g.",
    "forgetting": "ρ is read as the share that is forgotten, (1 − ρ) θ_f. It is the share that is "
    "retained: with ρ = .95 the fast weights fade by 5 % per update.",
    "no decay": "The fast weights do not decay: θ_f := ρ θ_f + β g.",
    "particles lost": "θ and θ_f are right, but the particles come back unmoved.",
}

FAST_WEIGHTS = Exercise(
    number="1.5",
    title="the update with fast weights",
    reference=fpcd_update,
    cases=cases,
    exact=exact,
    returns=(
        *(f"the new {name}" for name in ("W", "b", "c")),
        *(f"the new fast {name}" for name in ("W", "b", "c")),
        "the new particles",
    ),
    wrong=(
        *(
            Misconception(functools.partial(_mistaken, mistake=mistake), message)
            for mistake, message in _MESSAGES.items()
        ),
        Misconception(
            _rates_exchanged,
            "The two rates are exchanged: α (learning_rate) is for θ, β (fast_learning_rate) for "
            "θ_f.",
        ),
    ),
    hints=(
        "Three things differ from exercise 1.4: which parameters the particles use, that there is "
        "a second set of parameters to update, and that this second set decays.",
        "Take both sets apart, `W, b, c = theta` and `W_fast, b_fast, c_fast = theta_fast`. The "
        "data use W and c; everything about the particles, the Gibbs step and the hidden "
        "probabilities after it, uses the sums `W + W_fast`, `b + b_fast`, `c + c_fast`.",
        "With g_W, g_b and g_c from `h_data` (θ) and `h_model` (θ + θ_f), the new θ is "
        "`(W + learning_rate * g_W, …)` and the new θ_f is "
        "`(decay * W_fast + fast_learning_rate * g_W, …)`: the same gradient in both, and the "
        "decay on the old fast weights alone.",
    ),
    derivation=r"""
The model is $Q_\theta$; the fast weights never become part of it. They change only the distribution
that the particles $X^- = (v, h)$ explore, $Q_{\theta + \theta_f}$:

$$X^- \leftarrow T_{\theta + \theta_f}(\cdot \mid X^-), \qquad
g = \nabla_\theta E(X^-) - \nabla_\theta E(X^+),$$

$$\theta := \theta + \alpha g, \qquad \theta_f := \rho\, \theta_f + \beta g.$$

Each $\nabla_\theta E$ is a mean over rows, with $h$ replaced by its mean given $v$: under $\theta$
for the data, under $\theta + \theta_f$ for the particles.

The part $\nabla_\theta E(X^-)$ of $\beta g$ raises the energy just where the particles sit, so they
leave. Since $\theta_f$ retains only the share $\rho$ at every update, the hill flattens out again.
Unrolled, $\theta_f = \beta \sum_{s \ge 0} \rho^s g_{t - s}$: a memory of about $1 / (1 - \rho)$
updates, 20 at $\rho = .95$, in which the newest gradient enters undiminished.

Were $\theta_f$ used in the positive phase too, the data would be compared with hidden units of
another model, and the overlay would be learned into $\theta$ in place of being forgotten (Tieleman
and Hinton, 2009).
""",
)

"""Exercise 1.5: one update of persistent contrastive divergence with fast weights."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.rbm import enumeration
from lecturekit.exercises.rbm.enumeration import Theta
from lecturekit.exercises.tiny import Maker


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


Updated = tuple[Theta, Theta, Tensor]


def case(make: Maker, n_visible: int, n_hidden: int, batch: int, n_particles: int) -> Arguments:
    return (
        enumeration.parameters(make, n_visible, n_hidden),
        enumeration.parameters(make, n_visible, n_hidden),
        make.bits(n_particles, n_visible),
        make.bits(batch, n_visible),
        make.number(0.1, 0.5),
        make.number(0.6, 1.0),  # β > α
        make.number(0.7, 0.95),
        make.uniform(n_particles, n_hidden),
        make.uniform(n_particles, n_visible),
    )


def answer(
    on: Slips, theta: Theta, theta_fast: Theta, particles: Tensor, v_data: Tensor,
    alpha: float, beta: float, rho: float, u_hidden: Tensor, u_visible: Tensor,
) -> Updated:  # fmt: skip
    def scaled(theta: Theta, factor: float) -> Theta:
        W, b, c = (factor * part for part in theta)
        return W, b, c

    def hidden(v: Tensor, theta: Theta) -> Tensor:
        return torch.sigmoid(v @ theta[0] + theta[2])

    def phase(v: Tensor, h: Tensor, n: int) -> Theta:
        return v.T @ h / n, v.sum(dim=0) / n, h.sum(dim=0) / n

    alpha, beta = (beta, alpha) if on("rates exchanged") else (alpha, beta)
    both = enumeration.ascend(theta, 1.0, theta_fast)
    chain = (
        theta
        if on("slow chain") or on("moved by θ alone")
        else theta_fast
        if on("fast chain")
        else both
    )
    p = hidden(v_data if on("restarted") else particles, chain)
    h = (u_hidden < p).double()
    q = torch.sigmoid((p if on("mean field back") else h) @ chain[0].T + chain[1])
    moved = q if on("probabilities kept") else (u_visible < q).double()
    model = particles if on("gradient before moving") else moved

    n, m = len(v_data), len(particles)
    n, m = (1, 1) if on("sums") else (n, n) if on("divided by the batch") else (n, m)
    positive = phase(v_data, hidden(v_data, both if on("leak") else theta), n)
    slow = on("slow chain") or on("slow hidden")
    negative = phase(model, hidden(model, theta if slow else both), m)
    g = enumeration.ascend(positive, -1.0, negative)
    g = scaled(g, -1.0) if on("descent") else g

    base = both if on("overlay kept") else scaled(theta, rho) if on("slow decay") else theta
    slow_rate = 1.0 if on("no slow rate") else beta if on("fast rate for both") else alpha
    new = enumeration.ascend(base, -slow_rate if on("slow step down") else slow_rate, g)
    beta = alpha if on("slow rate for both") else 1.0 if on("no fast rate") else beta
    if on("late decay"):
        fast = scaled(enumeration.ascend(theta_fast, beta, g), rho)
    else:
        kept = 1 - rho if on("forgetting") else rho
        kept = 1.0 if on("no decay") or on("slow decay") else kept
        sign = -1.0 if on("fast step down") else 1.0
        fast = enumeration.ascend(scaled(theta_fast, kept), sign * beta, g)
    fast = scaled(g, beta) if on("fast weights replaced") else fast
    new = theta if on("slow weights kept") else new
    return new, fast, particles if on("particles lost") else moved


def exact(
    theta: Theta, theta_fast: Theta, particles: Tensor, v_data: Tensor,
    learning_rate: float, fast_learning_rate: float, decay: float,
    u_hidden: Tensor, u_visible: Tensor,
) -> Updated:  # fmt: skip
    overlaid = enumeration.ascend(theta, 1.0, theta_fast)
    _, moved = enumeration.gibbs_step(*overlaid, particles, u_hidden, u_visible)
    positive = enumeration.mean_slope(theta, v_data, hidden_of=theta)
    negative = enumeration.mean_slope(theta, moved, hidden_of=overlaid)
    g = enumeration.ascend(positive, -1.0, negative)
    W, b, c = (decay * part for part in theta_fast)
    return (
        enumeration.ascend(theta, learning_rate, g),
        enumeration.ascend((W, b, c), fast_learning_rate, g),
        moved,
    )


FAST_WEIGHTS = Exercise(
    number="1.5",
    title="the update with fast weights",
    minutes=35,
    reference=fpcd_update,
    case=case,
    sizes=((3, 2, 8, 6), (3, 3, 12, 12), (4, 3, 10, 15), (2, 5, 20, 16), (4, 4, 9, 9)),
    by_hand=(2, 1, 2, 3),
    answer=answer,
    exact=exact,
    slips={
        "leak": "The fast weights leak into the positive phase: the hidden probabilities of the "
        "data are those of θ alone. Only the particles see θ + θ_f.",
        "slow hidden": "The particles move as they should, but in the gradient their hidden "
        "probabilities are those of θ. A particle is a state (v, h) of the chain over Q_{θ+θ_f}: "
        "both its layers belong to θ + θ_f.",
        "slow chain": "The chain runs with the slow weights only, so θ_f has no effect on "
        "anything: the particles have to move under θ + θ_f.",
        "moved by θ alone": "The particles move under θ alone. They have to move under the sum, θ "
        "+ θ_f, like the hidden probabilities that are taken of them.",
        "fast chain": "The chain runs with the fast weights alone: the particles have to move "
        "under the sum, θ + θ_f.",
        "restarted": "The chain restarts at the data; it has to go on from the particles.",
        "descent": "Both steps, of θ and of θ_f, go down in likelihood: g is data minus "
        "particles, and it is added.",
        "overlay kept": "The fast weights are added into θ for good. They are a temporary overlay "
        "for the chain: θ := θ + α g.",
        "slow decay": "The decay is applied to the slow weights θ; it belongs to θ_f alone: θ := "
        "θ + α g, θ_f := ρ θ_f + β g.",
        "late decay": "The decay comes after the gradient was added, ρ(θ_f + β g). On the slide "
        "the old fast weights decay first and the new gradient enters undiminished: ρ θ_f + β g.",
        "forgetting": "ρ is read as the share that is forgotten, (1 − ρ) θ_f. It is the share "
        "that is retained: with ρ = .95 the fast weights fade by 5 % per update.",
        "no decay": "The fast weights do not decay: θ_f := ρ θ_f + β g.",
        "particles lost": "The particles come back unmoved.",
        "rates exchanged": "The two rates are exchanged: α (learning_rate) is for θ, β "
        "(fast_learning_rate) for θ_f.",
        "slow rate for both": "Both updates use α; the fast weights have a rate of their own, β "
        "(fast_learning_rate).",
        "fast rate for both": "Both updates use β; the slow weights have a rate of their own, α "
        "(learning_rate).",
        "no slow rate": "The slow update lacks its rate: θ := θ + α g.",
        "no fast rate": "The fast update lacks its rate: θ_f := ρ θ_f + β g.",
        "fast step down": "The fast weights go down along g: the same gradient is added to both, "
        "θ_f := ρ θ_f + β g.",
        "slow step down": "The slow weights go down along g: it is data minus particles, and "
        "added to both, θ := θ + α g.",
        "fast weights replaced": "The old fast weights are gone: θ_f := ρ θ_f + β g keeps the "
        "share ρ of them.",
        "slow weights kept": "The slow weights are not updated: θ := θ + α g.",
        "gradient before moving": "The gradient is taken at the particles before they move. First "
        "one Gibbs step under θ + θ_f, then the gradient at the moved particles.",
        "mean field back": "The way back to the visible units uses the hidden probabilities. The "
        "particles have to be drawn given the sampled binary h, 1.0 where u_hidden is below the "
        "probability.",
        "probabilities kept": "The particles are probabilities. They are the state of a Markov "
        "chain, and have to be sampled: 1.0 where u_visible is below the probability.",
        "sums": "Both phases are sums over their rows; each is a mean.",
        "divided by the batch": "Both phases are divided by the size of the batch. The negative "
        "phase is a mean over the particles, of which there may be more or fewer.",
    },
    returns=(
        *(f"the new {name}" for name in ("W", "b", "c")),
        *(f"the new fast {name}" for name in ("W", "b", "c")),
        "the new particles",
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

"""Exercise 1.4: one update of persistent contrastive divergence."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.rbm import enumeration
from lecturekit.exercises.tiny import Maker


def pcd_update(
    W: Tensor,
    b: Tensor,
    c: Tensor,
    particles: Tensor,
    v_data: Tensor,
    learning_rate: float,
    u_hidden: Tensor,
    u_visible: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """One update of persistent contrastive divergence, with one Gibbs step of the particles.

    In the slide's order: the particles go on from where they are, under the present parameters;
    the gradient compares the data with the moved particles; the parameters go up along it.
    A unit of the chain becomes 1.0 where its uniform number is below its probability.

    Args:
        W: weights, (n_visible, n_hidden)
        b: visible biases, (n_visible,)
        c: hidden biases, (n_hidden,)
        particles: the negative chains' visible states, (n_particles, n_visible)
        v_data: the minibatch of known points, (batch, n_visible)
        learning_rate: α
        u_hidden: uniform numbers for the chains' hidden units, (n_particles, n_hidden)
        u_visible: uniform numbers for the chains' visible units, (n_particles, n_visible)

    Returns:
        the new W, b, c, and the new particles
    """
    h = (u_hidden < torch.sigmoid(particles @ W + c)).to(W.dtype)
    particles = (u_visible < torch.sigmoid(h @ W.T + b)).to(W.dtype)

    h_data = torch.sigmoid(v_data @ W + c)
    h_model = torch.sigmoid(particles @ W + c)
    g_W = v_data.T @ h_data / len(v_data) - particles.T @ h_model / len(particles)
    g_b = v_data.mean(dim=0) - particles.mean(dim=0)
    g_c = h_data.mean(dim=0) - h_model.mean(dim=0)

    return W + learning_rate * g_W, b + learning_rate * g_b, c + learning_rate * g_c, particles


Updated = tuple[Tensor, Tensor, Tensor, Tensor]

RESTARTED = (
    "The chain restarts at the data. That is CD-1; a persistent chain goes on from the particles "
    "that the last update left behind."
)


def case(make: Maker, n_visible: int, n_hidden: int, batch: int, n_particles: int) -> Arguments:
    return (
        *enumeration.parameters(make, n_visible, n_hidden),
        make.bits(n_particles, n_visible),
        make.bits(batch, n_visible),
        make.number(0.5, 1.5),  # large, so that its use is seen
        make.uniform(n_particles, n_hidden),
        make.uniform(n_particles, n_visible),
    )


def answer(
    on: Slips, W: Tensor, b: Tensor, c: Tensor, particles: Tensor, v_data: Tensor,
    rate: float, u_hidden: Tensor, u_visible: Tensor,
) -> Updated:  # fmt: skip
    n, m = len(v_data), len(particles)
    start = v_data if on("restarted") else particles
    start = v_data[torch.arange(m) % n] if on("restarted, repeated") else start

    def moved(W: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        p = torch.sigmoid(start @ W + (0.0 if on("no hidden bias in the chain") else c))
        h = (u_hidden > p if on("above") or on("hidden above") else u_hidden < p).double()
        h = p if on("mean field back") else h
        q = torch.sigmoid(h @ W.T + (0.0 if on("no visible bias") else b))
        new = (u_visible > q if on("above") or on("visible above") else u_visible < q).double()
        return h, q if on("probabilities kept") else new

    def phase(v: Tensor, h: Tensor, n: int) -> list[Tensor]:
        h = (h > 0.5).double() if on("hidden rounded") else h
        return [v.T @ h / n, v.sum(dim=0) / n, h.sum(dim=0) / n]

    def hidden(v: Tensor, W: Tensor = W) -> Tensor:
        return torch.sigmoid(v @ W + (0.0 if on("no hidden bias") else c))

    after = on("moved after the update")
    unmoved = on("never moved") or on("gradient before moving") or after
    sampled, model = (particles, particles) if unmoved else moved(W, b, c)
    of = v_data if on("hidden of the data") else particles if on("hidden of the old") else model
    h_model = sampled if on("hidden sampled") and not unmoved else hidden(of)
    h_data = hidden(v_data)
    n, m = (1, 1) if on("sums") else (n, n) if on("divided by the batch") else (n, m)
    positive, negative = phase(v_data, h_data, n), phase(model, h_model, m)
    if on("no negative phase"):
        negative = [torch.zeros_like(part) for part in negative]
    sign = -1 if on("descent") else 1
    step = 1.0 if on("no learning rate") else rate / 2 if on("half the rate") else rate
    g = [sign * (p - q) for p, q in zip(positive, negative, strict=True)]
    if on("gradient returned"):
        return g[0], g[1], g[2], model
    W_new, b_new, c_new = (t + step * s for t, s in zip((W, b, c), g, strict=True))
    if on("W updated first"):
        c_new = c + step * (
            hidden(v_data, W_new).sum(dim=0) / n - hidden(model, W_new).sum(dim=0) / m
        )
    b_new = b if on("visible bias kept") else b_new
    c_new = c if on("hidden bias kept") else c_new
    if on("gradient before moving"):
        _, model = moved(W, b, c)
    elif after:
        _, model = moved(W_new, b_new, c_new)
    return W_new, b_new, c_new, particles if on("not returned") else model


def exact(
    W: Tensor, b: Tensor, c: Tensor, particles: Tensor, v_data: Tensor,
    learning_rate: float, u_hidden: Tensor, u_visible: Tensor,
) -> Updated:  # fmt: skip
    _, moved = enumeration.gibbs_step(W, b, c, particles, u_hidden, u_visible)
    gradient = enumeration.log_likelihood_gradient((W, b, c), v_data, moved)
    return *enumeration.ascend((W, b, c), learning_rate, gradient), moved


PERSISTENT_CHAIN = Exercise(
    number="1.4",
    title="the persistent chain",
    minutes=25,
    reference=pcd_update,
    case=case,
    sizes=((3, 2, 8, 6), (3, 3, 12, 12), (4, 3, 10, 15), (2, 5, 20, 16), (4, 4, 9, 9)),
    by_hand=(2, 1, 2, 3),
    answer=answer,
    live=True,
    exact=exact,
    slips={
        "restarted": RESTARTED,
        "restarted, repeated": RESTARTED,  # where there are more or fewer particles than data
        "not returned": "The particles come back unmoved: the next update would start again from "
        "the same place, and the chain would not be persistent.",
        "never moved": "The particles never move: one Gibbs step, with u_hidden and u_visible, "
        "comes before the gradient.",
        "gradient before moving": "The gradient is taken at the particles before they move. First "
        "one Gibbs step, then the gradient at the moved particles.",
        "moved after the update": "The parameters are updated before the particles move. On the "
        "slide the chain goes on first, under the present parameters, and the update uses where "
        "it arrives.",
        "descent": "The step goes down in likelihood: θ := θ + α·(data − particles).",
        "gradient returned": "This returns the gradient and the particles; asked for are the new "
        "parameters, θ + α·g.",
        "no learning rate": "The gradient is added without the learning rate: θ := θ + α·g.",
        "half the rate": "Half of the learning rate is used: θ := θ + α·g.",
        "probabilities kept": "The particles are probabilities. They are the state of a Markov "
        "chain, and have to be sampled: 1.0 where u_visible is below the probability.",
        "mean field back": "The way back to the visible units uses the hidden probabilities. The "
        "particles have to be drawn given the sampled binary h, 1.0 where u_hidden is below the "
        "probability.",
        "hidden above": "For the hidden units the comparison is the wrong way round: a unit is 1.0 "
        "where its uniform number is *below* its probability.",
        "visible above": "For the visible units the comparison is the wrong way round: a unit is "
        "1.0 where its uniform number is *below* its probability.",
        "above": "The comparison is the wrong way round: a unit is 1.0 where its uniform number "
        "is *below* its probability.",
        "sums": "Both phases are sums over their rows; each is a mean, or the step would grow "
        "with the batch.",
        "divided by the batch": "Both phases are divided by the size of the batch. The negative "
        "phase is a mean over the particles, of which there may be more or fewer.",
        "hidden of the data": "The negative phase pairs the particles with the hidden "
        "probabilities of the data: it needs those given the moved particles.",
        "hidden of the old": "The negative phase pairs the moved particles with the hidden "
        "probabilities from before they moved: it needs those given the moved particles.",
        "hidden sampled": "The negative phase has the chain's sampled hidden states, from before "
        "the visible units moved. It needs the hidden probabilities given the moved particles: "
        "less noise, and both of the same state.",
        "W updated first": "W is updated before the hidden probabilities for c are taken. All "
        "three parameters go along one gradient, taken before any of them changes.",
        "hidden rounded": "In the gradient the hidden probabilities are rounded to 0 or 1; it "
        "contains the probabilities themselves.",
        "no hidden bias": "In the gradient the hidden probabilities lack the bias: σ(v @ W + c).",
        "no visible bias": "The Gibbs step lacks the visible bias: the visible units' input is h "
        "@ W.T + b.",
        "no hidden bias in the chain": "The Gibbs step lacks the hidden bias: the hidden units' "
        "input is v @ W + c.",
        "no negative phase": "The negative phase is missing: θ := θ + α·(data − particles).",
        "visible bias kept": "The visible bias is not updated: it has a gradient too, data minus "
        "particles.",
        "hidden bias kept": "The hidden bias is not updated: it has a gradient too, the "
        "difference of the mean hidden probabilities.",
    },
    returns=("the new W", "the new b", "the new c", "the new particles"),
    hints=(
        "It is exercises 1.2 and 1.3 put together: a Gibbs step, then a gradient, then a step "
        "along it. The only question is where the Gibbs step starts.",
        "Start at `particles`, not at `v_data`; call the result the new particles, use them as "
        "v_model in the gradient, and return them with the new parameters.",
        "`h = (u_hidden < torch.sigmoid(particles @ W + c)).to(W.dtype)`, then "
        "`particles = (u_visible < torch.sigmoid(h @ W.T + b)).to(W.dtype)`. With them as v_model, "
        "g_W, g_b and g_c are those of exercise 1.3. Return `W + learning_rate * g_W`, b and c "
        "alike, and `particles`.",
    ),
    derivation=r"""
The negative phase needs samples of the model. Contrastive divergence starts its chain at the data
for every update, and $k$ steps do not get far from there. But one update changes $\theta$ little,
so the particles that were samples of the last model are nearly samples of the present one, and a
single Gibbs step is enough to follow:

$$X^-_{t+1} \sim T_{\theta_t}(\cdot \mid X^-_t), \qquad
\theta_{t+1} = \theta_t + \alpha\left(\overline{-\tfrac{\partial F}{\partial\theta}}(X^+)
    - \overline{-\tfrac{\partial F}{\partial\theta}}(X^-_{t+1})\right).$$

So the particles are part of the algorithm's state, as the parameters are: they come in, move, and
go out again. There may be more or fewer of them than examples in the minibatch, since each phase
is a mean of its own.
""",
)

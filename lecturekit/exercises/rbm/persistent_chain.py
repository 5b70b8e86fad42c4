"""Exercise 1.4: one update of persistent contrastive divergence."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.rbm import tiny
from lecturekit.exercises.rbm.tiny import Theta


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


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(3, 2, 8, 6), (3, 3, 12, 12), (4, 3, 10, 15), (2, 5, 20, 16)]
    return [_case(*size, generator) for size in sizes]


def _case(
    n_visible: int, n_hidden: int, batch: int, n_particles: int, generator: torch.Generator
) -> Arguments:
    return (
        *tiny.random_parameters(n_visible, n_hidden, generator),
        tiny.random_bits(n_particles, n_visible, generator=generator),
        tiny.random_bits(batch, n_visible, generator=generator),
        0.5 + torch.rand((), generator=generator).item(),  # large, so that its use is seen
        tiny.uniforms(n_particles, n_hidden, generator=generator),
        tiny.uniforms(n_particles, n_visible, generator=generator),
    )


Updated = tuple[Tensor, Tensor, Tensor, Tensor]


def exact(
    W: Tensor, b: Tensor, c: Tensor, particles: Tensor, v_data: Tensor, learning_rate: float,
    u_hidden: Tensor, u_visible: Tensor,
) -> Updated:  # fmt: skip
    _, moved = tiny.gibbs_step(W, b, c, particles, u_hidden, u_visible)
    gradient = tiny.log_likelihood_gradient((W, b, c), v_data, moved)
    return *tiny.ascend((W, b, c), learning_rate, gradient), moved


# ------------------------------------------------------------------------ typical wrong answers


def _chain(theta: Theta, particles: Tensor, *uniforms: Tensor) -> Tensor:
    return tiny.gibbs_step(*theta, particles, *uniforms)[1]


def _restarted(W: Tensor, b: Tensor, c: Tensor, particles: Tensor, v_data: Tensor,
               rate: float, u: Tensor, w: Tensor) -> Updated:  # fmt: skip
    return pcd_update(W, b, c, v_data, v_data, rate, u, w)


def _not_returned(W: Tensor, b: Tensor, c: Tensor, particles: Tensor, v_data: Tensor,
                  rate: float, u: Tensor, w: Tensor) -> Updated:  # fmt: skip
    return *pcd_update(W, b, c, particles, v_data, rate, u, w)[:3], particles


def _not_moved(W: Tensor, b: Tensor, c: Tensor, particles: Tensor, v_data: Tensor,
               rate: float, u: Tensor, w: Tensor) -> Updated:  # fmt: skip
    gradient = tiny.log_likelihood_gradient((W, b, c), v_data, particles)
    return *tiny.ascend((W, b, c), rate, gradient), particles


def _gradient_before_moving(W: Tensor, b: Tensor, c: Tensor, particles: Tensor, v_data: Tensor,
                            rate: float, u: Tensor, w: Tensor) -> Updated:  # fmt: skip
    gradient = tiny.log_likelihood_gradient((W, b, c), v_data, particles)
    return *tiny.ascend((W, b, c), rate, gradient), _chain((W, b, c), particles, u, w)


def _moved_after_update(W: Tensor, b: Tensor, c: Tensor, particles: Tensor, v_data: Tensor,
                        rate: float, u: Tensor, w: Tensor) -> Updated:  # fmt: skip
    gradient = tiny.log_likelihood_gradient((W, b, c), v_data, particles)
    theta = tiny.ascend((W, b, c), rate, gradient)
    return *theta, _chain(theta, particles, u, w)


def _descent(W: Tensor, b: Tensor, c: Tensor, particles: Tensor, v_data: Tensor,
             rate: float, u: Tensor, w: Tensor) -> Updated:  # fmt: skip
    return pcd_update(W, b, c, particles, v_data, -rate, u, w)


def _gradient_returned(W: Tensor, b: Tensor, c: Tensor, particles: Tensor, v_data: Tensor,
                       rate: float, u: Tensor, w: Tensor) -> Updated:  # fmt: skip
    moved = _chain((W, b, c), particles, u, w)
    return *tiny.log_likelihood_gradient((W, b, c), v_data, moved), moved


def _no_learning_rate(W: Tensor, b: Tensor, c: Tensor, particles: Tensor, v_data: Tensor,
                      rate: float, u: Tensor, w: Tensor) -> Updated:  # fmt: skip
    return pcd_update(W, b, c, particles, v_data, 1.0, u, w)


def _probabilities_kept(W: Tensor, b: Tensor, c: Tensor, particles: Tensor, v_data: Tensor,
                        rate: float, u: Tensor, w: Tensor) -> Updated:  # fmt: skip
    h, _ = tiny.gibbs_step(W, b, c, particles, u, w)
    moved = torch.sigmoid(h @ W.T + b)
    gradient = tiny.log_likelihood_gradient((W, b, c), v_data, moved)
    return *tiny.ascend((W, b, c), rate, gradient), moved


PERSISTENT_CHAIN = Exercise(
    number="1.4",
    title="the persistent chain",
    reference=pcd_update,
    cases=cases,
    exact=exact,
    returns=("the new W", "the new b", "the new c", "the new particles"),
    wrong=(
        Misconception(
            _restarted,
            "The chain restarts at the data. That is CD-1; a persistent chain goes on from the "
            "particles that the last update left behind.",
        ),
        Misconception(
            _not_returned,
            "The parameters are right, but the particles come back unmoved: the next update would "
            "start again from the same place, and the chain would not be persistent.",
        ),
        Misconception(
            _not_moved,
            "The particles never move: one Gibbs step, with u_hidden and u_visible, comes before "
            "the gradient.",
        ),
        Misconception(
            _gradient_before_moving,
            "The gradient is taken at the particles before they move. First one Gibbs step, then "
            "the gradient at the moved particles.",
        ),
        Misconception(
            _moved_after_update,
            "The parameters are updated before the particles move. On the slide the chain goes on "
            "first, under the present parameters, and the update uses where it arrives.",
        ),
        Misconception(
            _descent,
            "The step goes down in likelihood: θ := θ + α·(data − particles).",
        ),
        Misconception(
            _gradient_returned,
            "This returns the gradient and the particles; asked for are the new parameters, "
            "θ + α·g.",
        ),
        Misconception(
            _no_learning_rate,
            "The gradient is added without the learning rate: θ := θ + α·g.",
        ),
        Misconception(
            _probabilities_kept,
            "The particles are probabilities. They are the state of a Markov chain, and have to be "
            "sampled: 1.0 where u_visible is below the probability.",
        ),
    ),
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

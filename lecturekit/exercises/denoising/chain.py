"""Exercise 4.5: a Markov chain from the student's own denoiser."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.denoising import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


def denoising_chain(
    x: Tensor, data: Tensor, sigma: Tensor, noise: Tensor, uniforms: Tensor
) -> Tensor:
    """The chain X' ~ C(X' | X), X ~ P(X | X') on a finite data set, with its true posterior.

    The random numbers are handed in. Step t adds σ·noise[t] to the present X; the next X is the
    data point k where the cumulated probabilities P(x_0 | X') + ... + P(x_k | X') first exceed
    uniforms[t].

    Args:
        x: where the chains start, X_0, (n_chains, n_dims)
        data: all values that X can have, equally likely, (n_data, n_dims)
        sigma: standard deviation σ of the noise, ()
        noise: standard normal numbers, (n_steps, n_chains, n_dims)
        uniforms: uniform numbers in [0, 1), (n_steps, n_chains)

    Returns:
        the clean states X_1, X_2, ... after each step, (n_steps, n_chains, n_dims)
    """
    states = []
    for eps, u in zip(noise, uniforms, strict=True):
        x_noisy = x + sigma * eps  # X' ~ C(X' | X)
        squares = (x_noisy[:, None] - data).square().sum(dim=2)  # (n_chains, n_data)
        posterior = torch.softmax(-squares / (2 * sigma**2), dim=1)
        passed = posterior.cumsum(dim=1) <= u[:, None]
        x = data[passed.sum(dim=1).clamp(max=len(data) - 1)]  # X ~ P(X | X')
        states.append(x)
    return torch.stack(states)


def cases(generator: torch.Generator) -> list[Arguments]:
    return [_case(*size, generator) for size in [(4, 3, 6, 2), (5, 6, 3, 1), (3, 4, 5, 3)]]


def _case(
    n_steps: int, n_chains: int, n_data: int, n_dims: int, generator: torch.Generator
) -> Arguments:
    _, data, sigma = tiny.points_with_noise(1, n_data, n_dims, generator)
    start = data[torch.randint(n_data, (n_chains,), generator=generator)]
    noise = tiny.normal(n_steps, n_chains, n_dims, generator=generator)
    return start, data, sigma, noise, tiny.uniform(n_steps, n_chains, generator=generator)


def exact(x: Tensor, data: Tensor, sigma: Tensor, noise: Tensor, uniforms: Tensor) -> Tensor:
    """One chain and one data point at a time, with Bayes' rule from densities."""
    states = torch.empty_like(noise)
    for chain, start in enumerate(x):
        state = start
        for step in range(len(noise)):
            x_noisy = (state + sigma * noise[step, chain])[None]
            reached, k = 0.0, -1
            for p in tiny.posterior_by_bayes(x_noisy, data, sigma)[0].tolist():
                if reached > uniforms[step, chain]:
                    break
                reached, k = reached + p, k + 1
            state = states[step, chain] = data[k]
    return states


# ------------------------------------------------------------------------ typical wrong answers


def _posterior(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    squares = (x_noisy[:, None] - data).square().sum(dim=2)
    return torch.softmax(-squares / (2 * sigma**2), dim=1)


def _pick(posterior: Tensor, data: Tensor, u: Tensor) -> Tensor:
    passed = posterior.cumsum(dim=1) <= u[:, None]
    return data[passed.sum(dim=1).clamp(max=len(data) - 1)]


def _mean(x: Tensor, data: Tensor, sigma: Tensor, noise: Tensor, uniforms: Tensor) -> Tensor:
    states = []
    for eps in noise:
        x = _posterior(x + sigma * eps, data, sigma) @ data
        states.append(x)
    return torch.stack(states)


def _most_probable(
    x: Tensor, data: Tensor, sigma: Tensor, noise: Tensor, uniforms: Tensor
) -> Tensor:
    states = []
    for eps in noise:
        x = data[_posterior(x + sigma * eps, data, sigma).argmax(dim=1)]
        states.append(x)
    return torch.stack(states)


def _noise_piles_up(
    x: Tensor, data: Tensor, sigma: Tensor, noise: Tensor, uniforms: Tensor
) -> Tensor:
    states = []
    for eps, u in zip(noise, uniforms, strict=True):
        x = x + sigma * eps
        states.append(_pick(_posterior(x, data, sigma), data, u))
    return torch.stack(states)


def _restarts(x: Tensor, data: Tensor, sigma: Tensor, noise: Tensor, uniforms: Tensor) -> Tensor:
    pairs = zip(noise, uniforms, strict=True)
    return torch.stack(
        [_pick(_posterior(x + sigma * eps, data, sigma), data, u) for eps, u in pairs]
    )


def _noisy_states(
    x: Tensor, data: Tensor, sigma: Tensor, noise: Tensor, uniforms: Tensor
) -> Tensor:
    states = []
    for eps, u in zip(noise, uniforms, strict=True):
        x_noisy = x + sigma * eps
        states.append(x_noisy)
        x = _pick(_posterior(x_noisy, data, sigma), data, u)
    return torch.stack(states)


def _variance_for_deviation(
    x: Tensor, data: Tensor, sigma: Tensor, noise: Tensor, uniforms: Tensor
) -> Tensor:
    states = []
    for eps, u in zip(noise, uniforms, strict=True):
        x = _pick(_posterior(x + sigma**2 * eps, data, sigma), data, u)
        states.append(x)
    return torch.stack(states)


def _no_noise(x: Tensor, data: Tensor, sigma: Tensor, noise: Tensor, uniforms: Tensor) -> Tensor:
    return denoising_chain(x, data, sigma, torch.zeros_like(noise), uniforms)


def _one_step_late(
    x: Tensor, data: Tensor, sigma: Tensor, noise: Tensor, uniforms: Tensor
) -> Tensor:
    states = denoising_chain(x, data, sigma, noise, uniforms)
    return torch.cat([x[None], states[:-1]])


CHAIN = Exercise(
    number="4.5",
    title="a chain from your own denoiser",
    reference=denoising_chain,
    cases=cases,
    exact=exact,
    returns=("the clean states after each step",),
    wrong=(
        Misconception(
            _mean,
            "The mean E[X | X′] is used in place of a sample. Such a chain is drawn together "
            "towards the middle; only *samples* from P(X | X′) leave the data's distribution "
            "unchanged.",
        ),
        Misconception(
            _most_probable,
            "The most probable X is taken in place of a sample: the chain then stays where it is. "
            "Use the uniform numbers to draw from P(X | X′).",
        ),
        Misconception(
            _noise_piles_up,
            "The noise piles up: X′ is made from the last X′. It has to be made from the "
            "reconstructed X, X′_t ~ C(X′ | X_t).",
        ),
        Misconception(
            _restarts,
            "Every step starts again from X_0. The chain goes on from where the last step has led.",
        ),
        Misconception(
            _noisy_states,
            "These are the corrupted states X′. The chain's X_t are the reconstructed ones; it is "
            "those that are distributed like the data.",
        ),
        Misconception(
            _variance_for_deviation,
            "The noise is multiplied by σ² : X′ = X + σε, with the standard deviation.",
        ),
        Misconception(
            _no_noise,
            "Nothing is corrupted: the noise is missing in X′ = X + σε.",
        ),
        Misconception(
            _one_step_late,
            "All states are right, but one place late: X_0 was given, the first one asked for is "
            "X_1.",
        ),
    ),
    hints=(
        "One step has two halves: X′ := X + σε, then a draw from the posterior of exercise 4.3, "
        "whose probabilities you have as the softmax weights.",
        "To draw from probabilities with a uniform number u: cumulate them (`cumsum`) and count "
        "how many of the sums are ≤ u. That count is the index of the point.",
        "In the loop: `x_noisy = x + sigma * eps`; `posterior = softmax(...)` as in 4.3; "
        "`k = (posterior.cumsum(dim=1) <= u[:, None]).sum(dim=1)`; `x = data[k]`; append x.",
    ),
    derivation=r"""
The pair $(X, X')$ has the joint distribution $P(x)\,C(x' \mid x)$. A step of the chain draws $X'$
given $X$ and then $X$ given $X'$, each from its exact conditional distribution:

$$X'_t \sim C(X' \mid X_t), \qquad X_{t+1} \sim P(X \mid X'_t) \propto P(X)\, C(X'_t \mid X).$$

That is **Gibbs sampling of the pair**. A draw from an exact conditional leaves the joint
distribution as it is, so if $X_t$ is distributed like the data, so is $X_{t+1}$. Gaussian noise
reaches everywhere, hence every data point can follow every other, and the chain converges to $P$
from any start.

Drawing by inverse distribution function: cut $[0, 1)$ into pieces of length $P(x_k \mid x')$; $u$
falls into piece $k$ with just that probability.
""",
)

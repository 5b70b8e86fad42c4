"""Exercise 4.5: a Markov chain from the student's own denoiser."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.denoising import finite
from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


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


def case(
    make: Maker, n_steps: int, n_chains: int, n_data: int, n_dims: int, spread: float = 1.0
) -> Arguments:
    _, data, sigma = finite.points_with_noise(make, 1, n_data, n_dims)
    data = spread * data
    start = data[make.whole(n_data, n_chains)]
    noise, uniforms = make.normal(n_steps, n_chains, n_dims), make.uniform(n_steps, n_chains)
    if spread > 1:  # so far apart that most points can't be drawn, not even by a u of 0
        start, uniforms[0] = data[-1].expand_as(start).clone(), 0.0
    return start, data, sigma, noise, uniforms


def answer(
    on: Slips, x: Tensor, data: Tensor, sigma: Tensor, noise: Tensor, uniforms: Tensor
) -> Tensor:
    scales = {
        "variance for deviation": sigma**2,
        "root for deviation": sigma.sqrt(),
        "unit noise": torch.ones_like(sigma),
        "no noise": 0 * sigma,
        "noise subtracted": -sigma,
    }
    scale = next((value for name, value in scales.items() if on(name)), sigma)
    width = sigma if on("sigma for its square") else sigma**2
    width = width / 2 if on("half forgotten") else width
    states: list[Tensor] = []
    corrupted: list[Tensor] = []
    start = x
    for step, (eps, u) in enumerate(zip(noise, uniforms, strict=True)):
        eps, u = noise[0] if on("same noise") else eps, uniforms[0] if on("same uniforms") else u
        origin = start if on("restarted") else x
        origin = corrupted[-1] if on("noise piles up") and step else origin
        x_noisy = origin + scale * eps
        corrupted.append(x_noisy)
        squares = (x_noisy[:, None] - data).square().sum(dim=2)
        squares = squares.sqrt() if on("distance for its square") else squares
        exponents = -squares / (2 * width)
        exponents = -exponents if on("farthest") else exponents
        posterior = exponents.softmax(dim=0 if on("wrong axis") else 1)
        posterior = torch.full_like(posterior, 1 / len(data)) if on("all alike") else posterior
        reached = exponents.exp() if on("not normalised") else posterior
        reached = reached.cumsum(dim=1)
        passed = reached <= (1 - u if on("upper end") else u)[:, None]
        passed = posterior <= u[:, None] if on("not cumulated") else passed
        passed = reached < u[:, None] if on("reached") else passed
        place = passed.sum(dim=1)
        place = place - 1 if on("one too low") else place + 1 if on("one too high") else place
        place = posterior.argmax(dim=1) if on("most probable") else place
        x = data[place.clamp(0, len(data) - 1)]
        x = posterior @ data if on("mean") else x
        states.append(x)
    found = torch.stack(corrupted if on("corrupted returned") else states)
    if on("one step late"):
        return torch.cat([start[None], found[:-1]])
    return found[-1] if on("last alone") else found


def exact(x: Tensor, data: Tensor, sigma: Tensor, noise: Tensor, uniforms: Tensor) -> Tensor:
    """One chain and one data point at a time, with Bayes' rule from densities."""
    states = torch.empty_like(noise)
    for chain, start in enumerate(x):
        state = start
        for step in range(len(noise)):
            x_noisy = (state + sigma * noise[step, chain])[None]
            reached, k = 0.0, -1
            for p in finite.posterior_by_bayes(x_noisy, data, sigma)[0].tolist():
                if reached > uniforms[step, chain]:
                    break
                reached, k = reached + p, k + 1
            state = states[step, chain] = data[k]
    return states


CHAIN = Exercise(
    number="4.5",
    title="a chain from your own denoiser",
    minutes=30,
    reference=denoising_chain,
    case=case,
    sizes=((4, 3, 6, 2), (5, 6, 3, 1), (3, 4, 5, 3), (6, 8, 7, 2), (2, 3, 4, 2, 200.0)),
    by_hand=(2, 2, 3, 1),
    answer=answer,
    live=True,
    exact=exact,
    slips={
        "mean": "The mean E[X | X′] is used in place of a sample. Such a chain is drawn together "
        "towards the middle; only *samples* from P(X | X′) leave the data's distribution "
        "unchanged.",
        "most probable": "The most probable X is taken in place of a sample: the chain then stays "
        "where it is. Use the uniform numbers to draw from P(X | X′).",
        "all alike": "All data points are equally likely to be drawn; their probabilities are P(X "
        "| X′), the softmax of exercise 4.3.",
        "noise piles up": "The noise piles up: X′ is made from the last X′. It has to be made "
        "from the reconstructed X, X′_t ~ C(X′ | X_t).",
        "restarted": "Every step starts again from X_0. The chain goes on from where the last "
        "step has led.",
        "corrupted returned": "These are the corrupted states X′. The chain's X_t are the "
        "reconstructed ones; it is those that are distributed like the data.",
        "variance for deviation": "The noise is multiplied by σ² : X′ = X + σε, with the standard "
        "deviation.",
        "root for deviation": "The noise is multiplied by √σ: X′ = X + σε.",
        "unit noise": "The noise is not multiplied by σ: X′ = X + σε.",
        "no noise": "Nothing is corrupted: the noise is missing in X′ = X + σε, or the posterior "
        "is taken at X where X′ is known.",
        "noise subtracted": "The noise is subtracted: X′ = X + σε, with the numbers that are "
        "handed in.",
        "same noise": "Every step has the noise of the first one; step t has noise[t].",
        "same uniforms": "Every step has the uniform numbers of the first one; step t has "
        "uniforms[t].",
        "sigma for its square": "In the posterior σ stands where σ² belongs: exp(−‖x′ − "
        "x‖²/(2σ²)).",
        "half forgotten": "In the posterior the ½ is missing: exp(−‖x′ − x‖²/(2σ²)).",
        "distance for its square": "In the posterior distances stand where their squares belong: "
        "exp(−‖x′ − x‖²/(2σ²)).",
        "farthest": "The sign in the posterior's exponent is wrong: the points far away are the "
        "most likely.",
        "wrong axis": "The posterior sums to 1 over the chains; for each it has to sum to 1 over "
        "the data points: softmax over `dim=1`.",
        "not normalised": "The weights do not sum to 1, so u does not find its place among their "
        "sums: a softmax divides by their sum.",
        "not cumulated": "u is compared with the single probabilities; cumulate them first, "
        "`posterior.cumsum(dim=1)`.",
        "upper end": "The uniform number is used from the other end, 1 − u: the next X is where "
        "the cumulated probabilities first exceed u.",
        "reached": "The next X is taken where the cumulated probabilities first *reach* u. With u "
        "= 0 that is the first point, however improbable: it is where they first exceed u.",
        "one too low": "The place is one too low: count the cumulated probabilities that are ≤ u; "
        "that count is the index.",
        "one too high": "The place is one too high: count the cumulated probabilities that are ≤ "
        "u; that count is the index.",
        "one step late": "The states come one place late: X_0 was given, the first one asked for "
        "is X_1.",
        "last alone": "This is the last state alone; return all of them, X_1, X_2, …",
    },
    returns=("the clean states after each step",),
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

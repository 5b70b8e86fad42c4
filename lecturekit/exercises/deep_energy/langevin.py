"""Exercise 2.3: Langevin steps on a quadratic energy."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


def langevin(x: Tensor, precision: Tensor, step_size: float, noise: Tensor) -> Tensor:
    """Langevin steps x ← x − ε ∇E(x) + √(2ε) n on the energy E(x) = ½ xᵀΛx.

    The random numbers are handed in: noise[0] for the first step, noise[1] for the second, …

    Args:
        x: where the particles begin, (n, n_dims)
        precision: Λ, symmetric, (n_dims, n_dims)
        step_size: ε, a number
        noise: standard normal numbers, (n_steps, n, n_dims)

    Returns:
        where the particles are after the last step, (n, n_dims)
    """
    for n in noise:
        x = x - step_size * (x @ precision) + (2 * step_size) ** 0.5 * n
    return x


def case(make: Maker, n: int, n_dims: int, n_steps: int) -> Arguments:
    root = make.normal(n_dims, n_dims)
    return (
        make.normal(n, n_dims, scale=2.0),
        root @ root.T + 0.5 * torch.eye(n_dims, dtype=root.dtype),
        make.number(0.05, 0.2),
        make.normal(n_steps, n, n_dims),
    )


def answer(on: Slips, x: Tensor, precision: Tensor, step_size: float, noise: Tensor) -> Tensor:
    drift = {"half the drift": 0.5, "half the step": 0.5, "twice the drift": 2.0, "no drift": 0.0}
    size = next((factor for name, factor in drift.items() if on(name)), 1.0) * step_size
    size = 1.0 if on("drift without step size") else -size if on("uphill") else size
    scales = {
        "no noise": 0.0,
        "noise of the step size": step_size,
        "noise without root": 2 * step_size,
        "noise too small": step_size**0.5,
        "half the step": step_size**0.5,
        "noise of √2": 2**0.5 * step_size,
        "unit noise": 1.0,
        "noise subtracted": -((2 * step_size) ** 0.5),
    }
    scale = next((value for name, value in scales.items() if on(name)), (2 * step_size) ** 0.5)
    noise = noise.flip(0) if on("noise backwards") else noise
    start, path = x, [x]
    for n in noise[: 1 if on("one step") else len(noise) - on("one step too few")]:
        n = noise[0] if on("same noise") else n
        from_ = x + scale * n if on("noise first") else start if on("slope at the start") else x
        slope = from_ @ precision
        if on("inverse"):
            slope = from_ @ torch.linalg.inv(precision)
        elif on("diagonal alone"):
            slope = from_ * precision.diagonal()
        elif on("no precision"):
            slope = from_
        elif on("energy for slope"):
            slope = 0.5 * (from_ * slope).sum(dim=1, keepdim=True)
        x = (start if on("restarted") else x) - size * slope + scale * n
        path.append(x)
    return torch.stack(path[1:]) if on("whole path") else x


def exact(x: Tensor, precision: Tensor, step_size: float, noise: Tensor) -> Tensor:
    """Unrolled: (I − εΛ)ᵏ x and what is left of each step's noise, by powers of a matrix."""
    shrink = torch.eye(len(precision), dtype=x.dtype) - step_size * precision
    power = torch.linalg.matrix_power
    steps = len(noise)
    left = [noise[j] @ power(shrink, steps - 1 - j) for j in range(steps)]
    return x @ power(shrink, steps) + (2 * step_size) ** 0.5 * torch.stack(left).sum(dim=0)


LANGEVIN = Exercise(
    number="2.3",
    title="Langevin steps",
    minutes=15,
    reference=langevin,
    case=case,
    sizes=((4, 2, 3), (1, 2, 1), (2, 2, 2), (3, 4, 9)),
    by_hand=(1, 2, 2),
    answer=answer,
    exact=exact,
    slips={
        "uphill": "The particles climb: ∇E is added. They must go down the energy, x − ε ∇E(x).",
        "no drift": "∇E is missing: without it this is a random walk that never settles.",
        "no noise": "Without noise this is gradient descent: all particles end in a minimum of E. "
        "Noise is what makes them samples; it plays the part that entropy plays for a generator.",
        "noise of the step size": "The noise is scaled by ε. It has to be √(2ε): its variance, "
        "not its size, is in proportion to the step.",
        "noise without root": "The noise is scaled by 2ε; the square root is missing, √(2ε).",
        "noise too small": "The noise is scaled by √ε, which with a drift of ε samples from "
        "exp(−2E), a colder distribution. Either √(2ε) here, or ε/2 in the drift.",
        "noise of √2": "The noise is scaled by √2 · ε: the root is of the whole product, √(2ε).",
        "unit noise": "The noise is as large as it comes; scale it by √(2ε).",
        "noise subtracted": "The noise is subtracted. That would sample as well, but here the "
        "numbers are handed in, and added.",
        "half the drift": "The drift is ε/2, which goes with noise of √ε. With noise of √(2ε) the "
        "drift is ε; otherwise the particles would sample from exp(−E/2).",
        "half the step": "Drift and noise belong together, but to a step of ε/2: −(ε/2)∇E(x) with "
        "√ε. Here ε stands before the slope, −ε∇E(x), with noise of √(2ε).",
        "twice the drift": "The drift is 2ε: the derivative of ½ xᵀΛx is Λx, not 2Λx.",
        "drift without step size": "The slope is not multiplied by the step size: x − ε ∇E(x).",
        "one step": "Only the first step is taken: there are as many as noise has entries.",
        "one step too few": "The last step is missing: there are as many as noise has entries.",
        "same noise": "Every step has the noise of the first one; step k has noise[k].",
        "noise backwards": "The noise is used in the opposite order: step k has noise[k].",
        "slope at the start": "The slope is computed once, at the start. A step needs ∇E where "
        "the particle is now.",
        "restarted": "Every step begins at the start again; it goes on from where the last one "
        "led.",
        "noise first": "The noise is added before the slope is computed. ∇E is that at the "
        "particle before the step.",
        "inverse": "The inverse of Λ is used: Λ is the precision already, ∇E(x) = Λx.",
        "diagonal alone": "Only the diagonal of Λ is used: ∇E(x) = Λx is a matrix product.",
        "no precision": "Λ is missing: the slope of ½ xᵀΛx is Λx.",
        "energy for slope": "The energy stands where its slope belongs: ∇E(x) = Λx.",
        "whole path": "These are the particles after every step; asked for is where they are in "
        "the end.",
    },
    returns=("the particles after the last step",),
    hints=(
        "The gradient of ½ xᵀΛx is Λx. With one particle per row, and Λ symmetric, that is "
        "`x @ precision`.",
        "A loop over the steps: `for n in noise:` hands out one tensor (n, n_dims) per step.",
        "Inside the loop: `x = x - step_size * (x @ precision) + (2 * step_size) ** 0.5 * n`.",
    ),
    derivation=r"""
The overdamped Langevin equation $dx = -\nabla E(x)\,dt + \sqrt{2}\,dB$ leaves $e^{-E}/Z$ as it
is: in its Fokker–Planck equation $\partial_t p = \nabla \cdot (p \nabla E + \nabla p)$ the terms
cancel for $p \propto e^{-E}$, where $\nabla p = -p \nabla E$. A step of length $\varepsilon$ moves
a particle by $-\varepsilon \nabla E$, and Brownian motion adds noise of variance $2\varepsilon$.

In steps it is not exact. For $E = x^2 / (2 s^2)$ a step is
$x' = (1 - \varepsilon/s^2)\, x + \sqrt{2\varepsilon}\, n$, whose stationary variance is

$$\frac{2\varepsilon}{1 - (1 - \varepsilon/s^2)^2} = \frac{s^2}{1 - \varepsilon / (2 s^2)},$$

a little more than $s^2$, and infinite for $\varepsilon \ge 2 s^2$: the steepest direction sets the
step.

The check unrolls the recursion with powers of $I - \varepsilon\Lambda$.
""",
)

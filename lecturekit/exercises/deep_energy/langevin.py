"""Exercise 2.3: Langevin steps on a quadratic energy."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.deep_energy import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


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


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(4, 2, 3), (1, 2, 1), (2, 2, 2), (3, 4, 9)]
    return [_case(*size, generator) for size in sizes]


def _case(n: int, n_dims: int, n_steps: int, generator: torch.Generator) -> Arguments:
    root = tiny.normal(n_dims, n_dims, generator=generator)
    return (
        2 * tiny.normal(n, n_dims, generator=generator),
        root @ root.T + 0.5 * torch.eye(n_dims, dtype=root.dtype),
        tiny.uniform(0.02, 0.1, generator),
        tiny.normal(n_steps, n, n_dims, generator=generator),
    )


def exact(x: Tensor, precision: Tensor, step_size: float, noise: Tensor) -> Tensor:
    """Unrolled: (I − εΛ)ᵏ x and what is left of each step's noise, by powers of a matrix."""
    shrink = torch.eye(len(precision), dtype=x.dtype) - step_size * precision
    power = torch.linalg.matrix_power
    steps = len(noise)
    left = [noise[j] @ power(shrink, steps - 1 - j) for j in range(steps)]
    return x @ power(shrink, steps) + (2 * step_size) ** 0.5 * torch.stack(left).sum(dim=0)


# ------------------------------------------------------------------------ typical wrong answers


def _walk(x: Tensor, precision: Tensor, noise: Tensor, *, drift: float, diffusion: float) -> Tensor:
    for n in noise:
        x = x + drift * (x @ precision) + diffusion * n
    return x


def _uphill(x: Tensor, precision: Tensor, step_size: float, noise: Tensor) -> Tensor:
    return _walk(x, precision, noise, drift=step_size, diffusion=(2 * step_size) ** 0.5)


def _no_noise(x: Tensor, precision: Tensor, step_size: float, noise: Tensor) -> Tensor:
    return _walk(x, precision, noise, drift=-step_size, diffusion=0.0)


def _noise_of_step_size(x: Tensor, precision: Tensor, step_size: float, noise: Tensor) -> Tensor:
    return _walk(x, precision, noise, drift=-step_size, diffusion=step_size)


def _noise_without_root(x: Tensor, precision: Tensor, step_size: float, noise: Tensor) -> Tensor:
    return _walk(x, precision, noise, drift=-step_size, diffusion=2 * step_size)


def _noise_too_small(x: Tensor, precision: Tensor, step_size: float, noise: Tensor) -> Tensor:
    return _walk(x, precision, noise, drift=-step_size, diffusion=step_size**0.5)


def _unit_noise(x: Tensor, precision: Tensor, step_size: float, noise: Tensor) -> Tensor:
    return _walk(x, precision, noise, drift=-step_size, diffusion=1.0)


def _half_drift(x: Tensor, precision: Tensor, step_size: float, noise: Tensor) -> Tensor:
    return _walk(x, precision, noise, drift=-step_size / 2, diffusion=(2 * step_size) ** 0.5)


def _one_step(x: Tensor, precision: Tensor, step_size: float, noise: Tensor) -> Tensor:
    return langevin(x, precision, step_size, noise[:1])


def _slope_at_the_start(x: Tensor, precision: Tensor, step_size: float, noise: Tensor) -> Tensor:
    drift, moved = step_size * (x @ precision), x
    for n in noise:
        moved = moved - drift + (2 * step_size) ** 0.5 * n
    return moved


def _in_place(x: Tensor, precision: Tensor, step_size: float, noise: Tensor) -> Tensor:
    for n in noise:
        x += (2 * step_size) ** 0.5 * n - step_size * (x @ precision)
    return x


LANGEVIN = Exercise(
    number="2.3",
    title="Langevin steps",
    reference=langevin,
    cases=cases,
    exact=exact,
    returns=("the particles after the last step",),
    wrong=(
        Misconception(
            _uphill,
            "The particles climb: ∇E is added. They must go down the energy, x − ε ∇E(x).",
        ),
        Misconception(
            _no_noise,
            "Without noise this is gradient descent: all particles end in a minimum of E. Noise "
            "is what makes them samples; it plays the part that entropy plays for a generator.",
        ),
        Misconception(
            _noise_of_step_size,
            "The noise is scaled by ε. It has to be √(2ε): its variance, not its size, is in "
            "proportion to the step.",
        ),
        Misconception(
            _noise_without_root, "The noise is scaled by 2ε; the square root is missing, √(2ε)."
        ),
        Misconception(
            _noise_too_small,
            "The noise is scaled by √ε, which with a drift of ε samples from exp(−2E), a colder "
            "distribution. Either √(2ε) here, or ε/2 in the drift.",
        ),
        Misconception(_unit_noise, "The noise is as large as it comes; scale it by √(2ε)."),
        Misconception(
            _half_drift,
            "The drift is ε/2, which goes with noise of √ε. With √(2ε) the drift is ε; as it is, "
            "the particles sample from exp(−E/2).",
        ),
        Misconception(
            _one_step, "Only the first step is taken: there are as many as noise has entries."
        ),
        Misconception(
            _slope_at_the_start,
            "The slope is computed once, at the start. A step needs ∇E where the particle is now.",
        ),
        Misconception(
            _in_place,
            "The numbers are right, but x itself was changed: `x += …` writes into the caller's "
            "tensor. Write `x = x + …`.",
        ),
    ),
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

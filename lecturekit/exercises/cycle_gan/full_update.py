"""Exercise 5.6: one whole update of CycleGAN, all four gradients."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from lecturekit.exercises.cycle_gan import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


def cycle_gan_gradients(
    A: Tensor, B: Tensor, u: Tensor, v: Tensor, x: Tensor, y: Tensor, weight: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The gradients that both generators and both discriminators descend in one update.

    The generators are G(x) = xA and F(y) = yB, the discriminators' scores D_X(x) = x·u and
    D_Y(y) = y·v, row by row. With least squares as in the paper, the generators descend

    mean (D_Y(G(x)) − 1)² + mean (D_X(F(y)) − 1)² + λ·(mean |F(G(x)) − x| + mean |G(F(y)) − y|)

    and each discriminator descends ½ mean (D(real) − 1)² + ½ mean D(fake)².

    Args:
        A: parameters of G, (n_dims, n_dims)
        B: parameters of F, (n_dims, n_dims)
        u: parameters of D_X, (n_dims,)
        v: parameters of D_Y, (n_dims,)
        x: a batch of X, (n, n_dims)
        y: a batch of Y, (m, n_dims)
        weight: λ

    Returns:
        the gradients for A, B, u and v, in their shapes
    """
    A, B, u, v = (parameter.clone().requires_grad_() for parameter in (A, B, u, v))
    fake_y, fake_x = x @ A, y @ B
    adversarial = (fake_y @ v - 1).square().mean() + (fake_x @ u - 1).square().mean()
    cycle = (fake_y @ B - x).abs().mean() + (fake_x @ A - y).abs().mean()
    g_A, g_B = torch.autograd.grad(adversarial + weight * cycle, [A, B])

    fake_y, fake_x = fake_y.detach(), fake_x.detach()
    loss_x = 0.5 * ((x @ u - 1).square().mean() + (fake_x @ u).square().mean())
    loss_y = 0.5 * ((y @ v - 1).square().mean() + (fake_y @ v).square().mean())
    g_u, g_v = torch.autograd.grad(loss_x + loss_y, [u, v])
    return g_A, g_B, g_u, g_v


def cases(generator: torch.Generator) -> list[Arguments]:
    return [_case(*size, generator) for size in ((2, 3, 4), (1, 1, 1), (3, 5, 5), (4, 3, 8))]


def _case(n_dims: int, n: int, m: int, generator: torch.Generator) -> Arguments:
    return (
        tiny.normal(n_dims, n_dims, generator=generator),
        tiny.normal(n_dims, n_dims, generator=generator),
        tiny.normal(n_dims, generator=generator),
        tiny.normal(n_dims, generator=generator),
        tiny.normal(n, n_dims, generator=generator),
        tiny.normal(m, n_dims, generator=generator),
        2.0 + torch.rand((), generator=generator).item(),
    )


Gradients = tuple[Tensor, Tensor, Tensor, Tensor]


def exact(
    A: Tensor, B: Tensor, u: Tensor, v: Tensor, x: Tensor, y: Tensor, weight: float
) -> Gradients:
    """All by hand, without autograd."""
    return (
        _generator_slope(A, B, v, x, y, weight),
        _generator_slope(B, A, u, y, x, weight),
        _discriminator_slope(u, x, y @ B),
        _discriminator_slope(v, y, x @ A),
    )


def _generator_slope(
    A: Tensor, B: Tensor, v: Tensor, x: Tensor, y: Tensor, weight: float
) -> Tensor:
    """Of the generator that maps x to xA, with B for the way back and v for its discriminator."""
    return _adversarial_slope(A, v, x) + weight * (_outward(A, B, x) + _homeward(A, B, y))


def _adversarial_slope(A: Tensor, v: Tensor, x: Tensor, target: float = 1.0) -> Tensor:
    return torch.outer(x.T @ (x @ A @ v - target), v) * 2 / len(x)


def _outward(A: Tensor, B: Tensor, x: Tensor) -> Tensor:
    """∂/∂A of mean |xAB − x|."""
    return x.T @ (x @ A @ B - x).sign() @ B.T / x.numel()


def _homeward(A: Tensor, B: Tensor, y: Tensor) -> Tensor:
    """∂/∂A of mean |yBA − y|."""
    return (y @ B).T @ (y @ B @ A - y).sign() / y.numel()


def _discriminator_slope(v: Tensor, real: Tensor, fake: Tensor) -> Tensor:
    return real.T @ (real @ v - 1) / len(real) + fake.T @ (fake @ v) / len(fake)


# ------------------------------------------------------------------------ typical wrong answers


def _mistaken(
    A: Tensor, B: Tensor, u: Tensor, v: Tensor, x: Tensor, y: Tensor, weight: float, *, mistake: str
) -> Gradients:
    g_A, g_B, g_u, g_v = exact(A, B, u, v, x, y, weight)
    if mistake == "no detach":
        attached_A = torch.outer(x.T @ (x @ A @ v), v) / len(x)
        attached_B = torch.outer(y.T @ (y @ B @ u), u) / len(y)
        return g_A + attached_A, g_B + attached_B, g_u, g_v
    if mistake == "no weight":
        return exact(A, B, u, v, x, y, 1.0)
    if mistake == "target":
        g_A = g_A - _adversarial_slope(A, v, x) + _adversarial_slope(A, v, x, 0.0)
        g_B = g_B - _adversarial_slope(B, u, y) + _adversarial_slope(B, u, y, 0.0)
    if mistake == "discriminators":
        g_A = g_A - _adversarial_slope(A, v, x) + _adversarial_slope(A, u, x)
        g_B = g_B - _adversarial_slope(B, u, y) + _adversarial_slope(B, v, y)
        return g_A, g_B, _discriminator_slope(u, y, x @ A), _discriminator_slope(v, x, y @ B)
    if mistake == "wrong way round":
        cycle_A = _homeward(A, B, x) + _outward(A, B, y)
        cycle_B = _homeward(B, A, y) + _outward(B, A, x)
        return (
            _adversarial_slope(A, v, x) + weight * cycle_A,
            _adversarial_slope(B, u, y) + weight * cycle_B,
            g_u,
            g_v,
        )
    if mistake == "cut cycle":
        g_A = _adversarial_slope(A, v, x) + weight * _homeward(A, B, y)
        g_B = _adversarial_slope(B, u, y) + weight * _homeward(B, A, x)
    if mistake == "whole":
        g_u, g_v = 2 * g_u, 2 * g_v
    return g_A, g_B, g_u, g_v


_MESSAGES = {
    "no detach": "The discriminators' losses reach the generators: detach the translations before "
    "the discriminators judge them.",
    "no weight": "λ is missing from the cycle loss, as on the slide: multiply it by `weight`.",
    "target": "The generators pull their scores to 0, where the discriminators want them: a "
    "generator wants to be taken for real, a score of 1.",
    "discriminators": "The discriminators are exchanged: G's output lies in Y, so D_Y judges it, "
    "beside y.",
    "wrong way round": "The cycles are composed the wrong way round: the one that begins at x is "
    "F(G(x)) = x A B.",
    "cut cycle": "The translations are detached inside the cycle. That is the cut of section 5.5; "
    "in the paper's loss, which is asked for here, F(G(x)) teaches G as well, through F.",
    "whole": "The discriminators' losses lack the factor ½ of the paper, which slows them down "
    "against the generators.",
}

FULL_UPDATE = Exercise(
    number="5.6",
    title="one whole update of CycleGAN",
    reference=cycle_gan_gradients,
    cases=cases,
    exact=exact,
    returns=(
        "the gradient for A",
        "the gradient for B",
        "the gradient for u",
        "the gradient for v",
    ),
    wrong=tuple(
        Misconception(functools.partial(_mistaken, mistake=mistake), message)
        for mistake, message in _MESSAGES.items()
    ),
    hints=(
        "Copy the four parameters with `requires_grad_()`, compute the two translations once, then "
        "one loss for both generators and one for both discriminators.",
        "The cycle that begins at x is `x @ A @ B`; the one that begins at y is `y @ B @ A`. G's "
        "translations are judged by D_Y, whose parameters are v.",
        "`torch.autograd.grad(loss, [A, B])` for the generators, with the translations attached; "
        "`torch.autograd.grad(loss_x + loss_y, [u, v])` for the discriminators, with "
        "`fake.detach()`. Mind the factor ½ and λ.",
    ),
    derivation=r"""
Write $r = x A B - x$ and $t = y B A - y$ for the errors of the two cycles. Then

$$g_A = \frac2n \sum_i (D_Y(G(x_i)) - 1)\, x_i v^\top
+ \lambda \left( \frac{x^\top \operatorname{sign}(r)\, B^\top}{n d}
+ \frac{(yB)^\top \operatorname{sign}(t)}{m d} \right),$$

where the first cycle reaches $A$ through $B$, and the second one as its last map. $g_B$ is the same
with the roles exchanged. Each discriminator sees its own domain only:

$$g_v = \frac1m \sum_j (D_Y(y_j) - 1)\, y_j + \frac1n \sum_i D_Y(G(x_i))\, G(x_i).$$

That is the whole algorithm. What is left is Adam, deep nets in place of matrices, and patience.
""",
)

"""Exercise 3.6: the gradient by which a generator learns."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.moment_matching import tiny


def generator_gradient(
    W: Tensor, b: Tensor, z: Tensor, y: Tensor, sigma: float
) -> tuple[Tensor, Tensor]:
    """The gradient of the loss √MMD²(x, y) of a linear generator x = zW + b, by autograd.

    MMD² is the biased estimate, with k(a, b) = exp(−‖a − b‖²/(2σ)). A descent goes *against* it.

    Args:
        W: the generator's weights, (n_latent, n_features)
        b: its biases, (n_features,)
        z: latent points, (N, n_latent)
        y: data, (M, n_features)
        sigma: σ, a squared bandwidth

    Returns:
        the gradients of W and b, in their shapes
    """

    def mean_kernel(a: Tensor, b: Tensor) -> Tensor:
        squared_distances = ((a[:, None] - b[None]) ** 2).sum(dim=2)
        return torch.exp(-squared_distances / (2 * sigma)).mean()

    W, b = W.detach().clone().requires_grad_(), b.detach().clone().requires_grad_()
    x = z @ W + b
    mmd2 = mean_kernel(x, x) + mean_kernel(y, y) - 2 * mean_kernel(x, y)
    g_W, g_b = torch.autograd.grad(mmd2.sqrt(), (W, b))
    return g_W, g_b


def cases(generator: torch.Generator) -> list[Arguments]:
    return [_case(*sizes, generator) for sizes in [(2, 3, 5, 4), (1, 2, 3, 6), (3, 2, 4, 4)]]


def _case(n_latent: int, n_features: int, n: int, m: int, generator: torch.Generator) -> Arguments:
    return (
        tiny.normal(n_latent, n_features, generator=generator),
        tiny.normal(n_features, generator=generator),
        tiny.normal(n, n_latent, generator=generator),
        2 + tiny.normal(m, n_features, generator=generator),
        tiny.sigma_above_one(generator),
    )


Gradients = tuple[Tensor, Tensor]


def exact(W: Tensor, b: Tensor, z: Tensor, y: Tensor, sigma: float) -> Gradients:
    """By the chain rule on paper: ∂√MMD²/∂x_i = ∇f(x_i) / (N √MMD²), then through x = zW + b."""
    x = z @ W + b
    slopes = torch.stack([tiny.witness_slope(point, x, y, sigma) for point in x])
    by_x = slopes / (len(x) * tiny.mmd2(x, y, sigma).sqrt())
    return z.T @ by_x, by_x.sum(dim=0)


# ------------------------------------------------------------------------ typical wrong answers


def _through(
    W: Tensor, b: Tensor, z: Tensor, y: Tensor, sigma: float, *,
    within: float = 1.0, between: float = 1.0, root: bool = True,
) -> Gradients:  # fmt: skip
    """The gradient when the terms carry only a part of their own gradient."""
    x = z @ W + b
    n = len(x)
    none = x[:0]
    repulsion = torch.stack([tiny.witness_slope(t, x, none, sigma) for t in x])
    attraction = torch.stack([tiny.witness_slope(t, none, y, sigma) for t in x])
    by_x = 2 / n * (within * repulsion + between * attraction)
    if root:
        by_x = by_x / (2 * tiny.mmd2(x, y, sigma).sqrt())
    return z.T @ by_x, by_x.sum(dim=0)


def _flipped(W: Tensor, b: Tensor, z: Tensor, y: Tensor, sigma: float) -> Gradients:
    return _through(W, b, z, y, sigma, within=-1.0, between=-1.0)


def _not_root(W: Tensor, b: Tensor, z: Tensor, y: Tensor, sigma: float) -> Gradients:
    return _through(W, b, z, y, sigma, root=False)


def _cross_detached(W: Tensor, b: Tensor, z: Tensor, y: Tensor, sigma: float) -> Gradients:
    return _through(W, b, z, y, sigma, between=0.0)


def _within_detached(W: Tensor, b: Tensor, z: Tensor, y: Tensor, sigma: float) -> Gradients:
    return _through(W, b, z, y, sigma, within=0.0)


def _half_detached(W: Tensor, b: Tensor, z: Tensor, y: Tensor, sigma: float) -> Gradients:
    return _through(W, b, z, y, sigma, within=0.5)


def _root_detached(W: Tensor, b: Tensor, z: Tensor, y: Tensor, sigma: float) -> Gradients:
    g_W, g_b = _through(W, b, z, y, sigma, root=False)
    root = tiny.mmd2(z @ W + b, y, sigma).sqrt()
    return g_W / root, g_b / root


def _sigma_squared(W: Tensor, b: Tensor, z: Tensor, y: Tensor, sigma: float) -> Gradients:
    return generator_gradient(W, b, z, y, sigma**2)


def _plus_sign(W: Tensor, b: Tensor, z: Tensor, y: Tensor, sigma: float) -> Gradients:
    W, b = W.detach().clone().requires_grad_(), b.detach().clone().requires_grad_()
    x = z @ W + b
    cross = torch.stack([tiny.k(p, q, sigma) for p in x for q in y]).mean()
    g_W, g_b = torch.autograd.grad((tiny.mmd2(x, y, sigma) + 4 * cross).sqrt(), (W, b))
    return g_W, g_b


GENERATOR_GRADIENT = Exercise(
    number="3.6",
    title="the generator's gradient",
    reference=generator_gradient,
    cases=cases,
    exact=exact,
    returns=("the gradient of W", "the gradient of b"),
    wrong=(
        Misconception(
            _flipped,
            "This is the exact negative of the gradient. `train` goes against the gradient, so the "
            "samples would flee from the data.",
        ),
        Misconception(
            _not_root,
            "This is the gradient of MMD²; the loss is its root, which divides it by 2√MMD².",
        ),
        Misconception(
            _cross_detached,
            "No gradient comes through the cross term: x is detached in k(x, y), so the samples "
            "only "
            "repel each other and never see the data.",
        ),
        Misconception(
            _within_detached,
            "No gradient comes through k(x, x): the samples are drawn to the data but do not repel "
            "each other, and all of them will end in one place.",
        ),
        Misconception(
            _half_detached,
            "In k(x, x) one of the two x is detached. x_i stands in both places, so half of the "
            "repulsion is missing.",
        ),
        Misconception(
            _root_detached,
            "The derivative of a root is 1/(2√·): here the gradient of MMD² is divided by √MMD² "
            "without the 2.",
        ),
        Misconception(
            _sigma_squared,
            "The bandwidth is squared once too often: the exponent is −‖a − b‖²/(2σ).",
        ),
        Misconception(
            _plus_sign,
            "The cross term has the wrong sign, as printed on the slide: descending this loss "
            "makes "
            "samples and data *less* alike.",
        ),
    ),
    hints=(
        "Let autograd do it: parameters that require gradients, x = zW + b, the loss, and "
        "`torch.autograd.grad`.",
        "Take `W.detach().clone().requires_grad_()` and the same of b, so that the arguments stay "
        "as they are. Nothing else may be detached: the gradient comes through k(x, x), in both of "
        "its places, and through k(x, y).",
        "`loss = (k(x, x).mean() + k(y, y).mean() - 2 * k(x, y).mean()).sqrt()`, then "
        "`torch.autograd.grad(loss, (W, b))` is the pair to return.",
    ),
    derivation=r"""
By exercise 3.4, $\partial\,\mathrm{MMD}^2 / \partial x_i = \frac2N \nabla f(x_i)$, with $f$ the
witness. The root divides by $2\sqrt{\mathrm{MMD}^2}$:

$$\frac{\partial \sqrt{\mathrm{MMD}^2}}{\partial x_i} = \frac{\nabla f(x_i)}{N
\sqrt{\mathrm{MMD}^2}} =: g_i,$$

and through $x_i = z_i W + b$ the chain rule gives

$$\frac{\partial}{\partial W} = \sum_i z_i^\top g_i, \qquad \frac{\partial}{\partial b} = \sum_i
g_i.$$

So a network is moved by the very pushes and pulls that move free samples; but it can only follow as
far as one function $x = g_\theta(z)$ can, since all samples share its parameters. Autograd does
the last step for any network.

Why the root? Near the optimum the gradient of MMD² goes to 0 with MMD itself, and learning stalls.
Divided by $\sqrt{\mathrm{MMD}^2}$ it keeps its length.
""",
)

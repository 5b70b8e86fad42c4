"""Exercise 3.6: the gradient by which a generator learns."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.moment_matching import pairwise
from lecturekit.exercises.tiny import Maker


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


Gradients = tuple[Tensor, Tensor]

NO_Y = (
    "The mean over pairs of y is missing. It has no gradient of its own, but it stands under the "
    "root, and divides."
)


def case(make: Maker, n_latent: int, n_features: int, n: int, m: int) -> Arguments:
    return (
        make.normal(n_latent, n_features),
        make.normal(n_features),
        make.normal(n, n_latent),
        make.normal(m, n_features, offset=2.0),
        make.number(1.5, 3.5),
    )


def answer(on: Slips, W: Tensor, b: Tensor, z: Tensor, y: Tensor, sigma: float) -> Gradients:
    """By the chain rule on paper, with the share of its gradient that each term carries."""
    x = z @ W + (0.0 if on("no bias") else b)
    n, m = len(x), len(y)
    scale = sigma**2 if on("sigma squared") else sigma / 2 if on("no 2") else sigma

    def k_of(a: Tensor, b: Tensor) -> Tensor:
        return torch.exp(-(torch.cdist(a, b) ** 2) / (2 * scale))

    def pull(sources: Tensor) -> Tensor:
        difference = sources[None] - x[:, None]
        return (k_of(x, sources)[:, :, None] * difference).sum(dim=1) / scale

    K_xx, K_yy, K_xy = k_of(x, x), k_of(y, y), k_of(x, y)
    times = 1.0 if on("cross term once") else 2.0
    times = -times if on("cross term added") else times
    within, between = pull(x) / n**2, pull(y) / (n * m)
    value = K_xx.mean() - times * K_xy.mean() + (0.0 if on("no y") else K_yy.mean())
    if on("unbiased"):
        within = pull(x) / (n * (n - 1))
        value = (K_xx.sum() - n) / (n * (n - 1)) + (K_yy.sum() - m) / (m * (m - 1))
        value = value - times * K_xy.mean()
    within = within * (0.0 if on("within detached") else 0.5 if on("half detached") else 1.0)
    between = between * (0.0 if on("cross detached") else 1.0)
    by_x = 2 * within - times * between
    if on("sums"):
        by_x = by_x * n * n
        by_x = 2 * pull(x) - times * pull(y)
        value = K_xx.sum() + K_yy.sum() - times * K_xy.sum()
    if on("no y, by its modulus"):
        value = value - K_yy.mean()
        by_x = by_x * value.sign()
        value = value.abs()
    root = value.sqrt()
    if on("root's 2 forgotten"):
        by_x = by_x / root
    elif not on("no root"):
        by_x = by_x / (2 * root)
    g_W, g_b = z.T @ by_x, by_x.sum(dim=0)
    if on("bias unmoved"):
        g_b = torch.zeros_like(b)
    elif on("bias averaged"):
        g_b = by_x.mean(dim=0)
    g_W = g_W / len(z) if on("weights averaged") else g_W
    return g_W, g_b


def exact(W: Tensor, b: Tensor, z: Tensor, y: Tensor, sigma: float) -> Gradients:
    """By the chain rule, pair by pair: ∂√MMD²/∂x_i = ∇f(x_i) / (N √MMD²), through x = zW + b."""
    x = z @ W + b
    slopes = torch.stack([pairwise.witness_slope(point, x, y, sigma) for point in x])
    by_x = slopes / (len(x) * pairwise.mmd2(x, y, sigma).sqrt())
    return z.T @ by_x, by_x.sum(dim=0)


GENERATOR_GRADIENT = Exercise(
    number="3.6",
    title="the generator's gradient",
    minutes=25,
    reference=generator_gradient,
    case=case,
    sizes=((2, 3, 5, 4), (1, 2, 3, 6), (3, 2, 4, 4)),
    by_hand=(1, 1, 2, 3),
    answer=answer,
    exact=exact,
    slips={
        "no root": "This is the gradient of MMD²; the loss is its root, which divides it by "
        "2√MMD².",
        "root's 2 forgotten": "The derivative of a root is 1/(2√·): here the gradient of MMD² is "
        "divided by √MMD² without the 2.",
        "cross detached": "No gradient comes through the cross term: x is detached in k(x, y), so "
        "the samples only repel each other and never see the data.",
        "within detached": "No gradient comes through k(x, x): the samples are drawn to the data "
        "but do not repel each other, and all of them will end in one place.",
        "half detached": "In k(x, x) one of the two x is detached. x_i stands in both places, so "
        "half of the repulsion is missing.",
        "sigma squared": "The bandwidth is squared once too often: the exponent is −‖a − b‖²/(2σ).",
        "no 2": "The factor 2 is missing in the kernel's exponent, −‖a − b‖²/(2σ).",
        "cross term added": "The cross term has the wrong sign, as printed on the slide: "
        "descending this loss makes samples and data *less* alike.",
        "cross term once": "The cross term enters once, and should enter twice: − 2 times its "
        "mean.",
        "no y": NO_Y,
        "no y, by its modulus": NO_Y,
        "unbiased": "MMD² leaves the diagonals out here: that is the unbiased estimate, which can "
        "be negative and then has no root. The loss has the biased one.",
        "sums": "The terms are sums over pairs; each is a mean.",
        "no bias": "b is missing from the generator, x = zW + b.",
        "bias unmoved": "The gradient of b is 0: b moves all samples, and gets the sum of their "
        "gradients.",
        "bias averaged": "The gradient of b is averaged over the samples. The mean over pairs is "
        "in MMD² already: the samples' gradients add up.",
        "weights averaged": "The gradient of W is averaged over the samples once more. The mean "
        "over pairs is in MMD² already: the samples' gradients add up.",
        "negated": "This is the exact negative of the gradient. `train` goes against the "
        "gradient, so the samples would flee from the data.",
    },
    returns=("the gradient of W", "the gradient of b"),
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

"""Exercise 6.4: the gradient of a layer that two domains share."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.unit import tiny


def shared_gradient(x1: Tensor, x2: Tensor, E1: Tensor, E2: Tensor, shared: Tensor) -> Tensor:
    """The gradient of both domains' KL terms with respect to the encoders' shared layer.

    The codes' means are m1 = x1 @ E1 @ shared and m2 = x2 @ E2 @ shared, their variance is 1, and
    the loss is L = mean over rows of ‖m1‖²/2  +  mean over rows of ‖m2‖²/2.

    By hand, or by torch.autograd on copies of the arguments: both are right.

    Args:
        x1: images of domain 1 as rows, (n1, n_pixels)
        x2: images of domain 2 as rows, (n2, n_pixels)
        E1, E2: own layers of the encoders, (n_pixels, n_hidden)
        shared: the shared layer, (n_hidden, n_latent)

    Returns:
        ∂L/∂shared, (n_hidden, n_latent)
    """
    h1, h2 = x1 @ E1, x2 @ E2  # (n1, n_hidden), (n2, n_hidden)
    return h1.T @ (h1 @ shared) / len(x1) + h2.T @ (h2 @ shared) / len(x2)


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(2, 6, 5, 4, 3), (3, 3, 3, 3, 3), (4, 2, 3, 2, 5)]
    return [_case(*size, generator) for size in sizes]


def _case(
    n1: int, n2: int, n_pixels: int, n_hidden: int, n_latent: int, generator: torch.Generator
) -> Arguments:
    inwards = (n_pixels, n_hidden)
    shapes = ((n1, n_pixels), (n2, n_pixels), inwards, inwards, (n_hidden, n_latent))
    return tuple(tiny.normal(*shape, generator=generator) for shape in shapes)


def _loss(x1: Tensor, x2: Tensor, E1: Tensor, E2: Tensor, shared: Tensor) -> Tensor:
    m1, m2 = x1 @ E1 @ shared, x2 @ E2 @ shared
    return (m1**2).sum(dim=1).mean() / 2 + (m2**2).sum(dim=1).mean() / 2


def exact(x1: Tensor, x2: Tensor, E1: Tensor, E2: Tensor, shared: Tensor) -> Tensor:
    """Autograd."""
    leaf = shared.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(_loss(x1, x2, E1, E2, leaf), leaf)
    return gradient


# ------------------------------------------------------------------------ typical wrong answers


def _parts(x1: Tensor, x2: Tensor, E1: Tensor, E2: Tensor, shared: Tensor) -> tuple[Tensor, Tensor]:
    h1, h2 = x1 @ E1, x2 @ E2
    return h1.T @ h1 @ shared / len(x1), h2.T @ h2 @ shared / len(x2)


def _domain_1_only(*given: Tensor) -> Tensor:
    return _parts(*given)[0]


def _domain_2_only(*given: Tensor) -> Tensor:
    return _parts(*given)[1]


def _averaged(*given: Tensor) -> Tensor:
    return shared_gradient(*given) / 2


def _pooled(*given: Tensor) -> Tensor:
    n1, n2 = len(given[0]), len(given[1])
    g1, g2 = _parts(*given)
    return (n1 * g1 + n2 * g2) / (n1 + n2)


def _sums(*given: Tensor) -> Tensor:
    g1, g2 = _parts(*given)
    return len(given[0]) * g1 + len(given[1]) * g2


def _twice(*given: Tensor) -> Tensor:
    return 2 * shared_gradient(*given)


def _one_encoder(x1: Tensor, x2: Tensor, E1: Tensor, E2: Tensor, shared: Tensor) -> Tensor:
    return shared_gradient(x1, x2, E1, E1, shared)


def _descent(*given: Tensor) -> Tensor:
    return -shared_gradient(*given)


def _transposed(*given: Tensor) -> Tensor:
    return shared_gradient(*given).T


SHARED_GRADIENT = Exercise(
    number="6.4",
    title="the gradient of a shared layer",
    reference=shared_gradient,
    cases=cases,
    exact=exact,
    returns=("the gradient of the shared layer",),
    wrong=(
        Misconception(
            _domain_1_only,
            "This is the gradient of domain 1's term alone, as if the layers were unshared. A "
            "shared layer stands in both terms and collects the gradients of both.",
        ),
        Misconception(
            _domain_2_only,
            "This is the gradient of domain 2's term alone, as if the layers were unshared. A "
            "shared layer stands in both terms and collects the gradients of both.",
        ),
        Misconception(
            _averaged,
            "The gradients of the two domains are averaged. The losses are added, so their "
            "gradients are too.",
        ),
        Misconception(
            _pooled,
            "The rows of both domains are pooled. Each term is a mean over its own rows, however "
            "many the other domain has.",
        ),
        Misconception(
            _sums,
            "These are sums over the rows; each term of the loss is a mean over its own rows.",
        ),
        Misconception(
            _twice, "Every number is twice the right one: the derivative of ‖m‖²/2 is m, not 2m."
        ),
        Misconception(
            _one_encoder,
            "Both domains go through E1. Only the last layer is shared; domain 2 has its own "
            "first layer, E2.",
        ),
        Misconception(
            _descent,
            "This is the exact negative: the direction of descent. The gradient points uphill.",
        ),
        Misconception(
            _transposed, "The gradient is transposed; it has the shape of `shared` itself."
        ),
    ),
    hints=(
        "The derivative of a sum is the sum of the derivatives. So treat each domain as if it "
        "were alone, then add.",
        "With h = x @ E the mean is m = h @ shared, and the gradient of ‖m‖²/2 with respect to "
        "`shared` is the outer product of h and m.",
        "For one domain: `h.T @ (h @ shared) / len(x)`. With autograd: "
        "`shared = shared.clone().requires_grad_()`, compute L, then "
        "`torch.autograd.grad(L, shared)[0]`.",
    ),
    derivation=r"""
Write $h = x E_i$ for the hidden row of one image and $S$ for the shared layer. Then

$$\frac{\partial}{\partial S_{jk}} \frac{\|h S\|^2}{2}
  = \sum_l (hS)_l \frac{\partial (hS)_l}{\partial S_{jk}} = h_j\, (hS)_k,$$

an outer product, whose mean over the rows is $h^\top (h S) / n$. Since $L$ has one such mean for
each domain, and both contain the *same* $S$,

$$\frac{\partial L}{\partial S} = \frac{1}{n_1} h_1^\top h_1 S + \frac{1}{n_2} h_2^\top h_2 S .$$

In code that is all there is to weight sharing: one module object that two networks call. Autograd
adds up what comes back from either side.
""",
)

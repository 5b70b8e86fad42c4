"""Exercise 6.4: the gradient of a layer that two domains share."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


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


def case(make: Maker, n1: int, n2: int, n_pixels: int, n_hidden: int, n_latent: int) -> Arguments:
    inwards = (n_pixels, n_hidden)
    shapes = ((n1, n_pixels), (n2, n_pixels), inwards, inwards, (n_hidden, n_latent))
    return tuple(make.normal(*shape) for shape in shapes)


def answer(on: Slips, x1: Tensor, x2: Tensor, E1: Tensor, E2: Tensor, shared: Tensor) -> Tensor:
    E1, E2 = (E2, E1) if on("encoders exchanged") else (E1, E2)
    h1, h2 = x1 @ E1, x2 @ (E1 if on("one encoder") else E2)
    n1, n2 = len(x1), len(x2)
    if on("sums"):
        n1 = n2 = 1
    elif on("divided by all entries"):
        n1, n2 = n1 * shared.shape[1], n2 * shared.shape[1]
    elif on("pooled"):
        n1 = n2 = n1 + n2
    elif on("rows of x1 for both"):
        n2 = n1
    elif on("rows of x2 for both"):
        n1 = n2

    def part(h: Tensor, n: int) -> Tensor:
        m = torch.ones_like(h @ shared) if on("mean unsquared") else h @ shared
        if on("lengths unsquared"):
            return h.T @ (m / m.norm(dim=1, keepdim=True)) / n
        if on("mean first"):
            return torch.outer(h.mean(dim=0), m.mean(dim=0))
        return h.T @ m / n

    g1, g2 = part(h1, n1), part(h2, n2)
    g1 = 0 * g1 if on("no gradient of domain 1") else g1
    g2 = 0 * g2 if on("no gradient of domain 2") else g2
    g2 = g1 if on("domain 1 twice") else g2
    found = g1 - g2 if on("domain 2 subtracted") else g1 + g2
    found = found / 2 if on("halved once more") else found
    if on("codes returned"):
        return h1 @ shared
    return found


def exact(x1: Tensor, x2: Tensor, E1: Tensor, E2: Tensor, shared: Tensor) -> Tensor:
    """Autograd."""
    leaf = shared.clone().requires_grad_()
    m1, m2 = x1 @ E1 @ leaf, x2 @ E2 @ leaf
    loss = (m1**2).sum(dim=1).mean() / 2 + (m2**2).sum(dim=1).mean() / 2
    return torch.autograd.grad(loss, leaf)[0]


SHARED_GRADIENT = Exercise(
    number="6.4",
    title="the gradient of a shared layer",
    minutes=15,
    reference=shared_gradient,
    case=case,
    sizes=((2, 6, 5, 4, 3), (3, 3, 3, 3, 3), (4, 2, 3, 2, 5)),
    by_hand=(2, 1, 1, 2, 1),
    answer=answer,
    exact=exact,
    slips={
        "no gradient of domain 2": "This is the gradient of domain 1's term alone, as if the "
        "layers were unshared. A shared layer stands in both terms and collects the gradients of "
        "both.",
        "no gradient of domain 1": "This is the gradient of domain 2's term alone, as if the "
        "layers were unshared. A shared layer stands in both terms and collects the gradients of "
        "both.",
        "domain 1 twice": "Domain 1's term is counted twice, and domain 2's not at all.",
        "domain 2 subtracted": "The gradients of the two domains are subtracted; the losses are "
        "added, so their gradients are too.",
        "halved once more": "The gradients of the two domains are averaged, or the ½ is still "
        "there after the derivative. The losses are added, and the derivative of ‖m‖²/2 is m.",
        "pooled": "The rows of both domains are pooled. Each term is a mean over its own rows, "
        "however many the other domain has.",
        "sums": "These are sums over the rows; each term of the loss is a mean over its own rows.",
        "rows of x1 for both": "Both terms are divided by the number of rows of x1; each is a mean "
        "over its own rows.",
        "rows of x2 for both": "Both terms are divided by the number of rows of x2; each is a mean "
        "over its own rows.",
        "divided by all entries": "The squares are averaged over the latent numbers too; ‖m‖² is "
        "their sum.",
        "mean first": "The means over the rows are taken before the product (or before the "
        "square): the gradient is the mean of the outer products, h.T @ m / n.",
        "mean unsquared": "The derivative of ‖m‖²/2 is m, not 1: h.T @ m / n.",
        "lengths unsquared": "This is the gradient of the lengths ‖m‖; the loss has their "
        "squares, ‖m‖²/2, whose derivative is m.",
        "one encoder": "Both domains go through E1. Only the last layer is shared; domain 2 has "
        "its own first layer, E2.",
        "encoders exchanged": "E1 and E2 are exchanged: each domain goes through its own first "
        "layer.",
        "codes returned": "These are the codes of domain 1; asked for is the gradient for "
        "`shared`.",
        "doubled": "Every number is twice the right one: the derivative of ‖m‖²/2 is m, not 2m.",
        "negated": "This is the exact negative: the direction of descent. The gradient points "
        "uphill.",
        "transposed": "The gradient is transposed; it has the shape of `shared` itself.",
    },
    returns=("the gradient of the shared layer",),
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

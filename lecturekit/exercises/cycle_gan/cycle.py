"""Exercise 5.4: the cycle loss, both ways round."""

from __future__ import annotations

import functools
from collections.abc import Callable

import torch
from torch import Tensor

from lecturekit.exercises.cycle_gan import tiny
from lecturekit.exercises.cycle_gan.tiny import Affine
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception

Map = Callable[[Tensor], Tensor]


def cycle_loss(G: torch.nn.Module, F: torch.nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """How far there-and-back is from where it began, for both domains.

    E_x ‖F(G(x)) − x‖₁ + E_y ‖G(F(y)) − y‖₁, each norm as a mean over all entries of the batch, so
    that λ means the same for batches and images of any size.

    Args:
        G: a net or function from X to Y, (n, n_x) → (n, n_y)
        F: a net or function from Y to X, (n, n_y) → (n, n_x)
        x: a batch of X, (n, n_x)
        y: a batch of Y, (m, n_y)

    Returns:
        the loss, a scalar
    """
    return (F(G(x)) - x).abs().mean() + (G(F(y)) - y).abs().mean()


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(2, 3, 4, 5), (2, 2, 3, 3), (1, 1, 2, 4), (3, 3, 6, 5)]
    return [_case(*size, generator) for size in sizes]


def _case(n_x: int, n_y: int, n: int, m: int, generator: torch.Generator) -> Arguments:
    return (
        tiny.affine(n_x, n_y, generator),
        tiny.affine(n_y, n_x, generator),
        tiny.normal(n, n_x, generator=generator),
        tiny.normal(m, n_y, generator=generator),
    )


def exact(G: Affine, F: Affine, x: Tensor, y: Tensor) -> Tensor:
    """The affine map of there-and-back less the identity, entry by entry."""
    return _off(x, G, F) + _off(y, F, G)


def _off(x: Tensor, there: Affine, back: Affine) -> Tensor:
    A, a = there.A @ back.A - torch.eye(x.shape[1]).double(), there.a @ back.A + back.a
    entries = [abs((row @ A + a)[k].item()) for row in x for k in range(x.shape[1])]
    return torch.tensor(sum(entries) / len(entries), dtype=x.dtype)


# ------------------------------------------------------------------------ typical wrong answers


def _mistaken(G: Map, F: Map, x: Tensor, y: Tensor, *, mistake: str) -> Tensor:
    if mistake == "wrong way round":
        return (G(F(x)) - x).abs().mean() + (F(G(y)) - y).abs().mean()
    if mistake == "slip":
        return F(G(x) - x).abs().mean() + G(F(y) - y).abs().mean()
    if mistake == "half way":
        return (G(x) - x).abs().mean() + (F(y) - y).abs().mean()
    there_x, there_y = F(G(x)) - x, G(F(y)) - y
    return {
        "one way": there_x.abs().mean(),
        "other way": there_y.abs().mean(),
        "squared": there_x.square().mean() + there_y.square().mean(),
        "root": there_x.norm(dim=1).mean() + there_y.norm(dim=1).mean(),
        "summed": there_x.abs().sum() + there_y.abs().sum(),
        "rows": there_x.abs().sum(dim=1).mean() + there_y.abs().sum(dim=1).mean(),
        "no modulus": there_x.mean() + there_y.mean(),
        "halved": (there_x.abs().mean() + there_y.abs().mean()) / 2,
    }[mistake]


_MESSAGES = {
    "wrong way round": "The cycles are composed the wrong way round: G takes X to Y, so a cycle "
    "that begins at x is F(G(x)), first G and then F. Where X and Y have the same shape nothing "
    "else would tell you.",
    "slip": "This is the slip on the slide, F(G(x) − x): the bracket closes too late. The "
    "difference is taken after the way back: F(G(x)) − x.",
    "half way": "This compares G(x) with x, after half the cycle: it asks the translation to "
    "change nothing.",
    "one way": "The cycle that begins in Y is missing. With x alone, F has to undo G but G need "
    "not undo F, and G may map all of X into a part of Y.",
    "other way": "The cycle that begins in X is missing: F(G(x)) − x.",
    "squared": "These are squares; the norm is the sum of moduli, ‖·‖₁. Squares would blur: they "
    "prefer many small errors.",
    "root": "This is the Euclidean norm of each row, ‖·‖₂; the slide has ‖·‖₁.",
    "summed": "These are sums over the whole batch: take means, or λ would depend on the size of "
    "batch and images.",
    "rows": "This is ‖·‖₁ of each row, averaged over the rows. Here the norm is a mean over all "
    "entries, so that λ does not depend on the number of pixels.",
    "no modulus": "Errors of opposite signs cancel: take moduli before the mean.",
    "halved": "The two cycles are added, not averaged.",
}

CYCLE = Exercise(
    number="5.4",
    title="the cycle loss",
    reference=cycle_loss,
    cases=cases,
    exact=exact,
    returns=("the loss",),
    wrong=tuple(
        Misconception(functools.partial(_mistaken, mistake=mistake), message)
        for mistake, message in _MESSAGES.items()
    ),
    hints=(
        "G and F are functions: call them. A cycle that begins in X is there with G and back with "
        "F.",
        "Compare F(G(x)) with x and G(F(y)) with y, entry by entry.",
        "`(F(G(x)) - x).abs().mean()` is the first cycle; the second begins with y.",
    ),
    derivation=r"""
$$\mathcal{L}_\text{cycle}(G, F)
= \mathbb{E}_x \|F(G(x)) - x\|_1 + \mathbb{E}_y \|G(F(y)) - y\|_1.$$

Both are needed. The first alone says that $F \circ G$ is the identity on $X$: $G$ is one-to-one,
but may leave a part of $Y$ out, where $F$ is free. The second says the same from $Y$. Together they
make $G$ and $F$ inverse to each other, which is all that they say: *which* pair of inverses it is,
is left to the adversarial terms and to the nets.
""",
)

"""Exercise 5.4: the cycle loss, both ways round."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


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


class Affine(NamedTuple):
    """x ↦ xA + a, row by row. A tuple, so that an exercise can compare and copy it."""

    A: Tensor
    a: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """(n, n_in) → (n, n_out)."""
        return x @ self.A + self.a

    def forward(self, x: Tensor) -> Tensor:
        """The same, as a module has it."""
        return self(x)


def case(make: Maker, n_x: int, n_y: int, n: int, m: int) -> Arguments:
    return (
        Affine(make.normal(n_x, n_y), make.normal(n_y)),
        Affine(make.normal(n_y, n_x), make.normal(n_x)),
        make.normal(n, n_x),
        make.normal(m, n_y),
    )


def answer(on: Slips, G: Affine, F: Affine, x: Tensor, y: Tensor) -> Tensor:
    if on("wrong way round"):
        G, F = F, G
    if on("bracket too late"):
        there_x, there_y = F(G(x) - x), G(F(y) - y)
    elif on("half way"):
        there_x, there_y = G(x) - x, F(y) - y
    elif on("added"):
        there_x, there_y = F(G(x)) + x, G(F(y)) + y
    elif on("not compared"):
        there_x, there_y = F(G(x)), G(F(y))
    elif on("compared in the other domain"):
        there_x, there_y = F(G(x)) - F(y), G(F(y)) - G(x)
    elif on("identity"):
        there_x, there_y = F(x) - x, G(y) - y
    elif on("twice the same net"):
        there_x, there_y = G(G(x)) - x, F(F(y)) - y
    else:
        there_x, there_y = F(G(x)) - x, G(F(y)) - y

    def size(difference: Tensor, of: Tensor) -> Tensor:
        each = (
            difference.square()
            if on("squares for moduli") or on("root of squares")
            else difference.abs()
        )
        each = difference if on("no modulus") else each
        if on("Euclidean"):
            return difference.norm(dim=1).mean()
        if on("rows"):
            return each.sum(dim=1).mean()
        if on("columns"):
            return each.sum(dim=0).mean()
        if on("largest"):
            return each.max()
        if on("modulus of the mean"):
            return difference.mean().abs()
        total = each.sum() if on("summed") else each.mean()
        total = each.sum() / len(x) / x.shape[1] if on("one divisor") else total
        return total.sqrt() if on("root of squares") else total

    from_x, from_y = size(there_x, x), size(there_y, y)
    from_x = 0 * from_x if on("no cycle from x") else from_x
    from_y = 0 * from_y if on("no cycle from y") else from_y
    if on("pooled"):
        whole = torch.cat([there_x.flatten(), there_y.flatten()])
        return whole.abs().mean()
    total = from_x - from_y if on("subtracted") else from_x + from_y
    return total / 2 if on("averaged") else total


def exact(G: Affine, F: Affine, x: Tensor, y: Tensor) -> Tensor:
    """The affine map of there-and-back less the identity, entry by entry."""
    return _off(x, G, F) + _off(y, F, G)


def _off(x: Tensor, there: Affine, back: Affine) -> Tensor:
    A, a = there.A @ back.A - torch.eye(x.shape[1]).double(), there.a @ back.A + back.a
    entries = [abs((row @ A + a)[k].item()) for row in x for k in range(x.shape[1])]
    return torch.tensor(sum(entries) / len(entries), dtype=x.dtype)


CYCLE = Exercise(
    number="5.4",
    title="the cycle loss",
    minutes=15,
    reference=cycle_loss,
    case=case,
    sizes=((2, 3, 4, 5), (2, 2, 3, 3), (1, 1, 2, 4), (3, 3, 6, 5)),
    by_hand=(1, 1, 2, 1),
    answer=answer,
    live=True,
    exact=exact,
    through=("G", "F"),
    slips={
        "wrong way round": "The cycles are composed the wrong way round: G takes X to Y, so a "
        "cycle that begins at x is F(G(x)), first G and then F. Where X and Y have the same shape "
        "nothing else would tell you.",
        "bracket too late": "This is the slip on the slide, F(G(x) − x): the bracket closes too "
        "late. The difference is taken after the way back: F(G(x)) − x.",
        "half way": "This compares G(x) with x, after half the cycle: it asks the translation to "
        "change nothing.",
        "identity": "This is the identity loss, F(x) − x and G(y) − y; a cycle goes there and "
        "back, F(G(x)) − x.",
        "twice the same net": "Each cycle uses the same net twice: it goes there with G and back "
        "with F.",
        "added": "The beginning is added; the error of a cycle is the difference, F(G(x)) − x.",
        "not compared": "What comes back is not compared with anything: F(G(x)) − x.",
        "compared in the other domain": "What comes back is compared with a translation: it has "
        "to be where it began, F(G(x)) − x.",
        "no cycle from y": "The cycle that begins in Y is missing. With x alone, F has to undo G "
        "but G need not undo F, and G may map all of X into a part of Y.",
        "no cycle from x": "The cycle that begins in X is missing: F(G(x)) − x.",
        "subtracted": "The two cycles are subtracted from each other; both are errors, and added.",
        "squares for moduli": "These are squares; the norm is the sum of moduli, ‖·‖₁. Squares "
        "would blur: they prefer many small errors.",
        "root of squares": "These are roots of mean squares; the norm is the mean of moduli, ‖·‖₁.",
        "Euclidean": "This is the Euclidean norm of each row, ‖·‖₂; the slide has ‖·‖₁.",
        "summed": "These are sums over the whole batch: take means, or λ would depend on the size "
        "of batch and images.",
        "rows": "This is ‖·‖₁ of each row, averaged over the rows. Here the norm is a mean over "
        "all entries, so that λ does not depend on the number of pixels.",
        "columns": "The moduli are summed over the rows and averaged over the columns: take the "
        "mean over all entries.",
        "largest": "These are the largest errors; the norm is the mean of moduli.",
        "one divisor": "Both cycles are divided by the number of entries of x; each mean is over "
        "its own entries.",
        "pooled": "The errors of both cycles are pooled into one mean; the loss is the sum of two "
        "means.",
        "no modulus": "Errors of opposite signs cancel: take moduli before the mean.",
        "modulus of the mean": "The mean is taken before the modulus, so that errors of opposite "
        "signs cancel: first moduli, then the mean.",
        "averaged": "The two cycles are added, not averaged.",
    },
    returns=("the loss",),
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

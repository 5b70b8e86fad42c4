"""The terms of the full loss, each as its formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, NamedTuple

from torch import Tensor

from lecturekit.adversarial import (
    Objective,
    discriminator_loss,
    generator_loss,
    scores_of_both,
)
from lecturekit.cycle_gan.model import CycleGAN
from lecturekit.door import asked, door, refuse_detached, refuse_uncallable, returned

Map = Callable[[Tensor], Tensor]
CycleLoss = Callable[[Map, Map, Tensor, Tensor], Tensor]


@door
def cycle_loss(G: Map, F: Map, x: Annotated[Tensor, "n …"], y: Annotated[Tensor, "m …"]) -> Tensor:
    """E_x ‖F(G(x)) − x‖₁ + E_y ‖G(F(y)) − y‖₁, the norm as a mean over all entries.

    Args:
        G, F: X → Y and Y → X.
        x: a batch of X.
        y: a batch of Y; it need not have as many rows.

    Returns:
        a scalar, in the units of the data.

    Source: Zhu et al. 2017, equation 2.
    """
    there = asked("F", lambda x: F(G(x)), x, *x.shape)
    back = asked("G", lambda y: G(F(y)), y, *y.shape)
    return (there - x).abs().mean() + (back - y).abs().mean()


@door
def identity_loss(
    G: Map, F: Map, x: Annotated[Tensor, "n …"], y: Annotated[Tensor, "m …"]
) -> Tensor:
    """E_y ‖G(y) − y‖₁ + E_x ‖F(x) − x‖₁: what is in the target domain already should stay.

    Source: Zhu et al. 2017, section 5.2.
    """
    stays_y, stays_x = asked("G", G, y, *y.shape), asked("F", F, x, *x.shape)
    return (stays_y - y).abs().mean() + (stays_x - x).abs().mean()


class GeneratorTerms(NamedTuple):
    """What the generators minimise, unweighted; each a scalar.

    Attributes:
        adversarial: of G against D_Y, and of F against D_X.
        cycle, identity: both directions; 0 where they were not asked for.
    """

    adversarial: Tensor
    cycle: Tensor
    identity: Tensor


@door
def generator_terms(
    model: CycleGAN,
    x: Annotated[Tensor, "n n_dims | n n_channels 4·height 4·width"],
    y: Annotated[Tensor, "m n_dims | m n_channels 4·height 4·width"],
    objective: Objective,
    *,
    cycle: CycleLoss = cycle_loss,
    with_cycle: bool = True,
    through_both: bool = True,
    with_identity: bool = False,
) -> tuple[GeneratorTerms, Tensor, Tensor]:
    """The generators' terms on a minibatch, and the translations G(x) and F(y).

    Args:
        model: its discriminators are only looked through: no gradient is kept for them.
        x, y: batches of either domain.
        objective: of the adversarial game.
        cycle: the cycle loss, as in `cycle_loss`.
        with_cycle: without, the cycle term is 0, which saves two passes.
        through_both: whether the cycle's gradient goes on through the translation into the net
            that made it. If not, each net learns to undo the other, but not to be easily undone.
        with_identity: without, the identity term is 0, which saves two passes.
    """
    refuse_uncallable("cycle", cycle, 4)
    G, F = (
        once(net if through_both else _without_input_gradient(net)) for net in (model.G, model.F)
    )
    model.discriminators.requires_grad_(False)
    try:
        adversarial = generator_loss(model.D_Y(G(x)), objective) + generator_loss(
            model.D_X(F(y)), objective
        )
    finally:
        model.discriminators.requires_grad_(True)
    there_and_back = x.new_zeros(())
    if with_cycle:
        there_and_back = returned("cycle", cycle(G, F, x, y), numbers=True)
        refuse_detached("cycle", there_and_back, of=G(x))
    identity = identity_loss(G, F, x, y) if with_identity else x.new_zeros(())
    return GeneratorTerms(adversarial, there_and_back, identity), G(x), F(y)


@door
def discriminator_terms(
    model: CycleGAN,
    x: Annotated[Tensor, "n n_dims | n n_channels 4·height 4·width"],
    y: Annotated[Tensor, "m n_dims | m n_channels 4·height 4·width"],
    fake_x: Annotated[Tensor, "k n_dims | k n_channels 4·height 4·width"],
    fake_y: Annotated[Tensor, "l n_dims | l n_channels 4·height 4·width"],
    objective: Objective,
) -> Tensor:
    """What the discriminators minimise, the sum of both; the translations are detached here."""
    real_x, made_x = scores_of_both(model.D_X, x, fake_x)
    real_y, made_y = scores_of_both(model.D_Y, y, fake_y)
    return discriminator_loss(real_x, made_x, objective) + discriminator_loss(
        real_y, made_y, objective
    )


def _without_input_gradient(f: Map) -> Map:
    return lambda x: f(x.detach())


@door
def once(f: Map) -> Map:
    """f, but for the same tensor object its result is computed only once.

    So the losses can be written as on the slide, G(x) wherever it stands, at no cost.
    """
    seen: list[tuple[Tensor, Tensor]] = []

    def remembering(x: Tensor) -> Tensor:
        for known, result in seen:
            if known is x:
                return result
        result = f(x)
        seen.append((x, result))
        return result

    return remembering

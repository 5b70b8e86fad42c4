"""Which loss moves which net: a table computed from gradients."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch
from torch import Tensor, nn

from lecturekit.adversarial import Objective
from lecturekit.door import In, door, refuse
from lecturekit.unit.losses import Weights, autoencoder_terms, streams, weighted
from lecturekit.unit.model import UNIT


class Reach(NamedTuple):
    """The size of the gradient of each loss with respect to each part of the model.

    Attributes:
        losses: names of the rows.
        parts: names of the columns.
        norms: (n_losses, n_parts); exactly 0 where the loss does not depend on the part.
    """

    losses: tuple[str, ...]
    parts: tuple[str, ...]
    norms: Tensor

    def reaches(self, loss: str, part: str) -> bool:
        """Whether the loss depends on the part.

        Raises:
            ValueError: there is no such loss or part.
        """
        for kind, name, there in (("loss", loss, self.losses), ("part", part, self.parts)):
            if name not in there:
                refuse(kind, f"among {', '.join(there)}", repr(name))
        return bool(self.norms[self.losses.index(loss), self.parts.index(part)] > 0)


@door
def parts(model: UNIT) -> dict[str, nn.Module]:
    """The parts of a model that have parameters of their own, in the slide's order."""
    discriminators = {"D₁": model.D1, "D₂": model.D2}
    if not model.shares_layers:
        nets = {"E₁": model.E1, "G₁": model.G1, "E₂": model.E2, "G₂": model.G2}
        return nets | discriminators
    return {
        "E₁": model.E1.own,
        "E₂": model.E2.own,
        "E shared": model.E1.shared,
        "G shared": model.G1.shared,
        "G₁": model.G1.own,
        "G₂": model.G2.own,
    } | discriminators


@door
def reach(
    model: UNIT,
    x1: Annotated[Tensor, "n n_channels 4·height 4·width", In(0, 1)],
    x2: Annotated[Tensor, "m n_channels 4·height 4·width", In(0, 1)],
    weights: Weights,
    *,
    objective: Objective = "least squares",
    generator: torch.Generator,
) -> Reach:
    """‖∂L/∂θ‖ for the slide's six losses and every part of the model.

    Args:
        model: left as it is.
        x1, x2: a minibatch of either domain.
        weights: λ0 to λ4. A loss with weight 0 reaches nothing.
        objective: of the adversarial game.
        generator: source of the codes' noise.
    """
    made = streams(model, x1, x2, generator=generator)
    both = autoencoder_terms(model, x1, x2, made, objective)
    losses = {
        f"{name} {domain}": loss
        for domain, terms in zip("₁₂", both, strict=True)
        for name, loss in zip(("VAE", "GAN", "CC"), weighted(terms, weights), strict=True)
    }
    columns = parts(model)
    norms = [[_norm(loss, part) for part in columns.values()] for loss in losses.values()]
    return Reach(tuple(losses), tuple(columns), torch.tensor(norms))


def _norm(loss: Tensor, part: nn.Module) -> float:
    gradients = torch.autograd.grad(
        loss, list(part.parameters()), retain_graph=True, allow_unused=True
    )
    return sum(float(g.square().sum()) for g in gradients if g is not None) ** 0.5

"""One step of learning: Adam along the gradient of a loss, at a rate that is read anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor, nn

from lecturekit.door import (
    FREE,
    In,
    NonNegative,
    called_from_outside,
    came,
    door,
    is_finite,
    refuse,
)

BETAS = (0.9, 0.999)  # Adam's own
AGAINST_AN_OPPONENT = (0.5, 0.999)  # a short memory of the direction, since the opponent moves too


@door
class Descent:
    """Adam's steps down the gradient of whatever loss it is handed, or up with `ascent`.

    θ := θ − α·Adam(∇_θ loss), with θ the parameters of one module. All others that the loss goes
    through are frozen: they get no gradient, and none is computed for them. So two players may
    each have a `Descent` and meet in one loss. Kingma & Ba 2015.

    Args:
        trained: the module, its parameters changed in place.
        betas: the shares that the means of gradient and squared gradient retain.
        ascent: whether to go up.

    Example:
        >>> net = nn.Linear(1, 1)
        >>> descent = Descent(net)
        >>> descent.step(net(torch.ones(1, 1)).square().mean(), 1e-3)
    """

    def __init__(
        self,
        trained: nn.Module,
        *,
        betas: tuple[
            Annotated[float, In(0, 1, open="high")], Annotated[float, In(0, 1, open="high")]
        ] = BETAS,
        ascent: bool = False,
    ) -> None:
        self._parameters = list(trained.parameters())
        if not self._parameters:
            refuse("trained", "to have parameters", came(trained))
        self._optimiser = torch.optim.Adam(
            self._parameters, betas=betas, maximize=ascent, fused=True
        )

    def step(self, loss: Annotated[Tensor, FREE], rate: NonNegative) -> None:
        """One update along the gradient of `loss`, a scalar whose graph is spent by it.

        Raises:
            ValueError: a loss or gradient that is not finite, in a loop of one's own; trainers are
                guarded, and on a GPU each look would have to be waited for.
        """
        looks = loss.device.type == "cpu" and called_from_outside()
        if looks and not is_finite(loss.detach()):
            refuse("loss", "finite", came(loss))
        gradient = self.gradient(loss, retain_graph=False)
        if looks and not all(map(is_finite, gradient)):
            refuse("loss", "with a finite gradient", "one with NaN or infinite slopes")
        self.follow(gradient, rate)

    def gradient(self, loss: Tensor, *, retain_graph: bool = True) -> Sequence[Tensor]:
        """∇_θ loss, by parameter; for players who look before any of them moves."""
        try:
            slopes = torch.autograd.grad(
                loss, self._parameters, retain_graph=retain_graph, allow_unused=True
            )
        except RuntimeError as error:
            self._refuse_loss(loss, error)
            raise
        if unused := sum(slope is None for slope in slopes):
            wanted = f"to be computed from all {len(slopes)} parameters"
            refuse("loss", wanted, f"one that {unused} do not enter")
        return slopes

    def follow(self, gradient: Sequence[Tensor], rate: NonNegative) -> None:
        """One update along a gradient that was looked at before."""
        wanted, got = len(self._parameters), len(gradient)
        if wanted != got:
            refuse(
                "gradient", f"to have a tensor for each of {wanted} parameters", f"{got} tensors"
            )
        pairs = list(zip(self._parameters, gradient, strict=True))
        for place, (parameter, slope) in enumerate(pairs):
            if parameter.shape != slope.shape:
                shapes = f"of shape {tuple(parameter.shape)}", f"{tuple(slope.shape)}"
                refuse(f"gradient[{place}]", *shapes)
        for parameter, slope in pairs:
            parameter.grad = slope
        self._optimiser.param_groups[0]["lr"] = rate
        self._optimiser.step()

    def _refuse_loss(self, loss: Tensor, error: RuntimeError) -> None:
        frozen = sum(not parameter.requires_grad for parameter in self._parameters)
        if frozen:
            count = f"{frozen} of {len(self._parameters)} frozen; set requires_grad_(True)"
            refuse("trained", "to have parameters that take a gradient", count)
        if loss.numel() != 1:
            refuse("loss", "to be a single number", came(loss))
        if not loss.requires_grad:
            refuse("loss", "to be computed from the parameters", "a tensor without a gradient")
        if "second time" in str(error):
            refuse("loss", "to be computed anew for each step", "one that a step has used up")

"""Two players, one loss each: what they minimise, how they step, and what their game accepts.

A discriminator gives every input (or every patch of an image) a score s, a real number. The slide's
D(y) is a probability, D = sigmoid(s); least squares uses the score itself, with 1 for real and 0
for generated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, get_args

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from lecturekit.door import (
    MASK,
    NOT_EMPTY,
    OF_ANY_TYPE,
    In,
    Natural,
    came,
    check_alike,
    door,
    refuse,
)
from lecturekit.training import check_settings

Objective = Literal["least squares", "non-saturating", "saturating"]
OBJECTIVES: tuple[str, ...] = get_args(Objective)


@door
def discriminator_loss(real: Tensor, fake: Tensor, objective: Objective) -> Tensor:
    """What the discriminator minimises, from its scores of real and of generated inputs.

    "least squares": E (s(y) − 1)² + E s(G(x))² (Mao et al. 2017), halved as in the CycleGAN paper.
    "non-saturating", "saturating": −E log D(y) − E log(1 − D(G(x))), the slide's loss with its
    sign turned, since the slide's is maximised over D.

    Args:
        real: scores of data, of any shape.
        fake: scores of generated inputs, of any shape; they have to come from detached inputs.
        objective: as above.

    Returns:
        a scalar, in nats unless least squares.

    Raises:
        ValueError: another objective.
    """
    if _checked(objective) == "least squares":
        return 0.5 * ((real - 1).square().mean() + fake.square().mean())
    return nnf.softplus(-real).mean() + nnf.softplus(fake).mean()


@door
def generator_loss(fake: Tensor, objective: Objective) -> Tensor:
    """What the generator minimises, from the discriminator's scores of what it made.

    "least squares": E (s(G(x)) − 1)². "non-saturating": −E log D(G(x)). "saturating":
    E log(1 − D(G(x))), as on the slide; its gradient vanishes where the discriminator is sure.

    Raises:
        ValueError: another objective.
    """
    if _checked(objective) == "least squares":
        return (fake - 1).square().mean()
    if objective == "saturating":
        return -nnf.softplus(fake).mean()
    return nnf.softplus(-fake).mean()


def scores_of_both(
    D: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor
) -> tuple[Tensor, Tensor]:
    """D's scores of data and of generated inputs, which are detached; in one pass."""
    scores = D(torch.cat([real, fake.detach()]))
    return scores[: len(real)], scores[len(real) :]


def _checked(objective: Objective) -> Objective:
    if objective not in OBJECTIVES:
        raise ValueError(f"expected an objective among {', '.join(OBJECTIVES)}, got {objective!r}")
    return objective


# ------------------------------------------------------------------------------------ the pool

Exchange = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


@door
def exchange(
    kept: Annotated[Tensor, "n …"],
    fresh: Annotated[Tensor, "n …"],
    swap: Annotated[Tensor, "n", MASK],
) -> tuple[Tensor, Tensor]:
    """Where `swap`, hand out what was kept and keep what is fresh; elsewhere hand out the fresh.

    Args:
        kept: (n, ...), as many as are fresh.
        fresh: (n, ...).
        swap: (n,) bool.

    Returns:
        what is handed out, and what is kept from now on, both (n, ...).
    """
    if kept.shape != fresh.shape:
        raise ValueError(
            "expected kept and fresh of one shape, got "
            f"{tuple(kept.shape)} and {tuple(fresh.shape)}"
        )
    mask = swap.reshape(-1, *[1] * (fresh.ndim - 1))
    return torch.where(mask, kept, fresh), torch.where(mask, fresh, kept)


@door
class ImagePool:
    """The last generated inputs, for a discriminator that must not forget (Shrivastava 2017).

    Until it is full it keeps what comes and hands it on; then each one that comes meets one of the
    kept ones, all different, and is exchanged for it with probability ½.

    Args:
        size: how many are kept, ≥ 0; 0 hands everything on as it comes.
        exchange: the rule for those that meet.

    Raises:
        ValueError: a size that is not a whole number ≥ 0.
    """

    def __init__(self, size: Natural, exchange: Exchange = exchange) -> None:
        if size < 0 or size != int(size):
            raise ValueError(f"expected a whole number size ≥ 0, got {size!r}")
        self.size = size
        self.kept: Tensor | None = None
        self._exchange = exchange

    def meet(
        self, fresh: Annotated[Tensor, "n …", OF_ANY_TYPE], *, generator: torch.Generator
    ) -> Tensor:
        """Take in a batch and give one of the same size: (n, ...) → (n, ...), detached."""
        fresh = fresh.detach()
        if self.size == 0:
            return fresh
        kept = fresh[:0] if self.kept is None else self.kept
        room = self.size - len(kept)
        filling, meeting = fresh[:room], fresh[room:]
        n = min(len(meeting), len(kept))  # a batch larger than the pool: the rest is handed on
        places = torch.randperm(len(kept), generator=generator, device=generator.device)[:n]
        swap = torch.rand(n, generator=generator, device=generator.device) < 0.5
        if kept.shape[1:] != fresh.shape[1:] or kept.dtype != fresh.dtype:
            refuse(
                "fresh",
                f"to be like what is kept, {kept.dtype} of shape {tuple(kept.shape[1:])} each",
                f"{fresh.dtype} of shape {tuple(fresh.shape[1:])} each",
            )
        given, stored = _exchanged(self._exchange(kept[places], meeting[:n], swap), meeting[:n])
        kept = kept.index_copy(0, places, stored)
        self.kept = torch.cat([kept, filling])
        return torch.cat([filling, given, meeting[n:]])


def _exchanged(pair: object, like: Tensor) -> tuple[Tensor, Tensor]:
    """What a rule has returned, if it is two batches."""
    right = isinstance(pair, tuple) and len(pair) == 2
    if right and all(isinstance(each, Tensor) and each.shape == like.shape for each in pair):  # type: ignore[attr-defined]
        return pair  # type: ignore[return-value]
    got = " and ".join(map(came, pair)) if isinstance(pair, tuple) else came(pair)
    refuse("exchange", f"to return two tensors of shape {tuple(like.shape)}", got or "()")


# ------------------------------------------------------------------------------------- the door


def check_game(settings: Any) -> None:
    """Refuse settings that no game can be played with.

    Args:
        settings: a dataclass; if it has an `objective`, that is checked too.

    Raises:
        ValueError: says which field, and what would be right.
    """
    check_settings(settings)
    if hasattr(settings, "objective"):
        _checked(settings.objective)


IMAGES = Annotated[Tensor, "_ n_channels 4·height 4·width", In(0, 1)]
POINTS = Annotated[Tensor, "_ n_dims"]


@door
def check_domains(
    domains: Annotated[Mapping[str, Tensor], NOT_EMPTY],
    model: nn.Module,
    generator: torch.Generator,
    *,
    points: bool = False,
) -> None:
    """Refuse data of two domains that a model cannot be trained on.

    Args:
        domains: by name, (n, channels, height, width) in [0, 1], all of one shape but for n.
        model: data must have the type and the device of its parameters.
        generator: on the same device.
        points: whether (n, n_dims), with any finite values, will do too.

    Raises:
        ValueError: says which domain, and what would be right.
    """
    images = all(data.ndim == 4 for data in domains.values() if isinstance(data, Tensor))
    wanted = IMAGES if images or not points else POINTS
    check_alike(wanted, domains, model=model, generator=generator)
    first, *others = domains.values()
    if any(other.shape[1:] != first.shape[1:] for other in others):
        raise ValueError(
            f"expected {' and '.join(domains)} of one shape but for the rows, got "
            f"{', '.join(str(tuple(data.shape)) for data in domains.values())}"
        )

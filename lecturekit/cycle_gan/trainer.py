"""The game between generators and discriminators, as a generator of steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from lecturekit.adversarial import (
    Exchange,
    ImagePool,
    Objective,
    check_domains,
    check_game,
    exchange,
)
from lecturekit.cycle_gan.losses import (
    CycleLoss,
    cycle_loss,
    discriminator_terms,
    generator_terms,
)
from lecturekit.cycle_gan.model import CycleGAN
from lecturekit.door import door
from lecturekit.networks import as_in_use
from lecturekit.training import (
    AGAINST_AN_OPPONENT,
    PARAMETERS,
    Descent,
    Progress,
    Schedule,
    Step,
    Steps,
    guard,
    limited,
    minibatches,
    tunable,
)


@dataclass
class Settings(Schedule):
    """Hyperparameters of `train`; tunable fields are read anew at every update.

    Attributes:
        updates: of all four nets.
        batch_size: images of either domain.
        cycle_weight: λ, of the cycle loss. The slide leaves it out, the paper has 10, for images
            from −1 to 1.
        identity_weight: of the identity loss; the paper has λ/2 where it uses it at all.
        generator_rate, discriminator_rate: Adam's.
        objective: of the adversarial game.
        warm_up: updates in which λ rises from 0. With all of it from the start, a generator that
            does nothing is the best answer to a discriminator that has learned nothing, and a gate
            that has shut does not open again.
        through_both: whether the cycle's gradient goes on through the translation into the net
            that made it, as in the paper. If not, F learns to undo G, and G to undo F, but neither
            helps the other. Nets that can help each other do so by smuggling: F hides the stripes
            that it should take away in faint shades, and G need not learn where they belong.
        pool_size: translations kept for the discriminators, of either domain; 0 for none.
        mirror: whether images are flipped left to right at random.
    """

    updates: int = limited(2000, 1)
    batch_size: int = limited(4, 1)
    constant_share: float = limited(0.5, 0.0, 1.0)
    cycle_weight: float = tunable(10.0, 0.0, 30.0, label="cycle weight λ")
    identity_weight: float = tunable(0.0, 0.0, 10.0, label="identity weight")
    generator_rate: float = tunable(1e-3, 1e-5, 1e-2, scale="log", label="rate of G, F")
    discriminator_rate: float = tunable(1e-3, 1e-5, 1e-2, scale="log", label="rate of D")
    objective: Objective = "least squares"
    warm_up: int = limited(200, 0)
    through_both: bool = True
    pool_size: int = limited(0, 0)
    mirror: bool = False


@door
def train(
    model: CycleGAN,
    x: Annotated[Tensor, "n n_dims | n n_channels 4·height 4·width"],
    y: Annotated[Tensor, "m n_dims | m n_channels 4·height 4·width"],
    settings: Settings,
    *,
    generator: torch.Generator,
    cycle: CycleLoss = cycle_loss,
    exchange: Exchange = exchange,
) -> Steps:
    """Train both generators and both discriminators, one update of each per step.

    min over G, F, max over D_X, D_Y (in the objective's form) of
    L_GAN(G, D_Y, X, Y) + L_GAN(F, D_X, Y, X) + λ·L_cycle(G, F) + λ_id·L_identity(G, F).
    Metrics: `adversarial`, `cycle`, `identity` (unweighted; 0 where their weight is 0) and
    `discriminators`.

    Args:
        model: trained in place.
        x: (n, ...), the data of X, on the model's device.
        y: (m, ...), the data of Y. Rows are drawn independently of those of `x`.
        settings: a change to a tunable field takes effect at the next update.
        generator: source of minibatches, flips and the pool's choices, on the model's device.
        cycle: what stands for L_cycle.
        exchange: the rule of the image pools.

    Returns:
        Steps under `guard`: on divergence the model goes back to its last finite state.

    Raises:
        ValueError: settings, data or devices do not fit; the model is untouched.
    """
    _check(model, x, y, settings, generator)
    if settings.pool_size:
        _try_out(exchange, x, generator)
    players = Players(model, x, y, settings, generator, exchange)
    steps = guard(
        _steps(model, settings, generator, cycle, players),
        model,
        settings,
        owns={"generator": generator, "players": players},
        sane={"parameters": PARAMETERS},
    )
    steps.look_again_at((x, y), lambda: _check(model, x, y, settings, generator))
    return steps


class Players:
    """What the game remembers from update to update, beside the nets themselves."""

    def __init__(
        self,
        model: CycleGAN,
        x: Tensor,
        y: Tensor,
        settings: Settings,
        generator: torch.Generator,
        exchange: Exchange,
    ) -> None:
        self.generators = Descent(model.generators, betas=AGAINST_AN_OPPONENT)
        self.discriminators = Descent(model.discriminators, betas=AGAINST_AN_OPPONENT)
        self.pool_x, self.pool_y = (ImagePool(settings.pool_size, exchange) for _ in "XY")
        self.batches_x = minibatches(x, settings.batch_size, generator=generator)
        self.batches_y = minibatches(y, settings.batch_size, generator=generator)
        self.progress = Progress()


def _steps(
    model: CycleGAN,
    settings: Settings,
    generator: torch.Generator,
    cycle: CycleLoss,
    players: Players,
) -> Iterator[Step]:
    for index in players.progress.updates(settings.updates):
        x, y = next(players.batches_x), next(players.batches_y)
        if settings.mirror:
            x, y = _mirrored(x, generator), _mirrored(y, generator)

        terms, fake_y, fake_x = generator_terms(
            model,
            x,
            y,
            settings.objective,
            cycle=cycle,
            with_cycle=settings.cycle_weight > 0,
            through_both=settings.through_both,
            with_identity=settings.identity_weight > 0,
        )
        loss = (
            terms.adversarial
            + _warm(settings, index) * settings.cycle_weight * terms.cycle
            + settings.identity_weight * terms.identity
        )
        decay = settings.decay(index)
        players.generators.step(loss, settings.generator_rate * decay)

        fake_x = players.pool_x.meet(fake_x, generator=generator)
        fake_y = players.pool_y.meet(fake_y, generator=generator)
        their_loss = discriminator_terms(model, x, y, fake_x, fake_y, settings.objective)
        players.discriminators.step(their_loss, settings.discriminator_rate * decay)

        model.update_average()
        metrics = {**terms._asdict(), "discriminators": their_loss}
        yield Step(
            index, settings.updates, {name: value.detach() for name, value in metrics.items()}
        )


def _warm(settings: Settings, index: int) -> float:
    """0 → 1 over the warm-up."""
    return min(1.0, index / settings.warm_up) if settings.warm_up else 1.0


def _mirrored(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image flipped left to right with probability ½."""
    flip = torch.rand(len(images), generator=generator, device=generator.device) < 0.5
    return torch.where(flip[:, None, None, None], images.flip(-1), images)


# ------------------------------------------------------------------------------------- the door


def _try_out(exchange: Exchange, x: Tensor, generator: torch.Generator) -> None:
    """Refuse a rule of the pool that an update would stumble over, when it is half done."""
    tried = torch.Generator(generator.device).set_state(generator.get_state())
    few = x[:2]
    pool = ImagePool(len(few), exchange)
    for _ in range(2):  # the first fills it
        pool.meet(few, generator=tried)


def _check(
    model: CycleGAN, x: Tensor, y: Tensor, settings: Settings, generator: torch.Generator
) -> None:
    check_game(settings)
    check_domains({"x": x, "y": y}, model, generator, points=True)
    if settings.mirror and x.ndim != 4:
        raise ValueError(f"only images can be mirrored, got x of shape {tuple(x.shape)}")
    for name, rows, shape in (
        ("G", x, y.shape[1:]),
        ("F", y, x.shape[1:]),
        ("D_X", x, None),
        ("D_Y", y, None),
    ):
        as_in_use(f"model.{name}", getattr(model, name), rows[:1], *((1, *shape) if shape else ()))

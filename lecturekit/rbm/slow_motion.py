"""One update of CD or PCD, phase by phase, exactly as `train` makes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from lecturekit.door import BINARY, door
from lecturekit.rbm.model import RBM, State, Theta
from lecturekit.rbm.negative_phase import GibbsChain
from lecturekit.rbm.trainer import Settings, check_labels, learn, working_copy
from lecturekit.training import Step, Steps

PHASES = (
    "positive phase",
    "chain starts",
    "hidden given visible",
    "visible given hidden",
    "negative phase",
    "weights change",
    "energy changes",
)


class Phase(NamedTuple):
    """A moment of one update, with what can be drawn at it.

    Attributes:
        name: one of `PHASES`, in that order; the two Gibbs half-steps come k times.
        gibbs_step: 1 … k in the half-steps, else 0.
        visible: (batch, n_visible) in {0, 1}: the data in the positive phase, then the particles
            (probabilities for mean-field CD).
        hidden: (batch, n_hidden): samples in the half-steps, else P(h = 1 | v).
        probabilities: what the unit of the half-step was sampled from; None elsewhere.
        change: α·g and weight decay, by which θ changed; from "weights change" on.
        data_energy: F(X⁺) of each row before and after, (2, batch), in "energy changes".
        particle_energy: F(X⁻) of each particle before and after, (2, n_particles), likewise.
    """

    name: str
    gibbs_step: int
    visible: Tensor
    hidden: Tensor
    probabilities: Tensor | None = None
    change: Theta | None = None
    data_energy: Tensor | None = None
    particle_energy: Tensor | None = None


@door
def slow_motion(
    model: RBM,
    v: Annotated[Tensor, "n n_visible", BINARY],
    negative_phase: GibbsChain,
    settings: Settings,
    *,
    generator: torch.Generator,
) -> Iterator[Phase]:
    """Make one update of `model` with the minibatch v, and stop at each of its phases.

    The model changes at "weights change", to the very numbers that `update` would leave: it takes
    the same steps with the same random numbers. Energies are those of θ, also for FPCD.

    Args:
        model: trained in place.
        v: (batch, n_visible) in {0, 1}.
        negative_phase: CD, PCD or FPCD; moves on as in an update.
        settings: learning rate and weight decay are used.
        generator: source of the samples, on the model's device.

    Raises:
        ValueError: as for `train`; the model is untouched.
    """
    check_labels(model, v)
    return _phases(model, v, negative_phase, settings, generator)


@door
class WatchedUpdate:
    """One update in slow motion, for a live run: each of its steps is a phase.

    Args:
        model, v, negative_phase, settings: as for `slow_motion`.

    Attributes:
        model: changes at "weights change".
        v: the minibatch.
        phase: where the update is; None before its first step.

    Example:
        >>> update = WatchedUpdate(model, v, chain, Settings())  # doctest: +SKIP
        >>> run = live.play(repeatable(update.steps, generator=generator))  # doctest: +SKIP
    """

    def __init__(
        self,
        model: RBM,
        v: Annotated[Tensor, "n n_visible", BINARY],
        negative_phase: GibbsChain,
        settings: Settings,
    ):
        self.model, self.v = model, v
        self.phase: Phase | None = None
        self._negative_phase, self._settings = negative_phase, settings

    def steps(self, *, generator: torch.Generator) -> Steps:
        """Make the update, a phase at each step."""
        chain, total = self._negative_phase, len(PHASES) + 2 * (self._negative_phase.steps() - 1)
        phases = slow_motion(self.model, self.v, chain, self._settings, generator=generator)
        for index, self.phase in enumerate(phases, 1):
            yield Step(index, total, {})


def _phases(
    model: RBM, v: Tensor, chain: GibbsChain, settings: Settings, generator: torch.Generator
) -> Iterator[Phase]:
    chain.prepare(model, v, generator=generator)
    working = working_copy(model, settings)
    data = working.clamp(v)
    yield Phase("positive phase", 0, *data)
    theta = chain.moved_by(working.theta)
    state = chain.starts_from(theta, data)
    yield Phase("chain starts", 0, *state)
    for number in range(1, chain.steps() + 1):
        hidden, probabilities, following = chain.step(
            theta, state, n_classes=model.n_classes, generator=generator
        )
        yield Phase("hidden given visible", number, state.visible, hidden, state.hidden)
        yield Phase("visible given hidden", number, following.visible, hidden, probabilities)
        state = following
    chain.keep(state)
    yield Phase("negative phase", 0, *state)
    before, energies = model.theta.clone(), _energies(model, data, state)
    learn(model, chain, data, state, settings.learning_rate, settings.weight_decay, working.W.dtype)
    change = model.theta - before
    yield Phase("weights change", 0, *state, change=change)
    pairs = [
        torch.stack(pair) for pair in zip(energies, _energies(model, data, state), strict=True)
    ]
    yield Phase("energy changes", 0, *state, None, change, *pairs)


@torch.no_grad()
def _energies(model: RBM, data: State, particles: State) -> tuple[Tensor, Tensor]:
    return model.free_energy(data.visible), model.free_energy(particles.visible)

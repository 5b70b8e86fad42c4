"""What the suites over all sections need to know of one.

Each section says it in `section.py` of its folder here: `MODELS`, functions that draw a small model
from a generator; `TRAINERS`, functions that make a small training, everything drawn from one seed;
`LIVE`, a run of its notebook that is steered in a real browser; and `NOT_NOTICED`, which slips its
identities need not notice, each with the reason.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lecturekit.sections import SECTIONS, Section
from lecturekit.training import Steps


@dataclass
class Training:
    """A trainer with all that it takes, as small as it can be.

    Attributes:
        train: the trainer, called as `train(model, *data, settings, **named)`.
        model: trained in place.
        data: what it is trained on, float32.
        settings: of the trainer.
        rates: objects and their fields; with all of them at 0 nothing that is trained moves.
        named: its other arguments; "generator" is the source of randomness, if it takes one.
        others: what is trained beside the model.
        moving: what the updates move, if it is not all of these.
    """

    train: Callable[..., Steps]
    model: nn.Module
    data: Sequence[Tensor]
    settings: Any
    rates: Sequence[tuple[object, str]]
    named: Mapping[str, Any] = field(default_factory=dict)
    others: Sequence[nn.Module] = ()
    moving: nn.Module | None = None

    @property
    def parts(self) -> tuple[Any, ...]:
        """The arguments that go by their place."""
        return (self.model, *self.data, self.settings)

    @property
    def trained(self) -> nn.Module:
        """What must be put back after a divergence."""
        return nn.ModuleList([self.model, *self.others])

    @property
    def generator(self) -> torch.Generator | None:
        """The source of randomness, if the trainer takes one."""
        return self.named.get("generator")

    def steps(self, *data: Tensor) -> Steps:
        """The steps, on its own data or on other."""
        return self.train(self.model, *(data or self.data), self.settings, **self.named)

    def parameters(self) -> Tensor:
        """All numbers that the updates move, in one row."""
        moving = self.trained if self.moving is None else self.moving
        return torch.cat([p.detach().flatten() for p in moving.parameters()])

    def state(self) -> Tensor:
        """All numbers of what is trained, running averages too, in one row."""
        return torch.cat([value.flatten().double() for value in self.trained.state_dict().values()])


def seeded(seed: int) -> torch.Generator:
    """A source of random numbers."""
    return torch.Generator().manual_seed(seed)


class LiveRun(NamedTuple):
    """A live run of a notebook, and the slider that makes its updates small.

    Attributes:
        play: how the line begins that starts the run.
        run: the run's name in the notebook.
        parameter: an expression for a tensor that is trained.
        slider: its label; far to the left nothing moves any more.
        setting: an expression for the setting.
        share: of a core that it gets, where it would be over before it was looked at.
        notebook: the file; filled in by the register.
    """

    play: str
    run: str
    parameter: str
    slider: str
    setting: str
    share: float = 1.0
    notebook: str = ""


def models() -> dict[str, Callable[[torch.Generator], Any]]:
    """The models of all sections, by name."""
    return _by_name("MODELS")


def trainers() -> dict[str, Callable[[int], Training]]:
    """The trainers of all sections, by name."""
    return _by_name("TRAINERS")


def live_run(section: Section) -> LiveRun:
    """The live run of a section."""
    return _of(section).LIVE._replace(notebook=section.notebook)


def not_noticed(section: Section) -> dict[str, str]:
    """Slips, by the beginning of their name, that no identity of the notebook can notice: why."""
    return _of(section).NOT_NOTICED


def _by_name(what: str) -> dict[str, Callable[..., Any]]:
    return {
        f"{section.stem}-{make.__name__}": make
        for section in SECTIONS
        for make in getattr(_of(section), what)
    }


def _of(section: Section) -> Any:
    return importlib.import_module(f"tests.{section.stem}.section")

"""The gpu profile where there is no GPU: its nets, its batches, its branches, on the CPU.

`begin()` is called inside a notebook's kernel, before the session starts. From then on a trainer
makes a few updates only, whatever its settings say, and there are few images. So no claim is
judged; identities are, and no cell may fail.
"""

from __future__ import annotations

from typing import Any

import torch

from lecturekit import data, session
from lecturekit.moment_matching import FlowSettings
from lecturekit.training.settings import Schedule

UPDATES = 3
IMAGES = 2000  # more than a minibatch has
SCENES = 200  # of each domain; they are drawn anew each time


def begin() -> None:
    """Make a rehearsal of this kernel."""
    session._device = lambda profile: torch.device("cpu")
    session.Session.claim = lambda self, sentence, *_: print(f"– not judged: {sentence}")
    for settings in (Schedule, FlowSettings):  # all trainers have their updates from one of them
        settings.__setattr__ = _shortened
    mnist, scenes, styles = data.mnist, data.plain_and_striped, data.photographs_and_paintings
    data.mnist = lambda *of: data.LabelledImages(*(part[:IMAGES] for part in mnist(*of)))
    data.plain_and_striped = lambda n, *to, **how: scenes(min(n, SCENES), *to, **how)
    data.photographs_and_paintings = lambda style, n, *to, **how: styles(
        style, min(n, SCENES), *to, **how
    )


def _shortened(settings: object, name: str, value: Any) -> None:
    object.__setattr__(settings, name, min(value, UPDATES) if name == "updates" else value)

"""The guard: a run that diverges stops with its last finite model, and says so."""

from __future__ import annotations

import copy

from torch import Tensor, nn

from lecturekit.training.steps import Steps


class DivergenceError(RuntimeError):
    """Parameters or a metric became infinite or NaN; the model is back at its last finite state.

    Attributes:
        detected_at: the update after which the check failed.
        restored_to: the update whose parameters the model now has (0: as it was at the start).
        settings: a copy of the settings as they were when the run diverged.
    """

    def __init__(self, detected_at: int, restored_to: int, settings: object):
        self.detected_at, self.restored_to, self.settings = detected_at, restored_to, settings
        super().__init__(
            f"training diverged between update {restored_to} and {detected_at} with {settings}; "
            f"the model is back at update {restored_to}, its last finite state"
        )


def guard(steps: Steps, model: nn.Module, settings: object, *, every: int = 100) -> Steps:
    """Pass `steps` on, and stop with the last finite model when the run diverges.

    Looking at every update would make the device wait each time, so parameters and metrics are
    looked at after every `every`-th update and after the last.

    Raises:
        DivergenceError: a parameter or metric was not finite.
    """
    finite_state, finite_at = copy.deepcopy(model.state_dict()), 0
    for step in steps:
        if step.index % every == 0 or step.index == step.total:
            if not _all_finite([*model.state_dict().values(), *step.metrics.values()]):
                model.load_state_dict(finite_state)
                raise DivergenceError(step.index, finite_at, copy.deepcopy(settings))
            finite_state, finite_at = copy.deepcopy(model.state_dict()), step.index
        yield step


def _all_finite(tensors: list[Tensor]) -> bool:
    return all(bool(tensor.isfinite().all()) for tensor in tensors)

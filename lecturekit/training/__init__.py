"""What every trainer shares: steps, tunable settings, runs that begin anew, a guard.

A trainer is a generator of `Step`s: one `next()` is one parameter update, and nothing runs until
somebody asks for the next one. The caller holds the model, so stopping anywhere leaves a usable
model. Everything here works on such generators and knows nothing of any particular model.

`steps` is what a trainer yields, `settings` what sliders change, `repeat` makes of a trainer and
what it trains a run that can begin anew, on `snapshot`'s memory, `guard` stops what diverges.
"""

from lecturekit.training.guard import DivergenceError, guard
from lecturekit.training.repeat import Repeatable, race, relay, repeatable
from lecturekit.training.settings import (
    Choice,
    Tunable,
    check_devices,
    check_settings,
    choice,
    choices,
    tunable,
    tunables,
)
from lecturekit.training.snapshot import Snapshot
from lecturekit.training.steps import (
    Metrics,
    Step,
    Steps,
    finish,
    linear_decay,
    measure,
    minibatches,
    side_by_side,
)

__all__ = [
    "Choice",
    "DivergenceError",
    "Metrics",
    "Repeatable",
    "Snapshot",
    "Step",
    "Steps",
    "Tunable",
    "check_devices",
    "check_settings",
    "choice",
    "choices",
    "finish",
    "guard",
    "linear_decay",
    "measure",
    "minibatches",
    "race",
    "relay",
    "repeatable",
    "side_by_side",
    "tunable",
    "tunables",
]

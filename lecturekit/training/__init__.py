"""What every trainer shares: steps, descent, tunable settings, runs that begin anew, a guard.

A trainer is a generator of `Step`s: one `next()` is one parameter update, and nothing runs until
somebody asks for the next one. The caller holds the model, so stopping anywhere leaves a usable
model. Everything here works on such generators and knows nothing of any particular model.

`steps` is what a trainer yields, `descent` what it does at each of them, `settings` what sliders
change, `repeat` makes of a trainer and what it trains a run that can begin anew, on `snapshot`'s
memory, `guard` stops what diverges, and `checkpoint` takes a run over to another process.
"""

from lecturekit.door import check_settings
from lecturekit.training import checkpoint
from lecturekit.training.descent import AGAINST_AN_OPPONENT, Descent
from lecturekit.training.guard import PARAMETERS, DivergenceError, Guarded, guard
from lecturekit.training.repeat import Repeatable, race, relay, repeatable
from lecturekit.training.settings import (
    MOST_STEPS,
    Choice,
    Limits,
    Schedule,
    Tunable,
    choice,
    choices,
    limited,
    linear_decay,
    tunable,
    tunables,
)
from lecturekit.training.snapshot import Snapshot
from lecturekit.training.steps import (
    Metrics,
    Progress,
    Step,
    Steps,
    clocked,
    finish,
    measure,
    minibatches,
    side_by_side,
)

__all__ = [
    "AGAINST_AN_OPPONENT",
    "MOST_STEPS",
    "PARAMETERS",
    "Choice",
    "Descent",
    "DivergenceError",
    "Guarded",
    "Limits",
    "Metrics",
    "Progress",
    "Repeatable",
    "Schedule",
    "Snapshot",
    "Step",
    "Steps",
    "Tunable",
    "check_settings",
    "checkpoint",
    "choice",
    "choices",
    "clocked",
    "finish",
    "guard",
    "limited",
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

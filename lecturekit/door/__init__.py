"""The door of public functions: what does not fit is refused before anything has happened.

`@door` above a public function, or a class, checks what comes in by the annotations of its
signature. They say it once, for the reader too:

    @door
    def parzen(samples: Rows, points: Annotated[Tensor, "m n_dims"], *, width: Positive) -> Tensor:

A plain annotation says the kind: a tensor is one of real numbers, finite, with at least one entry,
and all tensors and models of a call have one type and lie on one device. `Annotated` adds

- a shape, `"n n_visible"`: a name is a size that is the same wherever it stands in the call, and
  that of the attribute of an argument, such as `model.n_visible`, if it has one; `n≥2` has a least
  size (else 1), `4·height` is a multiple of 4, `…` is any number of axes, `|` separates
  alternatives;
- `In(low, high)`: what the numbers may be, for tensors too;
- `BINARY`, `CHANCES`, `WHOLE`, `MASK`, `FREE`, `ANYWHERE`, `OF_ANY_TYPE`, `NOT_EMPTY`, `NUMBERS`,
  `RECTANGLE`, `ENDS`, `VARIED`.

A model is one whose parameters are finite, settings are within their limits.

What fails leaves sources of randomness as they were, so that a call that is put right gives what it
would have given at first. What a function among the arguments gives is looked at by `returned`. A
trainer's data are looked at again when they have been written into (`Lasting`).

Only calls from outside the package are checked: its rooms know each other, and an update costs what
it did. What hands on calls of others (`live`, `training.repeat`) counts as outside.
"""

from lecturekit.door.calls import (
    Rules,
    called_from_outside,
    check_alike,
    check_arguments,
    door,
)
from lecturekit.door.declared import (
    ANYWHERE,
    BINARY,
    CHANCES,
    ENDS,
    FREE,
    MANY,
    MASK,
    NOT_EMPTY,
    NUMBERS,
    OF_ANY_TYPE,
    RECTANGLE,
    VARIED,
    WHOLE,
    AnyGenerator,
    AnyNumber,
    AnyNumbers,
    ChainSteps,
    Count,
    Ends,
    Extent,
    Fineness,
    In,
    Natural,
    NonNegative,
    Positive,
    Rows,
    Share,
    Trait,
)
from lecturekit.door.finite import is_finite, look, refuse_nan, watched
from lecturekit.door.kinds import (
    check_settings,
    refuse_no_settings,
    settings_now,
)
from lecturekit.door.lasting import Lasting
from lecturekit.door.results import (
    asked,
    refuse_detached,
    refuse_uncallable,
    returned,
    taken,
)
from lecturekit.door.words import (
    RefusedError,
    came,
    refuse,
)

__all__ = [
    "ANYWHERE",
    "BINARY",
    "CHANCES",
    "ENDS",
    "FREE",
    "MANY",
    "MASK",
    "NOT_EMPTY",
    "NUMBERS",
    "OF_ANY_TYPE",
    "RECTANGLE",
    "VARIED",
    "WHOLE",
    "AnyGenerator",
    "AnyNumber",
    "AnyNumbers",
    "ChainSteps",
    "Count",
    "Ends",
    "Extent",
    "Fineness",
    "In",
    "Lasting",
    "Natural",
    "NonNegative",
    "Positive",
    "RefusedError",
    "Rows",
    "Rules",
    "Share",
    "Trait",
    "asked",
    "called_from_outside",
    "came",
    "check_alike",
    "check_arguments",
    "check_settings",
    "door",
    "is_finite",
    "look",
    "refuse",
    "refuse_detached",
    "refuse_nan",
    "refuse_no_settings",
    "refuse_uncallable",
    "returned",
    "settings_now",
    "taken",
    "watched",
]

"""Numbers for pictures: as they are, or a function that is asked for them whenever one is made."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import numpy as np

from lecturekit.door import FREE, NOT_EMPTY, NUMBERS, came, look, refuse

# Or a function that returns them; gaps are not finite.
Numbers: TypeAlias = Annotated[Any, NUMBERS, FREE]
Cloud: TypeAlias = Annotated[Any, NUMBERS, FREE, "n … 2"]  # points of the plane, likewise
Sample: TypeAlias = Annotated[Any, NUMBERS, NOT_EMPTY, "n 2"]  # all finite, and one at least


def now(numbers: Numbers, name: str = "the function") -> Any:
    """The numbers, or what the function, which a message calls by a name, returns now."""
    if not callable(numbers):
        return numbers
    returned = numbers()
    if returned is None or isinstance(returned, str):
        refuse(name, "to return numbers", came(returned))
    return returned


def refuse_gaps(name: str, values: np.ndarray) -> None:
    """Refuse to draw what has nothing but gaps; in a run, it may have diverged."""

    def check() -> None:
        if values.size and not np.isfinite(values).any():
            refuse(name, "with a finite number", f"{values.size} that are none")

    look(check)

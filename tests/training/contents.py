"""What an object holds, found in another way than `Snapshot` does: what that is tested against."""

from __future__ import annotations

import collections
import functools
import random
from typing import Any

import numpy as np
import torch
from torch import Tensor


def content(part: Any, seen: dict[int, int] | None = None) -> Any:
    """All that an object holds, as plain values; a second meeting is a reference to the first."""
    seen = {} if seen is None else seen
    if part is None or isinstance(part, bool | int | float | str):
        return part
    if id(part) in seen:
        return ("as before", seen[id(part)])
    seen[id(part)] = len(seen)
    inside = functools.partial(content, seen=seen)
    if isinstance(part, Tensor):
        of = part.detach().contiguous().flatten().view(torch.uint8).numpy().tobytes()
        gradient = inside(part.grad) if part.is_leaf else None
        return (tuple(part.shape), part.dtype, part.requires_grad, of, gradient)
    if isinstance(part, torch.Generator):
        return part.get_state().numpy().tobytes()
    if isinstance(part, np.ndarray):
        return part.tobytes()
    if isinstance(part, random.Random):
        return part.getstate()
    if isinstance(part, dict):
        names = [key if isinstance(key, str | int) else "…" for key in part]
        return (type(part), names, [inside(value) for value in part.values()])
    if isinstance(part, list | tuple | collections.deque):
        return (type(part), [inside(value) for value in part])
    if isinstance(part, set):
        return sorted(part)
    slots = [name for cls in type(part).__mro__ for name in vars(cls).get("__slots__", ())]
    held = getattr(part, "__dict__", {}) | {n: getattr(part, n) for n in slots if hasattr(part, n)}
    return (type(part), {name: inside(held[name]) for name in sorted(held)})

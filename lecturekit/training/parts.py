"""The nets and parameters that a run began with: another in their place would not be trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from lecturekit.door import came, refuse


class Parts:
    """Which nets and parameters some parts have, and of what shape, type and device they are.

    It is asked before every update, so all that can be is found out once: where each stands, a
    dictionary and a key, and what stood there.
    """

    def __init__(self, parts: Mapping[str, Any]) -> None:
        self._places = [place for name, part in parts.items() for place in _places(name, part)]
        self._kinds = [
            (name, was, was.shape, was.dtype, was.device)
            for name, _, _, was in self._places
            if isinstance(was, Tensor)
        ]

    def check(self) -> None:
        """Refuse what is not what it was.

        Raises:
            ValueError: says which net or parameter, and what would be right.
        """
        for name, held, key, was in self._places:
            if held.get(key) is not was:
                wanted = "to be the one that the run began with"
                hint = f"write into it: {name}.data.copy_(…)" if isinstance(was, Tensor) else ""
                refuse(name, wanted, f"another, {came(held.get(key))}", hint or "begin a new run")
        for name, tensor, shape, dtype, device in self._kinds:
            if tensor.dtype != dtype or tensor.shape != shape or tensor.device != device:
                wanted = f"to stay {dtype} of shape {tuple(shape)} on {device} during a run"
                refuse(name, wanted, f"{tensor.dtype} of {tuple(tensor.shape)} on {tensor.device}")


def _places(name: str, part: Any) -> Iterator[tuple[str, dict[str, Any], str, Any]]:
    if isinstance(part, nn.Module):
        for path, module in part.named_modules(prefix=name):
            for held in (module._modules, module._parameters):
                for key, was in held.items():
                    yield f"{path}.{key}", held, key, was
    elif dataclasses.is_dataclass(part) and hasattr(part, "__dict__"):
        for key, was in vars(part).items():
            if isinstance(was, nn.Module):
                yield f"{name}.{key}", vars(part), key, was
                yield from _places(f"{name}.{key}", was)

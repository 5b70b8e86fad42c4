"""What comes in by one call: models and tensors, to be seen together."""

from __future__ import annotations

import dataclasses
import typing

import torch
from torch import Tensor, nn

from lecturekit.door.finite import refuse_diverged
from lecturekit.door.words import RefusedError

if typing.TYPE_CHECKING:
    from lecturekit.door.tensors import TensorRule


class Call:
    """What has come in by one call: models and tensors, to be seen together."""

    def __init__(self) -> None:
        self.owners: list[object] = []
        self.tensors: list[tuple[str, Tensor, TensorRule]] = []
        self.places: dict[str, torch.device] = {}
        self.dtype: tuple[str, torch.dtype] | None = None
        self.sizes: dict[str, int] = {}
        self.whose: dict[str, str] = {}  # which tensor has told a size
        self.models: dict[str, nn.Module] = {}

    def model(self, name: str, module: object, *, diverged: bool = False) -> None:
        if isinstance(module, nn.Module):
            if not diverged:
                self.models[name] = module
            parameter: Tensor | None = next(module.parameters(), None)
        elif dataclasses.is_dataclass(module) and not _is_frozen(module):
            return  # what it remembers is looked at field by field
        else:
            held = getattr(module, "__dict__", {}).values()
            parameter = next((each for each in held if isinstance(each, Tensor)), None)
        if parameter is not None:
            self.places[name] = parameter.device
            if self.dtype is None and parameter.is_floating_point():
                self.dtype = name, parameter.dtype

    def size(self, name: str) -> int | None:
        """What an argument says that it is, or a tensor before."""
        if name in self.sizes:
            return self.sizes[name]
        for owner in self.owners if name.startswith("n_") else ():
            size = getattr(owner, name, None)
            if isinstance(size, int) and not isinstance(size, bool):
                return size
        return None

    def settle(self) -> None:
        """Look at the tensors together, when all that can be known of them is known."""
        for name, tensor, rule in self.tensors:
            rule.check_shape(name, tensor, self)
        if len({str(place) for place in self.places.values()}) > 1:
            where = ", ".join(f"{name} on {place}" for name, place in self.places.items())
            raise RefusedError(f"expected {', '.join(self.places)} on one device, got {where}")
        for name, tensor, rule in self.tensors:
            rule.check_dtype(name, tensor, self)
        for name, tensor, rule in self.tensors:
            rule.check_values(name, tensor)
        for name, module in self.models.items():
            refuse_diverged(name, module)


def _is_frozen(part: typing.Any) -> bool:
    return bool(part.__dataclass_params__.frozen)

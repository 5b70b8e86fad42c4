"""What objects hold at one moment, put back into the very same objects whenever it is asked for."""

from __future__ import annotations

import collections
import dataclasses
import enum
import functools
import io
import random
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lecturekit.door import came, door, refuse
from lecturekit.training.settings import choices, tunables

VALUES = (types.NoneType, bool, int, float, complex, str, bytes, slice, enum.Enum)
KINDS = (type, torch.dtype, torch.device)
CODE = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
# What torch itself keeps of a module besides its state: hooks, which belong to whoever hung them.
HOOKS = vars(nn.Module()).keys() - {"training", "_parameters", "_buffers", "_modules"}


@door
class Snapshot:
    """The state of some parts as it is now, and of all that they hold, to be restored in place.

    Everything that can change is followed: attributes, lists, dicts and sets, tensors and what
    their gradients were, generators of random numbers. Afterwards each object is the one that it
    was and holds what it held, whoever else refers to it. Left alone are

    - tunable fields and choices: a person sets them, by a slider or a list;
    - data: a tensor without gradient that is a part itself, or lies in a tuple or a frozen
      dataclass. It is not copied, only seen to be unchanged;
    - functions, and what they refer to.

    Args:
        parts: by the names under which messages speak of them.
        besides: snapshots that are restored as well; what they have is left to them.

    Raises:
        ValueError: a part is, or holds, something that cannot be put back, such as an iterator.

    Example:
        >>> counts = [1, 2]
        >>> snapshot = Snapshot({"counts": counts})
        >>> counts.append(3)
        >>> snapshot.restore()
        >>> counts
        [1, 2]
    """

    def __init__(self, parts: Mapping[str, Any], *, besides: Iterable[Snapshot] = ()) -> None:
        besides = list(besides)
        for each in besides:
            if not isinstance(each, Snapshot):
                refuse("besides", "to be snapshots", came(each))
        self.parts = dict(parts)
        # by id; held, so that no id is given away again
        self._seen: dict[int, object] = {k: v for each in besides for k, v in each._seen.items()}
        self._undo: list[Callable[[], object]] = []
        self._data: list[tuple[str, Tensor, int]] = []
        for name, part in parts.items():
            self._keep(part, name, is_data=True)

    def restore(self) -> None:
        """Put everything back.

        Raises:
            ValueError: data have been written into; nothing is put back.
        """
        for name, tensor, version in self._data:
            if _version(tensor) != version:
                raise ValueError(
                    f"expected {name}, a tensor of shape {tuple(tensor.shape)}, unchanged: what is "
                    "handed in as a tensor is data, of which no copy is made. For a state that "
                    "begins anew hand it over in a list, or as an attribute of an object"
                )
        for undo in self._undo:
            undo()

    def _keep(self, part: Any, name: str, *, is_data: bool = False) -> None:
        if isinstance(part, VALUES + KINDS + CODE) or id(part) in self._seen:
            return
        self._seen[id(part)] = part
        keepers = [keep for kind, keep in KEEPERS.items() if isinstance(part, kind)]
        for keep in keepers:
            keep(self, part, name, is_data)
        if isinstance(part, Tensor | types.MethodType):  # its attributes are autograd's, a class's
            return
        if not (self._keep_attributes(part, name, is_data) or keepers or _is_value(part)):
            raise ValueError(
                f"expected parts that can be put back, got {type(part).__name__} as {name}, whose "
                "state cannot be read"
            )

    # ------------------------------------------------------------------------ kind by kind

    def _refuse_iterator(self, part: Iterator[Any], name: str, is_data: bool) -> None:
        if hasattr(part, "__dict__") and not isinstance(part, io.IOBase):
            return  # an object whose attributes say where it is
        raise ValueError(
            f"expected parts that can be put back, got an iterator as {name}, which can only go "
            "on: hand over what it is made of, and let the trainer make it"
        )

    def _keep_tensor(self, tensor: Tensor, name: str, is_data: bool) -> None:
        if is_data and not tensor.requires_grad:
            self._data.append((name, tensor, _version(tensor)))
            return
        if any(n > 1 and not step for n, step in zip(tensor.shape, tensor.stride(), strict=True)):
            return  # expanded: several of its entries are one number, so nothing writes into it
        numbers, trained = tensor.detach().clone(), tensor.requires_grad
        gradient = tensor.grad if tensor.is_leaf else None
        self._keep(gradient, f"{name}.grad")

        def undo() -> None:
            if (tensor.shape, tensor.dtype, tensor.device) == _kind(numbers):
                tensor.data.copy_(numbers)  # .data: autograd and others' snapshots take no notice
            else:
                tensor.data = numbers.clone()
            if tensor.is_leaf:
                tensor.requires_grad_(trained).grad = gradient

        self._undo.append(undo)

    def _keep_array(self, array: np.ndarray, name: str, is_data: bool) -> None:
        if not is_data and array.flags.writeable:
            self._undo.append(functools.partial(np.copyto, array, array.copy()))

    def _keep_generator(self, source: torch.Generator, name: str, is_data: bool) -> None:
        self._undo.append(functools.partial(source.set_state, source.get_state()))

    def _keep_random(self, source: random.Random, name: str, is_data: bool) -> None:
        self._undo.append(functools.partial(source.setstate, source.getstate()))

    def _keep_dict(self, held: dict[Any, Any], name: str, is_data: bool) -> None:
        saved = list(held.items())

        def undo() -> None:
            held.clear()
            for key, value in saved:
                held[key] = value

        self._undo.append(undo)
        for key, value in saved:
            self._keep(value, f"{name}[{key!r}]" if isinstance(key, str | int) else f"{name}[…]")

    def _keep_sequence(
        self, held: list[Any] | collections.deque[Any], name: str, is_data: bool
    ) -> None:
        saved = list(held)

        def undo() -> None:
            held.clear()
            held.extend(saved)

        self._undo.append(undo)
        for place, value in enumerate(saved):
            self._keep(value, f"{name}[{place}]")

    def _keep_set(self, held: set[Any], name: str, is_data: bool) -> None:
        saved = set(held)

        def undo() -> None:
            held.clear()
            held.update(saved)

        self._undo.append(undo)
        for value in saved:
            self._keep(value, f"an element of {name}")

    def _keep_tuple(self, held: tuple[Any, ...], name: str, is_data: bool) -> None:
        for place, value in enumerate(held):
            self._keep(value, f"{name}[{place}]", is_data=is_data)

    def _keep_partial(self, held: functools.partial[Any], name: str, is_data: bool) -> None:
        self._keep((held.func, held.args, *held.keywords.values()), name, is_data=is_data)

    def _keep_method(self, held: types.MethodType, name: str, is_data: bool) -> None:
        self._keep(held.__self__, f"the object of {name}", is_data=is_data)

    def _keep_attributes(self, part: object, name: str, is_data: bool) -> bool:
        """Whether there are any, or could be."""
        state = object.__getstate__(part)
        slots = state[1] if isinstance(state, tuple) else {}
        alone = _left_alone(part)
        saved = {
            key: value
            for key, value in (getattr(part, "__dict__", {}) | slots).items()
            if key not in alone
        }
        self._undo.append(functools.partial(_put_back, part, saved, alone))
        for key, value in saved.items():
            self._keep(value, f"{name}.{key}", is_data=is_data and _is_frozen(part))
        return hasattr(part, "__dict__") or any("__slots__" in vars(c) for c in type(part).__mro__)


KEEPERS: dict[type | tuple[type, ...], Callable[[Snapshot, Any, str, bool], None]] = {
    Iterator: Snapshot._refuse_iterator,
    Tensor: Snapshot._keep_tensor,
    np.ndarray: Snapshot._keep_array,
    torch.Generator: Snapshot._keep_generator,
    random.Random: Snapshot._keep_random,
    dict: Snapshot._keep_dict,
    (list, collections.deque): Snapshot._keep_sequence,
    set: Snapshot._keep_set,
    (tuple, frozenset): Snapshot._keep_tuple,
    functools.partial: Snapshot._keep_partial,
    types.MethodType: Snapshot._keep_method,
}


def _put_back(part: object, saved: Mapping[str, Any], alone: frozenset[str]) -> None:
    """What is left alone is never taken away either: another thread may be about to read it."""
    state = object.__getstate__(part)
    slots = state[1] if isinstance(state, tuple) else {}
    held = getattr(part, "__dict__", {})
    for key in (held.keys() | slots.keys()) - saved.keys() - alone:
        object.__delattr__(part, key)
    for key, value in saved.items():
        object.__setattr__(part, key, value)


def _left_alone(part: object) -> frozenset[str]:
    by_hand = {**choices(part), **tunables(part)} if dataclasses.is_dataclass(part) else ()
    return frozenset(by_hand) | (HOOKS if isinstance(part, nn.Module) else set())


def _is_frozen(part: object) -> bool:
    parameters = getattr(part, "__dataclass_params__", None)
    return parameters is not None and parameters.frozen


def _is_value(part: object) -> bool:
    """Whether it is, as far as one can tell, a constant: compared by value, or a mere function."""
    by_value = type(part).__hash__ not in (None, object.__hash__)
    return by_value or callable(part) or type(part) is object


def _kind(tensor: Tensor) -> tuple[torch.Size, torch.dtype, torch.device]:
    return tensor.shape, tensor.dtype, tensor.device


def _version(tensor: Tensor) -> int:
    """Goes up with every write."""
    return 0 if tensor.is_inference() else tensor._version

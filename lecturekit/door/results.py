"""What a function among the arguments takes and returns."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from lecturekit.door.finite import refuse_nan
from lecturekit.door.words import RefusedError, came, in_words, refuse


def returned(name: str, value: object, *shape: int | None, numbers: bool = False) -> Tensor:
    """What a function among the arguments has returned, if it is a tensor of that shape.

    None is any size. With `numbers` NaN is refused too, but on a GPU, which would have to be waited
    for at each update of a trainer.

    Raises:
        ValueError: says whose result it is, what came, and what would be right.
    """
    if not isinstance(value, Tensor) or not _has_shape(value, shape):
        words = str(shape).replace("None", "any")
        kind = f"a tensor of shape {words}" if shape else "a single number"
        refuse(name, f"to return {kind}", came(value))
    if numbers and value.device.type == "cpu":
        refuse_nan(name, value)
    return value


def asked(name: str, function: Callable[[Tensor], Any], x: Tensor, *shape: int | None) -> Tensor:
    """What a function among the arguments makes of `x`, if it takes it, and gives that shape.

    Raises:
        ValueError: says whose result it is, what came, and what would be right.
    """
    return returned(name, taken(name, function, x), *shape)


def taken(name: str, function: Callable[[Tensor], Any], x: Tensor) -> Any:
    """What a function among the arguments makes of `x`, if it takes it.

    Raises:
        ValueError: it does not: says which function, what it would have to take, and what it said.
    """
    try:
        return function(x)
    except (RuntimeError, TypeError, ValueError) as error:  # a width, or arguments that miss
        dtype = f" of {x.dtype}" if "dtype" in str(error) else ""
        wanted = f"expected {name} to take shape {tuple(x.shape)}{dtype}"
        raise RefusedError(f"{wanted}, got {in_words(error)}") from error


def _has_shape(tensor: Tensor, shape: tuple[int | None, ...]) -> bool:
    pairs = itertools.zip_longest(shape, tensor.shape, fillvalue=-1)
    return all(wanted in (None, size) for wanted, size in pairs)


def refuse_detached(name: str, value: Tensor, of: Tensor) -> None:
    """Refuse what a function among the arguments has returned, if it is not computed from `of`.

    Raises:
        ValueError: what learns by it could not.
    """
    if torch.is_grad_enabled() and of.requires_grad and not value.requires_grad:
        refuse(name, "to return a number that has a gradient", "one that is detached")


def refuse_uncallable(
    name: str, function: object, n: int, named: Mapping[str, Any] | None = None
) -> None:
    """Refuse a function that cannot be called with `n` arguments, and these by name.

    Raises:
        ValueError: says how many it takes.
    """
    try:
        signature = inspect.signature(function)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return  # such as one that is written in C
    try:
        signature.bind(*[None] * n, **(named or {}))
    except TypeError:
        bare = [each.replace(annotation=each.empty) for each in signature.parameters.values()]
        got = signature.replace(parameters=bare, return_annotation=signature.empty)
        refuse(name, f"to be a function of {n or 'no'} argument{'s' * (n != 1)}", f"one of {got}")

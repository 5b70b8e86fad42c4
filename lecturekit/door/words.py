"""What is said: an argument, what would be right, what came."""

from __future__ import annotations

import numbers
import typing

import numpy as np
import torch
from torch import Tensor


class RefusedError(ValueError):
    """An argument that does not fit."""


def refuse(name: str, wanted: str, came: str, hint: str = "") -> typing.NoReturn:
    """Say which argument, what would be right, and what came."""
    raise RefusedError(f"expected {name} {wanted}, got {came}{'; ' + hint if hint else ''}")


def came(value: object) -> str:
    """What it is, in a few words."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"a numpy array of shape {value.shape}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if value is None or isinstance(value, str | bytes | bool | numbers.Number):
        return repr(value)
    if isinstance(value, list | tuple) and len(repr(value)) < 60:
        return repr(value)
    return a_(type(value).__name__)


def a_(noun: str) -> str:
    return f"{'an' if noun[0] in 'AEIOUaeiou' else 'a'} {noun}"


def span(tensor: Tensor) -> str:
    if tensor.dtype == torch.bool:
        return "True and False"
    low, high = tensor.aminmax()
    return f"values from {low:g} to {high:g}"

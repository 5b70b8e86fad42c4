"""What is said: an argument, what would be right, what came."""

from __future__ import annotations

import numbers
import re
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
    if isinstance(value, Tensor) and value.ndim == 0 and value.device.type != "meta":
        return f"{value.item()}"
    if isinstance(value, Tensor):
        kind = "complex tensor" if value.is_complex() else "tensor"
        return f"a {kind} of shape {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"a numpy array of shape {value.shape}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, torch.dtype | torch.device):
        return str(value)
    if value is None or isinstance(value, str | bytes | bool | numbers.Number):
        return repr(value)
    if isinstance(value, list | tuple) and len(repr(value)) < 60:
        return repr(value)
    if isinstance(value, dict) and not value:
        return "an empty dict"
    return a_(type(value).__name__)


def whole_name(kind: type) -> str:
    """A class with its module, such as torch.Generator, where the name alone says too little."""
    module = ".".join(part for part in kind.__module__.split(".") if not re.match("_[^_]", part))
    return f"{module}.{kind.__name__}"


def in_words(error: Exception) -> str:
    """What an error says; a product of matrices that fails is a matter of columns."""
    sizes = re.search(r"mat1 and mat2 .*\(\d+x(\d+) and (\d+)x\d+\)", str(error))
    if sizes:
        return f"{sizes[1]} columns in a layer that takes {sizes[2]}"
    return f"one that {error}" if str(error).startswith("expected") else str(error)


def a_(noun: str) -> str:
    return f"{'an' if noun[0] in 'AEIOUaeiou' else 'a'} {noun}"


def span(tensor: Tensor) -> str:
    if tensor.dtype == torch.bool:
        return "True and False"
    low, high = tensor.aminmax()
    return f"values from {low:g} to {high:g}"

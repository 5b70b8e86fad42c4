"""Rules for tensors: shape, type, device and values; and for numbers to be shown."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lecturekit.door.declared import (
    ANYWHERE,
    BINARY,
    FREE,
    MASK,
    NOT_EMPTY,
    NUMBERS,
    OF_ANY_TYPE,
    WHOLE,
    In,
    Trait,
)
from lecturekit.door.rules import Rule
from lecturekit.door.together import Call
from lecturekit.door.words import refuse, span

ROUNDING = 1e-6  # a probability may be that much above 1


@dataclasses.dataclass
class TensorRule(Rule):
    """A tensor: of real numbers and finite, unless it says otherwise."""

    shapes: tuple[tuple[str, ...], ...] = ()
    inside: In | None = None
    traits: frozenset[Trait] = frozenset()
    held: bool = False  # by an argument, whose own business its shape is

    wanted = "to be a tensor"

    def fits(self, value: object) -> bool:
        return isinstance(value, Tensor)

    def hint(self, name: str, value: object) -> str:
        if isinstance(value, np.ndarray | list | tuple):
            kind = "" if WHOLE in self.traits else ", dtype=torch.float32"
            return f"pass torch.as_tensor({name}{kind})"
        return ""

    def check(self, name: str, value: Any, call: Call) -> None:
        super().check(name, value, call)
        call.tensors.append((name, value, self))
        if ANYWHERE not in self.traits or value.device.type == "meta":
            call.places[name] = value.device

    def check_shape(self, name: str, tensor: Tensor, call: Call) -> None:
        if self.shapes and not any(_match(shape, tensor, call) for shape in self.shapes):
            wanted = " or ".join(_written(shape, call) for shape in self.shapes)
            got = tuple(tensor.shape)
            refuse(name, f"of shape {wanted}", f"{got}", self._reshape(name, tensor, call))
        if not self.shapes and not self.held and tensor.numel() == 0:
            refuse(name, "with at least one entry", f"shape {tuple(tensor.shape)}")

    def _reshape(self, name: str, tensor: Tensor, call: Call) -> str:
        axes = {len(shape) for shape in self.shapes if "…" not in shape}
        if axes == {2} and tensor.ndim == 1:
            return f"for one row pass {name}[None]"
        if axes == {2} and tensor.ndim > 2:
            return f"flatten images with {name}.flatten(1)"
        if axes == {2} and tensor.ndim == 2:
            flipped = any(_match(shape, tensor.t(), call) for shape in self.shapes)
            return f"rows are what is counted: pass {name}.T" if flipped else ""
        if 4 in axes and tensor.ndim == 3:
            return f"give grey images a channel: {name}[:, None]"
        return ""

    def check_dtype(self, name: str, tensor: Tensor, call: Call) -> None:
        if tensor.device.type == "meta":
            refuse(name, "with values", "a tensor on meta, which has none")
        if tensor.is_complex():
            refuse(name, "of real numbers", str(tensor.dtype), f"pass {name}.real")
        if OF_ANY_TYPE in self.traits:
            return
        lowered = call.dtype is not None and call.dtype[1] in (torch.bfloat16, torch.float16)
        if WHOLE in self.traits:
            if tensor.dtype != torch.long:
                refuse(name, WHOLE.value, str(tensor.dtype), f"pass {name}.long()")
        elif MASK in self.traits:
            if tensor.dtype != torch.bool:
                refuse(name, MASK.value, str(tensor.dtype), f"pass {name}.bool()")
        elif not tensor.is_floating_point():
            refuse(name, "of real numbers", str(tensor.dtype), f"pass {name}.float()")
        elif call.dtype is None:
            call.dtype = name, tensor.dtype
        elif call.dtype[1] != tensor.dtype and not lowered:
            whose, dtype = call.dtype
            refuse(
                name,
                f"of {_possessive(whose)} {dtype}",
                str(tensor.dtype),
                f"pass {name}.to({dtype})",
            )

    def check_values(self, name: str, tensor: Tensor) -> None:
        tensor = tensor.detach()
        try:
            self._check_values(name, tensor)
        except RuntimeError as error:  # inside torch.func nobody can look at numbers
            if "vmap" not in str(error) and "functorch" not in str(error):
                raise

    def _check_values(self, name: str, tensor: Tensor) -> None:
        real = tensor.is_floating_point()
        if real and FREE not in self.traits and not _is_finite(tensor):
            odd = int((~tensor.isfinite()).sum())
            refuse(name, "finite", f"{odd} NaN or infinite among {tensor.numel()} values")
        if BINARY in self.traits:
            if not bool((tensor * (1 - tensor) == 0).all()):
                refuse(
                    name,
                    BINARY.value,
                    span(tensor),
                    f"threshold them: ({name} > 0.5).float()",
                )
        elif self.inside is not None and tensor.numel():
            low, high = (float(each) for each in tensor.aminmax())
            ends = self.inside.open
            low_end = low if ends in ("low", "both") else low + ROUNDING
            high_end = high if ends in ("high", "both") else high - ROUNDING
            if not self.inside.allow(low_end, high_end):
                hint = f"divide by 255: {name} / 255" if self._are_bytes(high) else ""
                refuse(name, str(self.inside), span(tensor), hint)

    def _are_bytes(self, high: float) -> bool:
        return self.inside == In(0, 1) and 2 < high <= 255


HELD = TensorRule(traits=frozenset({OF_ANY_TYPE}), held=True)


@dataclasses.dataclass
class NumbersRule(Rule):
    """Numbers to be shown: of any kind; a function is asked later, and none at all are none yet."""

    inner: TensorRule

    wanted = f"to be {NUMBERS.value}"

    def fits(self, value: object) -> bool:
        return _are_numbers(value)

    def check(self, name: str, value: Any, call: Call) -> None:
        super().check(name, value, call)
        if callable(value):
            return
        if not isinstance(value, Tensor):
            value = torch.as_tensor(np.asarray(value))
        if value.numel() or NOT_EMPTY in self.inner.traits:
            call.tensors.append((name, value, self.inner))


def _are_numbers(value: object) -> bool:
    if isinstance(value, Tensor):
        return value.device.type != "meta" and not value.is_complex()
    if value is None or isinstance(value, str | bytes | type):
        return False
    if callable(value):
        return True
    try:
        array = np.asarray(value)  # a list of tensors too
    except (TypeError, ValueError, RuntimeError):
        return False
    return array.dtype.kind in "buif"


def _match(shape: tuple[str, ...], tensor: Tensor, call: Call) -> bool:
    sizes = list(tensor.shape)
    if "…" in shape:
        place = shape.index("…")
        after = len(shape) - place - 1
        if len(sizes) < len(shape) - 1:
            return False
        if 0 in sizes:
            return False
        sizes = sizes[:place] + sizes[len(sizes) - after :]
        shape = shape[:place] + shape[place + 1 :]
    if len(sizes) != len(shape):
        return False
    found: dict[str, int] = {}
    for token, size in zip(shape, sizes, strict=True):
        name, _, least = token.partition("≥")
        if size < int(least or 1):
            return False
        if "·" in name:  # a multiple of it
            if size % int(name.partition("·")[0]):
                return False
            continue
        if name == "_":  # of its own
            continue
        known = int(name) if name.isdigit() else found.get(name, call.size(name))
        if known is not None and known != size:
            return False
        found[name] = size
    call.sizes |= {name: size for name, size in found.items() if not name.isdigit()}
    return True


def _written(shape: tuple[str, ...], call: Call) -> str:
    words = []
    for token in shape:
        name, _, least = token.partition("≥")
        size = None if name.isdigit() else call.size(name)
        plain = f"{name} ≥ {least}" if least not in ("", "0") else name
        words.append(str(size) if size is not None else plain.replace("…", "..."))
    return f"({', '.join(words)}{',' if len(words) == 1 else ''})"


def _possessive(name: str) -> str:
    return f"{name}'s" if name.startswith("the ") or name == "model" else f"the type of {name},"


def _is_finite(tensor: Tensor) -> bool:
    if bool(tensor.sum().isfinite()):  # one pass without memory; what overflows is looked at again
        return True
    return bool(tensor.isfinite().all())

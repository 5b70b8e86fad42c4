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
    CHANCES,
    FREE,
    MASK,
    NOT_EMPTY,
    NUMBERS,
    OF_ANY_TYPE,
    VARIED,
    WHOLE,
    In,
    Trait,
)
from lecturekit.door.finite import is_finite, look
from lecturekit.door.results import refuse_uncallable
from lecturekit.door.rules import Rule
from lecturekit.door.together import Call
from lecturekit.door.words import refuse, span

MOSTLY = 0.9  # of rows that are drawn from a density, as far as a net makes them
ROUNDING = 1e-6  # a probability may be that much above 1
SUM = 1e-4  # a million of them, in float32, that much off together


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

    def is_one(self, value: object) -> bool:
        axes = {-1 if "…" in shape else len(shape) for shape in self.shapes}
        return isinstance(value, Tensor | np.ndarray) and axes == {value.ndim}

    def hint(self, name: str, value: object) -> str:
        held = [f"{name}.{f}" for f in getattr(value, "_fields", ()) if _is_tensor(value, f)]
        if held:
            return f"pass one of its tensors: {', '.join(held)}"
        if isinstance(value, np.ndarray | list | tuple) and _are_numbers(value):
            kind = "" if WHOLE in self.traits else ", dtype=torch.float32"
            return f"pass torch.as_tensor({name}{kind})"
        return ""

    def check(self, name: str, value: Any, call: Call) -> None:
        super().check(name, value, call)
        call.tensors.append((name, value, self))
        if ANYWHERE not in self.traits or value.device.type == "meta":
            call.places[name] = value.device

    def check_shape(self, name: str, tensor: Tensor, call: Call) -> None:
        known = {*call.sizes}
        if self.shapes and not any(_match(shape, tensor, call) for shape in self.shapes):
            wanted = " or ".join(_written(shape, call) for shape in self.shapes)
            got = tuple(tensor.shape)
            hint = self._reshape(name, tensor, call) or self._whose(name, call)
            refuse(name, f"of shape {wanted}", f"{got}", hint)
        call.whose |= dict.fromkeys({*call.sizes} - known, name)
        if not self.shapes and not self.held and tensor.numel() == 0:
            refuse(name, "with at least one entry", f"shape {tuple(tensor.shape)}")

    def _whose(self, name: str, call: Call) -> str:
        """Whose sizes it does not have: it may be that other one which is wrong."""
        sizes = {token.partition("≥")[0] for shape in self.shapes for token in shape}
        tied = sorted(sizes & {*call.whose})
        return ", ".join(f"{call.whose[size]} has {size} = {call.size(size)}" for size in tied)

    def _reshape(self, name: str, tensor: Tensor, call: Call) -> str:
        axes = {len(shape) for shape in self.shapes if "…" not in shape}
        if tensor.numel() == 0:
            return f"{name} is empty"
        if axes == {2} and tensor.ndim == 1:
            column = all(shape[-1] == "1" for shape in self.shapes)
            return f"pass {name}[:, None]" if column else f"for one row pass {name}[None]"
        if axes == {2} and tensor.ndim > 2:
            return f"flatten images with {name}.flatten(1)"
        if axes == {2} and tensor.ndim == 2:
            flipped = any(_match(shape, tensor.t(), call) for shape in self.shapes)
            return f"rows are what is counted: pass {name}.T" if flipped else ""
        if 4 in axes and tensor.ndim == 3:
            channels = {call.size(shape[1]) for shape in self.shapes if len(shape) == 4}
            if channels == {len(tensor)}:
                return f"for one image pass {name}[None]"
            return f"give grey images a channel: {name}[:, None]"
        return ""

    def check_dtype(self, name: str, tensor: Tensor, call: Call) -> None:
        if tensor.device.type == "meta":
            refuse(name, "with values", "a tensor on meta, which has none")
        if tensor.layout != torch.strided:
            refuse(name, "to be dense", str(tensor.layout), f"pass {name}.to_dense()")
        if tensor.is_complex():
            refuse(name, "of real numbers", str(tensor.dtype), f"pass {name}.real")
        if OF_ANY_TYPE in self.traits:
            return
        lowered = call.dtype is not None and call.dtype[1] in (torch.bfloat16, torch.float16)
        if WHOLE in self.traits:
            if tensor.dtype != torch.long:
                whole = not tensor.is_floating_point() or bool((tensor == tensor.round()).all())
                hint = f"pass {name}.long()" if whole else ""
                refuse(name, WHOLE.value, str(tensor.dtype), hint)
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
        look(lambda: self._check_values(name, tensor.detach()))

    def _check_values(self, name: str, tensor: Tensor) -> None:
        real = tensor.is_floating_point()
        if real and FREE not in self.traits and not is_finite(tensor):
            odd = int((~tensor.isfinite()).sum())
            refuse(name, "finite", f"{odd} NaN or infinite among {tensor.numel()} values")
        if VARIED in self.traits:
            different = len(tensor.unique(dim=0))
            if different < MOSTLY * len(tensor):
                refuse(name, VARIED.value, f"{len(tensor)} rows, of which {different} differ")
        if CHANCES in self.traits:
            self._check_chances(name, tensor.detach())
        if BINARY in self.traits and tensor.dtype != torch.bool:
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
                # up to 100 it may be per cent
                are_bytes = self.inside == In(0, 1) and low >= 0 and 100 < high <= 255
                hint = f"divide by 255: {name} / 255" if are_bytes else ""
                refuse(name, str(self.inside), span(tensor), hint)

    def _check_chances(self, name: str, tensor: Tensor) -> None:
        sums = tensor.double().sum(-1)
        least, rows = float(tensor.min()), tensor.ndim > 1
        wanted = f"{'with rows ' if rows else ''}{CHANCES.value}"
        if least < -ROUNDING:
            refuse(name, wanted, f"a least entry of {least:g}")
        if bool(((sums - 1).abs() > SUM).any()):
            came = f"sums from {sums.min():g} to {sums.max():g}" if rows else f"a sum of {sums:g}"
            flipped = rows and bool(((tensor.double().sum(-2) - 1).abs() < SUM).all())
            refuse(name, wanted, came, f"its columns are: pass {name}.T" if flipped else "")


HELD = TensorRule(traits=frozenset({OF_ANY_TYPE}), held=True)


@dataclasses.dataclass
class NumbersRule(Rule):
    """Numbers to be shown: of any kind; a function is asked later, and none at all are none yet."""

    inner: TensorRule

    wanted = f"to be {NUMBERS.value}"

    def fits(self, value: object) -> bool:
        return _are_numbers(value)

    def is_one(self, value: object) -> bool:
        return self.inner.is_one(value)

    def check(self, name: str, value: Any, call: Call) -> None:
        super().check(name, value, call)
        if callable(value):
            refuse_uncallable(name, value, 0)
            return
        if not isinstance(value, Tensor):
            value = torch.as_tensor(np.asarray(value))
        if value.numel() or NOT_EMPTY in self.inner.traits:
            call.tensors.append((name, value, self.inner))


def _is_tensor(value: object, field: str) -> bool:
    return isinstance(getattr(value, field), Tensor)


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

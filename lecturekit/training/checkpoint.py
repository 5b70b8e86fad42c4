"""A run on disk: saved whole, and taken up where it was, bit for bit, in another process."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lecturekit.door import RefusedError, door
from lecturekit.files import replacing
from lecturekit.training.guard import Guarded
from lecturekit.training.settings import choices, tunables

PLAIN = (type(None), bool, int, float, str)


class Unsaved(RefusedError):  # noqa: N818
    """A file that is no checkpoint of this run."""


@door
def save(steps: Guarded, file: str | Path) -> None:
    """Write all that a run owns: model, optimisers, particles, source of randomness, settings.

    The file is written whole or not at all. It holds tensors and plain values, no pickled code.

    Args:
        steps: what a trainer returned, at any update.
        file: where.
    """
    state = {name: _state_of(part) for name, part in steps.owns.items()}
    with replacing(Path(file)) as new:
        torch.save(state, new)


@door
def load(steps: Guarded, file: str | Path) -> None:
    """Put all of it back, in place, before the first update; the steps go on from there.

    The same bits as without the interruption, on the same machine and version of torch.

    Args:
        steps: of the same trainer, made of parts as large as those that were saved.
        file: by `save`.

    Of the settings what sliders and lists set comes from the file, such as the rate; the rest is as
    it is now, so that a run can be made longer.

    Raises:
        ValueError: the file is no checkpoint, or of another run; nothing has changed.
    """
    try:
        with Path(file).open("rb") as opened:  # whatever its name ends in
            state = torch.load(opened, weights_only=True, map_location="cpu")
    except OSError:
        raise
    except Exception as error:
        raise Unsaved(f"expected file to be a checkpoint, got {file}: {error}") from None
    if not isinstance(state, dict) or state.keys() != steps.owns.keys():
        kept = ", ".join(map(str, state)) if isinstance(state, dict) else type(state).__name__
        raise Unsaved(
            f"expected file to be a checkpoint of {', '.join(steps.owns)}, got one of {kept}"
        )
    for name, part in steps.owns.items():
        _check(name, part, state[name])
    settings = steps.owns["settings"]
    for name in {**tunables(settings), **choices(settings)}:  # the others are as the cell has them
        setattr(settings, name, state["settings"][f".{name}"])
    for name, part in steps.owns.items():
        if part is not settings:
            _put_back(part, state[name])


def _state_of(part: Any) -> Any:
    """Tensors and plain values that tell what `part` is now."""
    if isinstance(part, PLAIN):
        return part
    if isinstance(part, Tensor):
        return part.detach().clone()
    if isinstance(part, torch.Generator):
        return part.get_state()
    if isinstance(part, nn.Module):
        return {name: value.clone() for name, value in part.state_dict().items()}
    if isinstance(part, torch.optim.Optimizer):
        return part.state_dict()
    if isinstance(part, list | tuple):
        return [_state_of(each) for each in part]
    if isinstance(part, dict):
        return {name: _state_of(each) for name, each in part.items() if isinstance(name, str)}
    attributes = {name: value for name, value in _attributes(part).items() if _is_state(value)}
    return {
        "a": f"{type(part).__module__}:{type(part).__qualname__}",
        **{f".{name}": _state_of(value) for name, value in attributes.items()},
    }


def _put_back(part: Any, state: Any) -> Any:
    """`part` as it was, in place where that can be; returns what stands there now."""
    if isinstance(part, torch.Generator):
        part.set_state(state)
        return part
    if isinstance(part, nn.Module | torch.optim.Optimizer):
        part.load_state_dict(state)
        return part
    if isinstance(state, Tensor):
        if isinstance(part, Tensor) and part.shape == state.shape and not part.requires_grad:
            return part.copy_(state) if part.dtype == state.dtype else state
        return state.to(part.device) if isinstance(part, Tensor) else state
    if isinstance(state, list):
        parts = part if isinstance(part, list | tuple) else [None] * len(state)
        return type(parts)(_put_back(each, of) for each, of in zip(parts, state, strict=True))
    if isinstance(state, dict) and "a" in state:
        if part is None:
            return _made_of(state)
        for name, value in state.items():
            if name.startswith("."):
                was = getattr(part, name[1:], None)
                object.__setattr__(part, name[1:], _put_back(was, value))
        return part
    if isinstance(state, dict):
        part.update({name: _put_back(part.get(name), value) for name, value in state.items()})
        return part
    return state


def _made_of(state: Mapping[str, Any]) -> Any:
    """A new dataclass of this package, such as fast weights that a fresh run does not have yet."""
    module, _, name = state["a"].partition(":")
    kind: Any = getattr(importlib.import_module(module), name, None) if _is_ours(module) else None
    if not isinstance(kind, type) or not dataclasses.is_dataclass(kind):
        raise Unsaved(f"expected parts of lecturekit, got {state['a']}")
    fields = {field.name for field in dataclasses.fields(kind) if field.init}
    return kind(**{f: _put_back(None, state[f".{f}"]) for f in fields})


def _check(name: str, part: Any, state: Any) -> None:
    """Refuse what would fail half way."""
    if isinstance(part, nn.Module):
        here = {key: tuple(value.shape) for key, value in part.state_dict().items()}
        there = {key: tuple(value.shape) for key, value in state.items()}
        if here != there:
            odd = next(k for k in {**here, **there} if here.get(k) != there.get(k))
            raise Unsaved(
                f"expected file to be a checkpoint of a {name} with {odd} of shape "
                f"{here.get(odd)}, got {there.get(odd)}"
            )
    elif isinstance(state, dict) and "a" in state and part is not None:
        kind = f"{type(part).__module__}:{type(part).__qualname__}"
        if state["a"] != kind:
            raise Unsaved(
                f"expected file to be a checkpoint with {name} a {type(part).__name__}, got "
                f"{state['a'].rpartition(':')[2]}"
            )
        for key, value in state.items():
            if key.startswith("."):
                _check(f"{name}{key}", getattr(part, key[1:], None), value)


def _attributes(part: Any) -> dict[str, Any]:
    slots = {n: getattr(part, n) for n in getattr(type(part), "__slots__", ()) if hasattr(part, n)}
    return {**getattr(part, "__dict__", {}), **slots}


def _is_state(value: Any) -> bool:
    """Whether it is part of what a run is now: no function, no type, no parameter of a model."""
    if isinstance(value, list | tuple):
        return all(_is_state(each) for each in value)
    if isinstance(value, nn.Parameter | type) or callable(value):
        return isinstance(value, nn.Module)
    if isinstance(value, dict):
        return all(isinstance(k, str) and _is_state(v) for k, v in value.items())
    if isinstance(value, (*PLAIN, Tensor, torch.Generator, torch.optim.Optimizer)):
        return True
    return _is_ours(type(value).__module__)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == "lecturekit"

"""What is not finite: refused when a person hands it in, let through while a run is watched.

A run that diverges says so itself, when its guard looks. Until then its pictures have gaps and its
measurements are NaN; neither may end it before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

import torch
from torch import Tensor, nn

from lecturekit.door.words import refuse

_WATCHED: ContextVar[bool] = ContextVar("watched", default=False)


@contextlib.contextmanager
def watched() -> Iterator[None]:
    """Pictures and measurements of a run are made inside."""
    before = _WATCHED.set(True)
    try:
        yield
    finally:
        _WATCHED.reset(before)


def look(check: Callable[[], None]) -> None:
    """Look at numbers, unless they are a run's own, or inside torch.func, where nobody can."""
    if _WATCHED.get():
        return
    try:
        check()
    except RuntimeError as error:
        if "vmap" not in str(error) and "functorch" not in str(error):
            raise


def is_finite(tensor: Tensor) -> bool:
    if bool(tensor.sum().isfinite()):  # one pass without memory; what overflows is looked at again
        return True
    return bool(tensor.isfinite().all())


def refuse_nan(name: str, values: Tensor) -> None:
    """Refuse what a function among the arguments has returned, if there is NaN in it.

    Raises:
        ValueError: says whose result it is.
    """

    def check() -> None:
        if bool(values.detach().isnan().any()):
            refuse(name, "to return numbers", "NaN from it")

    look(check)


def refuse_overflow(name: str, result: Tensor) -> None:
    """Refuse a result that is NaN, though all arguments are finite: they were too large.

    Raises:
        ValueError: says of which function.
    """

    def check() -> None:
        if result.device.type != "meta" and bool(result.detach().isnan().any()):
            wanted = "with arguments that it can compute with"
            refuse(name, wanted, "NaN from them: numbers too large, or a function that returns NaN")

    look(check)


def refuse_diverged(name: str, model: nn.Module) -> None:
    """Refuse a model whose parameters, or averages, are not all finite.

    Raises:
        ValueError: says which.
    """
    held = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    numbers = {
        part: tensor.detach()
        for part, tensor in held.items()
        if tensor.is_floating_point() and tensor.device.type != "meta" and tensor.numel()
    }

    def check() -> None:
        sums = torch.stack([tensor.sum().float() for tensor in numbers.values()])
        if bool(sums.isfinite().all()):  # one look for all
            return
        for part, tensor in numbers.items():
            if not is_finite(tensor):
                odd = int((~tensor.isfinite()).sum())
                came = f"{odd} NaN or infinite among {tensor.numel()} values"
                refuse(
                    f"{name}.{part}" if name.isidentifier() else f"{name}'s {part}", "finite", came
                )

    if numbers:
        look(check)

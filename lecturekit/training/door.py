"""The door of a trainer: data that do not fit are refused before anything happens."""

from __future__ import annotations

import torch
from torch import Tensor


def check_data(
    data: Tensor,
    parameter: Tensor,
    generator: torch.Generator | None = None,
    *,
    n_columns: int | None = None,
    at_least: int = 1,
) -> None:
    """Refuse data that a model of rows cannot be trained on.

    Args:
        data: (n, n_columns), finite, of the parameter's type and on its device.
        parameter: any of the model's.
        generator: on the same device, if there is one.
        n_columns: any, if left out.
        at_least: rows.

    Raises:
        ValueError: says what is wrong, and what would be right.
    """
    columns = n_columns is None or data.shape[-1:] == (n_columns,)
    if data.ndim != 2 or not columns or len(data) < at_least:
        rows = "n" if at_least == 1 else f"n ≥ {at_least}"
        hint = "; flatten images with data.flatten(1)" if data.ndim > 2 else ""
        raise ValueError(
            f"expected data of shape ({rows}, {n_columns or 'n_dims'}), got "
            f"{tuple(data.shape)}{hint}"
        )
    check_devices(data=data, model=parameter, **({"generator": generator} if generator else {}))
    if data.dtype != parameter.dtype:
        raise ValueError(f"expected data of the model's {parameter.dtype}, got {data.dtype}")
    if not bool(data.isfinite().all()):
        raise ValueError("expected finite data, got NaN or infinity among the values")


def check_devices(**parts: Tensor | torch.Generator) -> None:
    """Refuse tensors and generators that are not all on one device.

    Args:
        **parts: by the names under which the message speaks of them.

    Raises:
        ValueError: says which is where.
    """
    if len({part.device for part in parts.values()}) > 1:
        places = ", ".join(f"{name} on {part.device}" for name, part in parts.items())
        raise ValueError(f"expected {', '.join(parts)} on one device, got {places}")

"""Folders of images: one of any pictures, or four in CycleGAN's layout."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated, get_args

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lecturekit.data.image_file import Framing, read_square
from lecturekit.data.known_files import MissingDataError
from lecturekit.data.unpaired import Unpaired
from lecturekit.door import In, door

HEIC = {".heic", ".heif"}  # what iPhones save by default; Pillow needs a plugin for it
SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"} | HEIC
PARTS = ("trainA", "trainB", "testA", "testB")
FEW = 50


@door
def pictures(
    folder: str | Path, *, side: Annotated[int, In(4)], framing: Framing = "crop"
) -> Tensor:
    """Read all images of one folder: (n, 3, side, side), in [0, 1].

    They may have any size, kind and orientation that a phone, a scanner or an editor gives them
    (see `image_file.read_square`). What cannot be read is left out, and a warning names it.

    Args:
        folder: the images lie in it, not in folders below it.
        side: height and width of the result, ≥ 4.
        framing: "crop" takes the largest square in the middle, "pad" puts white at two sides.

    Raises:
        ValueError: a side below 4, or another framing.
        MissingDataError: the folder is not there, or has no image that can be read.
    """
    _check(side, framing)
    return _read(Path(folder), side, framing)


@door
def image_folder(
    folder: str | Path, *, side: Annotated[int, In(4)], framing: Framing = "crop"
) -> Unpaired:
    """Read the images of two domains: X from trainA and testA, Y from trainB and testB.

    Images are read as by `pictures`. Ten in a folder are enough to start; where a training folder
    has less than 50, a warning says what to expect.

    Args:
        folder: the one that holds the four.
        side: height and width of the result, even and ≥ 4: the networks halve it inside.
        framing: "crop" takes the largest square in the middle, "pad" puts white at two sides.

    Returns:
        colour images; the test images are not pairs.

    Raises:
        ValueError: a side that is odd or below 4, or another framing.
        MissingDataError: one of the four is not there, or has no image that can be read.
    """
    _check(side, framing)
    if side % 2:
        raise ValueError(f"expected an even side, got {side}: take {side + 1}")
    hint = f": images for CycleGAN lie in {', '.join(PARTS)}"
    parts = [_read(Path(folder) / part, side, framing, hint) for part in PARTS]
    few = [f"{len(images)} in {part}" for part, images in zip(PARTS[:2], parts, strict=False)
           if len(images) < FEW]  # fmt: skip
    if few:
        warnings.warn(
            f"few images ({', '.join(few)}): the networks will run, and learn these by heart",
            stacklevel=2,
        )
    x_train, y_train, x_test, y_test = parts
    return Unpaired(
        x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test, paired_tests=False
    )


def _check(side: int, framing: Framing) -> None:
    if side < 4:
        raise ValueError(f"expected side ≥ 4, got {side}")
    if framing not in get_args(Framing):
        raise ValueError(f"expected framing {' or '.join(get_args(Framing))}, got {framing!r}")


def _read(folder: Path, side: int, framing: Framing, hint: str = "") -> Tensor:
    if not folder.is_dir():
        raise MissingDataError(f"expected a folder {folder}{hint}")
    images, damaged = [], []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
            continue
        try:
            images.append(read_square(path, side, framing))
        except (OSError, SyntaxError, ValueError) as error:
            damaged.append(f"{path.name} ({_reason(path, error)})")
    if damaged:
        warnings.warn(f"left out of {folder}, not readable: {', '.join(damaged)}", stacklevel=3)
    if not images:
        raise MissingDataError(f"{folder} has no image that can be read")
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255


def _reason(path: Path, error: Exception) -> str:
    suffix = path.suffix.lower()
    if suffix in HEIC and suffix not in Image.registered_extensions():
        return "HEIC: save it as JPEG"
    return str(error)

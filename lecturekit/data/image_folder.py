"""Folders of images: one of any pictures, or four in CycleGAN's layout."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from lecturekit.data.mnist_files import MissingDataError
from lecturekit.data.unpaired import Unpaired

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"}


def pictures(folder: str | Path, *, side: int) -> Tensor:
    """Read all images of one folder: (n, 3, side, side), in [0, 1].

    Images may have any size: the largest square in the middle is scaled to side × side. What cannot
    be read is left out, and a warning names it.

    Args:
        folder: the images lie in it, not in folders below it.
        side: height and width of the result, ≥ 4.

    Raises:
        ValueError: a side below 4.
        MissingDataError: the folder is not there, or has no image that can be read.
    """
    _check_side(side)
    return _read(Path(folder), side)


def image_folder(folder: str | Path, *, side: int) -> Unpaired:
    """Read the images of two domains: X from trainA and testA, Y from trainB and testB.

    Images may have any size: the largest square in the middle is scaled to side × side. What cannot
    be read is left out, and a warning names it.

    Args:
        folder: the one that holds the four.
        side: height and width of the result, ≥ 4.

    Returns:
        colour images; the test images are not pairs.

    Raises:
        ValueError: a side below 4.
        MissingDataError: one of the four is not there, or has no image that can be read.
    """
    _check_side(side)
    parts = {
        name: _read(
            Path(folder) / name, side, ": images for CycleGAN lie in trainA, trainB, testA, testB"
        )
        for name in ("trainA", "trainB", "testA", "testB")
    }
    return Unpaired(
        x_train=parts["trainA"],
        y_train=parts["trainB"],
        x_test=parts["testA"],
        y_test=parts["testB"],
        paired_tests=False,
    )


def _check_side(side: int) -> None:
    if side < 4:
        raise ValueError(f"expected side ≥ 4, got {side}")


def _read(folder: Path, side: int, hint: str = "") -> Tensor:
    if not folder.is_dir():
        raise MissingDataError(f"expected a folder {folder}{hint}")
    images, damaged = [], []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES:
            try:
                images.append(_square(path, side))
            except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
                damaged.append(f"{path.name} ({error})")
    if damaged:
        warnings.warn(f"left out of {folder}, not readable: {', '.join(damaged)}", stacklevel=3)
    if not images:
        raise MissingDataError(f"{folder} has no image that can be read")
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255


def _square(path: Path, side: int) -> np.ndarray:
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    return np.asarray(ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS))

"""One picture as a phone, a scanner or an editor saved it → a square of colours."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

Framing = Literal["crop", "pad"]

WHITE = (255, 255, 255)
LARGEST = 2**28  # pixels; phones make pictures of 2·10⁸, more than Pillow takes for harmless
FULL_SCALES = (1.0, 255.0, 65535.0, 2.0**31 - 1)  # of shares, bytes, 16 and 32 bits


def read_square(path: Path, side: int, framing: Framing) -> np.ndarray:
    """Read a picture of any size: (side, side, 3), uint8.

    Turned as the camera was held; transparency on white; of an animation the first frame; 16-bit,
    32-bit and float pictures by their own full scale. Large JPEGs are reduced while decoding.

    Args:
        path: of a file that Pillow reads.
        side: height and width of the result.
        framing: "crop" takes the largest square in the middle, "pad" puts white at two sides.

    Raises:
        OSError, SyntaxError, ValueError: a file that cannot be read, with the reason.
    """
    with _large_ones_welcome(), Image.open(path) as image:
        image.draft(None, (2 * side, 2 * side))  # JPEG only: no smaller than this
        colours = _in_colours(ImageOps.exif_transpose(image))
    size, method = (side, side), Image.Resampling.LANCZOS
    if framing == "crop":
        return np.asarray(ImageOps.fit(colours, size, method))
    return np.asarray(ImageOps.pad(colours, size, method, color=WHITE))


@contextmanager
def _large_ones_welcome() -> Iterator[None]:
    usual = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = LARGEST
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise ValueError(f"more than {LARGEST:,} pixels") from None
    finally:
        Image.MAX_IMAGE_PIXELS = usual


def _in_colours(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return _from_full_scale(np.asarray(image, dtype=np.float64), image.mode)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, WHITE), layer).convert("RGB")
    return image.convert("RGB")


def _from_full_scale(values: np.ndarray, mode: str) -> Image.Image:
    """Grey values of more than 8 bits; Pillow would cut off what is above 255."""
    if not (np.isfinite(values).all() and values.min() >= 0):
        raise ValueError("grey values below 0, or not finite")
    fitting = [scale for scale in FULL_SCALES if scale >= values.max()]
    full = 65535.0 if mode.startswith("I;16") else fitting[0] if fitting else values.max()
    if mode == "I":
        full = max(full, 65535.0)  # how older versions of Pillow call 16 bits
    return Image.fromarray((values / full * 255).round().astype(np.uint8)).convert("RGB")

"""Many small images as one picture, pixel by pixel: exact, and fast enough for ten a second."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from lecturekit.plots.canvas import to_array
from lecturekit.plots.style import DIVERGING, INK

GAP = 3  # page pixels between images
CAPTION = 15  # font size in page pixels
MOUNT = "#c6d0dc"  # neither black nor white, so that each image shows where it ends


def mosaic(
    images: Any,
    *,
    columns: int | None = None,
    captions: Sequence[str] | None = None,
    signed: bool = False,
    width: int = 420,
) -> np.ndarray:
    """Images in a grid, row by row, each enlarged by the same whole factor.

    Args:
        images: (n, height, width) grey or (n, 3, height, width) colour in [0, 1]; with `signed`,
            (n, height, width) of any range, in colours centred at 0.
        columns: images in a row; by default about as many as there are rows.
        captions: a caption under each image, or one for each row, set at its left.
        width: page pixels that the picture should come close to without exceeding it, unless the
            images themselves are larger.

    Returns:
        uint8 pixels, (height, width, 3).

    Raises:
        ValueError: images of another shape, or captions for neither images nor rows.
    """
    tiles = _colours(images, signed)  # (n, h, w, 3)
    count, tile_height, tile_width, _ = tiles.shape
    columns = min(columns or math.ceil(math.sqrt(count)), count)
    rows = math.ceil(count / columns)
    captions = list(captions or [])
    if captions and len(captions) not in (count, rows):
        raise ValueError(f"expected {count} captions, or {rows} for the rows, got {len(captions)}")
    beside = bool(captions) and len(captions) != count  # one for each row
    margin = max(map(_text_width, captions)) + 2 * GAP if beside else 0
    zoom = max(1, ((width - margin) // columns - GAP) // tile_width)
    cell_width = zoom * tile_width + GAP
    cell_height = zoom * tile_height + GAP + (CAPTION + GAP if captions and not beside else 0)
    page = Image.new("RGB", (margin + columns * cell_width + GAP, rows * cell_height + GAP), MOUNT)
    pen = ImageDraw.Draw(page)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        left, top = margin + GAP + column * cell_width, GAP + row * cell_height
        enlarged = Image.fromarray(tile.repeat(zoom, 0).repeat(zoom, 1))
        page.paste(enlarged, (left, top))
        if captions and not beside:
            middle = left + zoom * tile_width // 2
            pen.text((middle, top + enlarged.height + GAP), captions[index], INK, _font(), "ma")
    for row, caption in enumerate(captions if beside else []):
        pen.text((GAP, GAP + int((row + 0.5) * cell_height)), caption, INK, _font(), "lm")
    return np.asarray(page)


def _colours(images: Any, signed: bool) -> np.ndarray:
    images = to_array(images).astype(np.float32)
    colour = images.ndim == 4 and images.shape[1] == 3
    if images.size == 0 or not (images.ndim == 3 or (colour and not signed)):
        wanted = "(n, height, width)" if signed else "(n, height, width) or (n, 3, height, width)"
        raise ValueError(f"expected images of shape {wanted}, got {images.shape}")
    if signed:
        bound = max(float(np.nanmax(np.abs(images))), 1e-30)
        tiles = mpl.colormaps[DIVERGING](0.5 + 0.5 * images / bound)[..., :3]
    elif colour:
        tiles = images.transpose(0, 2, 3, 1)
    else:
        tiles = np.broadcast_to(images[..., None], (*images.shape, 3))
    return (np.nan_to_num(tiles).clip(0.0, 1.0) * 255.0).round().astype(np.uint8)


@functools.cache
def _font() -> ImageFont.FreeTypeFont:
    """The typeface of the figures, from matplotlib's own data."""
    return ImageFont.truetype(Path(mpl.get_data_path(), "fonts/ttf/DejaVuSans.ttf"), CAPTION)


def _text_width(text: str) -> int:
    return math.ceil(_font().getlength(text))

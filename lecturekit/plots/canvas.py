"""From a drawing function to PNG bytes: a static figure, or ten times a second."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as AggFigure
from PIL import Image

from lecturekit.plots.style import STYLE

Draw = Callable[[Axes], None]
DPI = 100  # pixels of a notebook page to an inch of a figure: 11 pt become 15 px


def to_array(values: Any) -> np.ndarray:
    """Numbers as a numpy array, wherever they live: a tensor on any device, a list, an array."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        values = values.float() if values.dtype is torch.bfloat16 else values
    return np.asarray(values)


def encode_png(pixels: np.ndarray) -> bytes:
    """uint8 pixels, (height, width) or (height, width, 3), as PNG."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png", compress_level=1)  # speed before size
    return stream.getvalue()


class Canvas:
    """Axes that are painted again and again, without pyplot and its global state.

    Ticks and layout survive from picture to picture: that makes a live picture twice as fast as
    one from scratch, and keeps its axes steady.

    Args:
        size: width and height in inches of `DPI` page pixels.
        scale: picture pixels to a page pixel; 2 is sharp on a high-resolution screen.
    """

    def __init__(self, size: tuple[float, float], scale: float = 1.0):
        with mpl.rc_context(STYLE):
            self._figure = AggFigure(figsize=size, dpi=DPI * scale)
            self._canvas = FigureCanvasAgg(self._figure)
            self._axes = self._figure.add_subplot()
        self._room = 0  # characters that the margins were laid out for

    def paint(self, draw: Draw) -> bytes:
        """PNG of what `draw` puts on the empty axes."""
        with mpl.rc_context(STYLE):
            self._wipe()
            draw(self._axes)
            self._render()
        return encode_png(np.asarray(self._canvas.buffer_rgba())[..., :3])

    def _wipe(self) -> None:
        axes = self._axes
        for artists in (axes.lines, axes.patches, axes.collections, axes.images, axes.texts):
            for artist in list(artists):
                artist.remove()
        for inset in list(axes.child_axes):  # colour bars
            inset.remove()
        if legend := axes.get_legend():
            legend.remove()
        axes.set_prop_cycle(mpl.rcParams["axes.prop_cycle"])
        axes.relim()
        axes.autoscale(True)

    def _render(self) -> None:
        """Draw, and lay out anew only when a label grew: axes that jump cannot be watched."""
        self._canvas.draw()
        ticks = [*self._axes.get_xticklabels(), *self._axes.get_yticklabels()]
        longest = max((len(tick.get_text()) for tick in ticks), default=0)
        if longest > self._room or not self._room:
            self._room = max(longest, 1)
            self._figure.set_layout_engine("constrained")
            self._canvas.draw()
            self._figure.set_layout_engine("none")

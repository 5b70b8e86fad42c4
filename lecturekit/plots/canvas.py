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
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from lecturekit.plots.picture import Picture
from lecturekit.plots.style import STYLE

Draw = Callable[[Axes], None]
DPI = 100  # pixels of a notebook page to an inch of a figure: 11 pt become 15 px
SHARP = 2  # picture pixels to a page pixel


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
    """

    def __init__(self, size: tuple[float, float]):
        self._width = round(size[0] * DPI)
        with mpl.rc_context(STYLE):
            self._figure = AggFigure(figsize=size)
            self._canvas = FigureCanvasAgg(self._figure)
            self._axes = self._figure.add_subplot()
        self._texts: tuple[str, ...] | None = None  # tick labels that the margins hold

    def paint(self, draw: Draw, scale: int = 1) -> bytes:
        """PNG of what `draw` puts on the empty axes; `scale` is picture pixels to a page pixel."""
        with mpl.rc_context(STYLE):
            self._figure.set_dpi(scale * DPI)
            self._wipe()
            draw(self._axes)
            self._render()
        return encode_png(np.asarray(self._canvas.buffer_rgba())[..., :3])

    def still(self, draw: Draw, title: str, alt: str) -> Picture:
        """What `draw` puts on the empty axes, sharp also on a high-resolution screen."""
        return Picture(title, alt, self.paint(draw, SHARP), self._width)

    def _wipe(self) -> None:
        axes = self._axes
        for artists in (axes.lines, axes.patches, axes.collections, axes.images, axes.texts):
            for artist in list(artists):
                artist.remove()
        axes.containers.clear()  # bars: their patches are gone, their legend entries are not
        axes.child_axes.clear()  # colour bars; their remove() would look for room to give back
        if legend := axes.get_legend():
            legend.remove()
        axes.set_prop_cycle(mpl.rcParams["axes.prop_cycle"])
        axes.relim()
        axes.autoscale(True)

    def _render(self) -> None:
        """Draw, and lay out anew only when a label no longer fits: axes that jump confuse."""
        if self._texts is None:
            self._draw_laid_out()
        else:
            self._canvas.draw()
            if self._tick_labels() != self._texts and not self._fits():
                self._draw_laid_out()
        self._texts = self._tick_labels()

    def _draw_laid_out(self) -> None:
        engine = ConstrainedLayoutEngine()
        self._figure.set_layout_engine(engine)
        if self._axes.get_aspect() != "auto":  # a frame of fixed shape finds its size in two rounds
            engine.execute(self._figure)
        self._canvas.draw()
        self._figure.set_layout_engine("none")

    def _tick_labels(self) -> tuple[str, ...]:
        axes, bars = self._axes, self._axes.child_axes  # colour bars, with numbers on their right
        labels = [*axes.get_xticklabels(), *axes.get_yticklabels()]
        labels += [label for bar in bars for label in bar.get_yticklabels()]
        return tuple(label.get_text() for label in labels)

    def _fits(self) -> bool:
        box, page = self._axes.get_tightbbox(self._canvas.get_renderer()), self._figure.bbox
        return box is None or (
            page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1
        )

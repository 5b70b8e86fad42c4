"""Views on which a person paints, by mouse, pen or finger: an image, or points of the plane.

What is painted is a tensor that other views, and trainers, read. It is written through NumPy, so
that torch's version counter stands still: like a slider's setting it belongs to the person, and a
run that begins anew leaves it as it is.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from lecturekit import plots
from lecturekit.door import ANYWHERE, NOT_EMPTY, Extent, In, Natural, Positive, Share, door, refuse
from lecturekit.live.views import View

Corner = tuple[float, float]  # of a stroke
Corners = Annotated[Sequence[Corner], NOT_EMPTY]


class Painted(View, ABC):
    """A picture that takes strokes.

    Attributes:
        brushes: names of what one may paint with; the first is in hand at the beginning.
    """

    brushes: tuple[str, ...] = ("paint",)

    @abstractmethod
    def stroke(self, corners: Corners, brush: Natural) -> None:
        """Paint along straight lines between corners, (u, v) each, with one of the brushes."""

    def _check_brush(self, brush: int) -> None:
        if not 0 <= brush < len(self.brushes):
            refuse("brush", f"from 0 to {len(self.brushes) - 1}", f"{brush}")

    @abstractmethod
    def clear(self) -> None:
        """Take away what was painted."""


@door
class PaintedImage(Painted):
    """An image that is painted on, and looked at by the views beside it.

    A brush covers a pixel by as much as it lies within half the width of the line, with an edge of
    one pixel.

    Args:
        image: what is there at first, (channels, height, width), in [0, 1].
        title: shown above.
        brushes: name → grey value, or one value for each channel. One more, "rubber", brings back
            what was there.
        width: of the brush, in pixels.

    Attributes:
        image: as it is now, (1, channels, height, width), on the device of the first one.

    Raises:
        ValueError: another shape, values outside of [0, 1], no brush, or a width that is not > 0.

    Example:
        >>> pad = PaintedImage(torch.zeros(1, 8, 8), "Draw here", {"ink": 1.0}, width=2)
        >>> pad.stroke([(0.0, 0.5), (1.0, 0.5)], 0)
        >>> pad.image[0, 0, :, 4].tolist()
        [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    """

    def __init__(
        self,
        image: Annotated[Tensor, "n_channels height width", In(0, 1), ANYWHERE],
        title: str,
        brushes: Annotated[Mapping[str, Share | Sequence[Share]], NOT_EMPTY],
        *,
        width: Positive = 1.5,
    ) -> None:
        super().__init__(lambda: plots.image_grid(_greys_flat(self.image), title, columns=1))
        for name, colour in brushes.items():
            if np.shape(colour) not in ((), (len(image),)):
                wanted = f"a grey value, or {len(image)}, one for each channel"
                refuse(f"brushes[{name!r}]", f"to be {wanted}", f"{colour}")
        self._first = image.detach().cpu().numpy().copy()
        self._colours = [
            np.broadcast_to(np.asarray(colour, np.float32), len(image))[:, None, None]
            for colour in brushes.values()
        ]
        self._width = width
        self.brushes = (*brushes, "rubber")
        self._pixels = image.detach().cpu().float().clone()[None]
        self._device = image.device

    @property
    def image(self) -> Tensor:
        """As it is now."""
        return self._pixels.to(self._device)

    def stroke(self, corners: Corners, brush: Natural) -> None:
        """Paint. Corners are shares of the image's width and height, from its upper left."""
        self._check_brush(brush)
        _, height, width = self._first.shape
        down, across = np.mgrid[0.5:height, 0.5:width]
        scaled = [(u * width, v * height) for u, v in corners]
        distance = _distance(across, down, scaled)
        cover = np.clip(self._width / 2 + 0.5 - distance, 0, 1).astype(np.float32)
        colour = self._first if brush == len(self._colours) else self._colours[brush]
        pixels = self._pixels.numpy()[0]
        pixels += cover * (colour - pixels)

    def clear(self) -> None:
        """Back to what was there at first."""
        self._pixels.numpy()[0] = self._first


@door
class PaintedPoints(Painted):
    """Points of the plane, sprayed where one paints: data of one's own.

    A data set of fixed size, so that a trainer may hold it while it changes: painted points take
    the place of those that were there at first, and if there are fewer, they repeat.

    Args:
        points: what is there at first, (n, 2), on the CPU.
        title: shown above.
        extent: left, right, bottom, top.
        spread: standard deviation of the spray.
        density: points that a stroke leaves for each unit of its length.
        generator: of the spray, and of the order in which the points lie in `data`.

    Attributes:
        data: the points that are there now, (n, 2), in random order.

    Raises:
        ValueError: another shape or device, or a spread or density that is not > 0.
    """

    brushes = ("spray",)

    def __init__(
        self,
        points: Annotated[Tensor, "n≥1 2"],
        title: str,
        *,
        extent: Extent,
        spread: Positive = 0.06,
        density: Positive = 60.0,
        generator: torch.Generator,
    ) -> None:
        super().__init__(lambda: plots.scatter({self._name(): self._shown()}, title, extent=extent))
        if not points.is_cpu:  # hands are slower than any processor
            refuse("points", "on the CPU", f"them on {points.device}", "pass points.cpu()")
        self._spread, self._density, self._generator = spread, density, generator
        self._first = points.detach().clone()
        self._painted = points.new_empty(0, 2)
        self.data = points.detach().clone()

    def stroke(self, corners: Corners, brush: Natural) -> None:
        """Spray along a line. Corners are points of the plane."""
        self._check_brush(brush)
        line = torch.tensor(corners, dtype=torch.float64)
        lengths = (line[1:] - line[:-1]).norm(dim=1)
        n = max(1, round(self._density * float(lengths.sum())))
        if len(line) == 1 or not lengths.sum() > 0:
            middles = line[:1].expand(n, 2)
        else:
            part = torch.multinomial(lengths, n, replacement=True, generator=self._generator)
            share = torch.rand(n, 1, generator=self._generator, dtype=torch.float64)
            middles = line[part] + share * (line[part + 1] - line[part])
        noise = torch.randn(n, 2, generator=self._generator, dtype=torch.float64)
        sprayed = (middles + self._spread * noise).to(self._painted)
        self._painted = torch.cat([self._painted, sprayed])[-len(self.data) :]
        self._fill(self._painted)

    def clear(self) -> None:
        """Back to the points that were there at first."""
        self._painted = self._painted[:0]
        self._fill(self._first)

    def _fill(self, points: Tensor) -> None:
        order = torch.randperm(len(self.data), generator=self._generator) % len(points)
        self.data.numpy()[:] = points[order].numpy()

    def _shown(self) -> Tensor:
        return self._painted if len(self._painted) else self._first

    def _name(self) -> str:
        return "yours" if len(self._painted) else "before you paint"


def _greys_flat(image: Tensor) -> Tensor:
    """As `plots.image_grid` takes it: grey images without their channel."""
    return image[:, 0] if image.shape[1] == 1 else image


def _distance(x: np.ndarray, y: np.ndarray, corners: Sequence[Corner]) -> np.ndarray:
    """Of each place from the nearest point of a polyline."""
    ends = corners if len(corners) > 1 else [*corners, *corners]
    nearest = np.full(x.shape, np.inf)
    for (a, b), (c, d) in itertools.pairwise(ends):
        along, length = (x - a) * (c - a) + (y - b) * (d - b), (c - a) ** 2 + (d - b) ** 2
        share = np.clip(along / length, 0, 1) if length else np.zeros(x.shape)
        there = np.hypot(x - a - share * (c - a), y - b - share * (d - b))
        nearest = np.minimum(nearest, there)
    return nearest

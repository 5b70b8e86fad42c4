"""What a run shows. A view looks at the present state whenever it is asked for a picture.

Views pull: they hold functions that read the model, and call them only when a picture is drawn,
some ten times a second. Such a function must leave the model and the run's random generator
alone; gradients are off and torch's global generator is put back afterwards.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from lecturekit import plots
from lecturekit.live.history import History
from lecturekit.plots import draw as pen
from lecturekit.plots.canvas import Canvas, Draw, encode_png
from lecturekit.plots.mosaic import mosaic
from lecturekit.plots.picture import Picture
from lecturekit.training import Step

SIZE = (4.1, 3.0)  # two beside each other on a projector, with JupyterLab's side bar open
SQUARE = (4.1, 4.1)


class View(ABC):
    """A titled picture of the present state.

    Attributes:
        title: shown above the picture.
        alt: the text alternative: what is to be seen.
    """

    def __init__(self, title: str, alt: str = ""):
        self.title = title
        self._alt = alt

    @property
    def alt(self) -> str:
        """The text alternative."""
        return self._alt or self.describe()

    def describe(self) -> str:
        """The text alternative of a view that was given none."""
        return self.title

    def observe(self, step: Step) -> None:  # noqa: B027  (most views need no history)
        """Note one update. Called at every one, so it must be cheap and not read the device."""

    def restart(self) -> None:  # noqa: B027
        """Forget all updates: the run begins anew."""

    @abstractmethod
    def picture(self) -> bytes:
        """PNG of the present state, as fast as possible."""

    @abstractmethod
    def still(self) -> Picture:
        """The present state as a static picture, as sharp as figures in notebooks are."""


class Figure(View):
    """Whatever `draw(axes)` draws on matplotlib axes.

    Args:
        title: shown above.
        draw: puts the present state on empty axes, labels and units included.
        alt: the text alternative: what is to be seen.
        size: width and height in inches of 100 page pixels.

    Example:
        >>> Figure("Weights", lambda axes: axes.hist([1, 2]), alt="histogram").picture()[:4]
        b'\\x89PNG'
    """

    def __init__(
        self, title: str, draw: Draw, *, alt: str = "", size: tuple[float, float] = SIZE
    ) -> None:
        super().__init__(title, alt)
        self._draw = draw
        self._canvas = Canvas(size)

    def picture(self) -> bytes:
        return self._canvas.paint(self._draw)

    def still(self) -> Picture:
        return self._canvas.still(self._draw, self.title, self.alt)


class Curves(Figure):
    """The course of metrics over the updates.

    Args:
        title: shown above.
        metrics: metric → label. A sequence of metrics is labelled with their names.
        ylabel: quantity and unit.
        alt: by default, where each curve begins and ends.
        options: as in `plots.curves`: `references`, `xscale`, `yscale`, `xlim`, `ylim`.
    """

    def __init__(
        self,
        title: str,
        metrics: Mapping[str, str] | Sequence[str],
        *,
        ylabel: str,
        xlabel: str = "update",
        alt: str = "",
        size: tuple[float, float] = SIZE,
        **options: Any,
    ) -> None:
        super().__init__(title, self._draw_courses, alt=alt, size=size)
        names = metrics if isinstance(metrics, Mapping) else {name: name for name in metrics}
        self._metrics = dict(names)
        self._labels: dict[str, Any] = {"xlabel": xlabel, "ylabel": ylabel}
        self._options = options
        self._history = History()

    def observe(self, step: Step) -> None:
        self._history.observe(step)
        if step.index == step.total:
            self._refuse_unknown_metrics()

    def restart(self) -> None:
        self._history = History()

    def describe(self) -> str:
        return plots.describe_curves(self._courses(), **self._labels)

    def _courses(self) -> dict[str, tuple[list[int], list[float]]]:
        return {label: self._history[metric] for metric, label in self._metrics.items()}

    def _draw_courses(self, axes: Any) -> None:
        pen.lines(axes, self._courses(), **self._labels, **self._options)

    def _refuse_unknown_metrics(self) -> None:
        unknown = [metric for metric in self._metrics if metric not in self._history]
        if unknown:
            raise ValueError(
                f"{self.title!r} shows metrics that no update had: {', '.join(unknown)}; "
                f"there were {', '.join(self._history.names()) or 'none'}"
            )


class Scatter(Figure):
    """Clouds of points in the plane.

    Args:
        title: shown above.
        clouds: name → function that returns the points (n, 2).
        extent: left, right, bottom, top; a fixed one keeps the axes still.
        alt: by default, how many points of which name.
    """

    def __init__(
        self,
        title: str,
        clouds: Mapping[str, Callable[[], Tensor]],
        *,
        extent: pen.Extent | None = None,
        xlabel: str = "x₁",
        ylabel: str = "x₂",
        alt: str = "",
        size: tuple[float, float] = SQUARE,
    ) -> None:
        super().__init__(title, self._draw_clouds, alt=alt, size=size)
        self._clouds, self._extent = clouds, extent
        self._labels: dict[str, Any] = {"xlabel": xlabel, "ylabel": ylabel}

    def describe(self) -> str:
        return plots.describe_clouds(self._points())

    def _points(self) -> dict[str, Tensor]:
        return {name: cloud() for name, cloud in self._clouds.items()}

    def _draw_clouds(self, axes: Any) -> None:
        pen.points(axes, self._points(), extent=self._extent, **self._labels)


class Density(Figure):
    """A function of the plane in colours, such as a density or an energy, with points on it.

    Args:
        title: shown above.
        function: (m, 2) → (m,), evaluated on a grid whenever a picture is drawn.
        extent: left, right, bottom, top.
        unit: quantity and unit of the colours.
        clouds: name → function that returns the points (n, 2).
        resolution: grid points along each axis.
        signed: colours centred at 0.
        device: where `function` wants its points.
    """

    def __init__(
        self,
        title: str,
        function: Callable[[Tensor], Tensor],
        *,
        extent: pen.Extent,
        unit: str = "density",
        clouds: Mapping[str, Callable[[], Tensor]] | None = None,
        resolution: int = 80,
        signed: bool = False,
        xlabel: str = "x₁",
        ylabel: str = "x₂",
        device: str | torch.device = "cpu",
        alt: str = "",
        size: tuple[float, float] = (4.1, 3.6),
    ) -> None:
        super().__init__(title, self._draw_field, alt=alt, size=size)
        self._function, self._extent, self._unit, self._signed = function, extent, unit, signed
        self._clouds, self._resolution = dict(clouds or {}), resolution
        self._labels: dict[str, Any] = {"xlabel": xlabel, "ylabel": ylabel}
        self._grid = plots.grid(extent, resolution).to(device)  # (resolution², 2)

    def describe(self) -> str:
        over = "".join(f", with points of {name}" for name in self._clouds)
        return f"{self._unit} in the plane, in colours{over}."

    def _draw_field(self, axes: Any) -> None:
        values = self._function(self._grid).reshape(self._resolution, self._resolution)
        pen.field(axes, values, extent=self._extent, unit=self._unit, signed=self._signed)
        points = {name: cloud() for name, cloud in self._clouds.items()}
        pen.points(axes, points, extent=self._extent, **self._labels)


class ImageGrid(View):
    """Small images in a grid.

    Args:
        title: shown above.
        images: returns (n, height, width) or (n, 3, height, width) in [0, 1]; with `signed`,
            (n, height, width) of any range.
        columns: images in a row.
        captions: under each image, or one for each row.
        signed: colours centred at 0, for weights.
        alt: by default, how many images of which size.
        width: page pixels that the picture may take.
    """

    def __init__(
        self,
        title: str,
        images: Callable[[], Tensor],
        *,
        columns: int | None = None,
        captions: Sequence[str] | None = None,
        signed: bool = False,
        alt: str = "",
        width: int = 410,
    ) -> None:
        super().__init__(title, alt)
        self._images = images
        self._options: dict[str, Any] = {
            "columns": columns,
            "captions": captions,
            "signed": signed,
            "width": width,
        }

    def describe(self) -> str:
        return plots.describe_images(self._images(), self._options["captions"])

    def picture(self) -> bytes:
        return encode_png(mosaic(self._images(), **self._options))

    def still(self) -> Picture:
        return plots.image_grid(self._images(), self.title, alt=self._alt, **self._options)

"""A picture said as data: marks on axes, or images in a grid. Nothing here draws.

Two renderers draw it: the page (`draw.js`, by way of `encode`) and matplotlib (`still`). To add a
mark: its class here, its drawing in `draw.js` and in `still`, and, if it stretches the axes in a
way of its own, its reach in `scales`.

Arrays may be tensors on any device, numpy arrays or lists; they become numpy arrays here.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

import numpy as np
import torch

from lecturekit.door import AnyNumber, Count, Extent, Positive, door
from lecturekit.plots.look import Shape
from lecturekit.plots.picture import Picture

# A place in the palette; what the page says; or, on colours, the same everywhere.
Role = int | Literal["ink", "soft", "faint", "face", "white", "black"]


def to_array(values: Any) -> np.ndarray:
    """Numbers as a numpy array, wherever they live: a tensor on any device, a list, an array."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        values = values.float() if values.dtype is torch.bfloat16 else values
    elif isinstance(values, list | tuple):
        values = [to_array(value) if isinstance(value, torch.Tensor) else value for value in values]
    return np.asarray(values)


class Mark:
    """Something on axes; its fields named in ARRAYS are numbers, all others say how it looks.

    Raises:
        ValueError: arrays of other shapes than they must have, or that don't belong together.
    """

    ARRAYS: ClassVar[tuple[str, ...]] = ()
    ENTRY: ClassVar[tuple[int, ...]] = ()  # shape of one entry of the arrays
    label: str
    color: Role | None

    def __post_init__(self) -> None:
        for name in self.ARRAYS:
            values = getattr(self, name)
            if values is not None:
                values = to_array(values).astype(np.float64, copy=False)
                if self.ENTRY and not values.size:
                    values = values.reshape(0, *self.ENTRY)
                object.__setattr__(self, name, values)
        self._check_shapes()

    def _check_shapes(self) -> None:
        there = {name: getattr(self, name) for name in self.ARRAYS}
        shapes = {name: values.shape for name, values in there.items() if values is not None}
        one = {(*shape[:1], *self.ENTRY) for shape in shapes.values() if shape}
        if len(one) != 1 or set(shapes.values()) != one:
            wanted = "(n, 2)" if self.ENTRY else "(n,)"
            got = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
            raise ValueError(f"expected {type(self).__name__} of one shape {wanted}, got {got}")

    def looks(self) -> dict[str, Any]:
        """How it looks: all fields that are not arrays."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in self.ARRAYS}  # type: ignore[arg-type]


@dataclass(frozen=True)
class Line(Mark):
    """y(x), with a band y ± `band`; what is not finite is a gap. `step` is a histogram's outline.

    `marker` sits on the line at a few places, so that curves are told apart without their colour.
    """

    ARRAYS = ("x", "y", "band")
    x: Any  # (n,)
    y: Any  # (n,)
    label: str = ""
    color: Role | None = None  # None: the next of the palette
    band: Any = None  # (n,)
    step: bool = False
    marker: Shape | Literal[""] | None = None  # None: that of the colour


@dataclass(frozen=True)
class Points(Mark):
    """Dots at xy, `size` pixels across; `rim` is a thin light edge that shows on any colour."""

    ARRAYS, ENTRY = ("xy",), (2,)
    xy: Any  # (n, 2)
    label: str = ""
    color: Role | None = None
    size: float = 5.0
    shape: Shape = "o"
    hollow: bool = False
    opacity: float = 1.0
    rim: bool = True


@dataclass(frozen=True)
class Arrows(Mark):
    """Arrows from xy to xy + d, in units of the axes."""

    ARRAYS, ENTRY = ("xy", "d"), (2,)
    xy: Any  # (n, 2)
    d: Any  # (n, 2)
    label: str = ""
    color: Role | None = "ink"
    width: float = 1.3


@dataclass(frozen=True)
class Paths(Mark):
    """Open polylines: half-steps of chains, a warped grid, rings, level lines."""

    ARRAYS, ENTRY = ("xy",), (2,)
    xy: Any  # (n, k, 2), or (m, 2) with a row of NaN between two lines
    label: str = ""
    color: Role | None = None
    width: float = 1.0
    opacity: float = 1.0

    def __post_init__(self) -> None:
        lines = to_array(self.xy)
        if lines.ndim == 3 and lines.size:
            apart = np.full((len(lines), 1, lines.shape[2]), np.nan)
            joined = np.concatenate([lines, apart], axis=1).reshape(-1, lines.shape[2])
            object.__setattr__(self, "xy", joined)
        super().__post_init__()


@dataclass(frozen=True)
class Field(Mark):
    """A matrix in colours over `extent`, row 0 at its bottom; `signed` centres the colours at 0."""

    ARRAYS = ("values",)
    values: Any  # (rows, columns)
    extent: Extent
    unit: str
    signed: bool = False
    smooth: bool = True
    limits: tuple[float, float] | None = None  # of the colours; by default those of the values
    label: str = ""
    color: Role | None = "ink"

    def _check_shapes(self) -> None:
        if self.values.ndim != 2 or not self.values.size:
            raise ValueError(f"expected a Field of shape (rows, columns), got {self.values.shape}")

    def range(self) -> tuple[float, float]:
        """The values of the first and the last colour."""
        if self.limits is not None:
            return self.limits
        finite = self.values[np.isfinite(self.values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        if self.signed:
            high = max(abs(low), abs(high), 1e-30)
            low = -high
        return low, high

    def levels(self) -> np.ndarray:
        """The place of each value among the colours, 0…254; 255 where it is not finite."""
        low, high = self.range()
        with np.errstate(invalid="ignore"):
            places = np.clip((self.values - low) * (254.0 / ((high - low) or 1.0)), 0.0, 254.0)
        return np.where(np.isfinite(self.values), places + 0.5, 255.0).astype(np.uint8)


@dataclass(frozen=True)
class Bars(Mark):
    """Bars from `base` to y at x, with error bars where given."""

    ARRAYS = ("x", "y", "error")
    x: Any  # (n,)
    y: Any  # (n,)
    width: float = 0.8
    label: str = ""
    color: Role | None = None
    error: Any = None  # (n,)
    base: float = 0.0
    opacity: float = 1.0


@dataclass(frozen=True)
class Rule(Mark):
    """A reference level across the axes; `dash` is a place in the table of patterns."""

    at: AnyNumber  # not finite: left out
    label: str = ""
    axis: Literal["x", "y"] = "y"
    color: Role | None = "ink"
    dash: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", float(self.at))  # also from a tensor


@dataclass(frozen=True)
class Words(Mark):
    """Text around a place on the axes, or in their upper left corner if `at` is left out."""

    text: str
    at: tuple[AnyNumber, AnyNumber] | None = None
    color: Role | None = "ink"
    bold: bool = False
    align: Literal["left", "center", "right"] = "left"
    mono: bool = False
    label: str = ""

    def __post_init__(self) -> None:
        if self.at is not None:
            object.__setattr__(self, "at", (float(self.at[0]), float(self.at[1])))


@dataclass(frozen=True)
class Axis:
    """What an axis says, and how far it goes.

    Attributes:
        label: quantity and unit.
        limits: fixed ends; the second may be below the first. Left out, they follow the data.
        window: where the interest lies: as soon as the last values of all lines are inside, the
            axis shows this much, and more only for last values outside.
        start: a place that is always seen, such as update 0.
        log: logarithmic.
        names: categories 0, 1, … in place of numbers.
        ticks: fixed places of the numbers.

    Raises:
        ValueError: ends that are no two numbers to put an axis between.
    """

    label: str = ""
    limits: tuple[float, float] | None = None
    window: tuple[float, float] | None = None
    start: float | None = None
    log: bool = False
    names: tuple[str, ...] = ()
    ticks: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        for ends in (self.limits, self.window):
            if ends is None:
                continue
            usable = len(ends) == 2 and all(map(math.isfinite, ends)) and ends[0] != ends[1]
            if not usable or (self.log and min(ends) <= 0):
                kind = "positive" if self.log else "finite"
                raise ValueError(
                    f"expected two different {kind} ends for {self.label!r}, got {ends}"
                )


@door
@dataclass(frozen=True, repr=False)
class Plot(Picture):
    """Marks on axes, in drawing order.

    Attributes:
        title: shown above.
        marks: what is drawn.
        x, y: the axes.
        equal: one unit is as long on both axes.
        bare: no axes at all.
        shape: width over height, where nothing forces another one.
        words: the text alternative, if what the marks say of themselves is not enough.
    """

    title: str
    marks: Sequence[Mark]
    x: Axis = Axis()
    y: Axis = Axis()
    equal: bool = False
    bare: bool = False
    shape: Positive = 1.5
    words: str = ""

    def colours(self) -> list[Role]:
        """The colour of each mark: those that chose none take the palette's in turn."""
        places = itertools.count()
        return [next(places) if mark.color is None else mark.color for mark in self.marks]


BYTES = 16.0  # what is beyond white is clipped; what is far beyond was never from 0 to 1


@door
@dataclass(frozen=True, repr=False)
class Images(Picture):
    """Small images in a grid, row by row, each enlarged by the same factor.

    Attributes:
        title: shown above.
        images: (n, height, width) grey or (n, 3, height, width) colour in [0, 1]; with `signed`,
            (n, height, width) of any range, in colours centred at 0.
        columns: images in a row; by default about as many as there are rows.
        captions: under each image, or one for each row, set at its left.
        signed: colours centred at 0.
        words: the text alternative, if not their number, size and captions.

    Raises:
        ValueError: images of another shape, or captions for neither images nor rows.
    """

    title: str
    images: Any
    columns: Count | None = None
    captions: Sequence[str] = ()
    signed: bool = False
    words: str = ""

    def __post_init__(self) -> None:
        images = to_array(self.images).astype(np.float32, copy=False)
        colour = images.ndim == 4 and images.shape[1] == 3 and not self.signed
        if images.size == 0 or not (images.ndim == 3 or colour):
            wanted = "(n, height, width)"
            wanted += "" if self.signed else " or (n, 3, height, width)"
            raise ValueError(f"expected images of shape {wanted}, got {images.shape}")
        brightest = np.nanmax(images, initial=-np.inf)
        if not self.signed and (brightest > BYTES or -np.inf < brightest < 0):
            hint = "divide by 255: images / 255" if brightest > BYTES else "signed=True shows any"
            raise ValueError(
                f"expected images in [0, 1], got values from {np.nanmin(images):g} to "
                f"{brightest:g}; {hint}"
            )
        columns = min(self.columns or math.ceil(len(images) ** 0.5), len(images))
        object.__setattr__(self, "images", images)
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "captions", tuple(self.captions or ()))
        if self.captions and len(self.captions) not in (len(images), self.rows):
            raise ValueError(
                f"expected {len(images)} captions, or {self.rows} for the rows, "
                f"got {len(self.captions)}"
            )

    @property
    def rows(self) -> int:
        """How many rows the grid has."""
        return -(-len(self.images) // self.columns)  # type: ignore[operator]

    @property
    def captions_beside(self) -> bool:
        """Whether the captions belong to the rows."""
        return bool(self.captions) and len(self.captions) != len(self.images)

    def pixels(self) -> np.ndarray:
        """uint8: grey (n, h, w), colour (n, h, w, 3), or, with `signed`, levels of the ramp."""
        if self.signed:
            bound = max(float(np.nanmax(np.abs(self.images))), 1e-30)
            levels = np.nan_to_num((self.images / bound + 1.0) * 127.0, nan=127.0)
            return (levels + 0.5).astype(np.uint8)
        shades = np.nan_to_num(self.images).clip(0.0, 1.0)
        if shades.ndim == 4:
            shades = shades.transpose(0, 2, 3, 1)
        return (shades * 255.0 + 0.5).astype(np.uint8)

"""Stills: a picture drawn by matplotlib, for the notebook's file, for print and plain Python."""

from __future__ import annotations

import functools
import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

from lecturekit.plots import look, marks
from lecturekit.plots.marks import Images, Plot
from lecturekit.plots.picture import Picture
from lecturekit.plots.scales import Scale, number, scales
from lecturekit.plots.words import as_mathtext, pieces

DPI = 100  # page pixels to an inch of a figure: 11 pt become 15 px
SHARP = 2  # picture pixels to a page pixel
POINT = 72 / DPI  # points to a page pixel
CAPTION = 15  # font size in page pixels
_MARKERS = {"o": "o", "s": "s", "^": "^", "D": "D", "v": "v", "+": "P"}


def draw(picture: Picture, width: int, kind: str = "png") -> bytes:
    """The picture as PNG or SVG, `width` page pixels wide.

    Raises:
        ValueError: another kind.
    """
    if kind not in ("png", "svg"):
        raise ValueError(f'expected a still of kind "png" or "svg", got {kind!r}')
    if isinstance(picture, Images):
        return _sheet(picture, width, kind)
    assert isinstance(picture, Plot)
    with mpl.rc_context(look.STYLE):
        return _written(_figure(picture, width), kind)


def _written(figure: Figure, kind: str) -> bytes:
    stream = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(stream, format=kind, dpi=SHARP * DPI)
    return stream.getvalue()


# ------------------------------------------------------------------------------------ plots


def _figure(plot: Plot, width: int) -> Figure:
    x, y = scales(plot)
    figure = Figure(figsize=(width / DPI, width / DPI / _shape(plot, x, y)), layout="constrained")
    axes = figure.add_subplot()
    axes.set(xlim=(x.low, x.high), ylim=(y.low, y.high))
    axes.set(xscale="log" if x.log else "linear", yscale="log" if y.log else "linear")
    if plot.equal:
        axes.set_aspect("equal")
    for place, (mark, role) in enumerate(zip(plot.marks, plot.colours(), strict=True)):
        _PENS[type(mark)](axes, mark, role, _Place(place, x))
    _dress(axes, plot, x, y)
    _legend(axes, width)
    return figure


def _shape(plot: Plot, x: Scale, y: Scale) -> float:
    """Width over height of the whole; equal units leave the axes no choice."""
    if not plot.equal:
        return plot.shape
    bar = 0.18 if any(isinstance(mark, marks.Field) for mark in plot.marks) else 0.0
    legend = 0.08 if any(mark.label for mark in plot.marks) else 0.0
    return (1.12 + bar) / (1.12 * abs((y.high - y.low) / (x.high - x.low)) + legend)


def _dress(axes: Axes, plot: Plot, x: Scale, y: Scale) -> None:
    if plot.bare:
        axes.set_axis_off()
        return
    crowded = sum(map(len, x.labels)) > 42
    axes.set_xticks(x.ticks, map(as_mathtext, x.labels), rotation=25 if crowded else 0)
    axes.set_yticks(y.ticks, map(as_mathtext, y.labels))
    axes.minorticks_off()
    axes.set(xlabel=as_mathtext(plot.x.label), ylabel=as_mathtext(plot.y.label))
    in_colours = any(isinstance(mark, marks.Field) for mark in plot.marks)
    for axis, named in ((axes.xaxis, plot.x.names), (axes.yaxis, plot.y.names)):
        axis.grid(not named and not in_colours)


def _legend(axes: Axes, width: int) -> None:
    """Over the axes, in as many columns as fit: it never covers data."""
    handles, labels = axes.get_legend_handles_labels()
    if not labels:
        return
    widths = [54 + _width(label) / SHARP for label in labels]  # page pixels, with the handle
    room = width - 30
    columns = next(n for n in range(len(labels), 0, -1) if n == 1 or _across(widths, n) <= room)
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.legend(
        handles, labels, loc="outside upper left", borderaxespad=0.2, ncols=columns,
        columnspacing=1.2, handlelength=1.6, fontsize=11 * min(1.0, room / max(widths)),
    )  # fmt: skip


def _across(widths: list[float], columns: int) -> float:
    """How wide a legend is that is filled column by column, as matplotlib does it."""
    parts = np.array_split(widths, columns)
    return sum(float(part.max()) for part in parts)


class _Place:
    """What a pen may need to know besides its mark: its place in drawing order, and the axis."""

    def __init__(self, order: int, x: Scale) -> None:
        self.order, self.x = 2 + order / 100, x


def _line(axes: Axes, m: marks.Line, role: Any, place: _Place) -> None:
    colour, y = look.colour(role), np.where(np.isfinite(m.y), m.y, np.nan)
    shape = _shape_of(m, role)
    (drawn,) = axes.plot(
        m.x, y, color=colour, drawstyle="steps-post" if m.step else "default", zorder=place.order,
        marker=_MARKERS[shape] if shape else "", label=as_mathtext(m.label),
        markevery=marked(m.x, place.x, role) if len(m.x) > 1 else None,
    )  # fmt: skip
    drawn.set_markeredgewidth(0)
    if m.band is not None:
        axes.fill_between(m.x, y - m.band, y + m.band, color=colour, alpha=look.BAND, linewidth=0)


def _shape_of(m: marks.Line, role: Any) -> str:
    if m.marker is not None:
        return m.marker
    return look.shape(role) if isinstance(role, int) else ""


def marked(x: np.ndarray, scale: Scale, role: Any) -> list[int]:
    """Which points of a line bear its marker: those near places that stay where they are.

    The places go with the axis's numbers, shifted from curve to curve, and not with the points,
    so that markers don't crawl along a curve that grows.
    """
    ticks = np.log(scale.ticks) if scale.log else np.asarray(scale.ticks)
    if len(x) < 2 or len(ticks) < 2:
        return [0] if len(x) else []
    shift = (0.5 + (role if isinstance(role, int) else 0)) / len(look.SHAPES)
    wanted = ticks[:-1] + shift * np.diff(ticks)
    wanted = np.exp(wanted) if scale.log else wanted
    wanted = wanted[(wanted >= x.min()) & (wanted <= x.max())]
    return sorted(set(np.abs(x[:, None] - wanted).argmin(0).tolist()))


def _points(axes: Axes, m: marks.Points, role: Any, place: _Place) -> None:
    colour, (x, y) = look.colour(role), m.xy.T
    axes.scatter(
        x, y, s=(m.size * POINT) ** 2, marker=_MARKERS[m.shape], alpha=m.opacity,
        facecolor="none" if m.hollow else colour,
        edgecolor=colour if m.hollow else look.FACE if m.rim else "none",
        linewidth=1.0 if m.hollow else 0.4, label=as_mathtext(m.label), zorder=place.order,
    )  # fmt: skip


def _arrows(axes: Axes, m: marks.Arrows, role: Any, place: _Place) -> None:
    axes.quiver(
        *m.xy.T, *m.d.T, angles="xy", scale_units="xy", scale=1.0,
        color=look.colour(role), width=m.width * POINT / 300, headwidth=4.5, headlength=5.0,
        headaxislength=4.5, minlength=0.0, zorder=place.order,
    )  # fmt: skip
    _entry(axes, m.label, role)


def _paths(axes: Axes, m: marks.Paths, role: Any, place: _Place) -> None:
    whole = np.isfinite(m.xy).all(axis=1)
    gaps = np.flatnonzero(~whole)
    lines = [m.xy[part[whole[part]]] for part in np.split(np.arange(len(whole)), gaps)]
    axes.add_collection(
        LineCollection(
            [line for line in lines if len(line) > 1], colors=look.colour(role),
            linewidths=m.width, alpha=m.opacity, zorder=place.order,
        ),
        autolim=False,
    )  # fmt: skip
    _entry(axes, m.label, role)


def _entry(axes: Axes, label: str, role: Any) -> None:
    """A line in the legend for marks that bring none."""
    if label:
        axes.plot([], [], color=look.colour(role), marker="", label=as_mathtext(label))


def _field(axes: Axes, m: marks.Field, role: Any, place: _Place) -> None:
    low, high = m.range()
    image = axes.imshow(
        np.where(np.isfinite(m.values), m.values, np.nan), extent=m.extent, origin="lower",
        interpolation="bilinear" if m.smooth else "nearest", vmin=low, vmax=high,
        cmap=ListedColormap(look.ramp(m.signed) / 255.0), aspect=axes.get_aspect(),
    )  # fmt: skip
    figure = axes.get_figure(root=True)
    assert figure is not None
    bar = figure.colorbar(image, ax=axes, fraction=0.05, pad=0.03, label=as_mathtext(m.unit))
    ticks = [tick for tick in bar.get_ticks() if low <= tick <= high]  # others would stretch it
    bar.set_ticks(ticks, labels=[number(tick) for tick in ticks])


def _bars(axes: Axes, m: marks.Bars, role: Any, place: _Place) -> None:
    axes.bar(
        m.x, m.y - m.base, m.width, m.base, color=look.colour(role), label=as_mathtext(m.label),
        yerr=m.error, ecolor=look.INK, capsize=3, alpha=m.opacity, zorder=place.order,
    )  # fmt: skip


def _rule(axes: Axes, m: marks.Rule, role: Any, place: _Place) -> None:
    style: dict[str, Any] = {
        "color": look.colour(role),
        "linestyle": (0, look.DASHES[m.dash % len(look.DASHES)]),
        "linewidth": 1.5,
        "marker": "",
        "label": as_mathtext(m.label),
        "zorder": place.order,
    }
    (axes.axhline if m.axis == "y" else axes.axvline)(m.at, **style)


def _words(axes: Axes, m: marks.Words, role: Any, place: _Place) -> None:
    axes.text(
        *(m.at or (0.02, 0.96)), as_mathtext(m.text), color=look.colour(role), ha=m.align,
        va="center" if m.at else "top", weight="bold" if m.bold else "normal",
        family="monospace" if m.mono else None, zorder=4,
        transform=axes.transData if m.at else axes.transAxes,
    )  # fmt: skip


_PENS: dict[type, Any] = {
    marks.Line: _line,
    marks.Points: _points,
    marks.Arrows: _arrows,
    marks.Paths: _paths,
    marks.Field: _field,
    marks.Bars: _bars,
    marks.Rule: _rule,
    marks.Words: _words,
}


# ----------------------------------------------------------------------------------- images


def _sheet(picture: Images, width: int, kind: str) -> bytes:
    """Pixel by pixel, each image enlarged by the same whole factor: exact."""
    sheet = Image.fromarray(_mosaic(picture, SHARP * width))
    if kind == "svg":
        with mpl.rc_context(look.STYLE):
            figure = Figure(figsize=(sheet.width / SHARP / DPI, sheet.height / SHARP / DPI))
            figure.figimage(np.asarray(sheet.resize((sheet.width // SHARP, sheet.height // SHARP))))
            return _written(figure, kind)
    stream = io.BytesIO()
    sheet.save(stream, "png", optimize=True)
    return stream.getvalue()


def _mosaic(picture: Images, width: int) -> np.ndarray:
    tiles = _tiles(picture)
    _, height, tile_width, _ = tiles.shape
    columns, captions = picture.columns or 1, picture.captions
    gap = SHARP * look.GAP
    beside = picture.captions_beside
    margin = max(map(_width, captions)) + 2 * gap if beside else 0
    zoom = max(1, ((width - margin) // columns - gap) // tile_width)
    cell_width = zoom * tile_width + gap
    cell_height = zoom * height + gap + (SHARP * CAPTION + gap if captions and not beside else 0)
    size = (margin + columns * cell_width + gap, picture.rows * cell_height + gap)
    page = Image.new("RGB", size, look.MOUNT)
    pen = ImageDraw.Draw(page)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        left, top = margin + gap + column * cell_width, gap + row * cell_height
        page.paste(Image.fromarray(tile.repeat(zoom, 0).repeat(zoom, 1)), (left, top))
        if captions and not beside:
            start = left + (zoom * tile_width - _width(captions[index])) / 2
            _write(pen, start, top + zoom * height + gap + 0.95 * SHARP * CAPTION, captions[index])
    for row, caption in enumerate(captions if beside else ()):
        _write(pen, gap, gap + (row + 0.5) * cell_height + 0.36 * SHARP * CAPTION, caption)
    return np.asarray(page)


def _write(pen: ImageDraw.ImageDraw, left: float, line: float, text: str) -> None:
    """Text with its indices and exponents, on a base line."""
    for piece, level in pieces(text):
        font, shift = _font_at(level), {-1: 0.2, 0: 0.0, 1: -0.4}[level] * SHARP * CAPTION
        pen.text((left, line + shift), piece, look.INK, font, "ls")
        left += font.getlength(piece)


def _tiles(picture: Images) -> np.ndarray:
    pixels = picture.pixels()
    if picture.signed:
        return look.ramp(True)[pixels]
    return pixels if pixels.ndim == 4 else np.repeat(pixels[..., None], 3, axis=3)


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """The typeface of the figures, from matplotlib's own data."""
    return ImageFont.truetype(Path(mpl.get_data_path(), "fonts/ttf/DejaVuSans.ttf"), size)


def _font_at(level: int) -> ImageFont.FreeTypeFont:
    return _font(round(SHARP * CAPTION * (0.7 if level else 1.0)))


def _width(text: str) -> int:
    return round(sum(_font_at(level).getlength(piece) for piece, level in pieces(text)))

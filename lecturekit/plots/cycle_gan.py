"""Section 5: the game as a diagram, images there and back, clouds coloured by their origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as nnf
from matplotlib.colors import to_rgb
from torch import Tensor

from lecturekit.adversarial import Objective, generator_loss
from lecturekit.cycle_gan import CycleGAN
from lecturekit.cycle_gan.rotations import lowest_minima
from lecturekit.door import NOT_EMPTY, WHOLE, Count, In, Positive, asked, door, refuse
from lecturekit.plots.figures import curves, image_grid
from lecturekit.plots.look import MOUNT, SHAPES
from lecturekit.plots.marks import (
    Arrows,
    Axis,
    Field,
    Images,
    Mark,
    Paths,
    Plot,
    Points,
    Role,
    Rule,
    Words,
    to_array,
)
from lecturekit.plots.plane import Map, plane
from lecturekit.plots.words import as_plain

REACH = 2.4  # the clouds of section 5 lie within ± this

Pictures = Annotated[Tensor, "n n_channels height width", In(0, 1)]


@door
def there_and_back(
    to_there: Map,
    to_back: Map,
    images: Pictures,
    truth: Pictures | None,
    title: str,
    *,
    captions: Sequence[str] = ("x", "G(x)", "F(G(x))", "truth"),
) -> Images:
    """A sheet with a row each of the images, translated, back again, and what should have come.

    Args:
        to_there, to_back: the translators of either direction.
        images, truth: (n, 1 or 3, height, width); without the truth its row is left out.
        title: shown above.
        captions: of the four rows.
    """
    translated = made_of("to_there", to_there, images)
    back = made_of("to_back", to_back, translated)
    return sheet([images, translated, back, truth], title, captions)


def made_of(name: str, translate: Map, images: Tensor) -> Tensor:
    """What a translator makes of images: as many of one size, finite.

    Raises:
        ValueError: it makes anything else.
    """
    made = asked(name, translate, images, *images.shape)
    if not bool(made.isfinite().all()):
        refuse(name, "to return finite images", "NaN or infinite values from it")
    return made


@door
def compared(
    translators: Annotated[Mapping[str, Map], NOT_EMPTY],
    images: Pictures,
    truth: Pictures | None,
    title: str,
    *,
    source: str = "x",
) -> Images:
    """A sheet with a row of images, one of what each translator makes of them, and the truth.

    Args:
        translators: by name, which stands beside the row.
        images, truth: (n, 1 or 3, height, width); without the truth its row is left out.
        title: shown above.
        source: caption of the first row.
    """
    made = [made_of(f"translators[{n!r}]", f, images) for n, f in translators.items()]
    return sheet([images, *made, truth], title, [source, *translators, "truth"])


@door
def sheet(
    rows: Annotated[Sequence[Annotated[Tensor, "n n_channels height width"] | None], NOT_EMPTY],
    title: str,
    captions: Sequence[str],
) -> Images:
    """Batches of as many images each, one batch in a row, with a caption beside it.

    Args:
        rows: each (n, 1 or 3, height, width); None, such as a truth that nobody knows, is left out.
        title: shown above.
        captions: one for each row, or for each image of a single one, or none at all.
    """
    known = [row for row in rows if row is not None]
    if not known:
        refuse("rows", "with images in one at least", f"{list(rows)}")
    left_out = [place for place, row in enumerate(rows) if row is None]
    captions = [caption for place, caption in enumerate(captions) if place not in left_out]
    images = torch.cat(known)
    shown = images.squeeze(1) if images.shape[1] == 1 else images
    return image_grid(shown, title, columns=len(known[0]), captions=captions)


@door
def translated_cloud(
    model: CycleGAN,
    x: Annotated[Tensor, "n 2"],
    origins: Annotated[Tensor, "n", WHOLE, In(0, 99)],
    title: str,
    *,
    target: Annotated[Tensor, "m 2"],
) -> Plot:
    """G(x) in the colour, and with the shape, of the blob that each point came from.

    Args:
        model: translates points of the plane.
        x: (n, 2).
        origins: (n,) whole numbers from 0, the blob of each.
        title: shown above.
        target: points (m, 2) of Y, behind: where the cloud should lie.
    """
    return cloud(model.to_y(x), origins, title, behind={"data of Y": target})


@door
def returned_cloud(
    model: CycleGAN,
    x: Annotated[Tensor, "n 2"],
    origins: Annotated[Tensor, "n", WHOLE, In(0, 99)],
    title: str,
) -> Plot:
    """F(G(x)) in the colour of the blob that each point came from, over x.

    Args:
        model, x, origins, title: as for `translated_cloud`.
    """
    return cloud(model.to_x(model.to_y(x)), origins, title, behind={"x": x})


@door
def cloud(
    points: Annotated[Tensor, "n 2"],
    origins: Annotated[Tensor, "n", WHOLE, In(0, 99)],
    title: str,
    *,
    behind: Annotated[Mapping[str, Annotated[Tensor, "_ 2"]], NOT_EMPTY],
) -> Plot:
    """Points in the colours, and with the shapes, of their origins.

    Args:
        points: (n, 2).
        origins: (n,) whole numbers from 0.
        title: shown above.
        behind: points (m, 2) in grey, by name.
    """
    coloured, groups = to_array(points), to_array(origins)
    marks: list[Mark] = [Points(xy, name, "faint", 4.5, rim=False) for name, xy in behind.items()]
    for group in range(int(groups.max()) + 1):
        shape = SHAPES[group % len(SHAPES)]
        marks.append(Points(coloured[groups == group], "", group, 5.5, shape))
    grey = ", ".join(f"{len(xy)} points: {name}" for name, xy in behind.items())
    said = f"{len(coloured)} points in the colours of their origins; in grey {grey}."
    return plane(marks, title, extent=(-REACH, REACH, -REACH, REACH), alt=said)


@door
def objectives(
    names: Annotated[Sequence[Objective], NOT_EMPTY], title: str, *, reach: Positive = 6.0
) -> Plot:
    """What the generator minimises, against the discriminator's score of a generated input.

    Args:
        names: as `adversarial.generator_loss` knows them.
        title: shown above.
        reach: scores from −reach to reach are shown.
    """
    scores = torch.linspace(-reach, reach, 200)
    lines = {name: [generator_loss(score, name) for score in scores] for name in names}
    plot = curves(
        {name: (scores, torch.stack(losses)) for name, losses in lines.items()},
        title,
        xlabel="score s of a generated input",
        ylabel="generator's loss",
        ylim=(-7.0, 9.0),
    )
    words = "; ".join(
        f"{name} from {losses[0]:.3g} to {losses[-1]:.3g}" for name, losses in lines.items()
    )
    said = f"Losses of the generator, falling over scores from {-reach:g} to {reach:g}: {words}."
    return Plot(plot.title, [*plot.marks, Rule(0.0, axis="x")], plot.x, plot.y, words=said)


@door
def angle_map(loss: Annotated[Tensor, "k k"], title: str) -> Plot:
    """A loss over the angles of two rotations, with rings around the pairs that are best.

    Args:
        loss: (k, k) over a full turn: row for the angle of F, column for the angle of G.
        title: shown above.
    """
    step = 360 / len(loss)
    start, end = -step / 2, 360 - step / 2  # so that each angle is in the middle of its square
    degrees = tuple(float(angle) for angle in range(0, 360, 90))
    x, y = (Axis(f"angle of {name} (degrees)", (start, end), ticks=degrees) for name in "GF")
    best = to_array(lowest_minima(loss, 0.001))[:, ::-1] * step
    marks = [
        Field(loss, (start, end, start, end), "loss"),
        Points(best, color="white", size=11, hollow=True),
    ]
    said = f"Loss over both angles, with {len(best)} equally deep minima."
    return Plot(title, marks, x, y, equal=True, shape=1.0, words=said)


# ------------------------------------------------------------------------------------ diagrams

TERMS = (
    "L_{GAN}(G, D_Y, X, Y)",
    "L_{GAN}(F, D_X, Y, X)",
    "L_{cycle}(G, F, X)",
    "L_{cycle}(F, G, Y)",
)
_ROUND = np.linspace(0, 2 * np.pi, 60)


@door
def game(title: str, term: Annotated[int, In(0, 4)] | None = None) -> Plot:
    """The slide's diagram, and the full loss below it, up to one of its terms.

    What the term is about has the term's colour. What the terms before it are about is black, what
    is to come is grey.

    Args:
        title: shown above.
        term: 1 to 4 in the order of `TERMS`, 0 for none as yet; all four in their colours if None.
    """

    def look(rank: int) -> tuple[Role, float]:
        """The colour and the width of what belongs to a term."""
        if term is None or rank == term:
            return rank - 1, 3.0
        return ("ink", 1.6) if rank < term else ("soft", 1.2)

    marks = [*_domains()]
    for rank, (there, back, at, made, D) in {
        1: (2.2, 4.2, 3.25, "G", 4.9),
        2: (4.2, 2.2, 2.75, "F", 1.5),
    }.items():
        color, width = look(rank)
        name = "D_Y" if made == "G" else "D_X"
        marks += [
            Arrows([(there, at)], [(back - there, 0.0)], color=color, width=width),
            Words(made, (3.2, at + (0.45 if made == "G" else -0.45)), color, True, "center"),
            *_box(name, (D, 5.3), color, width),
            Arrows([(D, 3.85)], [(0.0, 0.85)], color=color, width=width),
        ]
    marks += _there_and_back(("x", "G(x)", "F(G(x))"), "GF", 4.9, *look(3))
    marks += _there_and_back(("y", "F(y)", "G(F(y))"), "FG", 2.4, *look(4))
    marks += _sum([look(rank)[0] for rank in (1, 2, 3, 4)])
    shown = TERMS if term is None else TERMS[:term]
    words = (
        "Domains X and Y; G from X to Y, F back; D_X judges in X, D_Y in Y; x to G(x) to F(G(x)), "
        f"y to F(y) to G(F(y)). The loss so far: {as_plain(' + '.join(shown)) or 'nothing'}."
    )
    limits = Axis(limits=(0.3, 14.3)), Axis(limits=(-0.9, 6.0))
    return Plot(title, marks, *limits, equal=True, bare=True, words=words)


def _domains() -> list[Mark]:
    """X and Y."""
    marks: list[Mark] = []
    for name, x in {"X": 1.5, "Y": 4.9}.items():
        ring = np.stack([x + 0.65 * np.cos(_ROUND), 3.0 + 0.65 * np.sin(_ROUND)], axis=1)
        marks += [
            Paths(ring[None], color="ink", width=1.6),
            Words(name, (x, 3.0), "ink", True, "center"),
        ]
    return marks


def _box(name: str, at: tuple[float, float], color: Role, width: float) -> list[Mark]:
    corners = np.array([(-0.6, -0.5), (0.6, -0.5), (0.6, 0.5), (-0.6, 0.5), (-0.6, -0.5)])
    return [
        Paths((corners + at)[None], color=color, width=width),
        Words(name, at, color, True, "center"),
    ]


def _there_and_back(
    stations: Sequence[str], nets: str, y: float, color: Role, width: float
) -> list[Mark]:
    """A cycle as a row: begin, translate, come back, and compare with the beginning."""
    places = (7.2, 9.9, 13.0)
    rail = [(places[0], y - 0.4), (places[0], y - 0.8), (places[2], y - 0.8), (places[2], y - 0.4)]
    difference = f"‖{stations[2]} − {stations[0]}‖_1"
    return [
        *(Words(s, (x, y), color, False, "center") for s, x in zip(stations, places, strict=True)),
        Arrows([(7.6, y), (10.7, y)], [(1.5, 0.0), (1.3, 0.0)], color=color, width=width),
        *(
            Words(f, (x, y + 0.4), color, True, "center")
            for f, x in zip(nets, (8.3, 11.3), strict=True)
        ),
        Paths([rail], color=color, width=width),
        Words(difference, (10.1, y - 1.2), color, False, "center"),
    ]


def _sum(colors: Sequence[Role]) -> list[Mark]:
    """The full loss in two lines, as on the slide, each term in its colour."""
    places = (3.1, 8.3, 5.9, 10.6)
    marks: list[Mark] = [
        Words(term, (x, 0.3 if rank < 2 else -0.5), color, True, "center")
        for rank, (term, x, color) in enumerate(zip(TERMS, places, colors, strict=True))
    ]
    signs = {
        "+": (5.7, 0.3, 1),
        "+ λ (": (3.4, -0.5, 2),
        " +": (8.2, -0.5, 3),
        ")": (12.6, -0.5, 3),
    }
    marks += [
        Words(sign, (x, y), "ink" if colors[rank] != "soft" else "soft", False, "center")
        for sign, (x, y, rank) in signs.items()
    ]
    return marks


ENLARGED = 3  # pixels of the sheet for each pixel of an image
_BRACE = 26  # width of a brace, in pixels of the sheet


@door
def unpaired(
    x: Annotated[Tensor, "n n_channels height width", In(0, 1)],
    y: Annotated[Tensor, "m n_channels height width", In(0, 1)],
    title: str,
    *,
    columns: Count = 3,
) -> Images:
    """The images of either domain between braces, with nothing that joins them.

    Args:
        x, y: (n, 3, height, width), as many of either, a multiple of `columns`.
        title: shown above.
        columns: images in a row, of either domain.
    """
    sets = [_in_braces(images, columns) for images in (x, y)]
    gap = _paper(sets[0].shape[1], _BRACE)
    words = f"{len(x)} images of X in braces, beside {len(y)} of Y; nothing joins them."
    return Images(title, torch.cat([sets[0], gap, sets[1]], dim=2)[None], 1, words=words)


def _in_braces(images: Tensor, columns: int) -> Tensor:
    """One picture (3, height, width) of all of them in rows, between braces."""
    tiles = nnf.interpolate(images.cpu(), scale_factor=ENLARGED, mode="nearest")
    height, width = tiles.shape[2] + 6, tiles.shape[3] + 6
    rows = len(tiles) // columns
    sheet = _paper(rows * height, columns * width)
    for place, tile in enumerate(tiles):
        top, left = place // columns * height + 3, place % columns * width + 3
        sheet[:, top : top + tile.shape[1], left : left + tile.shape[2]] = tile
    brace = _brace(rows * height)
    return torch.cat([brace, sheet, brace.flip(2)], dim=2)


def _brace(height: int) -> Tensor:
    """The left one of two braces."""
    down = torch.linspace(-1, 1, height)[:, None]
    across = torch.arange(_BRACE)[None]
    end = torch.exp(-(1 - down.abs()) * height / 16)  # where it bends in, and where out
    tip = torch.exp(-down.abs() * height / 16)
    distance = (across - _BRACE * (0.5 + 0.4 * end - 0.4 * tip)).abs()
    ink = (2.2 - distance).clamp(0, 1)
    return _paper(height, _BRACE) * (1 - 0.9 * ink)


def _paper(height: int, width: int) -> Tensor:
    return torch.tensor(to_rgb(MOUNT))[:, None, None].expand(3, height, width).clone()

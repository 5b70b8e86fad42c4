"""Pictures of translations: images there and back, and clouds coloured by their origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from lecturekit.adversarial import Objective, generator_loss
from lecturekit.cycle_gan import CycleGAN
from lecturekit.cycle_gan.rotations import lowest_minima
from lecturekit.plots.figures import Map, curves, image_grid, plane
from lecturekit.plots.look import SHAPES
from lecturekit.plots.marks import Axis, Field, Images, Mark, Plot, Points, Rule, to_array

REACH = 2.4  # the clouds of section 5 lie within ± this


def there_and_back(
    to_there: Map,
    to_back: Map,
    images: Tensor,
    truth: Tensor,
    title: str,
    *,
    captions: Sequence[str] = ("x", "G(x)", "F(G(x))", "truth"),
) -> Images:
    """A sheet with a row each of the images, translated, back again, and what should have come.

    Args:
        to_there, to_back: the translators of either direction.
        images, truth: (n, 1 or 3, height, width).
        title: shown above.
        captions: of the four rows.
    """
    translated = to_there(images)
    return sheet([images, translated, to_back(translated), truth], title, captions)


def compared(
    translators: Mapping[str, Map], images: Tensor, truth: Tensor, title: str, *, source: str = "x"
) -> Images:
    """A sheet with a row of images, one of what each translator makes of them, and the truth.

    Args:
        translators: by name, which stands beside the row.
        images, truth: (n, 1 or 3, height, width).
        title: shown above.
        source: caption of the first row.
    """
    made = [translate(images) for translate in translators.values()]
    return sheet([images, *made, truth], title, [source, *translators, "truth"])


def sheet(rows: Sequence[Tensor], title: str, captions: Sequence[str]) -> Images:
    """Batches of as many images each, one batch in a row, with a caption beside it.

    Args:
        rows: each (n, 1 or 3, height, width).
        title: shown above.
        captions: one for each row.
    """
    images = torch.cat(list(rows))
    shown = images.squeeze(1) if images.shape[1] == 1 else images
    return image_grid(shown, title, columns=len(rows[0]), captions=captions)


def translated_cloud(
    model: CycleGAN, x: Tensor, origins: Tensor, title: str, *, target: Tensor
) -> Plot:
    """G(x) in the colour, and with the shape, of the blob that each point came from.

    Args:
        model: translates points of the plane.
        x: (n, 2).
        origins: (n,) whole numbers from 0, the blob of each.
        title: shown above.
        target: points (m, 2) of Y, behind: where the cloud should lie.
    """
    said = f"{len(x)} translated points in the colours of their blobs, over {len(target)} of Y."
    return _cloud(model.to_y(x), origins, title, target, "data of Y", said)


def returned_cloud(model: CycleGAN, x: Tensor, origins: Tensor, title: str) -> Plot:
    """F(G(x)) in the colour of the blob that each point came from, over x.

    Args:
        model, x, origins, title: as for `translated_cloud`.
    """
    said = f"{len(x)} points after there and back in the colours of their blobs, over their origin."
    return _cloud(model.to_x(model.to_y(x)), origins, title, x, "x", said)


def _cloud(
    points: Tensor, origins: Tensor, title: str, behind: Tensor, name: str, said: str
) -> Plot:
    cloud, blobs = to_array(points), to_array(origins)
    marks: list[Mark] = [Points(behind, name, "faint", 4.5, rim=False)]
    for blob in range(int(blobs.max()) + 1):
        shape = SHAPES[blob % len(SHAPES)]
        marks.append(Points(cloud[blobs == blob], "", blob, 5.5, shape))
    return plane(marks, title, extent=(-REACH, REACH, -REACH, REACH), alt=said)


def objectives(names: Sequence[Objective], title: str, *, reach: float = 6.0) -> Plot:
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


def angle_map(loss: Tensor, title: str) -> Plot:
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

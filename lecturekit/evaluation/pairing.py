"""Translations judged by the hidden truth: the same thing as it looks in another domain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, NamedTuple

import torch
import torch.nn.functional as nnf
from torch import Tensor

from lecturekit.data import Domains, Unpaired
from lecturekit.door import OF_ANY_TYPE, In, came, door, refuse, refuse_uncallable
from lecturekit.evaluation.coverage import NEIGHBOURS, neighbour_coverage

Map = Callable[[Tensor], Tensor]

Images = Annotated[Tensor, "n n_channels height width", In(0, 1)]
Region = Annotated[Tensor, "n height width", In(0)]


@door
def pixel_error(images: Images, truth: Images, region: Region | None = None) -> Tensor:
    """Mean |image − truth| over all channels and pixels; with a region, weighted by it.

    Args:
        images, truth: (n, channels, height, width).
        region: weights ≥ 0 of the pixels, (n, height, width).

    Returns:
        a scalar, in units of the full range from black to white.

    Raises:
        ValueError: shapes that do not fit.
    """
    _refuse_nothing(region if region is None else region[None])
    errors = (images - truth).abs().mean(dim=1)  # (n, height, width)
    return errors.mean() if region is None else (errors * region).sum() / region.sum()


@door
def pattern_correlation(images: Images, truth: Images, region: Region | None = None) -> Tensor:
    """Correlation of lightness with the true one, image by image, then averaged: −1 to 1.

    It ignores how strong a pattern is, and asks whether it is in the right place.

    Args:
        images, truth: (n, channels, height, width).
        region: weights ≥ 0 of the pixels, (n, height, width).

    Raises:
        ValueError: shapes that do not fit.
    """
    _refuse_nothing(region)
    weights = torch.ones_like(truth[:, 0]) if region is None else region
    weights = weights / weights.sum(dim=(1, 2), keepdim=True)

    def mean(values: Tensor) -> Tensor:
        return (weights * values).sum(dim=(1, 2), keepdim=True)

    a, b = images.mean(dim=1), truth.mean(dim=1)  # lightness, (n, height, width)
    a, b = a - mean(a), b - mean(b)
    scale = (mean(a * a) * mean(b * b)).sqrt().clamp(min=1e-12)
    return (mean(a * b) / scale).mean()


@door
def silhouette_matches(images: Images, background: Images, region: Region) -> Tensor:
    """How often the shape in front of a known background is the true one, among all of them.

    An image's difference from its background, |image − background| averaged over channels, is
    correlated over pixels with every region; it counts where its own correlates best. What is
    painted inside hardly matters, where it stands does.

    Args:
        images, background: (n, channels, height, width).
        region: the true share of each pixel, (n, height, width).

    Returns:
        a scalar from 0 to 1; for shapes that have nothing to do with the true ones about 1/n.

    Raises:
        ValueError: shapes that do not fit.
    """
    shapes, truths = (
        nnf.normalize(each - each.mean(dim=1, keepdim=True))
        for each in ((images - background).abs().mean(dim=1).flatten(1), region.flatten(1))
    )
    found = (shapes @ truths.T).argmax(dim=1)  # (n,)
    return (found == torch.arange(len(found), device=found.device)).float().mean()


@door
@torch.no_grad()
def translation_report(to_y: Map, to_x: Map, pairs: Unpaired) -> dict[str, Tensor]:
    """Everything the hidden truth and the cycle say about two translators, on the test images.

    Args:
        to_y, to_x: X → Y and Y → X.
        pairs: with paired test images, or without; then what they would say is left out.

    Returns:
        scalars by name. `x_cycle`, `y_cycle`: error after there and back, within the region where
        there is one. If paired also `y_error`, `x_error`: of the translation into that domain,
        within the region; `y_pattern`: correlation with the true pattern there; `y_coverage`,
        `x_coverage`; `background`: error of both outside the region, where there is one.
    """
    x, y, region = pairs.x_test, pairs.y_test, pairs.region
    if pairs.paired_tests and len(x) <= NEIGHBOURS:
        refuse("pairs", f"of more than {NEIGHBOURS} test images, for their coverage", f"{len(x)}")
    made_y, made_x = _made("to_y", to_y(x), x), _made("to_x", to_x(y), y)
    report = {
        "x_cycle": pixel_error(_made("to_x", to_x(made_y), x), x, region),
        "y_cycle": pixel_error(_made("to_y", to_y(made_x), y), y, region),
    }
    if not pairs.paired_tests:
        return report
    report |= {
        "y_error": pixel_error(made_y, y, region),
        "x_error": pixel_error(made_x, x, region),
        "y_pattern": pattern_correlation(made_y, y, region),
        "y_coverage": neighbour_coverage(y, made_y),
        "x_coverage": neighbour_coverage(x, made_x),
    }
    if region is not None:
        outside = 1 - region
        report["background"] = torch.maximum(
            pixel_error(made_y, y, outside), pixel_error(made_x, x, outside)
        )
    return report


class Ways(NamedTuple):
    """All translations between several domains; row for the source, column for the target.

    Attributes:
        error: mean |translation − truth| within the region, (n, n); the diagonal has
            reconstructions.
        pattern: correlation of lightness with the true one there.
        shape: share of the images whose shape is found again, as in `silhouette_matches`.
        untranslated: mean |source − truth| within the region; 0 on the diagonal.
    """

    error: Tensor
    pattern: Tensor
    shape: Tensor
    untranslated: Tensor


@door
@torch.no_grad()
def all_ways(translate: Callable[[Tensor, int, int], Tensor], domains: Domains) -> Ways:
    """Judge every translation between several domains by the hidden truth.

    Args:
        translate: takes images, the number of their domain, and that of the other one.
        domains: its test images are judged.
    """
    refuse_uncallable("translate", translate, 3)
    test, region, background = domains.test, domains.region, domains.background
    places = range(len(domains.names))

    def table(judge: Callable[[int, int], Tensor]) -> Tensor:
        return torch.stack([torch.stack([judge(i, j) for j in places]) for i in places])

    made = {
        (i, j): _made("translate", translate(test[i], i, j), test[i])
        for i in places
        for j in places
    }
    return Ways(
        error=table(lambda i, j: pixel_error(made[i, j], test[j], region)),
        pattern=table(lambda i, j: pattern_correlation(made[i, j], test[j], region)),
        shape=table(lambda i, j: silhouette_matches(made[i, j], background, region)),
        untranslated=table(lambda i, j: pixel_error(test[i], test[j], region)),
    )


@door
def off_diagonal(table: Annotated[Tensor, "n n", OF_ANY_TYPE]) -> Tensor:
    """The n(n − 1) entries of an (n, n) table that are between two domains."""
    return table[~torch.eye(len(table), dtype=torch.bool, device=table.device)]


def _made(name: str, images: Tensor, like: Tensor) -> Tensor:
    """What a translator has made, if it is images."""
    if not isinstance(images, Tensor) or images.shape != like.shape:
        refuse(name, f"to return images of shape {tuple(like.shape)}", came(images))
    if not bool(images.isfinite().all()):
        refuse(name, "to return finite images", "NaN or infinite values from it")
    return images


def _refuse_nothing(regions: Tensor | None) -> None:
    """Refuse regions without a weight, in which nothing has a mean."""
    if regions is not None and not bool(regions.flatten(1).any(1).all()):
        refuse("region", "above 0 somewhere, to weigh by it", "one that is 0 everywhere")

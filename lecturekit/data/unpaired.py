"""Domains of images without pairs to learn from, and the pairs that are kept for judging."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import torch
import torch.nn.functional as nnf
from torch import Tensor

from lecturekit.data.images import LabelledImages, digits
from lecturekit.door import (
    NOT_EMPTY,
    OF_ANY_TYPE,
    WHOLE,
    Count,
    In,
    check_arguments,
    door,
    refuse,
)


@door
@dataclass(frozen=True)
class Unpaired:
    """Images of a domain X and of a domain Y.

    No training image of X shows what a training image of Y shows, so nothing can be learned from
    pairs. Where `paired_tests`, row i of `x_test` and row i of `y_test` are the same thing in both
    domains: the hidden truth, for evaluation and nothing else.

    Attributes:
        x_train, y_train: (n, channels, height, width), in [0, 1]; the two n may differ.
        x_test, y_test: likewise.
        paired_tests: whether the test images belong together row by row.
        x_labels, y_labels: of the training images, (n,), where there are labels.
        test_labels: (n_test,), where there are labels.
        region: where the domains differ, as the share of each test pixel, (n_test, height, width);
            None where they differ everywhere.
    """

    x_train: Annotated[Tensor, "n_x n_channels height width", In(0, 1)]
    y_train: Annotated[Tensor, "n_y n_channels height width", In(0, 1)]
    x_test: Annotated[Tensor, "n_test n_channels height width", In(0, 1)]
    y_test: Annotated[Tensor, "_ n_channels height width", In(0, 1)]
    paired_tests: bool = True
    x_labels: Annotated[Tensor, "n_x", OF_ANY_TYPE] | None = None
    y_labels: Annotated[Tensor, "n_y", OF_ANY_TYPE] | None = None
    test_labels: Annotated[Tensor, "n_test", OF_ANY_TYPE] | None = None
    region: Annotated[Tensor, "n_test height width", In(0, 1)] | None = None

    def __post_init__(self) -> None:
        if self.paired_tests and len(self.x_test) != len(self.y_test):
            came = f"{len(self.x_test)} and {len(self.y_test)} images"
            refuse("x_test and y_test", "to be of as many images, row by row", came)

    @property
    def true_y(self) -> Tensor | None:
        """What `x_test` looks like in Y, row by row; None where nobody knows."""
        return self.y_test if self.paired_tests else None

    @property
    def true_x(self) -> Tensor | None:
        """What `y_test` looks like in X, row by row; None where nobody knows."""
        return self.x_test if self.paired_tests else None

    def to(self, device: str | torch.device) -> Unpaired:
        """The same on another device."""
        tensors = {
            name: value.to(device)
            for name, value in vars(self).items()
            if isinstance(value, Tensor)
        }
        return replace(self, **tensors)  # type: ignore[arg-type]


@door
@dataclass(frozen=True)
class Domains:
    """Images of any number of domains.

    No training image of one domain shows what a training image of another one shows. Row i of the
    test images is the same thing in every domain: the hidden truth, for evaluation and nothing
    else.

    Attributes:
        names: of the domains.
        train: (n, channels, height, width) in [0, 1] for each domain; the n may differ.
        test: (n_domains, n_test, channels, height, width).
        region: where the domains differ, as the share of each test pixel, (n_test, height, width).
        background: the test images without what differs, (n_test, channels, height, width).
    """

    names: Annotated[tuple[str, ...], NOT_EMPTY]
    train: Annotated[
        tuple[Annotated[Tensor, "_ n_channels height width", In(0, 1)], ...], NOT_EMPTY
    ]
    test: Annotated[Tensor, "n_domains n_test n_channels height width", In(0, 1)]
    region: Annotated[Tensor, "n_test height width", In(0, 1)]
    background: Annotated[Tensor, "n_test n_channels height width", In(0, 1)]

    def __post_init__(self) -> None:
        if not len(set(self.names)) == len(self.names) == len(self.train) == len(self.test):
            refuse(
                "names, train and test",
                "to have as many domains, each with a name of its own",
                f"names {self.names}, {len(self.train)} in train, {len(self.test)} in test",
            )

    def to(self, device: str | torch.device) -> Domains:
        """The same on another device."""
        train = tuple(images.to(device) for images in self.train)
        others = (each.to(device) for each in (self.test, self.region, self.background))
        return Domains(self.names, train, *others)


@door
def outline(
    images: Annotated[Tensor, "n height width | n channels height width", In(0, 1)],
) -> Tensor:
    """The morphological gradient: the highest less the lowest value in each 3 × 3 neighbourhood.

    Args:
        images: (n, channels, height, width).
    """
    highest = nnf.max_pool2d(images, 3, stride=1, padding=1)
    lowest = -nnf.max_pool2d(-images, 3, stride=1, padding=1)
    return highest - lowest


def _check_source(
    images: Annotated[Tensor, "n height width", In(0, 1)],
    labels: Annotated[Tensor, "n", WHOLE],
) -> None:
    """What `digits_and_outlines` takes: only the annotations are read."""


@door
def digits_and_outlines(
    source: LabelledImages | None = None,
    *,
    side: Annotated[int, In(4)] = 16,
    n_test: Count = 397,
    generator: torch.Generator,
) -> Unpaired:
    """X: handwritten digits. Y: outlines of other digits.

    Args:
        source: grey images with labels; scikit-learn's digits if None.
        side: height and width to which the images are scaled.
        n_test: images kept for the test; of the others one half becomes X, the other Y.
        generator: which image goes where.

    Raises:
        ValueError: no images left for one of the parts, or a side below 4.
    """
    images, labels = source or digits()
    check_arguments(_check_source, {"images": images, "labels": labels})
    n_train = (len(images) - n_test) // 2
    if n_test < 1 or n_train < 1 or side < 4:
        raise ValueError(
            f"expected side ≥ 4, n_test ≥ 1 and two images for training beside, got side {side}, "
            f"n_test {n_test} of {len(images)} images"
        )
    order = torch.randperm(len(images), generator=generator)
    test, x, y = order[:n_test], order[n_test : n_test + n_train], order[-n_train:]
    scaled = nnf.interpolate(images[:, None], (side, side), mode="bilinear", antialias=True)
    return Unpaired(
        x_train=scaled[x],
        y_train=outline(scaled[y]),
        x_test=scaled[test],
        y_test=outline(scaled[test]),
        x_labels=labels[x],
        y_labels=labels[y],
        test_labels=labels[test],
    )

"""Domain adaptation: labels in one domain, images to be classified in the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from lecturekit.data import Unpaired
from lecturekit.door import came, door, refuse
from lecturekit.evaluation.classifier import train_classifier


class Adaptation(NamedTuple):
    """The accuracy of a classifier that has seen labels of domain 1 alone; scalars.

    Attributes:
        source_only: on images of domain 2 as they are.
        adapted: on images of domain 2, translated into domain 1.
        within_source: on test images of domain 1: what adaptation could reach.
    """

    source_only: Tensor
    adapted: Tensor
    within_source: Tensor


@door
def adaptation(
    to_1: Callable[[Tensor], Tensor], pairs: Unpaired, *, generator: torch.Generator
) -> Adaptation:
    """Train a classifier on domain 1, and apply it to test images of domain 2.

    Args:
        to_1: translates domain 2 into domain 1.
        pairs: with labels; domain 1 is its X. No label of domain 2 is used to learn.
        generator: source of the classifier's weights, on the device of the images.

    Raises:
        ValueError: there are no labels.
    """
    if pairs.x_labels is None or pairs.test_labels is None:
        raise ValueError("expected data with x_labels and test_labels; these have none")
    translated = to_1(pairs.y_test)
    if not isinstance(translated, Tensor) or translated.shape != pairs.y_test.shape:
        refuse("to_1", f"to return a tensor of shape {tuple(pairs.y_test.shape)}", came(translated))
    if not bool(translated.isfinite().all()):
        refuse("to_1", "to return finite images", "NaN or infinite values from it")
    classifier = train_classifier(pairs.x_train, pairs.x_labels, generator=generator)
    return Adaptation(
        source_only=classifier.agreement(pairs.y_test, pairs.test_labels),
        adapted=classifier.agreement(translated, pairs.test_labels),
        within_source=classifier.agreement(pairs.x_test, pairs.test_labels),
    )

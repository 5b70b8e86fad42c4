"""A judge of generated images: a small classifier, trained on real ones within seconds."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lecturekit.door import NOT_EMPTY, WHOLE, Count, In, Positive, door, refuse
from lecturekit.networks import mlp
from lecturekit.training import Descent, linear_decay, minibatches


@door
class Classifier(nn.Module):
    """A multilayer perceptron from images to classes. Made by `train_classifier`.

    Attributes:
        image_shape: of one image, such as (28, 28); flat rows of as many pixels will do too.
        n_classes: classes are 0 to n_classes − 1.
    """

    def __init__(
        self,
        image_shape: Annotated[tuple[Count, ...], NOT_EMPTY],
        n_classes: Count,
        n_hidden: Count,
        *,
        generator: torch.Generator,
    ):
        super().__init__()
        self.image_shape, self.n_classes = image_shape, n_classes
        self.net = mlp([math.prod(image_shape), n_hidden, n_classes], generator=generator)

    def forward(self, images: Annotated[Tensor, "n …", In(0, 1)]) -> Tensor:
        """Logits: (n, *image_shape) or (n, n_pixels) → (n, n_classes).

        Raises:
            ValueError: images with another number of pixels.
        """
        rows, n_pixels = images.flatten(start_dim=1), math.prod(self.image_shape)
        if rows.shape[1] != n_pixels:
            raise ValueError(
                f"expected images of shape (n, {', '.join(map(str, self.image_shape))}) or rows of "
                f"{n_pixels} pixels, got {tuple(images.shape)}"
            )
        logits: Tensor = self.net(rows - 0.5)
        return logits

    @torch.no_grad()
    def predict(self, images: Annotated[Tensor, "n …", In(0, 1)]) -> Tensor:
        """The most probable class of each image: (n, ...) → (n,), int64."""
        return self(images).argmax(dim=1)

    def agreement(
        self, images: Annotated[Tensor, "n …", In(0, 1)], labels: Annotated[Tensor, "n", WHOLE]
    ) -> Tensor:
        """The share of images whose predicted class is the given one: a scalar in [0, 1].

        With true labels this is the accuracy, with those of an image before its translation it
        says whether the translation kept the meaning.

        Raises:
            ValueError: not one label for each image.
        """
        if labels.shape != images.shape[:1]:
            raise ValueError(
                f"expected labels of shape ({len(images)},), got {tuple(labels.shape)}"
            )
        if int(labels.min()) < 0 or int(labels.max()) >= self.n_classes:
            wanted = f"from 0 to {self.n_classes - 1}, one of the classes"
            refuse("labels", wanted, f"{int(labels.min())} to {int(labels.max())}")
        return (self.predict(images) == labels).float().mean()


@door
def train_classifier(
    images: Annotated[Tensor, "n d …", In(0, 1)],
    labels: Annotated[Tensor, "n", WHOLE, In(0)],
    *,
    n_hidden: Count = 128,
    updates: Count = 600,
    batch_size: Count = 100,
    learning_rate: Positive = 3e-3,
    generator: torch.Generator,
) -> Classifier:
    """Fit a classifier by Adam on the cross-entropy, the rate decayed linearly to 0.

    Args:
        images: (n, ...) in [0, 1].
        labels: (n,), int64, from 0.
        n_hidden: units of the one hidden layer.
        updates: minibatches to learn from.
        batch_size: images in each.
        learning_rate: at the first update.
        generator: source of the weights and of the order, on the device of `images`.

    Raises:
        ValueError: no images, labels that do not fit them, or sizes below 1.
    """
    if labels.shape != images.shape[:1] or labels.dtype != torch.long or len(labels) == 0:
        raise ValueError(
            f"expected int64 labels of shape ({len(images)},), one for each of at least one image, "
            f"got {labels.dtype} of shape {tuple(labels.shape)}"
        )
    if images.ndim < 2 or updates < 1 or labels.min() < 0:
        raise ValueError(
            "expected images of shape (n, ...), labels ≥ 0 and updates ≥ 1, got images of shape "
            f"{tuple(images.shape)}, labels from {int(labels.min())} and {updates} updates"
        )
    n_classes = int(labels.max()) + 1
    if n_classes > 10 + len(labels):
        refuse("labels", "from 0 to the number of classes − 1", f"up to {n_classes - 1}")
    images = images.float()  # as the classifier is
    model = Classifier(tuple(images.shape[1:]), n_classes, n_hidden, generator=generator)
    descent = Descent(model)
    everything = torch.arange(len(images), device=images.device)
    batches = minibatches(everything, batch_size, generator=generator)
    for index in range(1, updates + 1):
        rows = next(batches)
        loss = cross_entropy(model(images[rows]), labels[rows])
        descent.step(loss, learning_rate * linear_decay(index, updates))
    return model.eval()

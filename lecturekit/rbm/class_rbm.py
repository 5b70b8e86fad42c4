"""The RBM as a classifier: image and label in one visible layer."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import log_softmax, one_hot, softplus

from lecturekit.door import (
    OF_ANY_TYPE,
    WHOLE,
    AnyGenerator,
    Count,
    In,
    Natural,
    NonNegative,
    door,
    refuse,
)
from lecturekit.rbm.model import RBM


@door
class ClassRBM(RBM):
    """An RBM of the joint distribution P(x, y) of binary images x and labels y = 1 … K.

    The visible layer is v = (x, e_y): n_pixels binary units, then K label units of which one is on.
    Energy, free energy and gradient are those of an RBM. Only a draw of the visible layer differs:
    the label units are a softmax group, P(y | h) ∝ exp(b_y + W_y h). So it is trained by `train`
    with any negative phase, on rows that `join` makes, and p(y | x) is exact, since Z cancels.
    Larochelle & Bengio 2008, section 2; used so by Tieleman & Hinton 2009.

    Attributes:
        n_pixels: of an image.
        n_classes: K, the label units, which are the last of the visible layer.

    Example:
        >>> model = ClassRBM(64, 10, 100)
        >>> v = model.join(torch.zeros(3, 64), torch.tensor([0, 4, 9]))
        >>> v.shape, model.label_log_probabilities(v[:, :64]).shape
        (torch.Size([3, 74]), torch.Size([3, 10]))

    Raises:
        ValueError: fewer than two classes, or as for `RBM`.
    """

    def __init__(
        self,
        n_pixels: Count,
        n_classes: Annotated[int, In(2)],
        n_hidden: Count,
        *,
        weight_scale: NonNegative = 0.01,
        bias_scale: NonNegative = 0.0,
        generator: AnyGenerator | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ):
        if n_pixels < 1 or n_classes < 2:
            raise ValueError(
                f"expected pixels, and two classes or more, got {n_pixels}, {n_classes}"
            )
        super().__init__(
            n_pixels + n_classes,
            n_hidden,
            weight_scale=weight_scale,
            bias_scale=bias_scale,
            generator=generator,
            device=device,
            dtype=dtype,
        )
        self.n_pixels, self.n_classes = n_pixels, n_classes

    @torch.no_grad()
    def initialise(
        self,
        generator: AnyGenerator,
        data: Annotated[Tensor, "n n_visible", In(0, 1)] | None = None,
    ) -> ClassRBM:
        """As `RBM.initialise`; with data, b of the label units is the log of each label's share."""
        super().initialise(generator, data)
        if data is not None:
            counts = data[:, -self.n_classes :].sum(0)
            self.b[-self.n_classes :] = torch.log((counts + 0.5) / (counts + 0.5).sum())
        return self

    def join(
        self,
        images: Annotated[Tensor, "n n_pixels", In(0, 1), OF_ANY_TYPE],
        labels: Annotated[Tensor, "n", WHOLE, In(0)],
    ) -> Tensor:
        """Rows v = (x, e_y): (n, n_pixels) and (n,) in 0 … K − 1 -> (n, n_visible).

        Raises:
            ValueError: images or labels of another shape, or a label outside 0 … K − 1.
        """
        self._images(images)
        if labels.shape != images.shape[:1]:
            raise ValueError(f"expected {len(images)} labels, got {tuple(labels.shape)}")
        if bool(((labels < 0) | (labels >= self.n_classes)).any()):
            seen = f"{labels.min()} to {labels.max()}"
            raise ValueError(f"expected labels from 0 to {self.n_classes - 1}, got {seen}")
        return torch.cat([images, one_hot(labels, self.n_classes).to(images)], 1)

    def label_log_probabilities(self, images: Annotated[Tensor, "n n_pixels", In(0, 1)]) -> Tensor:
        """log p(y | x) = −F(x, y) + log Σ_y′ exp(−F(x, y′)): (n, n_pixels) -> (n, K), in nats.

        W's product with an image is made once for all labels, each of which adds its row of W.
        """
        pixels, labels = self.W.split([self.n_pixels, self.n_classes])
        pre = torch.addmm(self.c, self._images(images), pixels)  # (n, n_hidden)
        scores = [softplus(pre + row).sum(1) for row in labels]
        return log_softmax(torch.stack(scores, 1) + self.b[-self.n_classes :], 1)

    @torch.no_grad()
    def classify(self, images: Annotated[Tensor, "n n_pixels", In(0, 1)]) -> Tensor:
        """The most probable label of each image: (n, n_pixels) -> (n,) in 0 … K − 1."""
        return self.label_log_probabilities(images).argmax(1)

    @torch.no_grad()
    def given_label(self, label: Natural) -> RBM:
        """The RBM of the images of a class, P(x | y): hidden biases c + W_y, pixels as they are."""
        if label >= self.n_classes:
            refuse("label", f"from 0 to {self.n_classes - 1}", f"{label}")
        model = RBM(self.n_pixels, self.n_hidden, device=self.W.device, dtype=self.W.dtype)
        pixels, labels = self.W.split([self.n_pixels, self.n_classes])
        model.W.copy_(pixels), model.b.copy_(self.b[: self.n_pixels])
        model.c.copy_(self.c + labels[label])
        return model

    def extra_repr(self) -> str:
        return f"n_pixels={self.n_pixels}, n_classes={self.n_classes}, n_hidden={self.n_hidden}"

    def _images(self, x: Tensor) -> Tensor:
        if x.dim() != 2 or x.shape[1] != self.n_pixels:
            raise ValueError(f"expected images of shape (n, {self.n_pixels}), got {tuple(x.shape)}")
        return x

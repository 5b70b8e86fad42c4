"""Images with labels, and scikit-learn's handwritten digits, which every installation has."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor

from lecturekit.door import In, door

N_TEST = 360  # of the 1797 digits, the last ones, which other people have written than the first


class LabelledImages(NamedTuple):
    """Grey images and what they show.

    Attributes:
        images: (n, height, width), float32 in [0, 1].
        labels: (n,), int64.
    """

    images: Tensor
    labels: Tensor


@door
def digits(split: Literal["all", "train", "test"] = "all") -> LabelledImages:
    """The 1797 handwritten digits of 8×8 pixels that come with scikit-learn.

    Source: UCI "Optical recognition of handwritten digits" (test set); 17 grey levels, here 0 to 1.

    Args:
        split: all of them, the first 1437, or the last 360, for tests.

    Raises:
        ValueError: another split.
    """
    parts = {"all": slice(None), "train": slice(-N_TEST), "test": slice(-N_TEST, None)}
    if split not in parts:
        raise ValueError(f"expected a split of {', '.join(parts)}, got {split!r}")
    import sklearn.datasets  # takes longer than all other imports but torch's

    bunch = sklearn.datasets.load_digits()
    images, labels = torch.from_numpy(bunch.images).float() / 16, torch.from_numpy(bunch.target)
    return LabelledImages(images[parts[split]], labels[parts[split]].long())


@door
def threshold(
    images: Annotated[Tensor, "n height width", In(0, 1)],
    level: Annotated[float, In(0, 1, open="high")] = 0.5,
) -> Tensor:
    """Binary rows from grey images: 1 where a pixel is above `level`.

    Args:
        images: (n, height, width).
        level: the limit, in [0, 1).

    Returns:
        (n, height · width) of zeros and ones, in the dtype of `images`.

    Raises:
        ValueError: images of another shape, or a level outside [0, 1).
    """
    if images.ndim != 3:
        raise ValueError(f"expected images of shape (n, height, width), got {tuple(images.shape)}")
    if not 0 <= level < 1:
        raise ValueError(f"expected a level in [0, 1), got {level}")
    return (images > level).to(images.dtype).flatten(start_dim=1)

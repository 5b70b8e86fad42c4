"""USPS's handwritten digits: which files they may come from, and how those are read."""

from __future__ import annotations

import bz2
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from lecturekit.data.images import LabelledImages
from lecturekit.data.known_files import MissingDataError, fault, folder_of
from lecturekit.door import door

SPLIT = {  # LIBSVM's two files, by the MD5 that torchvision checks; none publishes a SHA256
    "usps.bz2": "ec16c51db3855ca6c91edd34d0e9b197",
    "usps.t.bz2": "8ea070ee2aca1ac39742fdd1ef5ed118",
}
WHOLE = {"usps_11000_16x16.npz": "da947c50423b69a2195a100dd99b0154839ce695b55512f89e7dc33668de414e"}
TEST_SHARE = 5  # every fifth image of the whole is a test image, as in the authors' 7,438 + 1,860


@door
def usps(split: Literal["train", "test"] = "train") -> LabelledImages:
    """USPS's handwritten digits of 16×16 pixels, in [0, 1], 1 for ink; labels are the digits.

    Nothing fetches them. They are looked for in LECTUREKIT_DATA or its sub-folder usps/, else in
    the user's cache, as one of two sets:

    - `usps.bz2` and `usps.t.bz2` of LIBSVM's page of multi-class data sets: 7,291 training and
      2,007 test images, text, "label 1:value … 256:value" with values in [−1, 1] and labels from 1.
    - `usps_11000_16x16.npz`, the set of 1,100 of each digit that S. Roweis's page has as
      usps_all.mat, as arrays `images` (11000, 16, 16) and `labels`, uint8. It has no split of its
      own: a fixed permutation makes 8,800 training and 2,200 test images.

    Shares of test images right in the one set are not those in the other.

    Raises:
        ValueError: another split.
        MissingDataError: the files are not on this machine, or are damaged.
    """
    folder = folder_of("usps", (*SPLIT, *WHOLE))
    if any((folder / name).exists() for name in SPLIT) or not (folder / next(iter(WHOLE))).exists():
        _check(folder, SPLIT)
        return _read_svm(folder / ("usps.bz2" if split == "train" else "usps.t.bz2"))
    _check(folder, WHOLE)
    return _read_whole(folder / next(iter(WHOLE)), split)


def _check(folder: Path, checksums: dict[str, str]) -> None:
    faults = {name: fault(folder / name, known, "USPS") for name, known in checksums.items()}
    if wrong := "; ".join(f"{name} {fault}" for name, fault in faults.items() if fault):
        raise MissingDataError(
            f"USPS is not in {folder} ({wrong}): put {' and '.join(SPLIT)} there, from LIBSVM's "
            "page of multi-class data sets, or set LECTUREKIT_DATA to a folder that has them."
        )


def _read_svm(path: Path) -> LabelledImages:
    """All 256 values stand in every line. Only files whose checksum is right come here."""
    with bz2.open(path, "rt", encoding="ascii") as lines:
        rows = [[word.rpartition(":")[2] for word in line.split()] for line in lines]
    table = torch.from_numpy(np.array(rows, dtype=np.float32))
    images = (table[:, 1:].reshape(-1, 16, 16) + 1) / 2
    return LabelledImages(images.clamp(0, 1), table[:, 0].long() - 1)


def _read_whole(path: Path, split: str) -> LabelledImages:
    with np.load(path) as arrays:
        images, labels = (torch.from_numpy(arrays[name]) for name in ("images", "labels"))
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(1100))
    n_test = len(labels) // TEST_SHARE
    rows = order[:n_test] if split == "test" else order[n_test:]
    return LabelledImages(images[rows].float() / 255, labels[rows].long())

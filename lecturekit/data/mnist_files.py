"""MNIST's four files: where they are looked for, how they are fetched, how they are read."""

from __future__ import annotations

import gzip
import math
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
from torch import Tensor

from lecturekit.data.images import LabelledImages
from lecturekit.data.known_files import MISSING, MissingDataError, fault, folder_of
from lecturekit.door import NOT_EMPTY, door, refuse
from lecturekit.files import replacing

_SHA256SUM = """
440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609  train-images-idx3-ubyte.gz
3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c  train-labels-idx1-ubyte.gz
8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6  t10k-images-idx3-ubyte.gz
f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6  t10k-labels-idx1-ubyte.gz
"""
SHA256 = {name: digest for digest, name in map(str.split, _SHA256SUM.strip().splitlines())}
MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
)
Progress = Callable[[str], Any]  # from a file's name to a bar for it, as pooch wants it
_FILE_STEM = {"train": "train", "test": "t10k"}


@door
def mnist_folder() -> Path:
    """Where MNIST's files are, or would be put by `fetch_mnist`.

    The folder in LECTUREKIT_DATA, or its sub-folder mnist/; without that variable, the user's
    cache.
    """
    return folder_of("mnist", SHA256)


@door
def mnist_available() -> bool:
    """Whether `mnist` will find all four files, each with the right checksum."""
    return not mnist_faults()


@door
def mnist_faults() -> list[str]:
    """What is wrong with MNIST's files here: missing ones, and those that are something else."""
    folder = mnist_folder()
    faults = {name: _fault(folder / name, name) for name in SHA256}
    return [f"{name} {wrong}" for name, wrong in faults.items() if wrong]


@door
def mnist(split: Literal["train", "test"] = "train") -> LabelledImages:
    """MNIST's 60,000 training or 10,000 test images of 28×28 pixels, in [0, 1].

    Raises:
        ValueError: another split.
        MissingDataError: the files are not on this machine, or are damaged.
    """
    if split not in _FILE_STEM:
        raise ValueError(f"expected split 'train' or 'test', got {split!r}")
    folder, faults = mnist_folder(), mnist_faults()
    if len(faults) == len(SHA256) and all(each.endswith(MISSING) for each in faults):
        raise MissingDataError(
            f"MNIST is not in {folder}. Either run `lecturekit fetch` once (11 MB), or set "
            f"LECTUREKIT_DATA to a folder that has the files {', '.join(SHA256)}."
        )
    if faults:
        raise MissingDataError(
            f"in {folder}, {'; '.join(faults)}. `lecturekit fetch` puts that right."
        )
    stem = _FILE_STEM[split]
    images = _read_idx(folder / f"{stem}-images-idx3-ubyte.gz")
    labels = _read_idx(folder / f"{stem}-labels-idx1-ubyte.gz")
    return LabelledImages(images.float() / 255, labels.long())


@door
def fetch_mnist(
    folder: Path | None = None,
    *,
    mirrors: Annotated[Sequence[str], NOT_EMPTY] = MNIST_MIRRORS,
    progress: Progress | None = None,
) -> Path:
    """Download what is missing or damaged of MNIST, and check every file's SHA-256.

    A download takes its place only when its checksum is right, so an interrupted one leaves nothing
    behind. The mirrors are tried in order, for each file anew. Whoever may read the folder may read
    the files.

    Args:
        folder: where to put the files; `mnist_folder()` if None.
        mirrors: addresses in front of the files' names, each ending in "/".
        progress: makes a bar for a file's name; it has pooch's `total`, `update`, `reset`, `close`.

    Returns:
        The folder.

    Raises:
        MissingDataError: no mirror had a good copy of a file; says what each answered.
        ValueError: the folder is a file.
    """
    folder = folder or mnist_folder()
    if folder.exists() and not folder.is_dir():
        refuse("folder", "to be a folder", f"the file {folder}")
    for name in SHA256:
        _fetch(name, folder, mirrors, progress)
    return folder


def _fetch(name: str, folder: Path, mirrors: Sequence[str], progress: Progress | None) -> None:
    if not _fault(folder / name, name):
        return
    from lecturekit.data import download  # what it needs takes as long to import as all other data

    answers = []
    for mirror in mirrors:
        try:
            with replacing(folder / name) as new:
                download.to_file(mirror + name, new, progress(name) if progress else False)
                _check(new, name)
        except (download.Error, ValueError) as error:
            answers.append(f"  {mirror}: {download.in_a_line(error)}")
        else:
            return
    raise MissingDataError(f"no mirror had a good copy of {name}:\n" + "\n".join(answers))


def _check(path: Path, name: str) -> None:
    if wrong := _fault(path, name):
        raise ValueError(f"what it sent {wrong}")


def _fault(path: Path, name: str) -> str:
    """What is wrong with a file that ought to be the one of this name; "" if nothing is."""
    return fault(path, SHA256[name], "MNIST")


def _read_idx(path: Path) -> Tensor:
    """An array of bytes in LeCun's IDX format: 0, 0, type 8, rank, big-endian sizes, values.

    Only files whose checksum is right come here, so nothing can be wrong with it.
    """
    content = gzip.decompress(path.read_bytes())
    rank = content[3]
    shape = struct.unpack_from(f">{rank}I", content, offset=4)
    values = np.frombuffer(content, np.uint8, math.prod(shape), offset=4 + 4 * rank)
    return torch.from_numpy(values.copy()).reshape(shape)

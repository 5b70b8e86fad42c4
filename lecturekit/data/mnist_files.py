"""MNIST's four files: where they are looked for, how they are fetched, how they are read."""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pooch
import requests
import torch
from torch import Tensor

from lecturekit.data.images import LabelledImages

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


class MissingDataError(FileNotFoundError):
    """A data set is not on this machine, or its files are damaged; the message says what to do."""


def mnist_folder() -> Path:
    """Where MNIST's files are, or would be put by `fetch_mnist`.

    The folder in LECTUREKIT_DATA, or its sub-folder mnist/; without that variable, the user's
    cache.
    """
    named = os.environ.get("LECTUREKIT_DATA")
    if not named:
        return Path(pooch.os_cache("lecturekit")) / "mnist"
    folder = Path(named).expanduser()
    return folder if _complete(folder) else folder / "mnist"


def mnist_available() -> bool:
    """Whether `mnist` will find all four files."""
    return _complete(mnist_folder())


def mnist(split: Literal["train", "test"] = "train") -> LabelledImages:
    """MNIST's 60,000 training or 10,000 test images of 28×28 pixels, in [0, 1].

    Raises:
        ValueError: another split.
        MissingDataError: the files are not on this machine, or are damaged.
    """
    if split not in _FILE_STEM:
        raise ValueError(f"expected split 'train' or 'test', got {split!r}")
    folder = mnist_folder()
    if not _complete(folder):
        raise MissingDataError(
            f"MNIST is not in {folder}. Either run `lecturekit fetch` once (11 MB), or set "
            f"LECTUREKIT_DATA to a folder that has the files {', '.join(SHA256)}."
        )
    stem = _FILE_STEM[split]
    images = _read_idx(folder / f"{stem}-images-idx3-ubyte.gz")
    labels = _read_idx(folder / f"{stem}-labels-idx1-ubyte.gz")
    return LabelledImages(images.float() / 255, labels.long())


def fetch_mnist(
    folder: Path | None = None,
    *,
    mirrors: Sequence[str] = MNIST_MIRRORS,
    progress: Progress | None = None,
) -> Path:
    """Download what is missing or damaged of MNIST, and check every file's SHA-256.

    A download goes to a temporary file and takes its place only when its checksum is right, so an
    interrupted one leaves nothing behind. The mirrors are tried in order, for each file anew.

    Args:
        folder: where to put the files; `mnist_folder()` if None.
        mirrors: addresses in front of the files' names, each ending in "/".
        progress: makes a bar for a file's name; it has pooch's `total`, `update`, `reset`, `close`.

    Returns:
        The folder.

    Raises:
        MissingDataError: no mirror had a good copy of a file; says what each answered.
    """
    folder = folder or mnist_folder()
    for name in SHA256:
        _fetch(name, folder, mirrors, progress)
    return folder


def _fetch(name: str, folder: Path, mirrors: Sequence[str], progress: Progress | None) -> None:
    answers = []
    for mirror in mirrors:
        downloader = pooch.HTTPDownloader(
            progressbar=progress(name) if progress else False, timeout=30
        )
        try:
            pooch.retrieve(mirror + name, f"sha256:{SHA256[name]}", name, folder, None, downloader)
        except (requests.RequestException, ValueError) as error:  # ValueError: a wrong checksum
            answers.append(f"  {mirror}: {error}")
        else:
            return
    raise MissingDataError(f"no mirror had a good copy of {name}:\n" + "\n".join(answers))


def _complete(folder: Path) -> bool:
    return all((folder / name).is_file() for name in SHA256)


def _read_idx(path: Path) -> Tensor:
    """An array of bytes in LeCun's IDX format: 0, 0, type 8, rank, big-endian sizes, values."""
    try:
        content = gzip.decompress(path.read_bytes())
        rank = content[3]
        shape = struct.unpack_from(f">{rank}I", content, offset=4)
        values = np.frombuffer(content, np.uint8, math.prod(shape), offset=4 + 4 * rank)
    except (OSError, EOFError, zlib.error, IndexError, struct.error, ValueError) as error:
        raise MissingDataError(
            f"{path} is damaged ({error}); delete it and run `lecturekit fetch`"
        ) from error
    return torch.from_numpy(values.copy()).reshape(shape)

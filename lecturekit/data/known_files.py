"""Data files that are known by checksums: where they are looked for, what is wrong with them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from platformdirs import user_cache_path

MISSING = "is missing"


class MissingDataError(FileNotFoundError):
    """A data set is not on this machine, or its files are damaged; the message says what to do."""


def folder_of(name: str, files: Iterable[str]) -> Path:
    """Where a data set's files are, or would be put.

    The folder in LECTUREKIT_DATA if it has one of the files, else its sub-folder of the data set's
    name; without that variable, the user's cache.
    """
    named = os.environ.get("LECTUREKIT_DATA")
    if not named:
        return user_cache_path("lecturekit") / name
    folder = Path(named).expanduser()
    return folder if any((folder / file).is_file() for file in files) else folder / name


def fault(path: Path, checksum: str, of: str) -> str:
    """What is wrong with a file that ought to have this checksum; "" if nothing is.

    Args:
        path: of the file.
        checksum: its SHA256, or its MD5 where no other was published.
        of: the data set that it belongs to, for the words.
    """
    if not path.is_file():
        return MISSING
    algorithm, stat = "MD5" if len(checksum) == 32 else "SHA256", path.stat()
    if _digest(path, algorithm, stat.st_size, stat.st_mtime_ns) != checksum:
        return f"is damaged, or another file (its {algorithm} is not {of}'s)"
    return ""


@lru_cache(maxsize=16)
def _digest(path: Path, algorithm: str, size: int, changed: int) -> str:
    """Read again only when size or time have changed: notebooks ask often."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm.lower()).hexdigest()

"""Writing a file so that it is either as it was or complete."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file beside `path` to write to, which takes its place when the block has ended well.

    If the block fails, or the disk is full, what was at `path` stays as it was. The file gets the
    rights that a new one has in this process, not the narrow ones of a temporary file.

    Example:
        >>> with replacing(Path("numbers.txt")) as new:  # doctest: +SKIP
        ...     new.write_text("1 2 3")
    """
    if path.is_dir():
        raise IsADirectoryError(f"expected path to be a file, got the folder {path}")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    new = Path(name)
    try:
        yield new
        new.chmod(0o666 & ~_umask())
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)  # there is no way to ask without setting it
    os.umask(mask)
    return mask

"""A file from the web, and in a line why it did not come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pooch
import requests

CONNECT, READ = 5.0, 30.0  # seconds to wait for a server's answer, and for its next bytes
Error = requests.RequestException


def to_file(address: str, path: Path, progress: Any) -> None:
    """Write what is at `address` to `path`; `progress` is a bar as pooch wants it, or False."""
    pooch.HTTPDownloader(progressbar=progress, timeout=(CONNECT, READ))(address, str(path), None)


def in_a_line(error: Exception) -> str:
    """What went wrong, in few words."""
    match error:
        case requests.HTTPError(response=requests.Response() as answer):
            return f"{answer.status_code} {answer.reason}"
        case requests.Timeout():
            return "no answer in time"
        case requests.ConnectionError():
            return "no connection"
    return str(error).partition("\n")[0]

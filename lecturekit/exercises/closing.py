"""Solutions that stay closed for a while: a lecturer hands out homework with a date and a key.

A file beside the notebooks says so. It is a word between a lecturer and a class, no lock: whoever
removes it, or looks into the installed package, has the solutions.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
import secrets
from pathlib import Path
from typing import Any

from lecturekit.files import replacing

FILE = ".solutions.json"


def close(folder: Path, until: datetime.date | None = None) -> str:
    """Close the solutions for the notebooks in `folder`, until a day or for whoever lacks the key.

    Returns:
        The key that opens them. It is not kept: only its digest is.
    """
    key = secrets.token_hex(4)
    with replacing(folder / FILE) as new:
        note = {"until": until.isoformat() if until else None, "key": _digest(key)}
        new.write_text(json.dumps(note) + "\n", encoding="utf-8")
    return key


def closed(number: str, key: str | None = None) -> str:
    """Why an exercise's solution is not to be seen from the folder of this notebook; "" if it is.

    A file that somebody has spoilt closes nothing.
    """
    note = _note()
    if not note:
        return ""
    if key is not None and hmac.compare_digest(_digest(key), str(note.get("key"))):
        return ""
    wrong = "" if key is None else f"{key!r} is not the key. "
    until = note["until"]
    if until is None:
        return f"{wrong}Solution {number} is closed: your lecturer has the key. {_MEANWHILE}"
    if datetime.date.today() >= until:
        return ""
    return f"{wrong}Solution {number} opens on {until.day} {until:%B %Y}. {_MEANWHILE}"


_MEANWHILE = "Till then there are hints, and every check says what is wrong."


def _note() -> dict[str, Any]:
    try:
        note = json.loads((Path.cwd() / FILE).read_text(encoding="utf-8"))
        until = note["until"]
        return note | {"until": None if until is None else datetime.date.fromisoformat(until)}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _digest(key: str) -> str:
    return hashlib.sha256(str(key).strip().encode()).hexdigest()

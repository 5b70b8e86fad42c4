"""What the notebook's file knows of a prediction that was answered in an earlier kernel."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

KEY = "lecturekit"  # in the metadata of the output that shows the question


def metadata(number: str, given: str | None) -> dict[str, Any]:
    """What goes with the output."""
    return {KEY: {"prediction": number, "answer": given}}


def remembered(number: str) -> str | None:
    """The answer that stands in the notebook's file, as it was last saved; None without one.

    Jupyter tells a kernel which file it serves (JPY_SESSION_NAME). Where it doesn't, or the file
    cannot be read, nothing is remembered.
    """
    name = os.environ.get("JPY_SESSION_NAME")
    if not name:
        return None
    try:
        notebook = json.loads(Path(name).read_text(encoding="utf-8"))
        outputs = [each for cell in notebook["cells"] for each in cell.get("outputs", ())]
        for output in outputs:
            found = output.get("metadata", {}).get(KEY, {})
            if found.get("prediction") == number and found.get("answer") is not None:
                return str(found["answer"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return None

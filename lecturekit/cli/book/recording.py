"""Notebooks executed with their runs recorded, unless that was done before."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nbformat
import torch

from lecturekit import data
from lecturekit.cli import execution

_PACKAGE = Path(__file__).parents[2]


def record(notebooks: Iterable[Path], output: Path, parameters: Mapping[str, Any]) -> list[str]:
    """Execute those of which `output` has no recording of this very state, and keep them there.

    Training takes minutes, a page seconds: so what is neither changed itself, nor has a changed
    package, is not executed again. What has failed is.

    Args:
        notebooks: the sources.
        output: gets NAME.ipynb of each.
        parameters: replace those of the cell tagged `parameters`.

    Returns:
        One line per failed cell, dead kernel, and identity or claim that does not hold.
    """
    failures = []
    for notebook in notebooks:
        executed, state = output / notebook.name, _state(notebook, parameters)
        if _recorded(executed) != state:
            failed = execution.execute_all([notebook], output, parameters, recorded=True)
            failures += failed
            if not failed:
                _seal(executed, state)
    return failures


def _state(notebook: Path, parameters: Mapping[str, Any]) -> str:
    """A digest of all that its outputs follow from."""
    digest = hashlib.sha256(notebook.read_bytes())
    for path in sorted(_PACKAGE.rglob("*.py")):
        digest.update(path.read_bytes())
    profile = os.environ.get("LECTUREKIT_PROFILE")
    surroundings = [dict(parameters), profile, torch.__version__, data.mnist_available()]
    digest.update(json.dumps(surroundings, sort_keys=True).encode())
    return digest.hexdigest()


def _recorded(executed: Path) -> str:
    if not executed.exists():
        return ""
    return str(nbformat.read(executed, as_version=4).metadata.get("lecturekit_state", ""))


def _seal(executed: Path, state: str) -> None:
    notebook = nbformat.read(executed, as_version=4)
    notebook.metadata["lecturekit_state"] = state
    nbformat.write(notebook, executed)

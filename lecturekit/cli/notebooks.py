"""Where the notebooks are, in a checkout and in an installed package."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path

_CHECKOUT = Path(__file__).parents[2]


def in_checkout() -> bool:
    """Whether lecturekit runs from its repository (also an editable installation)."""
    return (_CHECKOUT / "pyproject.toml").is_file()


def shared_folder() -> Path:
    """The folder that has notebooks/, docs/start/, README.md and constraints.txt.

    Raises:
        FileNotFoundError: the installation lacks them.
    """
    if in_checkout():
        return _CHECKOUT
    for file in importlib.metadata.files("lecturekit") or ():
        if file.name == "constraints.txt":
            return Path(str(file.locate())).resolve().parent
    raise FileNotFoundError("lecturekit was installed without its notebooks; install it again")


def working_folder() -> Path:
    """Where one's own copy is kept: beside a checkout's notebooks, else in one's home folder."""
    return _CHECKOUT / "my-notebooks" if in_checkout() else Path.home() / "lecturekit-notebooks"


def select(sections: Sequence[str] = ()) -> list[Path]:
    """The notebooks of these sections, all of them if none is named, in the lecture's order.

    A section goes by its stem (rbm), its number (1, 01), or its notebook (01_rbm, 01_rbm.ipynb).

    Raises:
        ValueError: there is no such section.
    """
    notebooks = sorted((shared_folder() / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    names = {notebook: _names(notebook) for notebook in notebooks}
    if unknown := [name for name in sections if not any(name in names[n] for n in notebooks)]:
        known = ", ".join(notebook.stem[3:] for notebook in notebooks)
        raise ValueError(f"there is no section {', '.join(unknown)}; there are: {known}")
    return [n for n in notebooks if not sections or names[n] & set(sections)]


def _names(notebook: Path) -> set[str]:
    number, stem = notebook.stem.split("_", maxsplit=1)
    return {stem, number, number.lstrip("0"), notebook.stem, notebook.name}

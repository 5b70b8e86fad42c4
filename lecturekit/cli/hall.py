"""`lecturekit lab --hall`: a lecture as slides in JupyterLab, with live runs.

jupyterlab-deck shows the cells of a slide, and nothing else. What is shown is a copy of its own,
in which code is folded unless it is the point, and a slide's last run stays in sight until the next
Shift-Enter.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any

from jupyterlab.commands import get_user_settings_dir

from lecturekit.cli import server, short_path, slide_room, start_page
from lecturekit.cli.server import SETTINGS, Settings

FOLDER = "hall"  # of these copies, in the folder of one's own copy

_SIZE = "min(3.06vh, 1.72vw)"  # of the type: 22 pixels at 1280 × 720
_SIZES = {0: 0.85, 1: 1, 2: 1.15, 3: 1.35, 4: 1.6, 5: 1.9}
_NOWHERE = {"display": "none"}
_ROOM = "lecturekit-room-"  # class of a mark on a slide that leaves its pictures so much
_SHOWING = "body[data-jp-deck-mode='presenting']"
_LOOK = {
    _SHOWING: {
        **{f"--jp-content-font-size{k}": f"calc({_SIZE} * {by})" for k, by in _SIZES.items()},
        "--jp-code-font-size": f"calc({_SIZE} * 0.74)",
        "--jp-content-line-height": "1.45",
    },
    # A slide has all of the screen, and begins at its top.
    f"{_SHOWING} #main": {"background": "var(--jp-layout-color0)"},
    f"{_SHOWING} .jp-Deck .jp-Notebook": {
        "height": "100vh",
        "padding": "3vh 4vw",
        "box-sizing": "border-box",
    },
    f"{_SHOWING} .jp-SideBar, {_SHOWING} .jp-Deck-DesignTools": _NOWHERE,
    # What is not to be seen takes no clicks: it would cut a cell, or collapse an output.
    f"{_SHOWING} .jp-NotebookPanel-toolbar, {_SHOWING} .jp-OutputArea-promptOverlay": _NOWHERE,
    f"{_SHOWING} .jp-Deck-Remote:not(:hover)": {"opacity": "0.2"},
    f"{_SHOWING} .jp-Deck .jp-Cell": {
        "border-color": "transparent !important",
        "box-shadow": "none !important",
        "outline": "none !important",
    },
    # Pictures, panels and formulas have their part of it.
    f"{_SHOWING} .jp-Deck figure": {"max-width": "none !important"},
    f"{_SHOWING} .jp-Deck figure img": {
        "max-height": f"{slide_room.LEAST}vh",
        "object-fit": "contain",
        "object-position": "left",
    },
    **{
        f"{_SHOWING} .jp-Deck:has(.jp-deck-mod-onscreen .{_ROOM}{high}) figure img": {
            "max-height": f"{high}vh"
        }
        for high in slide_room.heights()
    },
    f"{_SHOWING} .jp-Deck div:has(> figure:nth-child(4)) > figure": {
        "flex-basis": "22% !important",  # four in a row
    },
    f"{_SHOWING} .jp-Deck .lecturekit-run": {"font-size": f"calc({_SIZE} * 0.72)"},
    f"{_SHOWING} .jp-Deck .lecturekit-prediction:not(:fullscreen)": {"font-size": _SIZE},
    f"{_SHOWING} .jp-Deck mjx-container[display='true']": {"font-size": "104% !important"},
    f"{_SHOWING} .jp-Deck .jp-RenderedHTMLCommon table": {
        "font-size": f"calc({_SIZE} * 0.85)",
        "margin-left": "0",
    },
    # Code that is folded is a place to run, and gone once there is something to be seen.
    f"{_SHOWING} .jp-Deck .jp-CodeCell:has(.jp-OutputArea-child) .jp-InputPlaceholder": _NOWHERE,
}

HALL: Settings = {
    **SETTINGS,
    # Or a run would scroll a slide that fits, as its end is the active cell.
    "@jupyterlab/notebook-extension:tracker": {
        **SETTINGS["@jupyterlab/notebook-extension:tracker"],
        "scrollPastEnd": False,
    },
    "@deathbeds/jupyterlab-deck:plugin": {"active": True},
    "@deathbeds/jupyterlab-fonts:fonts": {"styles": _LOOK},
    # What was shown is not kept: the next time, every slide is as it was before its run.
    "@jupyterlab/docmanager-extension:plugin": {
        **SETTINGS["@jupyterlab/docmanager-extension:plugin"],
        "autosave": False,
    },
}
"""The settings of its server, on top of those that every lecture needs."""

# The deck of a Markdown page begins behind its first rule.
PAGE = """\
---

# Generative models, selected topics

{tiles}
"""
"""What leads to the lectures."""


def launch(folder: Path, notebook: str | None, jupyter_options: Sequence[str] = ()) -> None:
    """Run JupyterLab in deck mode until it is ended.

    Args:
        folder: of notebooks for the hall.
        notebook: which of them it opens; the page that leads to all of them if None.
        jupyter_options: passed on; they win over ours.
    """
    with tempfile.TemporaryDirectory(prefix="lecturekit-hall-") as own:
        os.environ.update(environment(Path(own)))
        opened = notebook or start_page.NAME
        server.launch(folder, jupyter_options, settings=HALL, opened=opened)


def environment(folder: Path) -> dict[str, str]:
    """The variables that keep what is done in the hall out of the user's own settings.

    jupyterlab-deck writes there that it is on, and JupyterLab would begin with it the next time.
    So the user's settings are in force as a copy. Nor do tabs of the last lecture come back.

    Args:
        folder: has to last as long as the server.
    """
    settings = folder / "user-settings"
    if os.path.isdir(users := get_user_settings_dir()):
        shutil.copytree(users, settings)
    deck = settings / "@deathbeds" / "jupyterlab-deck" / "plugin.jupyterlab-settings"
    deck.unlink(missing_ok=True)
    return {
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }


def for_hall(notebook: MutableMapping[str, Any]) -> None:
    """Make of a notebook's JSON, in place, what is shown in the hall."""
    short_path.without_notes(notebook)
    for cell in notebook["cells"]:
        if short_path.is_folded(cell):
            cell["metadata"].setdefault("jupyter", {})["source_hidden"] = True
    ends = [(slide.cells[-1], slide) for slide in short_path.slides(notebook)]
    cells = []
    for cell in notebook["cells"]:
        cells.append(cell)
        if cell["cell_type"] == "code":
            cells.extend(_rest(cell, slide) for end, slide in ends if cell is end)
    notebook["cells"] = cells


def _rest(last: short_path.Cell, slide: short_path.Slide) -> short_path.Cell:
    """A place to rest behind the last run of a slide.

    Shift-Enter runs a cell and goes on to the next one. If that opened the next slide, the run
    would be out of sight as soon as it begins.
    """
    mark = f'<span class="{_ROOM}{slide_room.height(slide)}"></span>'
    source = f"<!-- Shift-Enter: the next slide -->{mark}"
    return {
        "cell_type": "markdown",
        "id": f"rest-{last['id']}"[:64],
        "metadata": {},
        "source": source,
    }

"""JupyterLab as the lectures need it: one server's own settings, and the start page in front.

The settings are defaults of this server alone. What a user has chosen in JupyterLab's own settings
stays in force and is not written to.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyterlab.labapp import LabApp

from lecturekit.cli import start_page

Settings = Mapping[str, Mapping[str, Any]]

SETTINGS: Settings = {
    # No question about news in the first minute, and no request that leaves the machine.
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # A live panel stays in the page, and goes on, while its cell is out of sight.
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    # A start page is read, not edited: also when it is opened from the list of files.
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
    # Lines that are not too long to read on a projector.
    "@jupyterlab/markdownviewer-extension:plugin": {"lineWidth": 100},
    # Names in full: the column beside them would cut them off.
    "@jupyterlab/filebrowser-extension:browser": {"showLastModifiedColumn": False},
}
"""JupyterLab's plugins, and the values that differ from what it comes with."""

WORKSPACE = "lectures"
"""The arrangement of tabs that a working copy has, apart from that of the user's other work."""


def launch(
    folder: Path,
    jupyter_options: Sequence[str] = (),
    *,
    settings: Settings = SETTINGS,
    opened: str = start_page.NAME,
) -> None:
    """Run JupyterLab on a folder until it is ended, in the browser where there is one.

    Args:
        folder: what it shows.
        jupyter_options: passed on; they win over ours.
        settings: of this server alone.
        opened: the file that it starts with, if the folder has it.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    with tempfile.TemporaryDirectory(prefix="lecturekit-") as own:
        os.environ.update(environment(Path(own), settings))
        LabApp.launch_instance([*options(folder, opened), *_of_this_machine(), *jupyter_options])


def options(folder: Path, opened: str = start_page.NAME) -> list[str]:
    """What to tell `jupyter lab` on its command line, for it to open `folder`, and a file in it."""
    told = [f"--ServerApp.root_dir={folder.resolve()}"]
    if (folder / opened).is_file():
        address = f"/lab/workspaces/{WORKSPACE}/tree/{quote(opened)}"
        told.append(f"--LabApp.default_url={address}")
    return told


def environment(folder: Path, settings: Settings = SETTINGS) -> dict[str, str]:
    """Write settings into `folder`, for one server to start with.

    Args:
        folder: has to last as long as the server.
        settings: JupyterLab's plugins, and the values that differ from what it comes with.

    Returns:
        The variables to set for that server. They also put this environment's commands on the
        path, for its terminals and notebooks: `lecturekit doctor` works there without activation.
    """
    overrides = folder / "labconfig" / "default_setting_overrides.json"
    overrides.parent.mkdir(parents=True, exist_ok=True)
    overrides.write_text(json.dumps(settings, indent=2), encoding="utf-8")
    return {
        "JUPYTER_CONFIG_PATH": _in_front(str(folder), "JUPYTER_CONFIG_PATH"),
        "PATH": _in_front(sysconfig.get_path("scripts"), "PATH"),
    }


def _in_front(first: str, variable: str) -> str:
    return os.pathsep.join(filter(None, (first, os.environ.get(variable))))


def _of_this_machine() -> list[str]:
    told = []
    if not _has_browser():
        told.append("--no-browser")  # JupyterLab then prints its address
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        told.append("--allow-root")  # the usual case in a container
    return told


def _has_browser() -> bool:
    """Linux without a display would get a text browser in the terminal, if anything."""
    return sys.platform != "linux" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )

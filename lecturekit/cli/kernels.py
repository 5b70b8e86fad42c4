"""Kernels that talk through Unix sockets, so that many can be started at once.

jupyter_client picks free TCP ports, lets them go, and the kernel takes them a second later; two
that start at the same moment now and then get the same one. Then a kernel dies, or, if it is the
port of outputs, lives on in silence. A socket file bears a name that nobody else has.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from jupyter_client.localinterfaces import localhost
from jupyter_client.manager import AsyncKernelManager, KernelManager
from jupyter_core.paths import jupyter_runtime_dir
from traitlets import HasTraits, default

LONGEST = 90  # characters of a socket's path that every system takes, less the channel's number


class _SocketFiles(HasTraits):
    """Five files in place of five ports, where the system has Unix sockets."""

    @default("transport")
    def _where_there_are_sockets(self) -> str:
        return "ipc" if os.name == "posix" and len(_unique_path()) <= LONGEST else "tcp"

    @default("ip")
    def _own_path(self) -> str:
        return _unique_path() if self.transport == "ipc" else localhost()  # type: ignore[attr-defined]


def _unique_path() -> str:
    return str(Path(jupyter_runtime_dir()) / f"kernel-{uuid.uuid4().hex}-ipc")


class SocketKernelManager(_SocketFiles, KernelManager):
    """For nbval."""


class AsyncSocketKernelManager(_SocketFiles, AsyncKernelManager):
    """For papermill."""

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
from jupyter_core.utils import ensure_dir_exists
from traitlets import HasTraits, default

LONGEST = 90  # characters of a socket's path that every system takes, less the channel's number


class _SocketFiles(HasTraits):
    """Five files in place of five ports, where the system has Unix sockets."""

    @default("transport")
    def _where_there_are_sockets(self) -> str:
        return "ipc" if os.name == "posix" and len(_unique_path()) <= LONGEST else "tcp"

    @default("ip")
    def _own_path(self) -> str:
        if self.transport != "ipc":  # type: ignore[attr-defined]
            return localhost()
        ensure_dir_exists(jupyter_runtime_dir(), mode=0o700)  # the first kernel ever finds none
        return _unique_path()


def _unique_path() -> str:
    return str(Path(jupyter_runtime_dir()) / f"kernel-{uuid.uuid4().hex}-ipc")


class SocketKernelManager(_SocketFiles, KernelManager):
    """For nbval."""


class AsyncSocketKernelManager(_SocketFiles, AsyncKernelManager):
    """For papermill."""

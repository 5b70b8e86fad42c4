"""A pytest plugin: nbval's kernels talk through Unix sockets, not through TCP ports.

jupyter_client picks free ports, lets them go, and the kernel takes them a second later; two
workers that start kernels at the same moment now and then pick the same one. If it is the port of
outputs, the kernel lives on in silence and nbval reports "Kernel didn't respond in 60 seconds".
A socket file bears a name that nobody else has.
"""

from __future__ import annotations

import uuid
from pathlib import Path

import nbval.kernel
from jupyter_client.manager import KernelManager
from jupyter_core.paths import jupyter_runtime_dir
from traitlets import default


class UnixSocketKernelManager(KernelManager):
    """A kernel manager whose five channels are socket files."""

    @default("transport")
    def _sockets(self) -> str:
        return "ipc"

    @default("ip")
    def _name_of_its_own(self) -> str:
        return str(Path(jupyter_runtime_dir()) / f"kernel-{uuid.uuid4().hex}-ipc")


nbval.kernel.KernelManager = UnixSocketKernelManager

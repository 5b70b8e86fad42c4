"""A pytest plugin: nbval's kernels talk through Unix sockets, as those of `lecturekit run` do."""

from __future__ import annotations

import nbval.kernel

from lecturekit.cli.kernels import SocketKernelManager

nbval.kernel.KernelManager = SocketKernelManager

"""A real kernel for tests: its cells are run one at a time, and it can be interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel


class Kernel:
    """A kernel whose cells are run one at a time."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient):
        self.manager, self._client = manager, client

    def run(self, code: str, cell: str | None = None) -> dict[str, str]:
        """What the cell shows, by mime type, with what it prints under "stream"."""
        return self.outcome(self.begin(code, cell))

    def begin(self, code: str, cell: str | None = None) -> str:
        """Have a cell run, under JupyterLab's name of it if there is one."""
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        message = self._client.session.msg("execute_request", content)
        if cell is not None:
            message["metadata"]["cellId"] = cell
        self._client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def outcome(self, request: str) -> dict[str, str]:
        """Wait for the end of what `begin` began."""
        shown: dict[str, str] = {"stream": ""}
        while True:
            message = self._client.get_iopub_msg(timeout=120)
            if message["parent_header"].get("msg_id") != request:
                continue
            content = message["content"]
            if message["msg_type"] == "execute_result":
                shown |= content["data"]
            elif message["msg_type"] == "stream":
                shown["stream"] += content["text"]
            elif message["msg_type"] == "error":
                shown["error"] = content["ename"]
            elif message["msg_type"] == "status" and content["execution_state"] == "idle":
                return shown


@contextmanager
def running() -> Iterator[Kernel]:
    """A kernel that is ended afterwards, whatever happened to it."""
    manager, client = start_new_kernel(startup_timeout=120)
    try:
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)

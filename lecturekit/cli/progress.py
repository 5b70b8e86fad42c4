"""Download bars, for what pooch reports about one file after the other."""

from __future__ import annotations

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn


def download_bars() -> Progress:
    """A bar per file: its name, how much of it is there, and how fast it comes."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    )


class Download:
    """One file's bar, in the words of pooch's downloaders: `total`, `update`, `reset`, `close`."""

    def __init__(self, bars: Progress, name: str):
        self._bars, self._name = bars, name

    def _begin(self, n_bytes: int) -> None:
        self._task = self._bars.add_task(self._name, total=n_bytes)

    total = property(fset=_begin)  # the first that pooch says, once a server has answered

    def update(self, n_bytes: int) -> None:
        self._bars.advance(self._task, n_bytes)

    def reset(self) -> None:
        self._bars.reset(self._task)

    def close(self) -> None:
        self._bars.stop_task(self._task)

"""What somebody who watches a run is told, and asked to show."""

from __future__ import annotations

from typing import Protocol

from lecturekit import plots


class Listener(Protocol):
    """Who watches a run: in a notebook, its panel."""

    def appear(self) -> None:
        """Be seen in the present cell."""

    def ready(self) -> bool:
        """Whether somebody looks who has seen what was shown before."""

    def took(self) -> None:
        """Note that an update was taken; called at every one, so it must be cheap."""

    def show(self) -> None:
        """Show the state."""

    def draw(self, view: int, picture: plots.Picture) -> None:
        """Show a new picture of a view."""

    def join(self) -> None:
        """Be seen in the present cell too, which waits for the end of the run."""

    def keep(self, still: plots.Panels | None) -> None:
        """Leave these pictures in the present cell, where they need no kernel; None leaves none."""

    def save(self) -> None:
        """Hand the pictures to the person, to be kept as a file."""

    def close(self) -> None:
        """The run is gone."""

"""The register of the lecture's sections: what is said of one here, all tools and tests go by."""

from __future__ import annotations

from typing import NamedTuple


class Section(NamedTuple):
    """One section of the lecture, and its room under the same stem everywhere.

    Attributes:
        number: its place in the lecture, and the first part of its exercises' numbers.
        stem: of `lecturekit/STEM`, `lecturekit/exercises/STEM`, `tests/STEM` and the notebook.
    """

    number: int
    stem: str

    @property
    def notebook(self) -> str:
        """The file's name, such as `04_denoising.ipynb`."""
        return f"{self.number:02}_{self.stem}.ipynb"


SECTIONS = (
    Section(1, "rbm"),
    Section(2, "deep_energy"),
    Section(3, "moment_matching"),
    Section(4, "denoising"),
    Section(5, "cycle_gan"),
    Section(6, "unit"),
)

"""Figures of the papers, made anew: what was published, what this package gets, and how to get it.

curves       points by method, and the two lists that a plot takes
published    the papers' points, read off their figures
experiment   what a module provides so that a figure can be made anew
small_rbm    pcd1 and fpcd1: 784×25, exact test log-likelihood against training time
class_rbm    fpcd2: 784+10 × 500, test digits classified against training time
campaign     rates and times: which runs are made, one after the other, resumable
record       what came out, as JSON; those in `recorded` belong to the package
results      docs/results.md, made from them

`lecturekit reproduce NAME` runs one. A new figure is a module with an `Experiment`, entered in
`EXPERIMENTS`, and its points in `published`.
"""

from lecturekit.reproduce.campaign import Event, campaign
from lecturekit.reproduce.class_rbm import CLASS_RBM
from lecturekit.reproduce.experiment import PIXELS, Experiment, Pixels, Scores, Task
from lecturekit.reproduce.published import Published, published
from lecturekit.reproduce.record import Record, Run
from lecturekit.reproduce.small_rbm import SMALL_RBM

EXPERIMENTS = (SMALL_RBM, CLASS_RBM)


def experiment(name: str) -> Experiment:
    """The experiment behind a figure's name.

    Raises:
        ValueError: there is none; says which there are.
    """
    for each in EXPERIMENTS:
        if name in each.names:
            return each
    known = ", ".join(name for each in EXPERIMENTS for name in each.names)
    raise ValueError(f"no experiment {name}; there are: {known}")


def recorded(name: str, pixels: Pixels = "sampled") -> Record | None:
    """What this package got for a figure, as it was recorded; None if it never was.

    Args:
        name: of the figure, such as "pcd1".
        pixels: "sampled" or "thresholded".

    Raises:
        ValueError: no experiment of that name.
    """
    return Record.of_the_package(experiment(name).names[0], pixels)


__all__ = [
    "EXPERIMENTS",
    "PIXELS",
    "Event",
    "Experiment",
    "Pixels",
    "Published",
    "Record",
    "Run",
    "Scores",
    "Task",
    "campaign",
    "experiment",
    "published",
    "recorded",
]

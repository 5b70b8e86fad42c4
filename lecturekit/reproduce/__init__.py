"""Figures and tables of the papers, made anew: what was published, what this package gets, and how.

published    the papers' points, read off their figures, and values of tables
curves       points by method, and the two lists that a plot takes
experiment   what a module provides so that a figure can be made anew
image_rbm    pcd1, fpcd1 (784×25, exact) and pcd2 (784×500, bracketed): test log-likelihood
class_rbm    fpcd2: 784+10 × 500, test digits classified
gmmn         gmmn: moment matching on pixels and on codes, by Parzen windows
dem          dem: a deep energy and its generator, by Parzen windows
dae          dae: a denoising auto-encoder, simply trained and by walkback, by Parzen windows
unit_digits  unit-digits: MNIST's labels carried over to USPS, share of test digits right
cyclegan     cyclegan: plain ↔ striped scenes, by the paper's algorithm and by ours, by the truth
contestant   an RBM on its way, by any of the five methods
digits       MNIST, its pixels, and minibatches; `parzen` is how samples of it are scored
campaign     rates and times: which runs are made, one after the other, resumable
record       what came out, as JSON; those in `recorded` belong to the package
results      docs/results.md, made from them

`lecturekit reproduce NAME` runs one. A new figure is a module with an `Experiment`, entered in
`EXPERIMENTS`, and what was published, in `published`.
"""

from lecturekit.door import door, refuse
from lecturekit.reproduce.campaign import Event, campaign
from lecturekit.reproduce.class_rbm import CLASS_RBM
from lecturekit.reproduce.cyclegan import CYCLE_GAN
from lecturekit.reproduce.dae import DAE
from lecturekit.reproduce.dem import DEM
from lecturekit.reproduce.experiment import PIXELS, Experiment, Pixels, Scores, Task
from lecturekit.reproduce.gmmn import GMMN
from lecturekit.reproduce.image_rbm import LARGE_RBM, SMALL_RBM
from lecturekit.reproduce.published import Published, published
from lecturekit.reproduce.record import Record, Run
from lecturekit.reproduce.unit_digits import UNIT_DIGITS

EXPERIMENTS = (SMALL_RBM, LARGE_RBM, CLASS_RBM, GMMN, DEM, DAE, UNIT_DIGITS, CYCLE_GAN)


@door
def experiment(name: str) -> Experiment:
    """The experiment behind a figure's name.

    Raises:
        ValueError: there is none; says which there are.
    """
    for each in EXPERIMENTS:
        if name in each.names:
            return each
    known = ", ".join(name for each in EXPERIMENTS for name in each.names)
    refuse("name", f"among {known}", repr(name))


@door
def recorded(name: str, pixels: Pixels | None = None) -> Record | None:
    """What this package got for a figure, as it was recorded; None if it never was.

    Args:
        name: of the figure, such as "pcd1".
        pixels: "sampled", "thresholded", "grey" or "colour"; those of the paper without it.

    Raises:
        ValueError: no experiment of that name.
    """
    found = experiment(name)
    return Record.of_the_package(found.names[0], pixels or found.pixels[0])


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

"""The data of the lectures: embedded and closed-form sets, and MNIST where somebody fetched it.

Nothing here touches the network but `fetch_mnist`, and no notebook calls that.
"""

from lecturekit.data import densities
from lecturekit.data.images import LabelledImages, digits, threshold
from lecturekit.data.mnist_files import (
    MNIST_MIRRORS,
    MissingDataError,
    fetch_mnist,
    mnist,
    mnist_available,
    mnist_folder,
)
from lecturekit.data.patterns import bars_and_stripes, flip, hadamard_patterns

__all__ = [
    "MNIST_MIRRORS",
    "LabelledImages",
    "MissingDataError",
    "bars_and_stripes",
    "densities",
    "digits",
    "fetch_mnist",
    "flip",
    "hadamard_patterns",
    "mnist",
    "mnist_available",
    "mnist_folder",
    "threshold",
]

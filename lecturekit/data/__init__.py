"""The data of the lectures: embedded and closed-form sets; MNIST and USPS where somebody put them.

Nothing here touches the network but `fetch_mnist`, and no notebook calls that.
"""

from lecturekit.data import densities
from lecturekit.data.image_folder import image_folder, pictures
from lecturekit.data.images import LabelledImages, digits, threshold
from lecturekit.data.known_files import MissingDataError
from lecturekit.data.mnist_files import (
    MNIST_MIRRORS,
    fetch_mnist,
    mnist,
    mnist_available,
    mnist_faults,
    mnist_folder,
)
from lecturekit.data.patterns import bars_and_stripes, flip, hadamard_patterns
from lecturekit.data.scenes import (
    STYLES,
    draw_coats,
    draw_scenes,
    four_coats,
    painted,
    photographs_and_paintings,
    plain_and_striped,
)
from lecturekit.data.unpaired import Domains, Unpaired, digits_and_outlines, outline
from lecturekit.data.usps_files import usps

__all__ = [
    "MNIST_MIRRORS",
    "STYLES",
    "Domains",
    "LabelledImages",
    "MissingDataError",
    "Unpaired",
    "bars_and_stripes",
    "densities",
    "digits",
    "digits_and_outlines",
    "draw_coats",
    "draw_scenes",
    "fetch_mnist",
    "flip",
    "four_coats",
    "hadamard_patterns",
    "image_folder",
    "mnist",
    "mnist_available",
    "mnist_faults",
    "mnist_folder",
    "outline",
    "painted",
    "photographs_and_paintings",
    "pictures",
    "plain_and_striped",
    "threshold",
    "usps",
]

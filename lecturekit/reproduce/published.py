"""What the papers have: points read off the axes of figures, ± half a tick, and tables.

Half a tick is about a nat.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lecturekit.door import door, refuse
from lecturekit.reproduce.curves import Curve, Line, lines


@door
@dataclass(frozen=True)
class Published:
    """A figure or table of a paper, as numbers.

    Attributes:
        title: what it shows.
        source: the paper and its figure or table, and what is not sure about it.
        quantity: what the values are.
        curves: by method, points (training time in seconds, value) in the order of time.
        values: by method, a value and its standard error, where no times are told; None where
            the error is not told either.
    """

    title: str
    source: str
    quantity: str
    curves: dict[str, Curve] = field(default_factory=dict)
    values: dict[str, tuple[float, float | None]] = field(default_factory=dict)

    @property
    def lines(self) -> dict[str, Line]:
        """By method, (seconds, values) as two lists, to be drawn."""
        return lines(self.curves)


@door
def published(name: str) -> Published:
    """What was published under a name, such as "pcd1".

    Raises:
        ValueError: nothing of that name.
    """
    if name not in FIGURES:
        refuse("name", f"among {', '.join(FIGURES)}", repr(name))
    return FIGURES[name]


def _powers(*points: tuple[float, float]) -> Curve:
    """The time axes of Tieleman 2008 are in powers of two."""
    return tuple((round(2**exponent, 1), value) for exponent, value in points)


MINUTE, HOUR = 60, 3600
_TIELEMAN = "Tieleman 2008, Training RBMs using approximations to the likelihood gradient"
_FAST = "Tieleman & Hinton 2009, Using fast weights to improve persistent contrastive divergence"
_CD_10 = ((7.3, -151.2), (9.85, -144.7), (10.6, -143.5), (12.2, -139.6), (13.2, -140.7))
_CD_10_END = (15.5, -139.4)
_CD_1 = _powers((8.1, -159.5), (10.7, -155.8), (13.0, -154.1))
_MF_CD = _powers((7.5, -165.2), (10.05, -160.4), (12.4, -160.0))

FIGURES = {
    "pcd1": Published(
        "MNIST, 25 hidden units: exact test log-likelihood",
        f"{_TIELEMAN}, figure 1",
        "test log-likelihood (nats)",
        {
            "PCD": _powers((8.2, -143.4), (10.75, -134.2), (13.1, -129.2)),
            "CD-10": _powers(*_CD_10, _CD_10_END),
            "CD-1": _CD_1,
            "MF CD": _MF_CD,
        },
    ),
    "pcd2": Published(
        "MNIST, 500 hidden units: approximate test log-likelihood",
        f"{_TIELEMAN}, figure 2",
        "test log-likelihood (nats)",
        {
            "PCD": _powers((11.0, -102.4), (13.55, -87.0), (15.9, -85.4)),
            "CD-10": _powers(
                (9.4, -112.2),
                (12.0, -106.2),
                (12.75, -99.8),
                (14.35, -88.7),
                (15.35, -84.2),
                (17.65, -86.2),
            ),
            "CD-1": _powers((10.8, -117.4), (13.4, -113.3), (15.7, -103.8)),
            "MF CD": _powers((10.7, -118.7), (13.3, -118.3), (15.6, -120.4)),
        },
    ),
    "fpcd1": Published(
        "MNIST, 25 hidden units: exact test log-likelihood",
        f"{_FAST}, the figure with 25 hidden units",
        "test log-likelihood (nats)",
        {
            "FPCD": (
                (40, -157.5),
                (75, -153.0),
                (150, -141.8),
                (5 * MINUTE, -137.2),
                (10 * MINUTE, -134.1),
                (20 * MINUTE, -131.4),
                (40 * MINUTE, -130.7),
                (80 * MINUTE, -132.0),
                (2.5 * HOUR, -132.5),
            ),
            "PCD": (
                (150, -162.0),
                (5 * MINUTE, -145.6),
                (10 * MINUTE, -140.4),
                (20 * MINUTE, -137.0),
                (40 * MINUTE, -134.1),
                (75 * MINUTE, -131.3),
                (2.2 * HOUR, -129.0),
            ),
            "CD-10": (*_powers(*_CD_10), (13 * HOUR, -139.3)),
            "CD-1": _CD_1,
            "MF CD": _MF_CD,
        },
    ),
    "fpcd2": Published(
        "MNIST, image and label, 500 hidden units: test digits classified",
        f"{_FAST}, the figure on classification",
        "share of test digits right",
        {
            "FPCD": (
                (4.8 * MINUTE, 0.925),
                (10 * MINUTE, 0.944),
                (20 * MINUTE, 0.955),
                (41 * MINUTE, 0.968),
                (82 * MINUTE, 0.974),
                (2.7 * HOUR, 0.977),
                (5.4 * HOUR, 0.982),
            ),
            "PCD": (
                (20 * MINUTE, 0.913),
                (41 * MINUTE, 0.937),
                (82 * MINUTE, 0.951),
                (3.5 * HOUR, 0.970),
                (12 * HOUR, 0.977),
                (17 * HOUR, 0.980),
            ),
            "CD-10": (
                (11.5 * MINUTE, 0.939),
                (70 * MINUTE, 0.964),
                (2 * HOUR, 0.969),
                (6 * HOUR, 0.976),
                (12 * HOUR, 0.977),
                (60 * HOUR, 0.975),
            ),
            "CD-1": ((31 * MINUTE, 0.954), (3 * HOUR, 0.956), (15 * HOUR, 0.956)),
            "MF CD": ((29 * MINUTE, 0.932), (2.9 * HOUR, 0.932), (14.5 * HOUR, 0.932)),
        },
    ),
    "gmmn": Published(
        "MNIST: log-likelihood by Parzen windows",
        "Li, Swersky & Zemel 2015, Generative moment matching networks, table 1, after 40,000 "
        "updates; the value of GMMN is from memory, and no source at hand confirms it",
        "Parzen log-likelihood of test images (nats)",
        values={"GMMN+AE": (282.0, 2.0), "GMMN": (147.0, 2.0)},
    ),
    "dem": Published(
        "MNIST: walks through the latent space, as pictures",
        "Kim & Bengio 2016, Deep directed generative models with energy-based probability "
        "estimation; pictures and no number, so that ours stands alone. The measure is that of "
        "gmmn, by which Li et al. 2015 give a GAN 225 ± 2",
        "Parzen log-likelihood of test images (nats)",
    ),
    "dae": Published(
        "MNIST, binary: log-likelihood by Parzen windows",
        "Bengio, Yao, Alain & Vincent 2013, Generalized denoising auto-encoders as generative "
        "models; the values are those that the README of the authors' code names, roughly",
        "Parzen log-likelihood of test images (nats)",
        values={"five steps (authors)": (150.0, None), "simple": (50.0, None)},
    ),
    "unit-digits": Published(
        "MNIST to USPS: unsupervised domain adaptation",
        "Liu, Breuel & Kautz 2017, Unsupervised image-to-image translation networks, table on "
        "digits, where CoGAN has .9565; the values are from memory, and the README of the authors' "
        "code of CoGAN confirms its .95. Their test images are 1,860 others of USPS",
        "share of test digits of USPS right",
        values={"UNIT": (0.9597, None)},
    ),
    "cyclegan": Published(
        "Drawn scenes, plain to striped: correlation of stripes with the true ones",
        "Zhu, Park, Isola & Efros 2017, Unpaired image-to-image translation using cycle-consistent "
        "adversarial networks, which judges photographs and maps, by people and by other nets; "
        "it has no number for these scenes, which are ours, so that ours stands alone",
        "correlation of G(x)'s stripes with the true ones",
    ),
}

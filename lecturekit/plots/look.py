"""How every picture looks: one table of colours, shapes and sizes for the page and for stills.

The page takes it as it stands here (see `encode`), matplotlib through `STYLE`.
"""

from __future__ import annotations

from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from cycler import cycler

from lecturekit.door import door

Shape = Literal["o", "s", "^", "D", "v", "+"]

# Okabe & Ito, "Color Universal Design" (2008), without their yellow: a thin yellow line vanishes
# on a projector. For dark pages the same hues, lighter. To a colour-blind eye some of them are
# the same grey, so that every curve also has a shape of its own.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
PALETTE_ON_DARK = ("#5AB4EC", "#FF8F4A", "#3CCFA0", "#EDA6CB", "#F3BE4C", "#A9DCFA")
SHAPES: tuple[Shape, ...] = ("o", "s", "^", "D", "v", "+")
DASHES = ((2, 3), (7, 3), (7, 3, 2, 3))  # of reference levels: curves are told apart by shapes

FACE, INK, FAINT = "#fcfcfa", "#1a1a1a", "#d9d9d4"
SOFT = "#8a8a86"  # what stands behind: data under samples, what is still to come
INK_ON_DARK, FAINT_ON_DARK = "#ececea", "#5c5c58"
MOUNT = "#c6d0dc"  # behind images: neither black nor white, so that each shows where it ends

SEQUENTIAL, DIVERGING = "viridis", "RdBu_r"
LEVELS = 255  # colours of a field; the next number, 255, stands for what is not finite
LINE, BAND = 2.0, 0.2  # width in pixels, opacity
GAP = 3  # pixels between images


def colour(role: int | str | None) -> str:
    """The colour of a role in a still: a place in the palette, or a word such as "faint"."""
    if isinstance(role, int):
        return PALETTE[role % len(PALETTE)]
    fixed = {"faint": FAINT, "soft": SOFT, "face": FACE, "white": "#ffffff", "black": "#000000"}
    return fixed.get(role or "ink", INK)


def shape(role: int) -> Shape:
    """The marker of a place in the palette; where the colours begin again, it is another one.

    The second round is ordered so that none meets a colour that some eyes take for its first.
    """
    again, place = divmod(role, len(PALETTE))
    return SHAPES[(1 - place if again % 2 else place) % len(SHAPES)]


def ramp(signed: bool) -> np.ndarray:
    """The colours of a field from its lowest to its highest level, (255, 3) in 0…255."""
    colours = mpl.colormaps[DIVERGING if signed else SEQUENTIAL](np.linspace(0.0, 1.0, LEVELS))
    return (255 * colours[:, :3]).round().astype(np.uint8)


def table() -> dict[str, Any]:
    """What the page needs to know of all this, as plain data."""
    return {
        "light": {"palette": PALETTE, "soft": SOFT, "faint": FAINT, "face": FACE, "ink": INK},
        "dark": {
            "palette": PALETTE_ON_DARK,
            "soft": SOFT,
            "faint": FAINT_ON_DARK,
            "ink": INK_ON_DARK,
        },
        "shapes": SHAPES,
        "dashes": DASHES,
        "mount": MOUNT,
        "sequential": ramp(False).tobytes().hex(),
        "diverging": ramp(True).tobytes().hex(),
        "line": LINE,
        "band": BAND,
        "gap": GAP,
    }


STYLE: Any = {
    "figure.facecolor": FACE,
    "figure.dpi": 100,
    "figure.constrained_layout.w_pad": 0.08,
    "figure.constrained_layout.h_pad": 0.08,
    "savefig.facecolor": FACE,
    "axes.facecolor": FACE,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.prop_cycle": cycler(color=PALETTE) + cycler(marker=SHAPES),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelsize": 12,
    "axes.linewidth": 0.9,
    "axes.formatter.useoffset": False,
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "lines.linewidth": LINE,
    "lines.markersize": 6.0,
    "legend.fontsize": 11,
    "legend.frameon": False,
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "image.cmap": SEQUENTIAL,
    "image.interpolation": "nearest",
}


@door
def use_style() -> None:
    """Make the project's look matplotlib's default, for figures that a notebook draws itself."""
    mpl.rcParams.update(STYLE)

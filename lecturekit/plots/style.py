"""How every figure looks: readable on a projector, safe for the colour-blind, on a face of its own.

Figures carry an explicit near-white face, so that text and lines are as readable in JupyterLab's
dark theme as in the light one.
"""

from __future__ import annotations

import matplotlib as mpl
from cycler import cycler

# Okabe & Ito, "Color Universal Design" (2008). Their yellow is left out: a thin yellow line
# vanishes on a projector.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
FACE = "#fcfcfa"
INK = "#1a1a1a"
FAINT = "#d8d8d4"

STYLE: dict[str, object] = {
    "figure.facecolor": FACE,
    "figure.dpi": 100,
    "savefig.facecolor": FACE,
    "axes.facecolor": FACE,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.prop_cycle": cycler(color=PALETTE),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 12,
    "axes.linewidth": 0.9,
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "lines.linewidth": 2.0,
    "lines.markersize": 5.0,
    "legend.fontsize": 11,
    "legend.frameon": False,
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "image.cmap": "viridis",
}


def use_style() -> None:
    """Make the project's look matplotlib's default, for figures that a notebook draws itself."""
    mpl.rcParams.update(STYLE)

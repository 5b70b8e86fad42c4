"""How every figure looks: readable on a projector, safe for the colour-blind, on a face of its own.

Figures carry an explicit near-white face, so that text and lines are as readable in JupyterLab's
dark theme as in the light one.
"""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
from cycler import cycler

# Okabe & Ito, "Color Universal Design" (2008), without their yellow: a thin yellow line vanishes
# on a projector. Eighth to fourteenth lines are dashed.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
FACE = "#fcfcfa"
INK = "#1a1a1a"
FAINT = "#dededa"
SEQUENTIAL = "viridis"
DIVERGING = "RdBu_r"

STYLE: Any = {
    "figure.facecolor": FACE,
    "figure.dpi": 100,
    "figure.constrained_layout.w_pad": 0.08,
    "figure.constrained_layout.h_pad": 0.08,
    "savefig.facecolor": FACE,
    "axes.facecolor": FACE,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.prop_cycle": cycler(linestyle=["-", "--"]) * cycler(color=PALETTE),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 12,
    "axes.linewidth": 0.9,
    "axes.formatter.useoffset": False,
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "lines.linewidth": 2.0,
    "lines.markersize": 5.0,
    "legend.fontsize": 11,
    "legend.frameon": False,
    "legend.markerscale": 2.0,
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "image.cmap": SEQUENTIAL,
    "image.interpolation": "nearest",
}


def use_style() -> None:
    """Make the project's look matplotlib's default, for figures that a notebook draws itself."""
    mpl.rcParams.update(STYLE)

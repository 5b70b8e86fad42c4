"""Particles on an energy landscape along one coordinate, as on the slides about PCD and FPCD."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from lecturekit.plots.canvas import to_array
from lecturekit.plots.draw import legend_above
from lecturekit.plots.style import FAINT, INK, PALETTE

HEIGHT = 12.0  # nats shown above the lowest point; what lies higher has probability e⁻¹²
SPREAD = 0.18  # of a level to either side, so that particles on one level can be counted


def landscape(
    axes: Axes,
    profiles: Mapping[str, Any],
    *,
    particles: Any,
    data: Any,
    xlabel: str,
    height: float = HEIGHT,
) -> None:
    """Free-energy profiles over the levels of a coordinate, particles sitting on the first one.

    Args:
        axes: empty axes.
        profiles: name → energies G(s) in nats at the levels s = 0, 1, …; the lowest point of the
            first is put at 0, the others are drawn against the same zero.
        particles: (n,) whole numbers, the particles' levels.
        data: (n_levels,), the share of the data at each level, drawn as bars from below.
        xlabel: what the coordinate is.
        height: nats shown above the lowest point.
    """
    energies = {name: to_array(profile) for name, profile in profiles.items()}
    ground = min(energy[np.isfinite(energy)].min() for energy in list(energies.values())[:1])
    shares = to_array(data)
    levels = np.arange(len(shares))
    axes.bar(levels, shares * 0.4 * height / shares.max(), color=FAINT, label="data", width=0.9)
    for (name, energy), colour, line in zip(energies.items(), PALETTE, ("-", "--"), strict=False):
        axes.plot(levels, energy - ground, line, color=colour, label=name)
    at = to_array(particles).astype(int)
    sitting = (next(iter(energies.values())) - ground)[at]
    axes.scatter(
        at + SPREAD * _fan(at),
        np.minimum(sitting + 0.25, 0.98 * height),
        s=16,
        color=INK,
        alpha=0.75,
        linewidth=0,
        label="particles",
        zorder=3,
    )
    axes.set(xlabel=xlabel, ylabel="free energy (nats)", ylim=(-0.03 * height, height))
    axes.set_xlim(-0.6, len(levels) - 0.4)
    legend_above(axes)


def _fan(levels: np.ndarray) -> np.ndarray:
    """Offsets from −1 to 1 that spread the particles of each level evenly."""
    offsets = np.zeros(len(levels))
    for level in np.unique(levels):
        here = np.flatnonzero(levels == level)
        offsets[here] = np.linspace(-1.0, 1.0, len(here)) if len(here) > 1 else 0.0
    return offsets

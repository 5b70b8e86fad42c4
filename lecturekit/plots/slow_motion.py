"""One update of an RBM, drawn phase by phase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from lecturekit.plots.canvas import to_array
from lecturekit.plots.style import FAINT, INK, PALETTE


def stations(axes: Axes, names: Sequence[str], current: int) -> None:
    """The stations of an algorithm from top to bottom, with a mark at the present one.

    Args:
        axes: empty axes.
        names: what happens, in order.
        current: the place of the present one, from 0; −1 before the first.
    """
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.4, -0.6))
    for place, name in enumerate(names):
        now = place == current
        colour = PALETTE[1] if now else INK if place < current else "#8c8c8c"
        axes.text(0.09, place, name, va="center", color=colour, weight="bold" if now else "normal")
        axes.plot(0.04, place, "o", color=colour if place <= current else FAINT, markersize=9)


def energy_change(axes: Axes, energies: Mapping[str, Any]) -> None:
    """Mean free energies before and after an update, as arrows from the one to the other.

    Args:
        axes: empty axes.
        energies: name → (2, n), before and after, in nats; None where it is not known yet.
    """
    axes.set(xlabel="free energy (nats)", ylim=(len(energies) - 0.5, -0.5))
    axes.set_yticks(range(len(energies)), list(energies))
    axes.grid(False, axis="y")
    for place, (pair, colour) in enumerate(zip(energies.values(), PALETTE, strict=False)):
        if pair is None:
            continue
        before, after = to_array(pair).mean(1)
        axes.plot(before, place, "o", color=colour, markerfacecolor="none", markersize=9)
        arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 2.5, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", xy=(after, place), xytext=(before, place), arrowprops=arrow)
        axes.plot(after, place, alpha=0)  # annotations do not widen the axes
        axes.text(after, place - 0.2, f"{after - before:+.2f}", color=colour, ha="center")
    axes.margins(x=0.25)

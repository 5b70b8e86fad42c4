"""Figures for notebooks and pictures for live views, drawn in one way."""

from lecturekit.plots.style import PALETTE, use_style

__all__ = ["PALETTE", "use_style"]

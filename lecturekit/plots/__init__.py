"""Figures for notebooks and pictures for live views, drawn in one way.

`figures` has the calls for notebook cells, `draw` what they and the live views put on axes,
`canvas` and `mosaic` turn that into PNG, `picture` shows PNG with title and text alternative,
`style` is the look of all. `landscape` and `slow_motion` draw special things.
"""

from lecturekit.plots.figures import (
    bars,
    curves,
    describe_clouds,
    describe_curves,
    describe_images,
    figure,
    grid,
    heatmap,
    image_grid,
    scatter,
)
from lecturekit.plots.landscape import landscape
from lecturekit.plots.picture import Panels, Picture, panels
from lecturekit.plots.slow_motion import energy_change, stations
from lecturekit.plots.style import PALETTE, use_style

__all__ = [
    "PALETTE",
    "Panels",
    "Picture",
    "bars",
    "curves",
    "describe_clouds",
    "describe_curves",
    "describe_images",
    "energy_change",
    "figure",
    "grid",
    "heatmap",
    "image_grid",
    "landscape",
    "panels",
    "scatter",
    "stations",
    "use_style",
]

"""Pictures as data, drawn in the page while a model trains, and as stills for the notebook's file.

`figures` has the calls for cells and views, `plane` the parts of pictures in the plane, `numbers`
asks what is drawn anew, and a module for each section has its own pictures.
`marks` are what pictures are made of, `scales` their axes, `words` their formulas, `look` the
colours of all, `describe` the text alternatives. `encode` hands a picture to the page, where
`draw.js` draws it; `still` draws it by matplotlib, `picture` shows that in a notebook.
"""

from lecturekit.plots.figures import (
    bars,
    curves,
    density,
    heatmap,
    histogram,
    image_grid,
    scatter,
)
from lecturekit.plots.look import PALETTE, use_style
from lecturekit.plots.marks import Images, Plot
from lecturekit.plots.picture import Panels, Picture, panels
from lecturekit.plots.plane import grid

__all__ = [
    "PALETTE",
    "Images",
    "Panels",
    "Picture",
    "Plot",
    "bars",
    "curves",
    "density",
    "grid",
    "heatmap",
    "histogram",
    "image_grid",
    "panels",
    "scatter",
    "use_style",
]

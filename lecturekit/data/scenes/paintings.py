"""Paintings of photographs, by filters of our own: each is a function of the picture and no more.

So the truth is known: what a photograph looks like in a style is its image under the filter.
Strokes and dots are PERIOD pixels apart, on a grid that is the same in every picture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, get_args

import torch
import torch.nn.functional as nnf
from torch import Tensor

from lecturekit.data.scenes.shapes import EPS, coverage
from lecturekit.door import In, door

Style = Literal["woodcut", "haze", "hatching", "dots"]
STYLES: tuple[Style, ...] = get_args(Style)

PERIOD = 4  # pixels from stroke to stroke, and from dot to dot


def _colour(red: float, green: float, blue: float) -> Tensor:
    return torch.tensor([red, green, blue])[:, None, None]


PAPER, INK, BLUE_INK = (
    _colour(0.97, 0.93, 0.82),
    _colour(0.10, 0.09, 0.16),
    _colour(0.1, 0.14, 0.38),
)
CREAM, ORANGE, RUST = _colour(0.96, 0.87, 0.66), _colour(0.9, 0.52, 0.24), _colour(0.55, 0.16, 0.14)
PALE = _colour(0.86, 0.84, 0.93)


@door
def painted(photographs: Annotated[Tensor, "n 3 height width", In(0, 1)], style: Style) -> Tensor:
    """Photographs as a painter of one of four styles would paint them.

    "woodcut": printed in three tones, by lightness within the picture, with a dark line along every
    edge.
    "haze": blurred, and faded to a pale colour.
    "hatching": diagonal strokes of blue ink, wider where it is darker, crossed where it is dark.
    "dots": discs of pure colour on paper, larger where it is darker.

    Args:
        photographs: (n, 3, height, width).
        style: as above.

    Returns:
        (n, 3, height, width) in [0, 1].
    """
    return _FILTERS[style](photographs)


def _woodcut(x: Tensor) -> Tensor:
    light = _lightness(x)
    spread, mean = torch.std_mean(light, dim=(1, 2, 3), keepdim=True)
    relative = (light - mean) / (spread + EPS)  # so that every picture has all three tones
    tones = torch.lerp(_on(x, RUST), _on(x, ORANGE), (4 * (relative + 0.5) + 0.5).clamp(0, 1))
    tones = torch.lerp(tones, _on(x, CREAM), (4 * (relative - 0.7) + 0.5).clamp(0, 1))
    fall = nnf.max_pool2d(light, 3, stride=1, padding=1) - light  # from the lightest neighbour
    return torch.lerp(tones, _on(x, INK), (9 * (fall - 0.13) + 0.5).clamp(0, 1))


def _haze(x: Tensor) -> Tensor:
    return torch.lerp(_blurred(x, 1.2), _on(x, PALE), 0.6)


def _hatching(x: Tensor) -> Tensor:
    dark = 1 - _lightness(x)
    across, down = _pixels(x)
    strokes = _strokes(down + across, 0.05 + 0.7 * dark)
    crossed = _strokes(down - across, (1.5 * (dark - 0.5)).clamp(min=0))
    return torch.lerp(_on(x, PAPER), _on(x, BLUE_INK), torch.maximum(strokes, crossed))


def _dots(x: Tensor) -> Tensor:
    height, width = x.shape[-2:]
    means = nnf.avg_pool2d(x, PERIOD, ceil_mode=True)
    squares = nnf.interpolate(means, scale_factor=PERIOD, mode="nearest")[..., :height, :width]
    light = _lightness(squares)
    pure = (light + 1.7 * (squares - light) - 0.05).clamp(0, 1)
    middle = (PERIOD - 1) / 2
    off = torch.hypot(*(torch.remainder(place, PERIOD) - middle for place in _pixels(x)))
    return torch.lerp(_on(x, PAPER), pure, coverage(off - (1.9 - light), 1.0))


_FILTERS: dict[Style, Callable[[Tensor], Tensor]] = {
    "woodcut": _woodcut,
    "haze": _haze,
    "hatching": _hatching,
    "dots": _dots,
}


def _lightness(x: Tensor) -> Tensor:
    """(n, 1, height, width)."""
    return x.mean(dim=1, keepdim=True)


def _strokes(place: Tensor, share: Tensor) -> Tensor:
    """How much of each pixel lies under strokes across `place`.

    Args:
        place: coordinate across the strokes, in pixels.
        share: of the width of a stroke in PERIOD.
    """
    phase = torch.remainder(place / PERIOD, 1) - 0.5  # 0 amid a stroke
    under = coverage((phase.abs() - share / 2) * PERIOD, 1.0)
    return torch.minimum(under, share * PERIOD)  # one thinner than a pixel never covers it


def _blurred(x: Tensor, sigma: float) -> Tensor:
    """Under a Gaussian of that width in pixels, with the rim's colours beyond the rim."""
    reach = 3
    places = torch.arange(-reach, reach + 1, dtype=x.dtype, device=x.device)
    weights = torch.softmax(-places.square() / (2 * sigma**2), dim=0)
    for kernel, rim in (
        (weights[None, None, None], (reach, reach, 0, 0)),
        (weights[None, None, :, None], (0, 0, reach, reach)),
    ):
        x = nnf.conv2d(nnf.pad(x, rim, "replicate"), kernel.expand(3, -1, -1, -1), groups=3)
    return x


def _pixels(x: Tensor) -> tuple[Tensor, Tensor]:
    """The number of each pixel to the right, and downwards, each (height, width)."""
    down, across = torch.meshgrid(
        *(torch.arange(size, dtype=x.dtype, device=x.device) for size in x.shape[-2:]),
        indexing="ij",
    )
    return across, down


def _on(x: Tensor, colour: Tensor) -> Tensor:
    """A colour in the type, and on the device, of pictures."""
    return colour.to(x)

"""Landscapes: sky, sun, clouds, hills, trees and ground, each picture with its own."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturekit.data.scenes.dice import Dice
from lecturekit.data.scenes.shapes import coverage, ellipse, limb, paint, pixel_centres

# Rows: sky above, sky at the horizon, hills, ground at the horizon, ground in front, tree crowns.
PALETTES = torch.tensor(
    [
        [  # meadow
            [0.24, 0.56, 0.92], [0.80, 0.92, 0.99], [0.42, 0.64, 0.52],
            [0.60, 0.78, 0.36], [0.28, 0.56, 0.20], [0.16, 0.44, 0.18],
        ],
        [  # savanna
            [0.40, 0.65, 0.92], [0.97, 0.93, 0.80], [0.74, 0.66, 0.50],
            [0.93, 0.80, 0.46], [0.76, 0.58, 0.26], [0.36, 0.46, 0.20],
        ],
        [  # sunset
            [0.36, 0.22, 0.50], [0.99, 0.62, 0.34], [0.42, 0.24, 0.42],
            [0.60, 0.40, 0.40], [0.34, 0.22, 0.26], [0.18, 0.20, 0.20],
        ],
        [  # overcast
            [0.60, 0.68, 0.77], [0.90, 0.91, 0.90], [0.54, 0.61, 0.64],
            [0.60, 0.68, 0.46], [0.38, 0.50, 0.32], [0.22, 0.38, 0.26],
        ],
        [  # steppe
            [0.14, 0.52, 0.76], [0.84, 0.94, 0.92], [0.46, 0.64, 0.62],
            [0.84, 0.83, 0.50], [0.60, 0.62, 0.28], [0.24, 0.44, 0.22],
        ],
    ]
)  # fmt: skip
SUN = torch.tensor([1.0, 0.97, 0.72])
CLOUD = torch.tensor([1.0, 1.0, 1.0])
TRUNK = torch.tensor([0.36, 0.26, 0.18])


def landscapes(side: int, dice: Dice) -> Tensor:
    """A landscape without an animal for each of the dice: (n, 3, side, side) in [0, 1]."""
    x, y = pixel_centres(side)
    tint = dice.between(-0.03, 0.03, 3)[:, None]  # one shade for a whole picture
    palette = PALETTES[dice.choose(len(PALETTES))] + tint  # (n, 6, 3)
    above, below, hills, far, near, crowns = palette[..., None, None].unbind(dim=1)
    horizon = dice.between(0.34, 0.52)

    height = (y / horizon).clamp(0, 1)[:, None] ** 1.3
    canvas = torch.lerp(above, below, height)
    _sun(canvas, x, y, horizon, dice)
    _clouds(canvas, x, y, horizon, dice)
    _hills(canvas, x, y, horizon, torch.lerp(hills, below, 0.25), dice)
    _ground(canvas, x, y, horizon, far, near, dice)
    for _ in range(2):
        _tree(canvas, x, y, horizon, crowns, dice)
    return canvas.clamp_(0, 1)


def _sun(canvas: Tensor, x: Tensor, y: Tensor, horizon: Tensor, dice: Dice) -> None:
    centre_x, centre_y = dice.between(0.1, 0.9), horizon * dice.between(0.15, 0.6)
    there, radius = dice.chance(0.45), dice.between(0.045, 0.07)
    distance = torch.hypot(x - centre_x, y - centre_y) - radius
    glow = 0.6 * torch.exp(-distance.clamp(min=0) / 0.09)
    disc = coverage(distance, 1 / canvas.shape[-1])
    paint(canvas, _colour(SUN), there * torch.maximum(glow, disc))


def _clouds(canvas: Tensor, x: Tensor, y: Tensor, horizon: Tensor, dice: Dice) -> None:
    for _ in range(2):
        there = dice.chance(0.5)
        centre_x, centre_y = dice.between(0.0, 1.0), horizon * dice.between(0.2, 0.65)
        size = dice.between(0.06, 0.12)
        main = ellipse(x - centre_x, y - centre_y, 1.6 * size, 0.36 * size)
        tuft = ellipse(
            x - centre_x - 0.3 * size, y - centre_y + 0.28 * size, 0.8 * size, 0.42 * size
        )
        distance = torch.minimum(main, tuft)
        paint(canvas, _colour(CLOUD), 0.7 * there * coverage(distance, 2 / canvas.shape[-1]))


def _hills(
    canvas: Tensor, x: Tensor, y: Tensor, horizon: Tensor, colour: Tensor, dice: Dice
) -> None:
    height = dice.between(0.02, 0.10)
    waves = sum(
        share * torch.sin(frequency * x * dice.between(0.8, 1.2) + dice.between(0, 2 * math.pi))
        for share, frequency in ((0.6, 5.0), (0.3, 11.0), (0.1, 23.0))
    )
    ridge = horizon - height * (0.55 + 0.6 * waves)
    paint(canvas, colour, coverage(ridge - y, 1 / canvas.shape[-1]))


def _ground(
    canvas: Tensor, x: Tensor, y: Tensor, horizon: Tensor, far: Tensor, near: Tensor, dice: Dice
) -> None:
    depth = ((y - horizon) / (1 - horizon)).clamp(0, 1)  # 0 at the horizon, 1 in front
    sway = 0.03 * torch.sin(7 * x * dice.between(0.6, 1.4) + dice.between(0, 2 * math.pi))
    furrows = torch.sin(30 * torch.sqrt(depth + 0.05) + 60 * sway + dice.between(0, 6))
    shade = 1 + 0.05 * depth * furrows
    colour = torch.lerp(far, near, depth[:, None]) * shade[:, None]
    paint(canvas, colour, coverage(horizon - y, 1 / canvas.shape[-1]))


def _tree(
    canvas: Tensor, x: Tensor, y: Tensor, horizon: Tensor, crowns: Tensor, dice: Dice
) -> None:
    """Round, or flat on top as acacias are."""
    there, acacia = dice.chance(0.6), dice.chance(0.5)
    foot_x, foot_y = dice.between(0.04, 0.96), horizon + dice.between(0.0, 0.03)
    height = dice.between(0.09, 0.20)
    pixel = 1 / canvas.shape[-1]
    crown_y = foot_y - height
    trunk, _ = limb(x, y, (foot_x, foot_y), (foot_x, crown_y), 0.011, 0.008)
    paint(canvas, _colour(TRUNK), there * coverage(trunk, pixel))
    wide = torch.lerp(0.38 * height, 0.75 * height, acacia)
    tall = torch.lerp(0.42 * height, 0.20 * height, acacia)
    crown = ellipse(x - foot_x, y - crown_y, wide, tall)
    light = 1.15 - 0.5 * ((y - crown_y) / tall).clamp(-1, 1)  # from above
    paint(canvas, crowns * light[:, None], there * coverage(crown, pixel))


def _colour(rgb: Tensor) -> Tensor:
    return rgb[:, None, None]

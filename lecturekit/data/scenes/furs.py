"""Coats of the animals: what colour the fur has where.

A pattern is either banded across each part of the body, as a zebra's is, or lies on the animal as a
whole, in its own frame; either way it follows from the pose.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from lecturekit.data.scenes.dice import Dice
from lecturekit.data.scenes.shapes import bands, coverage

LIGHT = torch.tensor([0.97, 0.96, 0.93])
DARK = torch.tensor([0.10, 0.09, 0.11])
BROWNS = torch.tensor(
    [[0.46, 0.24, 0.12], [0.62, 0.34, 0.15], [0.72, 0.45, 0.22], [0.44, 0.30, 0.22]]
)


class Frame(NamedTuple):
    """Where each pixel is in the animal's own frame, and how large it is there."""

    u: Tensor
    v: Tensor
    pixel: Tensor


class Fur(Protocol):
    """A coat; `bands` is the share of dark in bands across a part of the body, (n, side, side)."""

    def hair(self, bands: Tensor) -> Tensor:
        """Colours of short hair, broadcastable to (n, 3, side, side)."""

    def mane(self, bands: Tensor) -> Tensor:
        """Colours of long hair."""


class Brown(NamedTuple):
    """One brown all over, (n, 3, 1, 1), and a darker one for the mane."""

    colour: Tensor

    def hair(self, bands: Tensor) -> Tensor:
        return self.colour

    def mane(self, bands: Tensor) -> Tensor:
        return 0.32 * self.colour


class Banded:
    """Dark and light bands across each part."""

    def hair(self, bands: Tensor) -> Tensor:
        return _mixed(LIGHT, DARK, bands)

    def mane(self, bands: Tensor) -> Tensor:
        return _mixed(LIGHT, DARK, bands)


class Patterned(NamedTuple):
    """A pattern of two colours that lies on the animal as a whole; the mane has the second one.

    Attributes:
        light, dark: the colours.
        share: of the dark one, (n, side, side).
    """

    light: Tensor
    dark: Tensor
    share: Tensor

    def hair(self, bands: Tensor) -> Tensor:
        return _mixed(self.light, self.dark, self.share)

    def mane(self, bands: Tensor) -> Tensor:
        return self.dark[:, None, None]


def _mixed(light: Tensor, dark: Tensor, share: Tensor) -> Tensor:
    return torch.lerp(light[:, None, None], dark[:, None, None], share[:, None])


def browns(dice: Dice) -> Tensor:
    """Coat colours between two of the browns: (n, 3, 1, 1)."""
    one, other = BROWNS[dice.choose(len(BROWNS))], BROWNS[dice.choose(len(BROWNS))]
    return torch.lerp(one, other, dice.between(0, 1, 1))[..., None, None]


# ------------------------------------------------------------------------------- the four coats

COATS = ("plain", "striped", "spotted", "patched")
_COLOURS = {
    "plain": ([0.62, 0.34, 0.15], [0.26, 0.14, 0.07]),
    "striped": ([0.97, 0.96, 0.93], [0.10, 0.09, 0.11]),
    "spotted": ([0.93, 0.74, 0.36], [0.30, 0.16, 0.08]),
    "patched": ([0.97, 0.95, 0.90], [0.50, 0.22, 0.10]),
}
STRIPES, SPOTS = 0.45, 0.47  # period of the stripes, distance of two spots, in trunk lengths


def four_furs(frame: Frame) -> list[Patterned]:
    """The four coats in the order of COATS, with patterns large enough for small pictures."""
    u, v, pixel = frame
    slant = u - 0.10 * (v + 0.1) * torch.sign(u)  # stripes lean outwards at chest and rump
    shares = {
        "plain": torch.zeros_like(u * v),
        "striped": bands(slant + 0.3 * slant.square(), STRIPES, pixel),  # wider towards the rump
        "spotted": _spots(frame),
        "patched": _patches(frame),
    }
    furs = []
    for name in COATS:
        light, dark = map(torch.tensor, _COLOURS[name])
        furs.append(Patterned(light, dark, shares[name]))
    return furs


def _spots(frame: Frame) -> Tensor:
    """Discs on a lattice of triangles."""
    u, v, pixel = frame
    height = SPOTS * 3**0.5 / 2  # between two rows
    row = torch.floor(v / height + 0.5)
    across = u / SPOTS + 0.5 * torch.remainder(row, 2)  # every other row is shifted
    du, dv = (torch.remainder(across + 0.5, 1) - 0.5) * SPOTS, v - row * height
    return coverage(torch.hypot(du, dv) - 0.29 * SPOTS, pixel)


def _patches(frame: Frame) -> Tensor:
    """Where a sum of two bent waves is high: three or four large patches."""
    u, v, pixel = frame
    wave = torch.sin(7.3 * u + 1.0 + 1.6 * torch.sin(5.1 * v))
    wave = wave + torch.sin(8.1 * v - 0.6 + 1.9 * torch.sin(4.3 * u + 0.7))
    return coverage(0.1 * (0.15 - wave), pixel)

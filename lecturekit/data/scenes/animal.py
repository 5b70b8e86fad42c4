"""The animal: random pose, gait, size and place, drawn once in each of several coats.

It is drawn in a frame of its own: its trunk reaches from −½ to ½, the head is on the right, v
points down and the feet stand at v = GROUND. Patterns are anchored in that frame, so where they
have to be follows from the pose, and a translation can be held against the truth stripe by stripe.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lecturekit.data.scenes.dice import Dice
from lecturekit.data.scenes.furs import Frame, Fur
from lecturekit.data.scenes.shapes import (
    Point,
    bands,
    coverage,
    ellipse,
    limb,
    paint,
    pixel_centres,
    smooth_union,
)

GROUND = 0.70
HOOF = torch.tensor([0.16, 0.13, 0.12])

TRUNK_PERIOD, NECK_PERIOD, LEG_PERIOD, HEAD_PERIOD = 0.21, 0.18, 0.20, 0.21


class Pose(NamedTuple):
    """Everything random about the animals, each (n, 1, 1).

    Attributes:
        length: of the trunk, in picture widths.
        x, feet: where the middle of the trunk and the feet are, in picture widths.
        facing: 1 to the right, −1 to the left.
        neck, head: angles above and below the horizontal, in radians.
        gait, stride: phase and amplitude of the legs' swing, in radians.
        tail: how far its tip swings forwards, in trunk lengths.
    """

    length: Tensor
    x: Tensor
    feet: Tensor
    facing: Tensor
    neck: Tensor
    head: Tensor
    gait: Tensor
    stride: Tensor
    tail: Tensor


def random_pose(dice: Dice, size: float = 1.0) -> Pose:
    """A pose for each picture, mostly within the frame; a `size` above 1 for larger animals."""
    length = size * dice.between(0.38, 0.50)
    facing = 2 * dice.chance(0.5) - 1
    return Pose(
        length=length,
        x=0.5 - 0.17 * length * facing + dice.between(-0.09, 0.09),
        feet=dice.between(0.80, 0.93),
        facing=facing,
        neck=dice.between(math.radians(28), math.radians(62)),
        head=dice.between(math.radians(18), math.radians(42)),
        gait=dice.between(0, 2 * math.pi),
        stride=dice.between(0.08, 0.5),
        tail=dice.between(-0.12, 0.14),
    )


def add_animals(
    landscapes: Tensor, dice: Dice, furs: Callable[[Frame], Sequence[Fur]], *, size: float = 1.0
) -> tuple[list[Tensor], Tensor]:
    """Put an animal into each landscape, once in each coat.

    Args:
        landscapes: (n, 3, side, side), left as they are.
        dice: for n pictures.
        furs: the coats, given the animals' frame.
        size: of the animals, 1 or a little more.

    Returns:
        as many (n, 3, side, side) as there are coats, and the share of each pixel that the animal
        covers, (n, side, side).
    """
    side = landscapes.shape[-1]
    pose = random_pose(dice, size)
    frame = _frame(pose, side)
    ground = landscapes.clone()
    _shadow(ground, frame)
    painter = _Painter(ground, furs(frame), frame)
    for far in (True, False):
        for front in (False, True):
            _leg(painter, pose, front=front, far=far)
    _tail(painter, pose)
    _body(painter, pose)
    return painter.canvases, painter.mask


def _frame(pose: Pose, side: int) -> Frame:
    x, y = pixel_centres(side)
    u = (x - pose.x) / pose.length * pose.facing
    v = (y - pose.feet) / pose.length + GROUND
    return Frame(u, v, 1 / (side * pose.length))


def _shadow(canvas: Tensor, frame: Frame) -> None:
    distance = ellipse(frame.u, frame.v - GROUND - 0.01, 0.62, 0.07)
    paint(canvas, torch.zeros(3, 1, 1), 0.34 * coverage(distance, frame.pixel + 0.06))


class _Painter:
    """Paints parts of the animal in every coat, and notes where the animal is."""

    def __init__(self, ground: Tensor, furs: Sequence[Fur], frame: Frame):
        self.furs, self.frame = furs, frame
        self.canvases = [ground.clone() for _ in furs]
        self.mask = torch.zeros_like(ground[:, 0])

    def coat(self, distance: Tensor, bands: Tensor, *, shade: Tensor | float = 1.0) -> None:
        """A part with fur.

        Args:
            distance: to the part, (n, side, side).
            bands: share of dark in bands across this very part, of that shape.
            shade: brightness, a number or of that shape.
        """
        light = shade[:, None] if isinstance(shade, Tensor) else shade
        self._paint(distance, [fur.hair(bands) * light for fur in self.furs])

    def mane(self, distance: Tensor, bands: Tensor) -> None:
        """Longer hair."""
        self._paint(distance, [fur.mane(bands) for fur in self.furs])

    def same(self, distance: Tensor, colour: Tensor) -> None:
        """A part that is alike in all coats."""
        self._paint(distance, [colour[:, None, None]] * len(self.furs))

    def _paint(self, distance: Tensor, colours: Sequence[Tensor]) -> None:
        share = coverage(distance, self.frame.pixel)
        for canvas, colour in zip(self.canvases, colours, strict=True):
            paint(canvas, colour, share)
        self.mask.copy_(torch.maximum(self.mask, share))


def _leg(painter: _Painter, pose: Pose, *, front: bool, far: bool) -> None:
    u, v, pixel = painter.frame
    phase = pose.gait + math.pi * (front != far) + (0.5 * math.pi if front else 0.0)
    swing, lift = pose.stride * torch.sin(phase), pose.stride * torch.cos(phase).clamp(min=0)
    hip, top = (0.33 if front else -0.36) + (0.05 if far else 0.0), 0.08
    bend = (0.5 if front else -0.7) * lift - (0.0 if front else 0.10)
    knee = (hip + 0.30 * torch.sin(swing - bend * 0.3), top + 0.29 * torch.cos(swing))
    ankle_v = GROUND - 0.05 - 0.16 * lift
    ankle = (knee[0] + 0.28 * torch.sin(swing + bend - 0.9 * lift), ankle_v)
    thigh, along_thigh = limb(u, v, (hip, top), knee, 0.125, 0.062)
    shin, along_shin = limb(u, v, knee, ankle, 0.062, 0.046)
    place = torch.where(thigh < shin, 0.3 * along_thigh, 0.3 + 0.3 * along_shin)
    shade = 0.72 if far else 0.95
    painter.coat(torch.minimum(thigh, shin), bands(place, LEG_PERIOD, pixel), shade=shade)
    hoof, _ = limb(u, v, ankle, (ankle[0] + 0.025, ankle_v + 0.035), 0.045, 0.05)
    painter.same(hoof, HOOF)


def _tail(painter: _Painter, pose: Pose) -> None:
    u, v, _ = painter.frame
    middle, tip = (-0.60 - 0.3 * pose.tail, 0.10), (-0.62 - pose.tail, 0.34)
    upper, along = limb(u, v, (-0.50, -0.10), middle, 0.035, 0.028)
    painter.coat(upper, bands(0.22 * along, 0.11, painter.frame.pixel))
    tuft, _ = limb(u, v, middle, tip, 0.032, 0.055)
    painter.same(tuft, 1.3 * HOOF)


def _body(painter: _Painter, pose: Pose) -> None:
    u, v, pixel = painter.frame
    withers, poll, muzzle = _spine(pose)
    mane_root = (withers[0] - 0.10, withers[1] - 0.13)
    mane_top = (poll[0] - 0.055, poll[1] - 0.085)
    mane, along_mane = limb(u, v, mane_root, mane_top, 0.055, 0.055)
    painter.mane(mane, bands(0.55 * along_mane, NECK_PERIOD, pixel))

    trunk = smooth_union(
        smooth_union(
            ellipse(u + 0.30, v + 0.005, 0.225, 0.205), ellipse(u, v - 0.02, 0.42, 0.175), 0.1
        ),
        ellipse(u - 0.29, v, 0.235, 0.215),
        0.1,
    )
    neck, along_neck = limb(u, v, withers, poll, 0.165, 0.085)
    on_neck = (neck < trunk).float() * (along_neck > 0.02)
    slant = u - 0.10 * (v + 0.1) * torch.sign(u)  # bands lean outwards at chest and rump
    dark = torch.lerp(
        bands(slant, TRUNK_PERIOD, pixel),
        bands(0.50 * along_neck - 0.06, NECK_PERIOD, pixel),
        on_neck,
    )
    light_from_above = (1.03 - 0.9 * (v + 0.05).clamp(min=0)).clamp(min=0.72)
    painter.coat(smooth_union(trunk, neck, 0.08), dark, shade=light_from_above)
    _head(painter, poll, muzzle)


def _head(painter: _Painter, poll: Point, muzzle: Point) -> None:
    u, v, pixel = painter.frame
    ear, along_ear = limb(
        u, v, (poll[0] - 0.02, poll[1] - 0.05), (poll[0] - 0.045, poll[1] - 0.19), 0.045, 0.018
    )
    painter.coat(ear, 0.8 * (along_ear > 0.55).float(), shade=0.9)
    head, along = limb(u, v, poll, muzzle, 0.095, 0.062)
    dark = torch.maximum(bands(0.3 * along - 0.015, HEAD_PERIOD, pixel), (along > 0.86).float())
    painter.coat(head, dark)
    nose = ellipse(u - muzzle[0] - 0.015, v - muzzle[1] - 0.005, 0.05, 0.052)
    painter.same(nose, 1.5 * HOOF)
    eye_u = poll[0] + 0.3 * (muzzle[0] - poll[0]) + 0.02
    eye_v = poll[1] + 0.3 * (muzzle[1] - poll[1]) - 0.025
    painter.same(ellipse(u - eye_u, v - eye_v, 0.022, 0.022), 0.4 * HOOF)


def _spine(pose: Pose) -> tuple[Point, Point, Point]:
    """Withers, poll (the top of the head) and muzzle."""
    withers = 0.34, -0.06
    poll = withers[0] + 0.46 * torch.cos(pose.neck), withers[1] - 0.46 * torch.sin(pose.neck)
    muzzle = poll[0] + 0.29 * torch.cos(pose.head), poll[1] + 0.29 * torch.sin(pose.head)
    return withers, poll, muzzle

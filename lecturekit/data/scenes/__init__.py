"""Plain ↔ striped: the lecture's own horses and zebras, drawn by our own code.

`dice` draws the random numbers, `shapes` has distances, coverage and paint, `landscape` and
`animal` put them together. The same scene exists in both coats, for evaluation only.
"""

from __future__ import annotations

import torch

from lecturekit.data.scenes.animal import Coats, add_animals
from lecturekit.data.scenes.dice import Dice
from lecturekit.data.scenes.landscape import landscapes
from lecturekit.data.unpaired import Unpaired

__all__ = ["Coats", "draw_scenes", "plain_and_striped"]

BATCH = 500  # scenes drawn together; more would only need more memory


def draw_scenes(n: int, side: int, *, generator: torch.Generator) -> Coats:
    """n random scenes, each with a plain animal and with a striped one in the same pose.

    Args:
        n: how many, ≥ 1.
        side: height and width, ≥ 8.
        generator: source of the randomness, on the CPU.

    Returns:
        plain and striped, (n, 3, side, side) in [0, 1], and the animal's mask (n, side, side).

    Raises:
        ValueError: n or side below that.
    """
    if n < 1 or side < 8:
        raise ValueError(f"expected n ≥ 1 and side ≥ 8, got n {n}, side {side}")
    batches = []
    for start in range(0, n, BATCH):
        dice = Dice(min(BATCH, n - start), generator)
        batches.append(add_animals(landscapes(side, dice), dice))
    return Coats(*map(torch.cat, zip(*batches, strict=True)))


def plain_and_striped(
    n_train: int = 1500, n_test: int = 200, *, side: int = 32, generator: torch.Generator
) -> Unpaired:
    """X: scenes with a plain animal. Y: other scenes with a striped one.

    Args:
        n_train: scenes of each domain to learn from; no scene is in both.
        n_test: scenes for the test, in both coats.
        side: height and width.
        generator: source of the randomness, on the CPU.

    Raises:
        ValueError: no scenes for one of the parts, or a side below 8.
    """
    if n_train < 1 or n_test < 1:
        raise ValueError(f"expected n_train, n_test ≥ 1, got {n_train}, {n_test}")
    x, y, test = (draw_scenes(n, side, generator=generator) for n in (n_train, n_train, n_test))
    return Unpaired(
        x_train=x.plain,
        y_train=y.striped,
        x_test=test.plain,
        y_test=test.striped,
        region=test.mask,
    )

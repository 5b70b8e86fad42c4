"""Views: valid PNG whose pixels follow the state, and stills with title and text alternative."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image

from lecturekit import live
from lecturekit.training import Step

State = dict[str, torch.Tensor]
EXTENT = (-2.0, 2.0, -2.0, 2.0)

# how each kind of view is made from a state that then changes
MAKERS: dict[str, Callable[[State], live.View]] = {
    "ImageGrid": lambda s: live.ImageGrid("Particles", lambda: s["x"].reshape(1, 4, 4)),
    "signed ImageGrid": lambda s: live.ImageGrid(
        "Weights", lambda: s["x"].reshape(2, 4, 2), signed=True, captions=["one", "two"]
    ),
    "Scatter": lambda s: live.Scatter("Cloud", {"x": lambda: s["x"].reshape(8, 2)}, extent=EXTENT),
    "Density": lambda s: live.Density(
        "Energy",
        lambda points: ((points - s["x"][:2]) ** 2).sum(1),
        extent=EXTENT,
        unit="energy",
        clouds={"particles": lambda: s["x"].reshape(8, 2)},
    ),
    "Figure": lambda s: live.Figure(
        "Histogram", lambda axes: axes.hist(s["x"].numpy()), alt="a histogram"
    ),
}


def pixels(png: bytes) -> np.ndarray:
    """Decoded, so that a broken PNG is an error."""
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    return np.asarray(image.convert("RGB"))


def random_state(seed: int) -> torch.Tensor:
    return torch.rand(16, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", MAKERS)
def test_pictures_follow_the_state_and_nothing_else(kind):
    state = {"x": random_state(0)}
    view = MAKERS[kind](state)
    first, again = pixels(view.picture()), pixels(view.picture())
    state["x"] = random_state(1)
    second = pixels(view.picture())
    state["x"] = random_state(0)
    assert np.array_equal(first, again)
    assert first.shape == second.shape
    assert not np.array_equal(first, second)
    assert np.array_equal(first, pixels(view.picture()))  # nothing of the second is left over


@pytest.mark.parametrize("kind", MAKERS)
def test_stills_are_sharp_and_described(kind):
    view = MAKERS[kind]({"x": random_state(0)})
    still = view.still()
    assert still.title == view.title
    assert still.alt == view.alt
    assert len(still.alt) > 5
    assert pixels(still.png).shape[1] >= still.width


def observed(view: live.View, losses: list[float]) -> live.View:
    for index, loss in enumerate(losses, start=1):
        view.observe(Step(index, 100, {"loss": torch.tensor(loss)}))
    return view


def test_curves_follow_the_metrics():
    curves = live.Curves("Loss", {"loss": "PCD"}, ylabel="nats")
    empty = pixels(curves.picture())
    observed(curves, [3.0, 2.0, 1.0])
    full = pixels(curves.picture())
    assert not np.array_equal(full, empty)
    assert curves.alt == "Curves of nats against update. PCD: from 3 to 1."
    curves.restart()
    assert curves.alt == "Curves of nats against update. PCD: empty."
    assert not np.array_equal(pixels(curves.picture()), full)


def test_curves_with_a_point_that_is_not_finite_show_the_others():
    finite, broken = (live.Curves("Loss", ["loss"], ylabel="nats") for _ in range(2))
    observed(finite, [3.0, 2.0])
    observed(broken, [3.0, 2.0, float("nan"), float("inf")])
    limits = []
    for view in (finite, broken):
        view.picture()
        limits.append(view._canvas._axes.get_ylim())
    assert limits[0] == limits[1]


def test_a_metric_that_never_came_is_refused_at_the_end():
    curves = live.Curves("Loss", ["los"], ylabel="nats")
    curves.observe(Step(1, 2, {"loss": torch.tensor(1.0)}))
    with pytest.raises(ValueError, match="no update had: los; there were loss"):
        curves.observe(Step(2, 2, {"loss": torch.tensor(1.0)}))


def test_axes_do_not_jump_while_labels_fit():
    curves = live.Curves("Loss", ["loss"], ylabel="nats", ylim=(-1000.0, 0.0))
    places = set()
    for index in range(1, 40):
        curves.observe(Step(index, 100, {"loss": torch.tensor(-float(index))}))
        curves.picture()
        places.add(curves._canvas._axes.get_position().bounds)
    assert len(places) <= 2


def test_no_label_is_cut_off_when_numbers_grow():
    curves = live.Curves("Loss", ["loss"], ylabel="nats")
    for index, loss in enumerate((0.1, -1234.5, -123456.7), start=1):
        curves.observe(Step(10**index, 10**6, {"loss": torch.tensor(loss)}))
        edges = pixels(curves.picture())
        face = edges[0, 0]
        for edge in (edges[0], edges[-1], edges[:, 0], edges[:, -1]):
            assert (edge == face).all()


def test_a_view_may_be_made_for_one_notebook():
    class Blank(live.View):
        def picture(self) -> bytes:
            return b""

        def still(self) -> live.views.Picture:
            raise NotImplementedError

    assert Blank("Blank").alt == "Blank"
    with pytest.raises(TypeError, match="abstract"):
        live.View("no picture")

"""Films: what a page unpacks is what was to be seen, and no more bytes than are allowed."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lecturekit import cli
from lecturekit.live.film import LIMIT, Moment, Take, packed
from lecturekit.plots import Picture
from lecturekit.plots.encode import encode
from lecturekit.plots.marks import Axis, Field, Images, Line, Paths, Plot, Points
from lecturekit.plots.scales import Steady
from tests.page import evaluate

PLAYER = (Path(cli.__file__).parent / "book" / "player.js").read_text(encoding="utf-8")
UNPACK = """await (async () => {
  const film = await unpacked(text), projector = new Projector(film), seen = [];
  const plain = (value) => (Number.isFinite(value) ? value : String(value));
  const picture = ({ what, how, data }) => {
    const { arrays } = arrived({ what, how, data: [...new Uint8Array(data.buffer)] });
    for (const named of Object.values(arrays))
      for (const name in named) named[name] = Array.from(named[name], plain);
    return { what: JSON.parse(what), how: JSON.parse(how), arrays, words: projector.state.words };
  };
  for (projector.take = 0; projector.take < film.takes.length; projector.take++) {
    seen.push([]);
    for (projector.place = 0; projector.place <= projector.last(); projector.place++)
      seen.at(-1).push(projector.drawn().map(picture));
  }
  return seen;
})()"""


def unpacked(film: bytes) -> list[list[list[dict[str, Any]]]]:
    """Take, moment, view → what the page's half draws."""
    return evaluate(UNPACK, PLAYER, text=base64.b64encode(film).decode())


def moments(pictures: Sequence[Sequence[Picture]]) -> list[Moment]:
    axes = [Steady() for _ in pictures[0]]
    return [
        Moment(
            f"moment {k}", [encode(*pair) for pair in zip(views, axes, strict=True)], ["alt"] * 9
        )
        for k, views in enumerate(pictures)
    ]


def plot(*marks: Any) -> Plot:
    return Plot("A picture", marks, Axis("x"), Axis("y"))


def numbers(values: Sequence[float | str]) -> np.ndarray:
    return np.array([float(v) for v in values])


class TestWhatIsUnpacked:
    def test_points_are_where_they_were_to_a_thousandth(self):
        random = np.random.default_rng(0)
        clouds = [random.normal(size=(40, 2)) * scale + 3 for scale in (1, 2, 900)]
        seen = unpacked(packed([Take("", moments([[plot(Points(cloud))] for cloud in clouds]))]))
        for cloud, [picture] in zip(clouds, seen[0], strict=True):
            got = numbers(picture["arrays"]["0"]["xy"]).reshape(-1, 2)
            assert np.abs(got - cloud).max() <= 1e-3 * np.ptp(cloud)

    def test_points_far_beyond_the_axes_stay_beyond_them(self):
        far = np.array([[0.5, 0.5], [1e9, -1e9], [np.nan, 0.0]])
        axes = Axis("x", (0, 1)), Axis("y", (0, 1))
        picture = Plot("A picture", [Points(far)], *axes)
        seen = unpacked(packed([Take("", moments([[picture]]))]))
        got = numbers(seen[0][0][0]["arrays"]["0"]["xy"]).reshape(-1, 2)
        np.testing.assert_allclose(got[0], far[0], atol=1e-3)
        assert got[1, 0] > 10
        assert got[1, 1] < -10
        assert np.isnan(got[2, 0])

    def test_small_numbers_on_a_logarithmic_axis_stay_apart(self):
        """Half precision alone would make zeros of them, which no such axis has."""
        x = np.arange(5.0)
        y = np.array([1.0, 1e-3, 1e-6, 3e-8, 1e-9])
        seen = unpacked(packed([Take("", moments([[plot(Line(x, y))]]))]))
        got = numbers(seen[0][0][0]["arrays"]["0"]["y"])
        np.testing.assert_allclose(got, y, rtol=1e-3)

    def test_gaps_between_lines_stay(self):
        lines = np.arange(12.0).reshape(2, 3, 2)
        seen = unpacked(packed([Take("", moments([[plot(Paths(lines))]]))]))
        got = numbers(seen[0][0][0]["arrays"]["0"]["xy"]).reshape(-1, 2)
        assert np.isnan(got).all(1).tolist() == [False, False, False, True] * 2

    def test_shades_are_exact(self):
        random = np.random.default_rng(1)
        fields = random.normal(size=(6, 20, 30))
        images = random.random((6, 4, 8, 8))
        views = [
            [plot(Field(f, (0, 1, 0, 1), "nats")), Images("Small", i)]
            for f, i in zip(fields, images, strict=True)
        ]
        taken = moments(views)
        seen = unpacked(packed([Take("", taken)]))
        for moment, (field, image) in zip(taken, seen[0], strict=True):
            assert bytes(field["arrays"]["0"]["levels"]) == moment.pictures[0].data
            assert bytes(image["arrays"]["0"]["pixels"]) == moment.pictures[1].data

    def test_a_curve_grows_and_ends_where_it_stands(self):
        x = np.arange(1.0, 2001.0)
        y = np.sin(x / 50)
        ends = (1, 2, 37, 700, 2000)
        taken = moments([[plot(Line(x[:end], y[:end]))] for end in ends])
        seen = unpacked(packed([Take("", taken)]))
        for end, [picture] in zip(ends, seen[0], strict=True):
            arrays = picture["arrays"]["0"]
            at, height = numbers(arrays["x"]), numbers(arrays["y"])
            assert at[-1] == pytest.approx(end, rel=1e-3)
            assert (np.diff(at) >= 0).all()
            np.testing.assert_allclose(height, np.sin(at / 50), atol=0.05)  # x to half a precision
            assert len(at) >= min(end, 360) * end / 2000  # no fewer places than it has a share of

    def test_a_curve_that_is_another_each_time_is_not_taken_for_one_that_grows(self):
        x = np.linspace(0, 1, 500)
        curves = [np.cos(k * x) for k in range(4)]
        seen = unpacked(packed([Take("", moments([[plot(Line(x, y))] for y in curves]))]))
        for y, [picture] in zip(curves, seen[0], strict=True):
            got = picture["arrays"]["0"]
            np.testing.assert_allclose(
                numbers(got["y"]), np.interp(numbers(got["x"]), x, y), atol=2e-3
            )

    def test_axes_titles_and_words_are_those_of_the_kernel(self):
        taken = moments([[plot(Points([[k, 1.0]]))] for k in range(3)])
        seen = unpacked(packed([Take("0.1", taken), Take("0.2", taken)]))
        assert [[view["words"] for [view] in take] for take in seen] == [
            ["moment 0", "moment 1", "moment 2"]
        ] * 2
        for moment, [view] in zip(taken, seen[1], strict=True):
            assert view["what"] == json.loads(moment.pictures[0].what)
            assert view["how"]["x"] == json.loads(moment.pictures[0].how)["x"]


class TestItsSize:
    def noise(self, n: int = 12) -> list[Moment]:
        random = np.random.default_rng(2)
        return moments([[Images("Noise", random.random((20, 28, 28)))] for _ in range(n)])

    def test_the_same_pictures_give_the_same_bytes(self):
        assert packed([Take("", self.noise())]) == packed([Take("", self.noise())])

    def test_what_stays_as_it_is_costs_next_to_nothing(self):
        one = [moment for moment in self.noise(1)]
        assert len(packed([Take("", one * 60)])) < len(packed([Take("", one)])) + 2000

    def test_a_film_is_below_a_megabyte_also_as_the_text_of_a_page(self):
        assert len(base64.b64encode(bytes(LIMIT))) < 1_000_000

    @pytest.mark.parametrize("limit", [150_000, 90_000, 20_000])
    def test_it_keeps_the_limit_with_fewer_shades_and_then_fewer_moments(self, limit):
        film = packed([Take("", self.noise(60))], limit=limit)
        assert len(film) <= limit
        seen = unpacked(film)[0]
        assert seen[0][0]["words"] == "moment 0"
        assert seen[-1][0]["words"] == "moment 59"

    def test_fewer_shades_are_near_the_true_ones(self):
        taken = self.noise()
        seen = unpacked(packed([Take("", taken)], limit=170_000))[0]
        shades = set(seen[0][0]["arrays"]["0"]["pixels"])
        assert {0, 255} <= shades
        assert len(shades) <= 32
        true = np.frombuffer(taken[0].pictures[0].data, np.uint8).astype(int)
        assert np.abs(true - np.array(seen[0][0]["arrays"]["0"]["pixels"])).max() <= 5

    def test_what_has_no_shade_gets_none_and_what_has_one_keeps_one(self):
        """The number above the last shade stands for what is not finite; no shade may become it."""
        random = np.random.default_rng(3)
        values = random.random((9, 40, 40))
        values[:, 0, 0], values[:, 0, 1] = np.nan, 1.0
        fields = [plot(Field(each, (0, 1, 0, 1), "nats", limits=(0, 1))) for each in values]
        signed = [Images("Signed", random.normal(size=(9, 8, 8)), signed=True) for _ in values]
        film = packed([Take("", moments([*zip(fields, signed, strict=True)]))], limit=13_000)
        moment = unpacked(film)[0][0]
        levels, ramp = moment[0]["arrays"]["0"]["levels"], moment[1]["arrays"]["0"]["pixels"]
        assert len(set(levels)) < 60  # they are fewer
        assert levels[0] == 255
        assert max(levels[1:]) == 254
        assert max(ramp) <= 254

    def test_what_cannot_be_made_small_enough_is_refused(self):
        with pytest.raises(ValueError, match="too large to be recorded"):
            packed([Take("", self.noise())], limit=100)

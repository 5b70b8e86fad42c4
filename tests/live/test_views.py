"""Views: pictures of the present state, and of the course of metrics."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from lecturekit import live, plots
from lecturekit.live.views import Curves, View
from lecturekit.plots.encode import encode
from lecturekit.training import Step


def test_a_picture_follows_the_state_and_nothing_else():
    state = {"x": torch.rand(8, 2)}
    view = View(plots.scatter, {"x": lambda: state["x"]}, "Samples")
    first, again = encode(view.picture()), encode(view.picture())
    kept, state["x"] = state["x"], torch.rand(8, 2)
    second = encode(view.picture())
    state["x"] = kept
    assert first == again == encode(view.picture())  # nothing of the second is left over
    assert first.data != second.data


def test_a_view_is_made_of_any_function_that_returns_a_picture():
    def mine(numbers: Tensor, title: str, *, alt: str) -> plots.Picture:
        return plots.heatmap(numbers, title, xlabel="", ylabel="", unit="", alt=alt)

    numbers = torch.zeros(2, 2)
    view = View(mine, numbers, "T", alt="none")
    assert view.picture().alt == "none"
    numbers += 1.0  # it is asked anew each time
    assert view.picture().marks[0].values.sum() == 4.0  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: View(plots.scatter, {}, "T", titel="U"), "scatter does not take these arg.*titel"),
        (lambda: View(plots.scatter, {}), "scatter does not take these arguments.*title"),
        (lambda: View(plots.scatter, {}, "T", "extra"), "scatter does not take these arguments"),
        (lambda: Curves("T", ylabel="nats", yscal="log"), "curves does not take these arg.*yscal"),
    ],
)
def test_misspelt_options_are_refused_at_once(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_view_may_be_made_for_one_notebook():
    class Blank(View):
        def __init__(self) -> None:
            super().__init__(plots.image_grid, torch.zeros(1, 2, 2), "Blank")

    assert Blank().picture().title == "Blank"
    assert {"View", "Curves"} <= set(live.__all__)


# ------------------------------------------------------------------------------------- curves


def observed(view: Curves, *rows: dict[str, float], total: int = 100) -> Curves:
    for index, row in enumerate(rows, start=1):
        view.observe(Step(index, total, {name: torch.tensor(v) for name, v in row.items()}))
    return view


def curves(view: Curves) -> dict[str, list[float]]:
    return {mark.label: mark.y.tolist() for mark in view.picture().marks if mark.label}  # type: ignore[attr-defined]


ROWS = [{"PCD/nats": 3.0, "CD/nats": 4.0, "PCD/norm": 0.0}, {"PCD/nats": 2.0, "CD/nats": 3.0}]


def test_they_follow_the_metrics():
    view = Curves("Loss", {"loss": "PCD"}, ylabel="nats")
    assert view.picture().alt == "nats against update. PCD: empty."
    observed(view, {"loss": 3.0}, {"loss": 2.0}, {"loss": 1.0})
    assert curves(view) == {"PCD": [3.0, 2.0, 1.0]}
    assert view.picture().marks[0].x.tolist() == [1.0, 2.0, 3.0]  # type: ignore[attr-defined]
    assert view.picture().alt == "nats against update. PCD: from 3 to 1."
    view.reset()
    assert view.picture().alt == "nats against update. PCD: empty."


@pytest.mark.parametrize(
    ("metrics", "names"),
    [
        ("*/nats", ["PCD", "CD"]),
        ("PCD/*", ["nats", "norm"]),
        ("*", ["PCD/nats", "CD/nats", "PCD/norm"]),
        (["CD/nats", "PCD/nats"], ["CD/nats", "PCD/nats"]),
        ({"*/nats": "log-likelihood"}, ["PCD/nats", "CD/nats"]),  # of one name: by their own
        (["PCD/*", "CD/*"], ["PCD/nats", "norm", "CD/nats"]),
        ({"PCD/nats": "mine"}, ["mine"]),
        ("CD/nats", ["CD/nats"]),
    ],
)
def test_metrics_are_named_or_match_a_pattern_and_none_is_lost(metrics, names):
    assert sorted(curves(observed(Curves("T", metrics, ylabel=""), *ROWS))) == sorted(names)


def test_names_from_code_become_words_and_formulas_stay():
    row = {"free_energy_gap": 1.0, "P_θ/nats": 2.0}
    assert set(curves(observed(Curves("T", ylabel=""), row))) == {"free energy gap", "P_θ/nats"}
    assert set(curves(observed(Curves("T", "*/nats", ylabel=""), row))) == {"P_θ"}


def test_a_metric_measured_now_and_then_has_points_where_it_was():
    view = observed(Curves("T", ylabel=""), {"a": 1.0}, {"a": 2.0, "b": 5.0}, {"a": 3.0})
    by_name = {mark.label: mark.x.tolist() for mark in view.picture().marks}  # type: ignore[attr-defined]
    assert by_name == {"a": [1.0, 2.0, 3.0], "b": [2.0]}


def test_a_metric_may_stand_against_another_one_of_the_same_run():
    rows = [
        {"a/s": 0.5, "b/s": 10.0, "a/nats": -9.0},
        {"a/s": 1.5, "b/s": 30.0},
        {"a/s": 2.0, "b/s": 40.0, "a/nats": -5.0, "b/nats": -7.0},
    ]
    view = observed(Curves("T", "*/nats", ylabel="", against="*/s"), *rows)
    drawn = {mark.label: mark.x.tolist() for mark in view.picture().marks}  # type: ignore[attr-defined]
    assert drawn == {"a": [0.5, 2.0], "b": [40.0]}
    with pytest.raises(ValueError, match=r"that no update has: \*/t"):
        Curves("T", "*/nats", ylabel="", against="*/t").expect(["a/nats", "a/s"])


def test_a_point_that_is_not_finite_is_a_gap():
    view = observed(Curves("T", ylabel=""), {"a": 1.0}, {"a": float("nan")}, {"a": 3.0})
    np.testing.assert_array_equal(view.picture().marks[0].y, [1.0, np.nan, 3.0])  # type: ignore[attr-defined]
    assert view.picture().alt.endswith("a: from 1 to 3.")


def test_options_are_those_of_plots_curves():
    view = Curves("T", ylabel="nats", xlabel="epoch", yscale="log", references={"bound": 2.0})
    picture = view.picture()
    assert (picture.y.log, picture.x.label, picture.marks[0].label) == (True, "epoch", "bound")  # type: ignore[attr-defined]


def test_a_metric_that_never_came_is_refused_at_the_end():
    view = Curves("Loss", ["los"], ylabel="nats")
    observed(view, {"loss": 1.0}, total=2)
    with pytest.raises(
        ValueError, match="'Loss' shows metrics that no update has: los; there are loss"
    ):
        view.observe(Step(2, 2, {"loss": torch.tensor(1.0)}))


@pytest.mark.parametrize(
    ("metrics", "there", "fine"),
    [
        ("*", [], False),
        ("*", ["a"], True),
        ("*/nats", ["PCD/nats"], True),
        ("*/nats", ["PCD/loss"], False),
        (["a", "b"], ["a", "b", "c"], True),
        (["a", "b"], ["a", "c"], False),
    ],
)
def test_what_can_never_be_shown_is_refused_once_all_names_are_known(metrics, there, fine):
    view = Curves("T", metrics, ylabel="")
    if fine:
        view.expect(there)
    else:
        with pytest.raises(ValueError, match="shows metrics that no update has"):
            view.expect(there)

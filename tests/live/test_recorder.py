"""Recorded notebooks: films in the cells where runs begin, and results as without them."""

from __future__ import annotations

import base64
import itertools
import json
import textwrap
import zlib
from typing import Any

import nbformat
import pytest

from lecturekit import live, plots
from lecturekit.cli import execution
from lecturekit.live.controls import controls_of
from lecturekit.live.recorder import FILM, MOMENTS, Recorder
from lecturekit.live.run import Run
from lecturekit.training import repeatable
from tests.live.probes import begin
from tests.live.test_notebook import PATH
from tests.live.toy import Line, Settings, train

CELLS = (
    """
    from lecturekit import live, plots
    from lecturekit.training import repeatable
    from toy import Line, Settings, Shape, train
    model, settings = Line(), Settings()
    steps = repeatable(train, model, settings, total=400)
    views = [live.Curves("Loss", ["loss"], ylabel="squared error"),
             live.View(plots.image_grid, lambda: model.w.reshape(1, 1, 3), "W", signed=True)]
    """,
    'run = live.play(steps, views, settings, name="toy", recorded={"learning_rate": (0.2, 0.01)})',
    "await run.finish()",
    "print(model.w.tolist(), settings.learning_rate, run.summary())",
    """
    shape = Shape()
    picture = live.View(lambda: plots.scatter({shape.name: [[shape.size, 1.0]]}, shape.name))
    seen = live.explore([picture], shape, name="shapes")
    """,
    "print(shape.size, shape.name)",
)


def film_of(cell: nbformat.NotebookNode) -> dict[str, Any]:
    [data] = [output.data for output in cell.outputs if FILM in output.get("data", {})]
    raw = zlib.decompress(base64.b64decode(data[FILM]))
    return json.loads(raw[4 : 4 + int.from_bytes(raw[:4], "little")])


@pytest.fixture(scope="module")
def executed(tmp_path_factory) -> dict[bool, nbformat.NotebookNode]:
    """The same notebook with and without its runs recorded."""
    folder = tmp_path_factory.mktemp("notebooks")
    made = nbformat.v4.new_notebook()
    parameters = nbformat.v4.new_code_cell("profile = 'auto'", metadata={"tags": ["parameters"]})
    cells = [nbformat.v4.new_code_cell(textwrap.dedent(cell).strip()) for cell in CELLS]
    made.cells = [parameters, *cells]
    nbformat.write(made, folder / "toy.ipynb")
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", PATH)
        for recorded in (False, True):
            output = folder / str(recorded)
            assert not execution.execute_all([folder / "toy.ipynb"], output, {}, recorded=recorded)
            found[recorded] = nbformat.read(output / "toy.ipynb", as_version=4)
    return found


@pytest.mark.notebook
class TestInANotebook:
    def test_results_are_the_same_bit_for_bit(self, executed):
        for cell in (-3, -1):
            plain, recorded = (executed[key].cells[cell].outputs[0].text for key in (False, True))
            assert plain == recorded
        assert "0.05 update 400 of 400 · finished" in executed[True].cells[-3].outputs[0].text

    def test_only_recorded_ones_have_films_and_no_panels(self, executed):
        kinds = {
            recorded: {
                kind
                for cell in notebook.cells
                for output in cell.outputs
                for kind in output.get("data", {})
            }
            for recorded, notebook in executed.items()
        }
        panel = "application/vnd.jupyter.widget-view+json"
        assert panel in kinds[False]
        assert FILM not in kinds[False]
        assert FILM in kinds[True]
        assert panel not in kinds[True]

    def test_a_film_stands_where_its_run_begins_with_its_still(self, executed):
        cells = executed[True].cells
        [output] = cells[3].outputs if cells[3].outputs else cells[2].outputs
        assert "<img " in output.data["text/html"]
        assert not cells[4].outputs or FILM not in str(cells[4].outputs)

    def test_it_has_a_take_for_each_position_in_their_order(self, executed):
        film = film_of(executed[True].cells[2])
        assert [take["position"] for take in film["takes"]] == ["0.01", "0.05", "0.2"]
        assert film["first"] == 1
        assert film["setting"] == "learning rate α"

    def test_moments_are_some_sixty_from_the_first_to_the_last(self, executed):
        for take in film_of(executed[True].cells[2])["takes"]:
            words = [moment["words"] for moment in take["moments"]]
            assert len(words) == MOMENTS
            assert words[0] == "before the first update"
            assert words[-1] == "update 400 of 400 · finished"
            updates = [int(each.split()[1]) for each in words[1:]]
            assert updates == sorted(set(updates))
            gaps = [b - a for a, b in itertools.pairwise(updates)]
            assert max(gaps[:10]) < min(gaps[-10:])  # most is learnt at the beginning

    def test_where_nothing_trains_the_moments_are_places_of_the_slider(self, executed):
        film = film_of(executed[True].cells[-2])
        assert [take["position"] for take in film["takes"]] == ["ring", "two moons"]
        moments = film["takes"][0]["moments"]
        assert moments[0]["words"] == "size 0.5"
        assert moments[-1]["words"] == "size 2"
        assert moments[film["takes"][0]["at"]]["words"] == "size 1"


def recorder(**positions: Any) -> Recorder:
    settings, model = Settings(), Line()
    steps = repeatable(train, model, settings, total=5)
    view = live.View(plots.image_grid, lambda: model.w.reshape(1, 1, 3), "Weights")
    return Recorder(Run(steps, [view], controls=controls_of([settings])), positions)


@pytest.mark.parametrize(
    "recorded", [{"rate": (0.1,)}, {"momentum": (0.1,), "learning_rate": (0.1,)}]
)
def test_what_is_not_one_of_the_settings_is_refused_also_where_nothing_is_recorded(recorded):
    with pytest.raises(ValueError, match=r"one setting.* learning_rate, momentum, batch_size"):
        live.play(begin(Line()), [], Settings(), recorded=recorded)


def test_a_run_that_cannot_begin_anew_has_no_positions():
    with pytest.raises(ValueError, match="begin anew"):
        live.play(begin(Line())(), [], Settings(), recorded={"momentum": (0.9,)})


def test_positions_leave_the_run_at_its_beginning_with_its_own_setting():
    recorded = recorder(momentum=(0.0, 0.9))
    assert recorded._run.update == 0
    assert recorded._run.status == "paused"
    assert recorded._run.controls[1].value == 0.5

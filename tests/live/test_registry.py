"""Several runs in one notebook: one plays at a time, and a newer one takes an older one's place."""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace

import pytest

from lecturekit.live.registry import Place, Registry, notebook_shell, present_place
from lecturekit.live.run import Run
from tests.live.probes import begin, until, watched
from tests.live.toy import Line


def added(registry: Registry, name: str = "", cell: str | None = None, execution: str = "") -> Run:
    """A run in the registry, watched."""
    run = Run(begin(Line(), total=10**6), name=name)
    watched(run)
    registry.add(run, Place(cell, execution))
    return run


def test_one_run_plays_at_a_time():
    async def lecture() -> None:
        registry = Registry()
        first, second = added(registry, "PCD"), added(registry, "FPCD")
        first.play()
        second.play()
        assert (first.status, second.status) == ("paused", "playing")
        assert "“FPCD” is playing" in first.summary()
        first.play()
        assert (first.status, second.status) == ("playing", "paused")
        third = added(registry)
        third.play()
        assert "another run is playing" in first.summary()
        third.stop()

    asyncio.run(lecture())


def test_a_run_that_plays_on_does_not_pause_itself():
    async def lecture() -> None:
        run = added(Registry(), "PCD").play()
        run.pause().play()
        assert run.status == "playing"
        run.stop()

    asyncio.run(lecture())


def test_a_cell_run_again_replaces_its_runs_but_one_execution_may_start_several():
    registry = Registry()
    first, second = (added(registry, cell="a", execution="1") for _ in range(2))
    other = added(registry, cell="b", execution="2")
    watchers = [run.listener for run in (first, second, other)]
    added(registry, cell="a", execution="3")
    assert [watcher.gone for watcher in watchers] == [True, True, False]
    assert (first.status, second.status, other.status) == ("stopped", "stopped", "paused")
    assert first.listener is None
    assert len(registry) == 2


def test_a_newer_run_of_the_same_name_replaces_the_older_one_and_ends_its_task():
    async def lecture() -> None:
        registry = Registry()
        older = added(registry, "PCD", cell="a").play()
        await until(lambda: older.update > 10)
        unrelated = added(registry, "CD-1", cell="b")
        added(registry, "PCD", cell="c").play().stop()
        await until(lambda: older._task.done())
        assert (older.status, older.listener) == ("stopped", None)
        assert unrelated.status == "paused"

    asyncio.run(lecture())


def test_a_finished_run_that_is_replaced_stays_finished():
    registry = Registry()
    run = added(registry, "PCD")
    run.stop()
    run.status = "finished"
    added(registry, "PCD")
    assert run.status == "finished"


def test_where_no_cell_is_known_nothing_is_replaced():
    registry = Registry()
    first = added(registry)
    added(registry)
    assert first.status == "paused"
    assert len(registry) == 2


def test_a_run_nobody_will_ask_for_is_removed():
    registry = Registry()
    run, other = added(registry, cell="a"), added(registry, cell="b")
    watcher = run.listener
    assert registry.place_of(run) == Place("a", "")
    registry.remove(run)
    assert (len(registry), watcher.gone, other.status) == (1, True, "paused")
    assert registry.place_of(run) == Place()


# ------------------------------------------------------------------------------ where a run began


def shell(**parent: object) -> SimpleNamespace:
    return SimpleNamespace(kernel=object(), get_parent=lambda: parent)


def test_a_cell_is_known_by_the_name_that_the_frontend_has_for_it():
    at = present_place(
        shell(
            metadata={"cellId": "a"}, header={"msg_id": "1"}, content={"code": "run = live.play()"}
        )
    )
    assert at == Place("a", "1")


def test_or_by_what_is_written_in_it():
    """Frontends that tell no cell, such as VS Code's or nbclient, have at least its text."""
    at = present_place(shell(header={"msg_id": "1"}, content={"code": "run = live.play()"}))
    assert at == Place("run = live.play()", "1")
    assert present_place(SimpleNamespace(get_parent=lambda: None)) == Place()


@pytest.mark.parametrize("cell", ["a", None])
def test_running_a_cell_again_closes_the_old_run_with_and_without_cell_names(cell):
    registry = Registry()

    def executed(request: str) -> Run:
        named = {"cellId": cell} if cell else {}
        run = Run(begin(Line()))
        at = shell(metadata=named, header={"msg_id": request}, content={"code": "live.play(…)"})
        registry.add(run, present_place(at))
        return run

    runs = [executed(str(k)) for k in range(20)]
    assert [run.status for run in runs] == ["stopped"] * 19 + ["paused"]
    assert len(registry) == 1


def test_plain_python_has_no_notebook(monkeypatch):
    assert notebook_shell() is None
    terminal = SimpleNamespace(get_ipython=lambda: SimpleNamespace())
    monkeypatch.setitem(sys.modules, "IPython", terminal)
    assert notebook_shell() is None  # IPython without a kernel
    monkeypatch.delitem(sys.modules, "IPython")
    assert notebook_shell() is None

"""What goes wrong in a trainer or a view: it is shown, raised again, and gone after a reset."""

from __future__ import annotations

import asyncio

import pytest
import torch

from lecturekit import live, plots
from lecturekit.live.run import Run
from lecturekit.training import DivergenceError, Step, Steps
from tests.live.probes import Probe, begin, until, watched
from tests.live.toy import Line, Settings, train


@pytest.mark.parametrize("where", ["observe", "picture"])
def test_an_error_in_a_view_is_shown_and_raised_again(where):
    async def lecture() -> None:
        run = Run(begin(Line(), total=10**6), [Probe(where)])
        watcher = watched(run)
        run.play()
        await until(lambda: run.status == "failed")
        assert "ZeroDivisionError" in run.explain()
        assert "Traceback" in run.explain()
        assert watcher.states[-1] == "failed"
        for _ in range(2):
            with pytest.raises(ZeroDivisionError, match=f"in {where}"):
                await run.finish()
        assert watcher.kept == []

    asyncio.run(lecture())


def test_an_error_in_the_last_pictures_is_raised_by_finish_and_told():
    run = Run(begin(Line(), total=3), [Probe("picture")])
    watcher = watched(run, ready=False)
    with pytest.raises(ZeroDivisionError, match="in picture"):
        asyncio.run(run.finish())
    assert (run.update, watcher.states[-1], watcher.kept) == (3, "failed", [])
    assert "Traceback" in run.explain()


def test_an_error_in_the_still_alone_is_raised_by_finish_and_told():
    run = Run(begin(Line(), total=3), [Probe()])
    watcher = watched(run)

    def keep(still: object) -> None:
        raise OSError("no space left")

    watcher.keep = keep
    with pytest.raises(OSError, match="no space left"):
        asyncio.run(run.finish())
    assert (run.status, type(run.error)) == ("failed", OSError)


def test_an_error_of_a_step_taken_by_hand_is_raised_there():
    run = Run(begin(Line()), [Probe("observe")])
    with pytest.raises(ZeroDivisionError):
        run.step()
    assert run.status == "failed"


def test_an_error_in_the_trainer_is_raised_by_finish_and_gone_after_reset():
    faulty = [True]

    def steps() -> Steps:
        yield Step(1, 2, {})
        if faulty[0]:
            raise KeyError("no such data")
        yield Step(2, 2, {})

    run = Run(steps)
    with pytest.raises(KeyError, match="no such data"):
        asyncio.run(run.finish())
    assert (run.status, run.update) == ("failed", 1)
    faulty[0] = False
    run.reset()
    assert (run.error, run.status) == (None, "paused")
    asyncio.run(run.finish())
    assert run.update == 2


def test_a_function_that_cannot_begin_anew_is_an_error_of_the_run():
    begun = []

    def steps() -> Steps:
        if begun:
            raise LookupError("the data are gone")
        begun.append(True)
        return iter([Step(1, 1, {})])

    run = Run(steps)
    watched(run)
    assert run.reset().status == "failed"
    with pytest.raises(LookupError, match="the data are gone"):
        asyncio.run(run.finish())


def test_a_divergence_stops_with_the_last_finite_model():
    model, settings = Line(), Settings(momentum=0.0)
    run = Run(begin(model, settings, total=2000), [Probe()])
    watcher = watched(run)
    for _ in range(25):
        run.step()
    settings.learning_rate = 1e6
    frames = len(watcher.drawn)
    with pytest.raises(DivergenceError, match=r"learning_rate=1000000\.0"):
        asyncio.run(run.finish())
    assert model.w.isfinite().all()
    assert run.status == "failed"
    assert "Traceback" not in run.explain()
    assert "training diverged between update" in run.explain()
    assert len(watcher.drawn) > frames  # the views show the model that was kept


def test_a_misspelt_metric_is_an_error_at_the_end_at_the_latest():
    view = live.Curves("Loss", ["los"], ylabel="nats")
    run = Run(begin(Line(), total=5), [view])
    with pytest.raises(ValueError, match="metrics that no update has: los; there are loss, norm"):
        asyncio.run(run.finish())
    assert run.update == 5


def test_and_at_the_first_update_where_the_run_announces_its_metrics():
    def announcing() -> Steps:
        return train(Line(), Settings(), total=5)

    announcing.metrics = ["nats"]  # measured now and then
    Run(announcing, [live.Curves("T", ["nats", "loss"], ylabel="")]).step()
    run = Run(announcing, [live.Curves("T", ["nat"], ylabel="")])
    with pytest.raises(ValueError, match="that no update has: nat; there are loss, norm, nats"):
        run.step()
    assert run.update == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: live.View(plots.scatter, {"x": torch.zeros(2, 2)}, "T", xlabell="x"),
        lambda: live.View(plots.scatter, {"x": torch.zeros(2, 2)}),
        lambda: live.Curves("T", ylabel="nats", yscal="log"),
    ],
)
def test_misspelt_options_are_refused_when_the_view_is_made(make):
    with pytest.raises(ValueError, match="does not take these arguments"):
        make()

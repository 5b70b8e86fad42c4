"""Steps, settings and the guard, on a model so small that every update is known."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from lecturekit.door import AnyNumber
from lecturekit.training import (
    DivergenceError,
    Step,
    check_settings,
    choice,
    clocked,
    finish,
    guard,
    limited,
    measure,
    minibatches,
    side_by_side,
    tunable,
    tunables,
)


@dataclass
class Settings:
    rate: float = tunable(0.1, 1e-3, 1.0, scale="log", label="rate α")
    decay: float = tunable(0.5, 0.0, 0.9, maximum=1.0)
    batch_size: int = 10


@dataclass
class Wild(Settings):
    """Settings that may be anything."""

    rate: AnyNumber = 1.0


class Counter(nn.Module):
    """One parameter; `train` adds the rate to it at every update."""

    def __init__(self) -> None:
        super().__init__()
        self.count = nn.Parameter(torch.zeros(()))


def train(model: Counter, settings: Settings, total: int) -> Iterator[Step]:
    for index in range(1, total + 1):
        with torch.no_grad():
            model.count += settings.rate
        yield Step(index, total, {"count": model.count.detach().clone()})


class TestSettings:
    def test_tunables_come_in_order_with_their_ranges(self):
        found = tunables(Settings())
        assert list(found) == ["rate", "decay"]
        rate = found["rate"]
        assert (rate.low, rate.high, rate.scale, rate.label) == (1e-3, 1.0, "log", "rate α")
        assert Settings().rate == 0.1

    @pytest.mark.parametrize("settings", [Settings(), Settings(rate=0.0), Settings(rate=1e6)])
    def test_a_value_beyond_the_slider_is_allowed(self, settings):
        check_settings(settings)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            (Settings(rate=-0.1), "Settings.rate must be a finite number ≥ 0, got -0.1"),
            (Settings(rate=math.nan), "got nan"),
            (Settings(rate=math.inf), "got inf"),
            (Settings(decay=1.1), "Settings.decay must be a finite number from 0 to 1, got 1.1"),
        ],
    )
    def test_values_outside_the_domain_are_refused(self, settings, message):
        with pytest.raises(ValueError, match=message):
            check_settings(settings)

    @pytest.mark.parametrize("size", [0, -3, 2.5, math.nan, math.inf, "many", None])
    def test_a_size_that_is_no_whole_number_or_too_small_is_refused(self, size):
        @dataclass
        class Sized:
            rows: int = limited(7, 1)

        check_settings(Sized(1))
        assert tunables(Sized()) == {}
        with pytest.raises(
            ValueError, match=f"Sized.rows must be a whole number ≥ 1, got {size!r}"
        ):
            check_settings(Sized(size))

    def test_what_is_chosen_is_one_of_its_options(self):
        @dataclass
        class Shape:
            name: str = choice("ring", ["ring", "spiral"])

        check_settings(Shape("spiral"))
        with pytest.raises(ValueError, match="must be one of ring, spiral, got 'disc'"):
            check_settings(Shape("disc"))


class TestMinibatches:
    @given(n=st.integers(1, 12), batch_size=st.integers(1, 30), n_batches=st.integers(1, 8))
    def test_every_epoch_has_each_row_once(self, n, batch_size, n_batches):
        batches = minibatches(
            torch.arange(n), batch_size, generator=torch.Generator().manual_seed(0)
        )
        drawn = [next(batches) for _ in range(n_batches)]
        assert all(len(batch) == batch_size for batch in drawn)
        rows = torch.cat(drawn)
        for epoch in rows.split(n):
            assert len(epoch.unique()) == len(epoch)

    def test_epochs_differ_and_follow_from_the_seed(self):
        def epochs(seed: int) -> torch.Tensor:
            batches = minibatches(
                torch.arange(50), 50, generator=torch.Generator().manual_seed(seed)
            )
            return torch.stack([next(batches) for _ in range(2)])

        assert torch.equal(epochs(1), epochs(1))
        assert not torch.equal(epochs(1), epochs(2))
        assert not torch.equal(*epochs(1))

    def test_rows_keep_their_shape(self, generator):
        batch = next(minibatches(torch.rand(5, 2, 3), 4, generator=generator))
        assert batch.shape == (4, 2, 3)

    @pytest.mark.parametrize(("n", "batch_size"), [(0, 1), (3, 0)])
    def test_refuses_no_rows_and_no_batch(self, n, batch_size, generator):
        with pytest.raises(
            ValueError, match=r"expected (data of shape \(n, \.\.\.\)|batch_size ≥ 1), got"
        ):
            next(minibatches(torch.zeros(n, 2), batch_size, generator=generator))


class TestSteps:
    def test_nothing_runs_until_it_is_asked_for(self):
        model = Counter()
        steps = train(model, Settings(), 3)
        assert model.count == 0
        next(steps)
        assert model.count.item() == pytest.approx(0.1)

    def test_a_changed_setting_is_used_by_the_next_update(self):
        model, settings = Counter(), Settings(rate=1.0)
        steps = train(model, settings, 3)
        next(steps)
        settings.rate = 5.0
        next(steps)
        assert model.count == 6

    def test_finish_returns_the_last_step(self):
        model = Counter()
        last = finish(train(model, Settings(rate=1.0), 7))
        assert (last.index, model.count) == (7, 7)
        assert finish(iter([])) is None

    def test_measure_adds_at_fixed_updates_and_at_the_end(self):
        model = Counter()
        steps = measure(
            train(model, Settings(rate=1.0), 7), 3, double=lambda: 2 * model.count, one=lambda: 1.0
        )
        taken = {step.index: step.metrics for step in steps}
        assert [index for index in taken if "double" in taken[index]] == [3, 6, 7]
        assert taken[6]["double"] == 12
        assert not taken[6]["double"].requires_grad
        assert taken[6]["one"] == 1
        assert taken[6]["count"] == 6

    def test_the_clock_counts_the_steps_and_not_what_is_done_between(self):
        def lazy():
            for index in (1, 2):
                time.sleep(0.02)
                yield Step(index, 2, {})

        seconds = []
        for step in clocked(lazy()):
            seconds.append(step.metrics["seconds"].item())
            time.sleep(0.2)
        assert 0.02 <= seconds[0] < seconds[1] - 0.02
        assert seconds[1] < 0.2

    def test_measure_refuses_never(self):
        with pytest.raises(ValueError, match="every ≥ 1, got 0"):
            next(measure(iter([]), 0))

    def test_a_race_is_in_lockstep_and_ends_with_its_shortest_run(self):
        slow, fast = Counter(), Counter()
        race = side_by_side(
            {
                "slow": train(slow, Settings(rate=1.0), 3),
                "fast": train(fast, Settings(rate=10.0), 9),
            }
        )
        steps = list(race)
        assert [(step.index, step.total) for step in steps] == [(1, 3), (2, 3), (3, 3)]
        assert dict(steps[1].metrics) == {"slow/count": 2, "fast/count": 20}


class TestGuard:
    def test_passes_a_healthy_run_on(self):
        model = Counter()
        steps = guard(train(model, Wild(rate=1.0), 5), model, Wild(), every=2)
        assert [step.index for step in steps] == [1, 2, 3, 4, 5]
        assert model.count == 5

    @pytest.mark.parametrize("broken_at", [5, 6, 7])
    def test_restores_the_last_finite_model_and_says_when_and_with_what(self, broken_at):
        model, settings = Counter(), Wild(rate=1.0)
        steps = guard(train(model, settings, 7), model, settings, every=2)
        while next(steps).index < broken_at - 1:
            pass
        settings.rate = math.inf
        with pytest.raises(DivergenceError) as stopped:
            finish(steps)
        detected = min(broken_at + broken_at % 2, 7)
        assert stopped.value.detected_at == detected
        assert stopped.value.restored_to == (4 if detected == 6 else 6)
        assert model.count == stopped.value.restored_to
        assert f"and {detected} with Wild(rate=inf" in str(stopped.value)

    def test_a_metric_that_is_not_finite_counts_too(self):
        model = Counter()
        steps = iter([Step(1, 1, {"loss": torch.tensor(math.nan)})])
        with pytest.raises(DivergenceError) as stopped:
            finish(guard(steps, model, Wild()))
        assert stopped.value.restored_to == 0

    def test_keeps_the_settings_as_they_were(self):
        model, settings = Counter(), Wild(rate=math.inf)
        with pytest.raises(DivergenceError) as stopped:
            finish(guard(train(model, settings, 1), model, settings))
        settings.rate = 0.1
        assert stopped.value.settings.rate == math.inf

    def test_an_abandoned_run_leaves_a_usable_model(self):
        model = Counter()
        steps = guard(train(model, Wild(rate=1.0), 100), model, Wild())
        for _ in range(3):
            next(steps)
        steps.close()
        assert model.count == 3

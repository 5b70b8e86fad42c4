"""What can be done with runs that begin anew: measured, passed on, in a race, in a relay."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from lecturekit import denoising
from lecturekit.training import (
    Step,
    Steps,
    choice,
    finish,
    race,
    relay,
    repeatable,
    side_by_side,
    tunable,
)
from tests.training.contents import content
from tests.training.test_repeatable import CASES, outcome, seeded, stop_early


class Counter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.count = nn.Parameter(torch.zeros(()))


def count(model: Counter, total: int, by: float = 1.0) -> Steps:
    for index in range(1, total + 1):
        with torch.no_grad():
            model.count += by
        yield Step(index, total, {"count": model.count.detach().clone()})


def counts(steps: Steps, name: str = "count") -> list[float]:
    return [step.metrics[name].item() for step in steps]


@dataclass
class Chosen:
    by: str = choice("one", ["one", "ten"])
    rate: float = tunable(1.0, 0.0, 2.0)
    rounds: int = 2


def test_what_a_person_has_chosen_stays_and_what_the_run_has_changed_does_not():
    def at_will(model: Counter, chosen: Chosen) -> Steps:
        yield from count(model, chosen.rounds, chosen.rate * {"one": 1, "ten": 10}[chosen.by])
        chosen.rounds = 5

    chosen, model = Chosen(), Counter()
    begin = repeatable(at_will, model, chosen)
    assert counts(begin()) == [1, 2]
    chosen.by, chosen.rate = "ten", 0.5
    assert counts(begin()) == counts(begin()) == [5, 10]


def test_the_steps_of_an_earlier_call_end():
    model, ended = Counter(), []

    def tidy(model: Counter) -> Steps:
        try:
            yield from count(model, 5)
        finally:
            model.count.data.fill_(99)
            ended.append(True)

    begin = repeatable(tidy, model).measured(1)
    old = begin()
    next(old)
    new = begin()
    assert ended == [True]
    assert model.count == 0
    assert next(old, None) is None
    assert counts(new) == [1, 2, 3, 4, 5]


def test_measurements_are_taken_in_every_run_at_the_same_updates():
    model = Counter()
    begin = repeatable(count, model, 5).measured(2, double=lambda: 2 * model.count)
    for _ in range(3):
        taken = {step.index: step.metrics for step in begin()}
        assert [index for index in taken if "double" in taken[index]] == [2, 4, 5]
        assert taken[4]["double"] == 8
    with pytest.raises(ValueError, match="every ≥ 1, got 0"):
        begin.measured(0)


def test_steps_pass_through_and_what_they_pass_begins_anew():
    def note(steps: Steps, seen: list[int], model: Counter) -> Steps:
        for step in steps:
            model.count.data.mul_(2)
            seen.append(step.index)
            yield step

    model, seen = Counter(), [0]
    once = repeatable(count, model, 3)
    finish(once())
    begin = once.through(note, seen, model=model)  # the model is the run's: it begins at 0
    for _ in range(3):
        assert counts(begin()) == [1, 3, 7]
        assert seen == [0, 1, 2, 3]


def test_walkers_accompany_a_denoiser_that_learns():
    case = CASES["denoising-persistent_walkback"]()
    denoiser, noise = case.parts[0], case.named["corruption"]
    crowd = denoising.Walkers(denoiser, noise, torch.ones(4, 2), generator=seeded(5))
    begin = case.repeatable().through(denoising.accompany, [crowd])
    case.named["crowd"] = crowd
    state = content(case.mutable)
    first = outcome(begin(), case)
    stop_early(begin(), case)
    steps = begin()
    assert content(case.mutable) == state
    assert outcome(steps, case) == first


def test_a_trainer_that_is_a_method_begins_with_its_object():
    class Study:
        def __init__(self) -> None:
            self.model = Counter()

        def train(self, total: int) -> Steps:
            return count(self.model, total)

    begin = repeatable(Study().train, 2)
    assert counts(begin()) == counts(begin()) == [1, 2]


def test_a_race_begins_all_its_runs_anew():
    slow, fast, free = Counter(), Counter(), Counter()
    runs = {"slow": repeatable(count, slow, 3), "fast": repeatable(count, fast, 5, by=10.0)}
    begin = race(runs | {"plain": lambda: count(free, 4)})
    for again in range(3):
        steps = list(begin())
        assert [(step.index, step.total) for step in steps] == [(1, 3), (2, 3), (3, 3)]
        assert counts(steps, "slow/count") == [1, 2, 3]
        assert counts(steps, "fast/count") == [10, 20, 30]
        assert free.count == 3 * (again + 1)  # what begins by itself is left to itself


def test_a_race_may_go_on_until_the_last_is_done():
    begin = race(
        {"a": repeatable(count, Counter(), 2), "b": repeatable(count, Counter(), 4)}, until="last"
    )
    for _ in range(2):
        steps = list(begin())
        assert [(step.index, step.total) for step in steps] == [(1, 4), (2, 4), (3, 4), (4, 4)]
        assert ["a/count" in step.metrics for step in steps] == [True, True, False, False]
        assert counts(steps, "b/count") == [1, 2, 3, 4]


def test_a_race_can_be_measured_as_a_whole_and_passed_through():
    models = {name: Counter() for name in "ab"}
    begin = race({name: repeatable(count, model, 2) for name, model in models.items()})
    both = begin.measured(1, sum=lambda: models["a"].count + models["b"].count)
    assert counts(both(), "sum") == counts(both(), "sum") == [2, 4]
    doubled = both.through(lambda steps, model: steps, models["a"])
    assert counts(doubled(), "sum") == [2, 4]


def test_a_relay_trains_one_model_from_several_beginnings():
    model, legs = Counter(), []
    for start, total in ((10.0, 2), (20.0, 3)):
        model.count.data.fill_(start)
        legs.append(repeatable(count, model, total))
    begin = relay(legs)
    for _ in range(2):
        run = begin()
        assert model.count == 10  # at once
        steps = list(run)
        assert [(step.index, step.total) for step in steps] == [
            *((1, 4), (2, 4)),
            *((3, 5), (4, 5), (5, 5)),
        ]
        assert counts(steps) == [11, 12, 21, 22, 23]


def test_a_relay_announces_what_any_of_its_runs_measures():
    plain = repeatable(count, Counter(), 3)
    measured = plain.measured(2, nats=lambda: 0.0, good=lambda: 1.0)
    assert set(relay([plain, race({"a": measured})]).metrics) == {"a/nats", "a/good"}
    assert relay([measured, lambda: iter(())]).metrics is None


@pytest.mark.parametrize("together", [race, lambda runs: relay(list(runs.values()))])
def test_runs_that_cannot_begin_anew_are_refused(together):
    with pytest.raises(ValueError, match="expected runs"):
        together({"a": count(Counter(), 2)})
    with pytest.raises(ValueError, match="at least one element"):
        together({})


def test_steps_side_by_side_are_refused_without_runs_or_an_end():
    with pytest.raises(
        ValueError,
        match="expected runs to be a mapping by name with at least one element, got an empty dict",
    ):
        side_by_side({})
    with pytest.raises(ValueError, match="'never'"):
        side_by_side({"a": count(Counter(), 2)}, until="never")  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------ the door


def test_data_that_were_written_into_are_noticed():
    def careless(data: Tensor, state: list[Tensor]) -> Steps:
        data.add_(1)
        state[0].add_(1)
        yield Step(1, 1, {})

    data, state = torch.zeros(2), [torch.zeros(2)]
    begin = repeatable(careless, data, state)
    finish(begin())
    with pytest.raises(ValueError, match=r"argument 1, a tensor of shape \(2,\), unchanged"):
        begin()
    kept = repeatable(careless, nn.Parameter(data, requires_grad=False), state)
    finish(kept())
    with pytest.raises(ValueError, match="unchanged"):
        kept()


def test_trained_tensors_begin_anew_though_they_are_arguments():
    def ascend(W: Tensor) -> Steps:
        with torch.no_grad():
            W += 1
        yield Step(1, 1, {"W": W.detach().clone()})

    for W in (nn.Parameter(torch.zeros(2)), torch.zeros(2, requires_grad=True)):
        begin = repeatable(ascend, W)
        assert [finish(begin()).metrics["W"].tolist() for _ in range(3)] == [[1.0, 1.0]] * 3


def test_no_trainer_and_no_steps_are_refused():
    case = CASES["rbm-contrastive_divergence"]()
    with pytest.raises(ValueError, match="expected train to be a function, got a"):
        repeatable(case.plain(), case.parts[0])
    with pytest.raises(ValueError, match="expected the trainer to return steps, got None"):
        repeatable(lambda: None)()

"""Runs on disk: taken up in another process they are the same bit for bit."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest
import torch

from lecturekit import rbm
from lecturekit.training import checkpoint, finish, repeatable
from tests.sections import trainers

TRAINERS = trainers()
every_trainer = pytest.mark.parametrize("make", TRAINERS.values(), ids=TRAINERS.keys())


def scrambled(training):
    """A fresh training whose numbers are all others than those to be loaded."""
    for parameter in training.trained.parameters():
        parameter.data.add_(0.5)
    if training.generator is not None:
        training.generator.manual_seed(99)
    return training


@every_trainer
def test_taken_up_it_is_the_run_without_the_interruption(make, tmp_path):
    whole, first, second = make(0), make(0), scrambled(make(0))
    finish(whole.steps())
    steps = first.steps()
    list(itertools.islice(steps, 3))
    checkpoint.save(steps, tmp_path / "run.pt")
    rest = second.steps()
    checkpoint.load(rest, tmp_path / "run.pt")
    assert [step.index for step in rest] == list(range(4, whole.settings.updates + 1))
    assert torch.equal(second.state(), whole.state())
    if whole.generator is not None:
        assert torch.equal(second.generator.get_state(), whole.generator.get_state())


@every_trainer
def test_a_file_has_no_code_in_it(make, tmp_path):
    steps = make(0).steps()
    next(steps)
    checkpoint.save(steps, tmp_path / "run.pt")
    torch.load(tmp_path / "run.pt", weights_only=True)  # raises where there is more than tensors


def test_what_is_no_checkpoint_of_this_run_is_refused_and_nothing_changes(tmp_path):
    make = TRAINERS["rbm-fast_weights"]
    file = tmp_path / "run.pt"
    others = {
        "no checkpoint": lambda: file.write_bytes(b"nothing"),
        "a list": lambda: torch.save([1], file),
        "another trainer": lambda: checkpoint.save(
            TRAINERS["moment_matching-matching"](0).steps(), file
        ),
        "another phase": lambda: checkpoint.save(TRAINERS["rbm-persistent"](0).steps(), file),
        "another size": lambda: checkpoint.save(TRAINERS["rbm-classifier"](0).steps(), file),
    }
    for name, write in others.items():
        write()
        training = make(0)
        before, steps = training.state(), training.steps()
        with pytest.raises(ValueError, match="expected file to be a checkpoint"):
            checkpoint.load(steps, file)
        assert torch.equal(training.state(), before), name
        assert next(steps).index == 1


def test_sliders_come_from_the_file_and_a_run_can_be_made_longer(tmp_path):
    first, second = (TRAINERS["rbm-persistent"](0) for _ in range(2))
    first.settings.learning_rate = 0.123
    finish(steps := first.steps())
    checkpoint.save(steps, tmp_path / "run.pt")
    second.settings.updates = 9
    rest = second.steps()
    checkpoint.load(rest, tmp_path / "run.pt")
    assert second.settings.learning_rate == 0.123
    assert [step.index for step in rest] == [7, 8, 9]


KERNEL = """
import itertools, sys, torch
from lecturekit import rbm
from lecturekit.training import finish, repeatable

model, generator = rbm.RBM(4, 3), torch.Generator().manual_seed(0)
data = rbm.sample(torch.full((20, 4), 0.4), generator=generator)
begin = repeatable(
    rbm.train, model, data, rbm.Settings(updates=30, batch_size=5),
    negative_phase=rbm.FastPersistentCD(7), generator=generator,
)
if len(sys.argv) > 1:
    begin = begin.kept(sys.argv[1], every=4)
steps = begin()
if len(sys.argv) > 2:
    list(itertools.islice(steps, int(sys.argv[2])))
    import os
    os._exit(0)  # a kernel that dies closes nothing
finish(steps)
print(model.W.sum().item().hex(), model.b.sum().item().hex())
"""


def kernel(*arguments: object) -> str:
    command = [sys.executable, "-W", "ignore", "-c", KERNEL, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_run_that_is_kept_survives_a_kernel(tmp_path):
    file = tmp_path / "runs" / "fpcd.pt"
    kernel(file, 10)  # dies at update 10, two after the last one that was written
    assert kernel(file) == kernel()


def test_reset_begins_anew_and_a_finished_run_is_there_at_once(tmp_path):
    generator = torch.Generator().manual_seed(0)
    model = rbm.RBM(4, 3)
    data = rbm.sample(torch.full((20, 4), 0.4), generator=generator)
    settings = rbm.Settings(updates=5, batch_size=5)

    def begin():
        return repeatable(
            rbm.train,
            model,
            data,
            settings,
            negative_phase=rbm.PersistentCD(3),
            generator=generator,
        ).kept(tmp_path / "run.pt")

    run = begin()
    finish(run())
    trained = model.W.detach().clone()
    assert next(run()).index == 1
    assert not torch.equal(model.W, trained)
    assert finish(begin()()) is None  # as after a restart: nothing is left to do
    assert torch.equal(model.W, trained)


class Hostile:
    """Runs a command where somebody unpickles it."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (self.mark.touch, ())


def test_a_file_that_would_run_code_is_refused_and_runs_none(tmp_path):
    file, mark = tmp_path / "run.pt", tmp_path / "ran"
    torch.save({"model": Hostile(mark)}, file)
    with pytest.raises(ValueError, match="expected file to be a checkpoint"):
        checkpoint.load(TRAINERS["rbm-fast_weights"](0).steps(), file)
    assert not mark.exists()

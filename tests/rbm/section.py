"""What the suites over all sections need of this one."""

from __future__ import annotations

import torch

from lecturekit import rbm
from tests.sections import LiveRun, Training, seeded


def machine(generator: torch.Generator) -> rbm.RBM:
    return rbm.RBM(6, 4, weight_scale=0.3, generator=generator)


def machine_of_classes(generator: torch.Generator) -> rbm.ClassRBM:
    return rbm.ClassRBM(5, 3, 4, weight_scale=0.3, generator=generator)


def trained_with(phase: rbm.NegativePhase, seed: int, **changes: object) -> Training:
    generator = seeded(seed)
    model = machine(generator)
    data = rbm.sample(model.b.new_full((20, 6), 0.4), generator=generator)
    settings = rbm.Settings(**{"updates": 6, "batch_size": 5, **changes})
    named = {"negative_phase": phase, "generator": generator}
    return Training(rbm.train, model, [data], settings, [(settings, "learning_rate")], named)


def contrastive_divergence(seed: int) -> Training:
    return trained_with(rbm.ContrastiveDivergence(2), seed, weight_decay=0.01)


def mean_field(seed: int) -> Training:
    return trained_with(rbm.MeanFieldCD(2), seed, weight_decay=0.01)


def persistent(seed: int) -> Training:
    return trained_with(rbm.PersistentCD(7), seed, weight_decay=0.01)


def tempered(seed: int) -> Training:
    return trained_with(rbm.ParallelTempering(7, 3), seed, weight_decay=0.01)


def fast_weights(seed: int) -> Training:
    return trained_with(rbm.FastPersistentCD(7, 2), seed)


def bfloat16(seed: int) -> Training:
    return trained_with(rbm.PersistentCD(7), seed, precision="bfloat16")


def classifier(seed: int) -> Training:
    generator = seeded(seed)
    model = machine_of_classes(generator)
    images = rbm.sample(model.b.new_full((20, 5), 0.4), generator=generator)
    data = model.join(images, torch.arange(20) % 3)
    settings = rbm.Settings(updates=6, batch_size=5)
    named = {"negative_phase": rbm.FastPersistentCD(7), "generator": generator}
    return Training(rbm.train, model, [data], settings, [(settings, "learning_rate")], named)


def infinite_crowd(seed: int) -> Training:
    generator = seeded(seed)
    model = rbm.RBM(4, 3, weight_scale=0.3, generator=generator)
    data = rbm.sample(model.b.new_full((9, 4), 0.4), generator=generator)
    settings = rbm.CrowdSettings(updates=6)
    return Training(rbm.infinite_crowd, model, [data], settings, [(settings, "learning_rate")])


MODELS = [machine, machine_of_classes]

TRAINERS = [
    contrastive_divergence,
    mean_field,
    persistent,
    tempered,
    fast_weights,
    bfloat16,
    classifier,
    infinite_crowd,
]

LIVE = LiveRun(
    play="pcd_run = live.play(",
    run="pcd_run",
    parameter="ruler.W",
    slider="learning rate α",
    setting="settings.learning_rate",
)

NOT_NOTICED = {}

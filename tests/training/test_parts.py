"""What is changed under a run: refused in words at the next update, which has then not begun."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lecturekit import cycle_gan, data, deep_energy, moment_matching, networks, rbm


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


class Run:
    """A run of an RBM that has made two updates."""

    def __init__(self, phase=None):
        self.model = rbm.RBM(16, 8, generator=seeded())
        self.rows = data.bars_and_stripes(4)
        self.settings = rbm.Settings(updates=20, batch_size=10)
        self.phase = phase or rbm.PersistentCD(10)
        self.generator = seeded(1)
        self.steps = rbm.train(
            self.model,
            self.rows,
            self.settings,
            negative_phase=self.phase,
            generator=self.generator,
        )
        next(self.steps)
        next(self.steps)

    def refuses(self, words):
        before = self.model.b.clone(), self.generator.get_state()
        with pytest.raises(ValueError, match=words):
            next(self.steps)
        assert torch.equal(self.model.b.to(before[0]), before[0])
        assert torch.equal(self.generator.get_state(), before[1])


class TestOfAnRbm:
    def test_a_parameter_of_another_shape(self):
        run = Run()
        first = run.model.W
        run.model.W = nn.Parameter(torch.zeros(16, 5))
        run.refuses(r"model\.W to be the one that the run began with.*model\.W\.data\.copy_")
        run.model.W = first
        assert next(run.steps).index == 3

    def test_a_parameter_whose_numbers_have_another_shape(self):
        run = Run()
        run.model.W.data = torch.zeros(16, 5)
        run.refuses(r"model\.W to stay torch\.float32 of shape \(16, 8\).*got.* of \(16, 5\)")

    def test_a_model_turned_to_double(self):
        run = Run()
        run.model.double()
        run.refuses(r"model\.\w to stay torch\.float32")
        run.model.float()
        assert next(run.steps).index == 3

    def test_data_written_into(self):
        run = Run()
        run.rows.mul_(255)
        run.refuses("data of zeros and ones, got values from 0 to 255")
        run.refuses("data of zeros and ones")  # for as long as they are so
        run.rows.div_(255)
        assert next(run.steps).index == 3

    def test_data_written_into_as_they_may_be(self):
        run = Run()
        run.rows.copy_(1 - run.rows)
        assert next(run.steps).index == 3

    def test_more_particles_than_there_are(self):
        run = Run()
        run.phase.n_particles = 50
        run.refuses(r"PersistentCD\.n_particles to stay 10 during a run, got 50")
        run.phase.n_particles = 10
        assert next(run.steps).index == 3

    def test_a_rate_may_move(self):
        run = Run()
        run.settings.learning_rate = 0.2
        assert next(run.steps).index == 3

    def test_particles_of_another_width(self):
        run = Run()
        run.phase.particles = torch.zeros(10, 9)
        run.refuses("the particles have 9 visible units, the model has 16")


def test_particles_that_flow_are_not_exchanged():
    points = moment_matching.Particles(torch.zeros(5, 2))
    steps = moment_matching.flow(
        points,
        torch.ones(4, 2),
        moment_matching.FlowSettings(updates=9),
        kernel=moment_matching.Gaussian(1.0),
    )
    next(steps)
    points.positions = nn.Parameter(torch.zeros(5, 2))
    with pytest.raises(ValueError, match=r"model\.positions to be the one"):
        next(steps)


def test_a_generator_that_would_not_be_trained():
    def generator():
        net = networks.mlp([2, 8, 2], batch_norm=True, generator=seeded())
        return deep_energy.Generator(net, 2)

    features = networks.mlp([2, 8], generator=seeded())
    energy = deep_energy.DeepEnergy(features, 2, 8, 3, generator=seeded())
    phase = deep_energy.GeneratorPhase(generator())
    steps = deep_energy.train(
        energy,
        torch.randn(30, 2, generator=seeded()),
        deep_energy.Settings(updates=9, batch_size=8),
        negative_phase=phase,
        generator=seeded(),
    )
    next(steps)
    phase.G = generator()
    with pytest.raises(ValueError, match=r"negative_phase\.G to be the one that the run began"):
        next(steps)


def test_images_written_into():
    model = cycle_gan.for_images(1, width=4, n_blocks=1, discriminator_width=4, generator=seeded())
    x, y = torch.rand(4, 1, 8, 8), torch.rand(4, 1, 8, 8)
    steps = cycle_gan.train(model, x, y, cycle_gan.Settings(updates=9), generator=seeded())
    next(steps)
    y.mul_(255)
    with pytest.raises(ValueError, match=r"y in \[0, 1\].*divide by 255: y / 255"):
        next(steps)

"""The pictures of section 1: particles sit on the energy that moves them, phases are marked."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lecturekit import rbm
from lecturekit.evaluation import autocorrelation
from lecturekit.plots.marks import Arrows, Bars, Line, Points, Rule, Words
from lecturekit.plots.rbm import (
    bracket,
    energy_change,
    labelled,
    landscape,
    memory,
    particles,
    stations,
    units,
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def ones(v: torch.Tensor) -> torch.Tensor:
    return v.sum(1)


CODES = torch.tril(torch.ones(5, 4), -1)  # row s: s ones, then zeros
SHARE = torch.tensor([0.1, 0.4, 0.1, 0.3, 0.1])


def of_kind(picture, kind):
    return [mark for mark in picture.marks if type(mark) is kind]


class TestLandscape:
    model = rbm.RBM(4, 3, weight_scale=1.0, generator=seeded())

    def drawn(self, crowd):
        return landscape(self.model, crowd, ones, "title", data=SHARE, xlabel="s")

    def test_the_line_is_the_energy_along_the_coordinate_from_its_lowest_point(self):
        crowd = rbm.PersistentCD(7).initialise(CODES, generator=seeded())
        picture = self.drawn(crowd)
        (line,) = of_kind(picture, Line)
        exact = rbm.energy_profile(self.model, ones).free_energy.detach().numpy()
        np.testing.assert_allclose(line.y, exact - exact.min())
        assert picture.x.label == "s"

    def test_each_particle_has_a_dot_of_its_own_just_above_its_level(self):
        crowd = rbm.PersistentCD(50).initialise(CODES, generator=seeded())
        picture = self.drawn(crowd)
        (line,), (dots,) = of_kind(picture, Line), of_kind(picture, Points)
        level = ones(crowd.particles).int().numpy()
        assert len(np.unique(dots.xy, axis=0)) == 50
        np.testing.assert_array_equal(dots.xy[:, 0].round(), level)
        assert (dots.xy[:, 1] > line.y[level]).all()

    def test_with_fast_weights_the_particles_sit_on_the_second_energy(self):
        crowd = rbm.FastPersistentCD(7).initialise(CODES, generator=seeded())
        crowd.learn(rbm.Theta(torch.zeros(4, 3), torch.full((4,), 200.0), torch.zeros(3)))
        picture = self.drawn(crowd)
        slow, fast = of_kind(picture, Line)
        assert [slow.label, fast.label] == ["θ", "θ + θ_f"]
        # b_f = 10 lowers the energy by 10 nats for each visible unit that is on
        np.testing.assert_allclose(slow.y - fast.y, 10.0 * np.arange(5), atol=1e-4)
        (dots,) = of_kind(picture, Points)
        level = ones(crowd.particles).int().numpy()
        assert (np.abs(dots.xy[:, 1] - fast.y[level]) < np.ptp(fast.y) / 5).all()

    def test_bars_are_proportional_to_the_data(self):
        (bars,) = of_kind(
            self.drawn(rbm.PersistentCD(1).initialise(CODES, generator=seeded())), Bars
        )
        np.testing.assert_allclose(bars.y / bars.y.sum(), SHARE.numpy(), rtol=1e-5)


def test_particles_are_those_of_the_methods_that_keep_some():
    pcd = rbm.PersistentCD(9).initialise(CODES, generator=seeded())
    fpcd = rbm.FastPersistentCD(9).initialise(CODES, generator=seeded(1))
    picture = particles({"CD": rbm.ContrastiveDivergence(), "PCD": pcd, "FPCD": fpcd}, each=3)
    assert picture.captions == ("PCD", "FPCD")
    expected = torch.cat([pcd.particles[:3], fpcd.particles[:3]]).reshape(6, 2, 2)
    np.testing.assert_array_equal(picture.images, expected.numpy())


def test_a_bracket_is_drawn_from_both_sides_with_the_error_bar_of_ais():
    model = rbm.RBM(6, 4, weight_scale=1.0, generator=seeded())
    rows = rbm.states(6)[:20]
    course = {
        n: rbm.likelihood_bracket(model, rows, n_levels=n, generator=seeded()) for n in (30, 60)
    }
    picture = bracket(course, "title", exact=-4.0)
    above, below = of_kind(picture, Line)
    np.testing.assert_allclose(above.y, [each.high for each in course.values()])
    np.testing.assert_allclose(below.y, [each.low for each in course.values()])
    weights = course[60].log_partition.log_weights.exp()
    error = weights.std() / len(weights) ** 0.5 / weights.mean()
    np.testing.assert_allclose(above.band[1], 3 * error, rtol=1e-6)
    (rule,) = of_kind(picture, Rule)
    assert rule.at == -4.0
    assert picture.x.log


class TestLabelled:
    model = rbm.ClassRBM(4, 3, 2)

    def test_shows_images_and_the_labels_drawn_with_them(self):
        images, labels = rbm.states(4)[5:8], torch.tensor([2, 0, 1])
        crowd = rbm.PersistentCD(3)
        crowd.particles = self.model.join(images, labels)
        picture = labelled(self.model, crowd, "title", each=2)
        np.testing.assert_array_equal(picture.images, images[:2].reshape(2, 2, 2))
        assert picture.captions == ("2", "0")

    def test_particles_that_are_nowhere_are_refused(self):
        with pytest.raises(ValueError, match="placed"):
            labelled(self.model, rbm.PersistentCD(3), "title")


class TestMemory:
    measured = torch.randn(40, 6, generator=seeded()).cumsum(0)

    def test_looks_at_the_last_steps_alone(self):
        (line,) = memory(list(self.measured), "title", of="place", window=20).marks
        exact = autocorrelation(self.measured[-20:], 10)
        np.testing.assert_allclose(line.y, exact.numpy(), rtol=1e-6)

    @pytest.mark.parametrize("steps", [0, 1, 2, 3])
    def test_a_run_that_has_just_begun_is_no_error(self, steps):
        (line,) = memory(list(self.measured[:steps]), "title", of="place").marks
        assert np.isfinite(line.y).all()


class TestSlowMotion:
    """Two updates side by side, after so many steps."""

    v = CODES[1:]

    def after(self, n_steps):
        settings, updates = rbm.Settings(learning_rate=1.0), {}
        for name, chain in {"CD": rbm.ContrastiveDivergence(), "PCD": rbm.PersistentCD(6)}.items():
            model = rbm.RBM(4, 3, weight_scale=1.0, generator=seeded())
            updates[name] = rbm.WatchedUpdate(model, self.v, chain, settings)
            steps = updates[name].steps(generator=seeded())
            for _ in range(n_steps):
                next(steps)
        return updates

    @pytest.mark.parametrize("n_steps", range(8))
    def test_the_present_station_is_marked(self, n_steps):
        words = of_kind(stations(self.after(n_steps), "title"), Words)
        assert [w.text for w in words] == list(rbm.PHASES)
        assert [w.text for w in words if w.bold] == list(rbm.PHASES[:n_steps][-1:])

    def test_units_are_grey_before_the_first_phase(self):
        assert (units(self.after(0), "hidden", "title").images == 0.5).all()

    def test_units_are_those_of_the_present_phase(self):
        updates = self.after(3)
        picture = units(updates, "hidden", "title", each=2)
        states = [update.phase.hidden[:2] for update in updates.values()]
        np.testing.assert_array_equal(picture.images, torch.cat(states).reshape(4, 1, 3).numpy())
        assert picture.captions == ("CD", "PCD")

    def test_energies_of_particles_are_known_when_there_are_some(self):
        for n_steps, known in [(0, 2), (1, 2), (2, 4), (6, 4)]:
            picture = energy_change(self.after(n_steps), "title")
            assert len(of_kind(picture, Points)) == known
            assert not of_kind(picture, Arrows)
            assert picture.y.names == ("CD: data", "PCD: data", "CD: particles", "PCD: particles")

    def test_in_the_end_arrows_go_from_before_to_after(self):
        updates = self.after(7)
        picture = energy_change(updates, "title")
        arrows = np.concatenate([[*a.xy[0], a.d[0, 0]] for a in of_kind(picture, Arrows)])
        cd, pcd = (update.phase for update in updates.values())
        pairs = [cd.data_energy, pcd.data_energy, cd.particle_energy, pcd.particle_energy]
        expected = [
            (before.mean().item(), place, (after.mean() - before.mean()).item())
            for place, (before, after) in enumerate(pairs)
        ]
        np.testing.assert_allclose(arrows.reshape(4, 3), expected, atol=1e-5)
        low, high = picture.x.limits
        for before, _, change in expected:
            assert low < min(before, before + change) < max(before, before + change) < high

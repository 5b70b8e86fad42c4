"""Pictures of denoisers: arrows, chains in the plane, strips of images."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lecturekit import data, denoising
from lecturekit.plots.denoising import arrow_fields, corrections, strips, walking
from lecturekit.plots.marks import Arrows, Paths, Points

EXTENT = (-1.0, 1.0, -1.0, 1.0)


def marks(picture, kind):
    return [mark for mark in picture.marks if type(mark) is kind]


def labels(picture):
    return [mark.label for mark in picture.marks if mark.label]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def walkers():
    noise, start = denoising.GaussianNoise(0.5), torch.zeros(3, 2)
    home = denoising.exact_denoiser(data.densities.ring(), 0.5)
    return denoising.Walkers(home, noise, start, generator=generator())


def test_fields_lie_over_each_other_in_two_colours():
    fields = {"exact": lambda x: -x, "learned": lambda x: x}
    exact, learned = marks(arrow_fields(fields, "Fields", extent=EXTENT, resolution=5), Arrows)
    assert learned.d == pytest.approx(-exact.d)
    assert (exact.d != 0).any()
    assert exact.color != learned.color


def test_a_density_adds_level_lines_and_points_are_drawn_below():
    picture = arrow_fields(
        {"exact": lambda x: -x},
        "Field",
        extent=EXTENT,
        density=lambda x: -x.square().sum(1),
        points=torch.ones(2, 2),
        resolution=3,
    )
    assert [type(mark) for mark in picture.marks] == [Paths, Points, Arrows]
    assert labels(picture) == ["data", "exact"]


def test_corrections_of_the_exact_denoiser_cover_the_exact_ones_at_every_noise():
    ring, noise = data.densities.ring(), denoising.GaussianNoise(0.3)

    def exact(x):
        return denoising.exact_denoiser(ring, noise.sigma)(x)

    found = []
    for noise.sigma in (0.3, 1.0):
        picture = corrections(exact, ring, noise, "Correction", extent=(-3.0, 3.0, -3.0, 3.0))
        below, above = marks(picture, Arrows)
        assert above.d == pytest.approx(below.d, abs=1e-5)
        found.append(above.d)
    assert not np.allclose(*found)
    assert labels(picture) == ["exact σ² ∇log p_σ", "learned"]


def test_before_the_first_corruption_only_clean_states_are_shown(walkers):
    picture = walking(walkers, torch.ones(5, 2), "Chains", extent=EXTENT, paths=True)
    assert labels(picture) == ["data", "clean X"]
    assert not marks(picture, Paths)


def test_the_older_state_is_faint_and_lines_join_the_two(walkers):
    walkers.half_step()
    picture = walking(walkers, torch.ones(5, 2), "Chains", extent=EXTENT, paths=True)
    target, hollow, filled = marks(picture, Points)
    (lines,) = marks(picture, Paths)
    assert len(target.xy) == 5
    assert lines.xy[:2].tolist() == [[0.0, 0.0], walkers.noisy[0].tolist()]
    assert np.isfinite(lines.xy[:, 0]).sum() == 2 * 3
    assert hollow.hollow
    assert hollow.xy.tolist() == walkers.noisy.tolist()
    assert hollow.opacity > filled.opacity
    walkers.half_step()
    _, hollow, filled = marks(walking(walkers, torch.ones(5, 2), "", extent=EXTENT), Points)
    assert hollow.opacity < filled.opacity


def test_strips_are_the_means_along_the_chains_and_leave_the_generator_alone():
    nets = {
        name: denoising.BernoulliDenoiser(4, generator=generator(k)) for k, name in enumerate("ab")
    }
    noise, start, source = denoising.SaltAndPepper(0.5), torch.eye(4)[:3], generator(7)
    for net in nets.values():
        torch.nn.init.normal_(net.net[-1].weight, generator=generator(9))
    picture = strips(nets, noise, start, "Strips", generator=source, columns=5, every=2)
    assert picture.images.shape == (2 * 3 * 5, 2, 2)
    assert picture.captions == ("a", "a", "a", "b", "b", "b")
    assert picture.columns == 5
    chain = denoising.run_chain(nets["b"], noise, start, 10, generator=generator(7))
    third = nets["b"](chain.noisy[4, 1:2]).mean  # of the second chain of b
    shown = picture.images.reshape(2, 3, 5, 4)[1, 1, 2]
    assert shown == pytest.approx(third.detach().numpy()[0], abs=1e-6)
    assert torch.equal(source.get_state(), generator(7).get_state())

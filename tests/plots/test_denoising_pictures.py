"""Pictures of denoisers: arrows, chains in the plane, strips of images."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lecturekit import data, denoising
from lecturekit.plots.denoising import (
    arrow_fields,
    corrections,
    posterior_on_a_line,
    sampling_paths,
    strips,
    walking,
)
from lecturekit.plots.marks import Arrows, Line, Paths, Points

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
    net = denoising.BernoulliDenoiser(4, generator=generator(1))
    torch.nn.init.normal_(net.net[-1].weight, generator=generator(9))
    noise, start, source = denoising.SaltAndPepper(0.5), torch.eye(4)[:3], generator(7)
    picture = strips(net, noise, start, "Strips", generator=source, columns=5)
    assert picture.images.shape == (3 * 5, 2, 2)
    assert picture.columns == 5
    chain = denoising.run_chain(net, noise, start, 5, generator=generator(7))
    third = net(chain.noisy[2, 1:2]).mean  # of the second chain
    shown = picture.images.reshape(3, 5, 4)
    assert shown[:, 0] == pytest.approx(start.numpy())
    assert shown[1, 3] == pytest.approx(third.detach().numpy()[0], abs=1e-6)
    assert torch.equal(source.get_state(), generator(7).get_state())


def test_the_single_gaussian_has_the_posteriors_mean_and_variance():
    hills = data.densities.GaussianMixture(torch.tensor([[-1.0], [1.0]]), 0.2)
    picture = posterior_on_a_line(hills, denoising.GaussianNoise(0.8), 0.1, "Posterior")
    exact, one, _ = marks(picture, Line)
    step = exact.x[1] - exact.x[0]
    mean, mean_of_one = (exact.x * exact.y).sum() * step, (one.x * one.y).sum() * step
    assert mean == pytest.approx(mean_of_one, abs=1e-2)
    variance = (exact.x**2 * exact.y).sum() * step - mean**2
    assert variance == pytest.approx((one.x**2 * one.y).sum() * step - mean_of_one**2, abs=5e-2)
    middle = abs(exact.x).argmin()
    assert one.y[middle] > 2 * exact.y[middle]  # where no data is


def test_sampling_paths_end_in_the_samples_and_follow_the_settings():
    ring, source, chosen = data.densities.ring(), generator(3), denoising.Sampling("DDIM", 20)

    def shown():
        return sampling_paths(
            lambda sigma: denoising.exact_denoiser(ring, sigma),
            ring,
            denoising.NoiseLevels(0.05, 10.0),
            chosen,
            extent=EXTENT,
            generator=source,
            n=50,
            drawn=4,
        )

    _, ways = marks(shown(), Paths)
    (samples,) = marks(shown(), Points)
    assert ways.xy[20] == pytest.approx(samples.xy[0])  # the first way ends in the first sample
    assert shown().title.startswith("DDIM, 20 evaluations: ")
    chosen.sampler, chosen.evaluations = "Langevin", 10
    assert shown().title.startswith("Langevin, 10 evaluations: ")

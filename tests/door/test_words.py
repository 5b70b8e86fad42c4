"""What the door says: names that are told apart, whose size it is, and hints that lead right."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lecturekit import (
    cycle_gan,
    data,
    deep_energy,
    denoising,
    evaluation,
    moment_matching,
    networks,
    plots,
    rbm,
    training,
    unit,
)
from lecturekit.plots import deep_energy as pictures
from lecturekit.plots.marks import Points
from tests.door.calls import denoiser, machine, photographs, plane, reals, seeded

EXTENT = (-4.0, 4.0, -4.0, 4.0)
IMAGES = unit.for_images(1, width=4, patch=3, n_latent=2, discriminator_width=4, generator=seeded())


def deep(n_dims: int) -> deep_energy.DeepEnergy:
    return deep_energy.DeepEnergy(
        networks.mlp([n_dims, 4], generator=seeded()), n_dims, 4, 3, generator=seeded()
    )


def latent(n: int) -> deep_energy.Generator:
    return deep_energy.Generator(networks.mlp([n, 4, 2], generator=seeded()), n)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (  # an argument of any device, and one of a class that another module has too
            lambda: data.plain_and_striped(4, 4, side=16, generator=np.random.default_rng(0)),
            r"generator to be a torch\.Generator, got a numpy\.random\.Generator$",
        ),
        (
            lambda: rbm.sample(torch.full((2, 2), 0.5), generator=np.random.default_rng(0)),
            r"generator to be a torch\.Generator, got a numpy\.random\.Generator$",
        ),
        (lambda: machine().lowered(torch.int32), r"of real numbers, got torch\.int32$"),
        (
            lambda: rbm.Theta(torch.zeros(3, 6), torch.zeros(6), torch.zeros(3)),
            r"expected b of shape \(3,\), got \(6,\); W has n_visible = 3$",
        ),
        (lambda: rbm.log_odds(torch.zeros(0, 3)), r"got \(0, 3\); data is empty$"),
        (
            lambda: networks.check_widths("f", networks.mlp([3, 2], generator=seeded()), 2, 2),
            r"expected f to take shape \(1, 2\), got 2 columns in a layer that takes 3$",
        ),
        (
            lambda: deep_energy.log_partition(deep(3), plane()),
            r"expected energy to take shape \(64, 2\), got one that expected x of shape \(n, 3\)",
        ),
        (
            lambda: pictures.sheet(latent(3), reals(5, 2), "T", extent=EXTENT),
            r"expected G to take shape \(\d+, 2\), got one that expected z of shape \(n, 3\)",
        ),
        (
            lambda: denoising.annealed_chain(denoiser(), [1.0], reals(4, 2), generator=seeded()),
            "expected denoise_at to be σ → denoiser, such as LevelDenoiser.at, got a Gaussian",
        ),
        (
            lambda: pictures.on_data(lambda: None, reals(5, 2), "T", extent=EXTENT),
            "expected samples to return numbers, got None",
        ),
        (
            lambda: plots.scatter({"a": lambda: None}, "T"),
            "expected 'a' to return numbers, got None",
        ),
        (
            lambda: IMAGES.to_2(photographs()),
            r"images for this net of shape \(n, n_channels, 3·height, 3·width\), got \(2, 1, 8, 8",
        ),
        (
            lambda: cycle_gan.for_images(
                1, width=4, n_blocks=1, discriminator_width=4, generator=seeded()
            ).to_y(reals(5, 2)),
            r"of shape \(n, n_channels, 2·height, 2·width\), got \(5, 2\)",
        ),
        # hints
        (
            lambda: denoising.total_variation(torch.full((2,), 50.0), torch.full((2,), 0.5)),
            r"p ≥ 0 and of sum 1, got a sum of 100$",
        ),
        (
            lambda: machine().free_energy(torch.full((2, 4), -3.0)),
            r"v in \[0, 1\], got values from -3 to -3$",
        ),
        (
            lambda: evaluation.label_switches(torch.tensor([[0.3], [0.7]])),
            r"whole numbers \(int64\), got torch.float32$",
        ),
        (
            lambda: evaluation.label_switches(torch.tensor([[1.0], [2.0]])),
            r"got torch.float32; pass labels.long\(\)$",
        ),
        (
            lambda: networks.ResidualBlock(2, generator=seeded())(torch.zeros(2, 8, 8)),
            r"got \(2, 8, 8\); for one image pass x\[None\]$",
        ),
        (
            lambda: denoising.posterior_mean_by_quadrature(
                lambda x: x.sum(1), reals(3, 1), 0.5, grid=torch.linspace(-1, 1, 50)
            ),
            r"pass grid\[:, None\]",
        ),
        (
            lambda: pictures.clouds({"G": reals(5, 2)}, reals(5, 2), "T", extent=EXTENT),
            r"expected samples\['G'\] to be a list.*pass \[samples\['G'\]\]",
        ),
    ],
)
def test_in_words_that_lead_right(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_one_tensor_may_hold_several():
    picture = pictures.clouds({"G": reals(3, 5, 2)}, reals(5, 2), "T", extent=EXTENT)
    assert sum(isinstance(mark, Points) for mark in picture.marks) == 2 * 3  # cloud and data


def test_the_median_of_a_kernel_is_of_rows_that_differ():
    assert moment_matching.median_heuristic(torch.eye(3)) == pytest.approx(2.0)


def test_labelled_images_are_not_turned_into_one_tensor():
    labelled = data.digits()
    with pytest.raises(ValueError, match=r"got a LabelledImages; pass one of its tensors: v\.im"):
        machine().free_energy(labelled)
    with pytest.raises(ValueError, match=r"data to be a tensor, got a tuple$"):
        training.minibatches((labelled.images, labelled.labels), 2, generator=seeded())


def test_a_complex_tensor_is_called_so():
    with pytest.raises(ValueError, match="got a complex tensor of shape"):
        plots.image_grid(torch.zeros(2, 3, 3, dtype=torch.complex64), "T")


def test_terms_of_another_model_are_not_spread():
    theta = machine().theta
    with pytest.raises(ValueError, match=r"other\.W of shape"):
        theta + rbm.RBM(4, 1).theta
    with pytest.raises(ValueError, match="other to be a Theta, got 1"):
        theta - 1
    with pytest.raises(ValueError, match="factor to be a finite number, got 'a'"):
        theta * "a"


def test_an_energy_without_a_slope_is_named():
    class Flat(torch.nn.Module):
        def forward(self, x):
            return torch.zeros(len(x))

    for ask in (deep_energy.score, deep_energy.energy_and_slope):
        with pytest.raises(ValueError, match="energy to depend on the points"):
            ask(Flat(), reals(3, 2))


def test_an_even_kernel_keeps_no_size():
    with pytest.raises(ValueError, match="size odd, so that height and width are kept, got 4"):
        networks.convolution(1, 1, 4, generator=seeded())
    assert networks.convolution(1, 1, 4, stride=2, generator=seeded())(
        torch.zeros(1, 1, 8, 8)
    ).shape == (1, 1, 4, 4)


def test_bits_of_any_type_are_flipped():
    patterns = data.bars_and_stripes(2).bool()
    assert data.flip(patterns, 3, 0.0, generator=seeded()).dtype == torch.bool


def test_a_race_is_no_race_for_one_model():
    model, rows = machine(), torch.ones(3, 4)
    runs = {
        name: training.repeatable(
            rbm.train,
            model,
            rows,
            rbm.Settings(updates=2),
            negative_phase=rbm.ContrastiveDivergence(k),
            generator=seeded(),
        )
        for name, k in {"CD-1": 1, "CD-2": 2}.items()
    }
    with pytest.raises(ValueError, match="to train a model each, got one RBM in CD-1 and in CD-2"):
        training.race(runs)
    assert training.relay(list(runs.values()))


def test_images_and_nets_that_do_not_fit_are_named_before_the_game():
    points = cycle_gan.for_points(generator=seeded())
    images = torch.rand(3, 1, 8, 8)
    with pytest.raises(ValueError, match=r"model\.G to take shape \(1, 1, 8, 8\), got 8 columns"):
        cycle_gan.train(points, images, images, cycle_gan.Settings(), generator=seeded())


def test_a_rule_of_the_pool_is_tried_before_the_game():
    model, x = cycle_gan.for_points(generator=seeded()), reals(5, 2)
    with pytest.raises(ValueError, match=r"exchange to return two tensors of shape \(2, 2\)"):
        cycle_gan.train(
            model,
            x,
            x + 1,
            cycle_gan.Settings(pool_size=4),
            generator=seeded(),
            exchange=lambda kept, fresh, swap: (fresh[:1], kept),
        )

"""Networks: shapes, repeatability, the sizes of what they pass on, refusals."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from lecturekit.networks import (
    PatchDiscriminator,
    ResidualBlock,
    convolution,
    linear,
    mlp,
    normalised_convolution,
    running_average,
)


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_layers_are_those_asked_for():
    net = mlp([3, 8, 5, 2], activation=nn.Tanh, output=nn.Sigmoid, generator=source())
    kinds = [type(layer).__name__ for layer in net]
    assert kinds == ["Linear", "Tanh", "Linear", "Tanh", "Linear", "Sigmoid"]
    assert net(torch.zeros(7, 3)).shape == (7, 2)


def test_batch_norm_stands_between_affine_part_and_activation():
    net = mlp([3, 8, 2], batch_norm=True, generator=source())
    assert [type(layer).__name__ for layer in net] == ["Linear", "BatchNorm1d", "ReLU", "Linear"]
    assert net[0].bias is None
    assert net[3].bias is not None


def test_a_net_without_hidden_layers_is_affine():
    (layer,) = mlp([4, 2], generator=source())
    assert isinstance(layer, nn.Linear)


def test_the_generator_decides_and_the_global_one_is_left_alone():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, again, other = (mlp([2, 6, 1], generator=source(seed)) for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    for one, two in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, two)
    assert not torch.equal(first[0].weight, other[0].weight)


@pytest.mark.parametrize("gain", [0.5, 1.0, math.sqrt(2)])
def test_linear_weights_have_the_stated_spread(gain):
    weight = linear(400, 500, gain=gain, bias=False, generator=source()).weight
    n = weight.numel()
    # the standard error of an estimated deviation s from n normal numbers is s / √(2n)
    wanted = gain / math.sqrt(400)
    assert abs(weight.std().item() - wanted) < 5 * wanted / math.sqrt(2 * n)
    assert abs(weight.mean().item()) < 5 * wanted / math.sqrt(n)


def test_a_deep_rectifier_net_keeps_the_size_of_its_input():
    net = mlp([256] * 12, generator=source())
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.zeros_(layer.bias)
    x = torch.randn(200, 256, generator=source(1))
    hidden = net[:-1](x).square().mean().item()  # after the last ReLU
    assert 0.5 < hidden < 2.0  # ten layers of gain 1 would leave 2⁻¹⁰, of gain 2, 2¹⁰


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ([], "expected sizes to be a list with at least one element"),
        ([3], "expected at least two sizes, each ≥ 1"),
        ([3, 0, 2], r"expected sizes\[1\] ≥ 1, got 0"),
    ],
)
def test_sizes_that_make_no_net_are_refused(sizes, message):
    with pytest.raises(ValueError, match=message):
        mlp(sizes, generator=source())


@pytest.mark.parametrize(("n_in", "n_out", "gain"), [(0, 1, 1.0), (1, 0, 1.0), (1, 1, -1.0)])
def test_a_layer_without_units_or_with_a_negative_gain_is_refused(n_in, n_out, gain):
    with pytest.raises(ValueError, match=r"expected (n_in|n_out|gain) ≥"):
        linear(n_in, n_out, gain=gain, generator=source())


# -------------------------------------------------------------------------------------- images


@pytest.mark.parametrize(("size", "stride"), [(1, 1), (3, 1), (5, 1), (4, 2), (2, 2)])
def test_a_convolution_keeps_the_image_s_size_over_its_stride(size, stride):
    layer = convolution(3, 5, size, stride=stride, generator=source())
    assert layer(torch.zeros(2, 3, 12, 16)).shape == (2, 5, 12 // stride, 16 // stride)


def test_convolution_weights_have_the_stated_spread():
    layer = convolution(50, 80, 3, gain=0.5, generator=source())
    wanted, n = 0.5 / math.sqrt(50 * 9), layer.weight.numel()
    assert abs(layer.weight.std().item() - wanted) < 5 * wanted / math.sqrt(2 * n)
    assert not layer.bias.any()


def test_instance_norm_takes_each_channel_of_each_image_to_mean_0_and_variance_1():
    layer = normalised_convolution(2, 4, activation=None, generator=source())
    images = (
        torch.rand(3, 2, 9, 9, generator=source(1))
        * torch.tensor([1.0, 5.0, 9.0])[:, None, None, None]
    )
    out = layer(images)
    assert out.mean(dim=(2, 3)).abs().max() < 1e-5
    torch.testing.assert_close(
        out.var(dim=(2, 3), correction=0), torch.ones(3, 4), atol=1e-2, rtol=0
    )


def test_a_residual_block_adds_a_change():
    block = ResidualBlock(4, generator=source())
    images = torch.rand(2, 4, 6, 6, generator=source(1))
    torch.testing.assert_close(block(images), images + block.change(images))


def test_a_score_sees_its_patch_of_18_pixels_and_nothing_else():
    """Norms look at the whole image, so they are taken out for this."""
    net = PatchDiscriminator(1, 4, generator=source())
    for layer in net.modules():
        if isinstance(layer, nn.Sequential):
            for place, child in enumerate(layer):
                if isinstance(child, nn.GroupNorm):
                    layer[place] = nn.Identity()
    image = torch.rand(1, 1, 64, 64, generator=source(1)).requires_grad_()
    scores = net(image)
    assert scores.shape == (1, 16, 16)
    (slope,) = torch.autograd.grad(scores[0, 8, 8], image)
    rows, columns = slope[0, 0].nonzero(as_tuple=True)
    assert rows.max() - rows.min() + 1 == columns.max() - columns.min() + 1 == 18


def test_a_running_average_begins_as_a_copy_and_keeps_99_parts_of_100():
    net = linear(1, 1, bias=False, generator=source())
    average = running_average(net)
    for weight, expected in ((1.0, 1.0), (2.0, 1.01), (2.0, 1.0199)):
        nn.init.constant_(net.weight, weight)
        average.update_parameters(net)
        torch.testing.assert_close(average.module.weight.item(), expected)


@pytest.mark.parametrize("arguments", [(0, 1, 3), (1, 0, 3), (1, 1, 0)])
def test_a_convolution_without_channels_or_size_is_refused(arguments):
    with pytest.raises(ValueError, match=r"expected (n_in|n_out|size|stride|gain) ≥"):
        convolution(*arguments, generator=source())

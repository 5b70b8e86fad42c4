"""Networks: shapes, repeatability, the sizes of what they pass on, refusals."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from lecturekit.networks import linear, mlp


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
    assert [type(layer) for layer in mlp([4, 2], generator=source())] == [nn.Linear]


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


@pytest.mark.parametrize("sizes", [[], [3], [3, 0, 2]])
def test_sizes_that_make_no_net_are_refused(sizes):
    with pytest.raises(ValueError, match="at least two sizes"):
        mlp(sizes, generator=source())


@pytest.mark.parametrize(("n_in", "n_out", "gain"), [(0, 1, 1.0), (1, 0, 1.0), (1, 1, -1.0)])
def test_a_layer_without_units_or_with_a_negative_gain_is_refused(n_in, n_out, gain):
    with pytest.raises(ValueError, match="expected n_in, n_out ≥ 1"):
        linear(n_in, n_out, gain=gain, generator=source())

"""Entropies against closed forms, and the proxy's failure as stated."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from lecturekit.deep_energy import (
    ActivationEntropy,
    ChosenEntropy,
    Generator,
    NearestNeighbourEntropy,
    NoEntropy,
    gaussian_entropies,
    nearest_neighbour_entropy,
)
from lecturekit.door import watched
from lecturekit.networks import mlp
from lecturekit.training import choices


def normal(n: int, n_dims: int, seed: int = 0) -> torch.Tensor:
    source = torch.Generator().manual_seed(seed)
    return torch.randn(n, n_dims, generator=source, dtype=torch.float64)


def test_gaussian_entropies_are_those_of_torch():
    std = torch.tensor([0.1, 1.0, 7.0])
    peer = torch.distributions.Normal(torch.zeros(3), std).entropy()
    torch.testing.assert_close(gaussian_entropies(std), peer)


@pytest.mark.parametrize("k", [1, 3, 10])
@pytest.mark.parametrize(("n_dims", "bias"), [(1, 0.0), (2, 0.02), (4, 0.1)])
def test_nearest_neighbour_entropy_of_a_gaussian(n_dims, bias, k):
    scale = torch.linspace(0.5, 2.0, n_dims, dtype=torch.float64)
    estimates = torch.stack(
        [nearest_neighbour_entropy(normal(1000, n_dims, seed) * scale, k=k) for seed in range(10)]
    )
    wanted = gaussian_entropies(scale).sum()
    error = estimates.std() / math.sqrt(10)
    assert abs(estimates.mean() - wanted) < 4 * error + bias  # bias of order n^(−2/d), measured


def test_nearest_neighbour_entropy_of_a_uniform_square_is_the_log_of_its_area():
    source = torch.Generator().manual_seed(3)
    x = 3 * torch.rand(4000, 2, generator=source)
    assert nearest_neighbour_entropy(x).item() == pytest.approx(math.log(9), abs=0.06)


def test_scaling_adds_the_log_of_the_factor_for_every_dimension():
    x = normal(50, 3)
    difference = nearest_neighbour_entropy(10 * x) - nearest_neighbour_entropy(x)
    assert difference.item() == pytest.approx(3 * math.log(10))


def test_a_sheet_in_more_dimensions_has_the_entropy_of_the_flat_sheet():
    flat, source = normal(60, 2), torch.Generator().manual_seed(1)
    turn, _ = torch.linalg.qr(torch.randn(10, 2, generator=source, dtype=torch.float64))
    sheet = flat @ turn.T  # an isometry into ten dimensions
    embedded = nearest_neighbour_entropy(sheet, n_dims=2)
    torch.testing.assert_close(embedded, nearest_neighbour_entropy(flat))


def test_its_gradient_is_that_of_differences_and_parts_neighbours():
    x = normal(12, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: nearest_neighbour_entropy(x, k=2), (x,))
    pair = torch.tensor([[0.0, 0.0], [0.1, 0.0], [5.0, 5.0]], requires_grad=True)
    (push,) = torch.autograd.grad(nearest_neighbour_entropy(pair, k=1), pair)
    assert push[0, 0] < 0 < push[1, 0]


def test_samples_in_one_place_give_a_finite_entropy_and_gradient():
    x = torch.zeros(5, 2, requires_grad=True)
    with watched():  # a generator that collapses while it learns
        entropy = nearest_neighbour_entropy(x)
    (push,) = torch.autograd.grad(entropy, x)
    assert entropy.isfinite()
    assert push.isfinite().all()


@pytest.mark.parametrize(
    ("shape", "k", "n_dims"),
    [((5,), 1, None), ((3, 2), 3, None), ((5, 2), 0, None), ((5, 2), 1, 3)],
)
def test_what_has_no_such_neighbour_is_refused(shape, k, n_dims):
    with pytest.raises(ValueError, match="expected"):
        nearest_neighbour_entropy(torch.zeros(shape), k=k, n_dims=n_dims)


# ---------------------------------------------------------------------------- as entropy terms


@pytest.fixture
def G(generator):
    return Generator(mlp([2, 8, 6, 3], batch_norm=True, generator=generator), n_latent=2)


def test_activation_entropy_is_that_of_the_units_behind_batch_norm(G, generator):
    for layer in (G.net[1], G.net[4]):
        nn.init.uniform_(layer.weight, 0.5, 2.0, generator=generator)
    seen: list[torch.Tensor] = []
    for layer in (G.net[1], G.net[4]):
        layer.register_forward_hook(lambda module, arguments, output: seen.append(output))
    x = G(G.latent(4000, generator=generator))
    deviations = torch.cat([units.std(dim=0, unbiased=False) for units in seen])
    wanted = gaussian_entropies(deviations).sum()
    assert ActivationEntropy()(G, x).item() == pytest.approx(wanted.item(), abs=1e-2)


def test_activation_entropy_can_be_raised_without_changing_a_sample(G, generator):
    z = G.latent(50, generator=generator)
    before, x = ActivationEntropy()(G, G(z)), G(z)
    with torch.no_grad():
        for factor in (G.net[1].weight, G.net[1].bias):
            factor *= 10
        G.net[3].weight /= 10
    torch.testing.assert_close(G(z), x)
    gain = ActivationEntropy()(G, G(z)) - before
    assert gain.item() == pytest.approx(8 * math.log(10), rel=1e-5)  # 18.4 nats for nothing


def test_activation_entropy_ignores_the_sign_of_a_scale(G):
    value = ActivationEntropy()(G, torch.zeros(1, 3))
    with torch.no_grad():
        G.net[1].weight *= -1
    torch.testing.assert_close(ActivationEntropy()(G, torch.zeros(1, 3)), value)


def test_activation_entropy_of_a_generator_without_batch_norm_is_refused(generator):
    plain = Generator(mlp([2, 4, 2], generator=generator), n_latent=2)
    with pytest.raises(ValueError, match="batch norm"):
        ActivationEntropy()(plain, torch.zeros(1, 2))


def test_the_other_terms_are_their_functions(G):
    x = normal(20, 3)
    assert NoEntropy()(G, x).item() == 0.0
    term = NearestNeighbourEntropy(k=2, n_dims=1)
    torch.testing.assert_close(term(G, x), nearest_neighbour_entropy(x, k=2, n_dims=1))


@pytest.mark.parametrize(
    ("name", "term"),
    [
        ("nearest neighbours", NearestNeighbourEntropy()),
        ("the slide's proxy", ActivationEntropy()),
        ("none", NoEntropy()),
    ],
)
def test_a_chosen_entropy_is_the_one_of_that_name(name, term):
    source = torch.Generator().manual_seed(0)
    G = Generator(mlp([2, 5, 2], batch_norm=True, generator=source), n_latent=2)
    x, chosen = G(G.latent(20, generator=source)), ChosenEntropy()
    assert choices(chosen)["name"].options == ("nearest neighbours", "the slide's proxy", "none")
    assert chosen(G, x) == NearestNeighbourEntropy()(G, x)
    chosen.name = name
    assert chosen(G, x) == term(G, x)
